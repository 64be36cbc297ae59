"""What pictures YOLOX is given, and where its answers lie in them (Ge et al. 2021, without anchors)."""

from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from vedette.vision.boxes import Boxes
from vedette.vision.picture import Image

_STRIDES = (8, 16, 32)
_MOST_LOG = 10.0
"""Of a side in strides: larger ones are no things, and their exponential may overflow."""


def pad_square(image_bgr: Image, side_px: int) -> NDArray[np.float32]:
    """(1, 3, side, side) float32: scaled to fit at the upper left, the rest gray, as YOLOX was trained."""
    height, width = image_bgr.shape[:2]
    scale = side_px / max(height, width)
    size = (max(1, int(width * scale)), max(1, int(height * scale)))
    padded = np.full((side_px, side_px, 3), 114, np.uint8)
    padded[: size[1], : size[0]] = cv2.resize(image_bgr, size, interpolation=cv2.INTER_LINEAR)
    return padded.transpose(2, 0, 1)[None].astype(np.float32)


def place_boxes(rows: NDArray[np.float32], side_px: int) -> Boxes:
    """(N, 4) left, top, right, bottom in pixels of the square input.

    Args:
        rows: (cells of all strides, 4 or more): offset of the middle and log of the sides, in strides.
        side_px: Of the input.
    """
    grid, strides = _make_cells(side_px)
    middle = (rows[:, :2] + grid) * strides
    half = np.exp(np.minimum(rows[:, 2:4], _MOST_LOG)) * strides / 2
    return np.concatenate([middle - half, middle + half], axis=1).astype(np.float32)


@lru_cache(maxsize=4)
def _make_cells(side_px: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """(N, 2) column and row of each of the network's answers, and (N, 1) its stride."""
    sides = [side_px // stride for stride in _STRIDES]
    grid = np.concatenate([np.stack(np.meshgrid(np.arange(n), np.arange(n)), -1).reshape(-1, 2) for n in sides])
    strides = np.repeat(_STRIDES, [n * n for n in sides])[:, None]
    return grid.astype(np.float32), strides.astype(np.float32)
