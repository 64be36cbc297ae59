"""Trains the plate reader on rendered plates."""

import cv2
import keras
import numpy as np
from numpy.typing import NDArray

from vedette.lab.plates.reader_samples import BLANK, GRID_WH, IGNORED, INPUT_WH, draw_reader_sample
from vedette.lab.training import Arrays, Plan

PLAN = Plan(shards=24, shard_samples=2500, pool_shards=4, batch=32, passes=0.6, peak_rate=2.5e-3)
_SIGN_WEIGHT = 3.0  # about one cell in eleven holds a sign's middle


def draw_reader_shard(seed: int, count: int) -> Arrays:
    """Draws `count` samples: cut-outs (count, 64, 160) and grids (count, 8, 40), both uint8."""
    cv2.setNumThreads(1)
    rng = np.random.default_rng((2026, seed))
    crops = np.empty((count, INPUT_WH[1], INPUT_WH[0]), np.uint8)
    grids = np.empty((count, GRID_WH[1], GRID_WH[0]), np.uint8)
    for index in range(count):
        crops[index], grids[index] = draw_reader_sample(rng)
    return crops, grids


def prepare_reader_batch(arrays: Arrays) -> Arrays:
    """Makes network inputs (N, 64, 160, 1), targets and weights (N, 8, 40) of a drawn batch."""
    crops, grids = arrays
    ignored = grids == IGNORED
    targets = np.where(ignored, BLANK, grids).astype(np.int32)
    weights = np.where(ignored, 0.0, np.where(grids == BLANK, 1.0, _SIGN_WEIGHT)).astype(np.float32)
    return standardised(crops), targets, weights


def standardised(crops: NDArray[np.generic]) -> NDArray[np.float32]:
    """Mean 0 and deviation 1 for each cut-out (N, H, W): exposure is not the reader's concern. Adds a channel."""
    values = crops.astype(np.float32)
    mean = values.mean(axis=(1, 2), keepdims=True)
    deviation = np.maximum(values.std(axis=(1, 2), keepdims=True), 4.0)
    return np.asarray(((values - mean) / deviation)[..., None], np.float32)


def reader_loss() -> keras.losses.Loss:
    """Cross entropy of each cell."""
    return keras.losses.SparseCategoricalCrossentropy()
