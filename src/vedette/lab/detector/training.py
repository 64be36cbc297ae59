"""Loss, data and plan of the detector's training."""

from collections.abc import Callable

import cv2
import keras
import numpy as np
from keras import ops

from vedette.lab.detector.network import distances
from vedette.lab.detector.samples import CLASSES, GRID_HW, INPUT_WH, LAYERS, Look, Stock, draw_sample
from vedette.lab.training import Arrays, Plan

PLAN = Plan(shards=175, shard_samples=640, pool_shards=3, batch=16, passes=0.8, peak_rate=2.5e-3)
_BOXES_COUNT = 2.0


def make_draw_shard(stock: Stock, look: Look) -> Callable[[int, int], Arrays]:
    """Makes the function that draws pictures (count, 288, 512, 3) uint8 and targets (count, 36, 64, 11) float16."""

    def draw(seed: int, count: int) -> Arrays:
        cv2.setNumThreads(1)
        rng = np.random.default_rng((404, seed))
        pictures = np.empty((count, INPUT_WH[1], INPUT_WH[0], 3), np.uint8)
        targets = np.empty((count, *GRID_HW, LAYERS), np.float16)
        for index in range(count):
            pictures[index], targets[index] = draw_sample(stock, rng, look)
        return pictures, targets

    return draw


@keras.saving.register_keras_serializable(package="vedette")
class DetectorLoss(keras.losses.Loss):
    """CenterNet's focal loss with soft scores at the tops, and generalised IoU of the boxes (Rezatofighi et al. 2019).

    A top counts by how far it is off as a share of its score: by the difference itself (quality focal loss, Li et al.
    2020) half-sure ones counted a quarter, and scores stayed low.
    """

    def call(self, y_true: keras.KerasTensor, y_pred: keras.KerasTensor) -> keras.KerasTensor:
        peak, top = y_true[..., :CLASSES], y_true[..., CLASSES : 2 * CLASSES]
        logit = y_pred[..., :CLASSES]
        score = ops.sigmoid(logit)
        is_top = ops.cast(top > 0, "float32")
        entropy = top * ops.softplus(-logit) + (1 - top) * ops.softplus(logit)
        found = is_top * ops.square((top - score) / ops.maximum(top, score)) * entropy
        false = (1 - is_top) * ops.power(1 - peak, 4.0) * ops.square(score) * ops.softplus(logit)
        peaks = ops.sum(found + false, axis=(1, 2, 3)) / ops.maximum(ops.sum(top, axis=(1, 2, 3)), 1.0)
        near = y_true[..., -1]
        off = ops.sum((1 - giou(y_true[..., 2 * CLASSES : -1], distances(y_pred))) * near, axis=(1, 2))
        return peaks + _BOXES_COUNT * off / ops.maximum(ops.sum(near, axis=(1, 2)), 1.0)


def giou(true: keras.KerasTensor, told: keras.KerasTensor) -> keras.KerasTensor:
    """Generalised IoU of boxes given as distances from one point to left, top, right, bottom."""
    overlap, hull = _area(ops.minimum(true, told)), _area(ops.maximum(true, told))
    union = _area(true) + _area(told) - overlap
    return overlap / ops.maximum(union, 1e-6) - (hull - union) / ops.maximum(hull, 1e-6)


def _area(sides: keras.KerasTensor) -> keras.KerasTensor:
    """Of a box given so. Both boxes hold the point, so the smaller sides are those of what they share."""
    return (sides[..., 0] + sides[..., 2]) * (sides[..., 1] + sides[..., 3])
