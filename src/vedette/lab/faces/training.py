"""Data, loss and plan of the face detector's training: it learns to answer as the teacher does, cell by cell.

Nothing is labelled: the teacher (YuNet) sees the same picture, and its scores, boxes and points are the targets, unsure
ones too (distillation, Hinton et al. 2015). Scores are learned by the quality focal loss (Li et al. 2020).
"""

from collections.abc import Callable

import cv2
import keras
import numpy as np
from keras import ops
from numpy.typing import NDArray

from vedette.lab.faces.network import STRIDES, VALUES
from vedette.lab.faces.samples import SIDE_PX, FaceStock, draw_picture
from vedette.lab.training import Arrays, Plan
from vedette.vision.picture import Image
from vedette.vision.ports import Network

PLAN = Plan(shards=40, shard_samples=1000, pool_shards=4, batch=16, passes=0.4, peak_rate=2.5e-3)
CELLS = sum((SIDE_PX // stride) ** 2 for stride in STRIDES)
_SHAPE_COUNTS = 1.5
_SHAPE_FROM = 0.25
"""Score of the teacher from which its box and points are believed."""


def make_draw_shard(stock: FaceStock, teacher: Network) -> Callable[[int, int], Arrays]:
    """Makes the function that draws pictures (count, 256, 256, 3) uint8 and targets (count, `CELLS`, 15) float16."""

    def draw(seed: int, count: int) -> Arrays:
        cv2.setNumThreads(1)
        rng = np.random.default_rng((505, seed))
        pictures = np.empty((count, SIDE_PX, SIDE_PX, 3), np.uint8)
        targets = np.empty((count, CELLS, VALUES), np.float16)
        for index in range(count):
            pictures[index] = draw_picture(stock, rng)
            targets[index] = ask(teacher, pictures[index])
        return pictures, targets

    return draw


def ask(teacher: Network, picture: Image) -> NDArray[np.float32]:
    """The teacher's answer to a picture (256, 256, 3): (`CELLS`, 15) score 0..1, box, five points."""
    answer = teacher.infer(picture.transpose(2, 0, 1)[None].astype(np.float32))
    rows = []
    for stride in STRIDES:
        kind, thing = (np.clip(answer[f"{name}_{stride}"][0], 0, 1) for name in ("cls", "obj"))
        rows.append(np.concatenate([np.sqrt(kind * thing), answer[f"bbox_{stride}"][0], answer[f"kps_{stride}"][0]], 1))
    return np.concatenate(rows).astype(np.float32)


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
