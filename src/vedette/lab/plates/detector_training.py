"""Trains the plate detector on pictures with plates hung in."""

from collections.abc import Callable, Sequence

import cv2
import keras
import numpy as np
from keras import ops

from vedette.lab.plates.detector_samples import GRID, LAYERS, SIDE_PX, LabelledPhoto, draw_detector_sample
from vedette.lab.plates.scenes import Picture
from vedette.lab.training import Arrays, Plan

PLAN = Plan(shards=30, shard_samples=2000, pool_shards=4, batch=16, passes=0.5, peak_rate=2e-3)
_CORNERS_COUNT = 2.5
_FOCUS = 1.5


def make_draw_detector_shard(
    photos: Sequence[Picture], labelled: Sequence[LabelledPhoto]
) -> Callable[[int, int], Arrays]:
    """Makes the function that draws pictures (count, 192, 192, 3) uint8 and targets (count, 24, 24, 11) float32."""

    def draw(seed: int, count: int) -> Arrays:
        cv2.setNumThreads(1)
        rng = np.random.default_rng((2027, seed))
        pictures = np.empty((count, SIDE_PX, SIDE_PX, 3), np.uint8)
        targets = np.empty((count, GRID, GRID, LAYERS), np.float32)
        for index in range(count):
            pictures[index], targets[index] = draw_detector_sample(photos, labelled, rng)
        return pictures, targets

    return draw


@keras.saving.register_keras_serializable(package="vedette")
class PlateLoss(keras.losses.Loss):
    """Focal cross entropy for "is a plate" and absolute error of the corners, both per plate cell."""

    def call(self, y_true: keras.KerasTensor, y_pred: keras.KerasTensor) -> keras.KerasTensor:
        is_plate, weight = y_true[..., 0], y_true[..., 1]
        logit = y_pred[..., 0]
        error = ops.binary_crossentropy(is_plate, logit, from_logits=True)
        missed = ops.abs(is_plate - ops.sigmoid(logit))
        found = ops.sum(error * ops.power(missed, _FOCUS) * weight, axis=(1, 2))
        corners = ops.sum(
            ops.mean(ops.abs(y_true[..., 2:10] - y_pred[..., 1:]), axis=-1) * y_true[..., 10], axis=(1, 2)
        )
        cells = ops.maximum(ops.sum(is_plate, axis=(1, 2)), 1.0)
        return (found + _CORNERS_COUNT * corners) / cells
