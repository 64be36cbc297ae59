"""Data, loss and plan of the training of appearance: the network learns to answer as the standard pack's does.

Nobody is named: the teacher (person-reidentification-retail-0287) turns each drawn person into 256 numbers, and the
network learns their direction and how alike the people of a batch are to one another (Tung & Mori 2019; Park et al.
2019): for finding somebody again the order of likeness counts, and directions that all people share do not.
"""

from collections.abc import Callable

import cv2
import keras
import numpy as np
from keras import ops
from numpy.typing import NDArray

from vedette.lab.appearance.network import unit
from vedette.lab.appearance.samples import INPUT_WH, PeopleStock, draw_person, draw_view
from vedette.lab.training import Arrays, Plan
from vedette.vision.picture import Image
from vedette.vision.recognize.attribute_forms import VECTOR_SIZE

PLAN = Plan(shards=45, shard_samples=2000, pool_shards=4, batch=64, passes=0.75, peak_rate=3e-3)
_VIEWS = 2
"""Of each person that the teacher is asked about: asking costs five times as much as drawing."""
_RELATIONS_COUNT = 10.0

Embed = Callable[[Image], NDArray[np.float32]]
"""The teacher's (256,) numbers of unit length of a person (256, 128, 3) uint8 BGR."""


def make_draw_shard(stock: PeopleStock, embed: Embed) -> Callable[[int, int], Arrays]:
    """Makes the function that draws views (count, 128, 64, 3) uint8 and targets (count, 256) float16."""

    def draw(seed: int, count: int) -> Arrays:
        cv2.setNumThreads(1)
        rng = np.random.default_rng((606, seed))
        pictures = np.empty((count, INPUT_WH[1], INPUT_WH[0], 3), np.uint8)
        targets = np.empty((count, VECTOR_SIZE), np.float16)
        other = draw_person(stock, rng)
        for first in range(0, count, _VIEWS):
            person = draw_person(stock, rng)
            views = range(first, min(first + _VIEWS, count))
            targets[views] = embed(person)
            for index in views:
                pictures[index] = draw_view(person, other, rng)
            other = person
        return pictures, targets

    return draw


@keras.saving.register_keras_serializable(package="vedette")
class AppearanceLoss(keras.losses.Loss):
    """What is missing to the cosine with the teacher's vector, and the squared error of the cosines in the batch."""

    def call(self, y_true: keras.KerasTensor, y_pred: keras.KerasTensor) -> keras.KerasTensor:
        taught, told = unit(y_true), unit(y_pred)
        relations = ops.square(ops.matmul(taught, ops.transpose(taught)) - ops.matmul(told, ops.transpose(told)))
        return 1 - ops.sum(taught * told, axis=1) + _RELATIONS_COUNT * ops.mean(relations, axis=1)
