"""Data, loss and plan of the face detector's training: it learns to answer as the teacher does, cell by cell.

Nothing is labelled: the teacher (YuNet) sees the same picture, and its scores, boxes and points are the targets, unsure
ones too (distillation, Hinton et al. 2015). Half of the pictures, those of small faces, it sees in twice their size and
before their light is changed: so the network learns to find faces that are too small or too dim for the teacher.
Scores are learned by the quality focal loss (Li et al. 2020).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import keras
import numpy as np
from keras import ops
from numpy.typing import NDArray

from vedette.lab.detector.samples import relight
from vedette.lab.faces.network import STRIDES, VALUES
from vedette.lab.faces.samples import SIDE_PX, FaceStock, draw_large_picture, draw_picture
from vedette.lab.training import Arrays, Plan
from vedette.vision.picture import Image
from vedette.vision.ports import Network

PLAN = Plan(shards=100, shard_samples=1000, pool_shards=4, batch=16, passes=0.4, peak_rate=2.5e-3)
CELLS = sum((SIDE_PX // stride) ** 2 for stride in STRIDES)
_SEEN_LARGE = 0.5
_SHAPE_COUNTS = 1.5
_SHAPE_FROM = 0.25
"""Score of the teacher from which its box and points are believed."""


@dataclass(frozen=True, slots=True)
class Teacher:
    """YuNet for pictures of `SIDE_PX`, and of twice that."""

    usual: Network
    large: Network


def make_draw_shard(stock: FaceStock, teacher: Teacher) -> Callable[[int, int], Arrays]:
    """Makes the function that draws pictures (count, 256, 256, 3) uint8 and targets (count, `CELLS`, 15) float16."""

    def draw(seed: int, count: int) -> Arrays:
        cv2.setNumThreads(1)
        rng = np.random.default_rng((505, seed))
        pictures = np.empty((count, SIDE_PX, SIDE_PX, 3), np.uint8)
        targets = np.empty((count, CELLS, VALUES), np.float16)
        for index in range(count):
            pictures[index], targets[index] = _draw_taught(stock, teacher, rng)
        return pictures, targets

    return draw


def _draw_taught(stock: FaceStock, teacher: Teacher, rng: np.random.Generator) -> tuple[Image, NDArray[np.float32]]:
    """A picture and what is to be answered."""
    if rng.random() < _SEEN_LARGE:
        large = draw_large_picture(stock, rng)
        small = np.asarray(cv2.resize(large, (SIDE_PX, SIDE_PX), interpolation=cv2.INTER_AREA), np.uint8)
        return relight(small, rng), np.concatenate(halve(ask(teacher.large, large)))
    picture = relight(draw_picture(stock, rng), rng)
    return picture, np.concatenate(ask(teacher.usual, picture))


def ask(teacher: Network, picture: Image) -> list[NDArray[np.float32]]:
    """The teacher's answer to a picture, for each stride (cells, 15): score 0..1, box, five points."""
    answer = teacher.infer(picture.transpose(2, 0, 1)[None].astype(np.float32))
    rows = []
    for stride in STRIDES:
        kind, thing = (np.clip(answer[f"{name}_{stride}"][0], 0, 1) for name in ("cls", "obj"))
        shape, points = answer[f"bbox_{stride}"][0], answer[f"kps_{stride}"][0]
        rows.append(np.concatenate([np.sqrt(kind * thing), shape, points], axis=1).astype(np.float32))
    return rows


def halve(rows: Sequence[NDArray[np.float32]]) -> list[NDArray[np.float32]]:
    """An answer about a picture of twice the size as the answer about the picture.

    What has a stride of 16 there has one of 8 here. The finest cells are merged by fours, the surest of four counts,
    and the surer of these and the cell that was there; for the coarsest nothing was asked.
    """
    finest, fine, coarse = rows
    side = round(len(fine) ** 0.5)
    fours = finest.reshape(side, 2, side, 2, VALUES).transpose(0, 2, 1, 3, 4).reshape(side * side, 4, VALUES)
    best = fours[..., 0].argmax(axis=1)
    merged = fours[np.arange(len(fours)), best].copy()
    merged[:, 1] = (merged[:, 1] + best % 2) / 2
    merged[:, 2] = (merged[:, 2] + best // 2) / 2
    merged[:, 3:5] -= np.log(2)
    merged[:, 5::2] = (merged[:, 5::2] + best[:, None] % 2) / 2
    merged[:, 6::2] = (merged[:, 6::2] + best[:, None] // 2) / 2
    return [
        np.where(merged[:, :1] > fine[:, :1], merged, fine),
        coarse,
        np.zeros((len(coarse) // 4, VALUES), np.float32),
    ]


@keras.saving.register_keras_serializable(package="vedette")
class FaceLoss(keras.losses.Loss):
    """Quality focal loss of the scores; absolute error of boxes and points where the teacher sees a face."""

    def call(self, y_true: keras.KerasTensor, y_pred: keras.KerasTensor) -> keras.KerasTensor:
        score, logit = y_true[..., 0], y_pred[..., 0]
        error = ops.binary_crossentropy(score, logit, from_logits=True)
        scores = ops.sum(error * ops.square(score - ops.sigmoid(logit)), axis=1)
        weight = score * ops.cast(score > _SHAPE_FROM, "float32")
        shapes = ops.sum(ops.mean(ops.abs(y_true[..., 1:] - y_pred[..., 1:]), axis=-1) * weight, axis=1)
        return (4 * scores + _SHAPE_COUNTS * shapes) / ops.maximum(ops.sum(weight, axis=1), 1.0)
