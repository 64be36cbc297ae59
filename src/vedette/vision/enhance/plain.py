"""The network in plain NumPy, whole frame: what every faster executor is compared with, and what calibrates.

Pure. Borders are padded with zeros at every layer, as in training.
"""

from collections.abc import Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from vedette.vision.enhance.network import LAYERS, SCALE, SKIP_FROM, SKIP_TO, Array

Plane = NDArray[np.uint8]
NumberT = TypeVar("NumberT", np.float32, np.int32)


def shifted(maps: NDArray[NumberT], kernel: tuple[int, int]) -> list[NDArray[NumberT]]:
    """The maps (H, W, C) as seen by each tap of a kernel (rows, columns), row by row; zero outside."""
    rows, columns = kernel
    height, width = maps.shape[:2]
    padded = np.pad(maps, ((rows // 2, rows // 2), (columns // 2, columns // 2), (0, 0)))
    return [padded[y : y + height, x : x + width] for y in range(rows) for x in range(columns)]


def apply_layer(kind: str, maps: NDArray[NumberT], weights: NDArray[NumberT]) -> NDArray[NumberT]:
    """One linear layer on maps (H, W, C), in the maps' own number type."""
    if kind == "point":
        return maps @ weights
    taps = weights.reshape(-1, weights.shape[-1])
    kernel = (weights.shape[0], weights.shape[1])
    total = np.zeros((*maps.shape[:2], weights.shape[-1]), maps.dtype)
    for tap, view in zip(taps, shifted(maps, kernel), strict=True):
        total += view * tap
    return np.asarray(total, maps.dtype)


def run_layers(luma: Plane, arrays: Sequence[Array]) -> list[Array]:
    """The output of every layer, the skip and the rectifier included, for luma (H, W) uint8."""
    maps: Array = luma[..., None].astype(np.float32)
    outputs: list[Array] = []
    for index, (layer, weights) in enumerate(zip(LAYERS, arrays, strict=True)):
        maps = np.asarray(apply_layer(layer.kind, maps, weights), np.float32)
        if index == SKIP_TO:
            maps = maps + outputs[SKIP_FROM]
        if layer.rectified:
            maps = np.maximum(maps, np.float32(0))
        outputs.append(maps)
    return outputs


def enlarge(luma: Plane, arrays: Sequence[Array]) -> Array:
    """Luma (H, W) uint8 twice as large, (2H, 2W) float32, neither rounded nor clipped."""
    return unfold(run_layers(luma, arrays)[-1] + luma[..., None].astype(np.float32))


def unfold(four: NDArray[NumberT]) -> NDArray[NumberT]:
    """Four values per pixel, (H, W, 4), become a square of 2 x 2: pixel shuffle."""
    height, width = four.shape[:2]
    square = four.reshape(height, width, SCALE, SCALE).transpose(0, 2, 1, 3)
    return np.ascontiguousarray(square.reshape(height * SCALE, width * SCALE))


def to_pixels(luma: NDArray[np.float32] | NDArray[np.float64]) -> Plane:
    """Rounds (halves to even, as OpenVINO does) and clips to 0..255."""
    return np.asarray(np.clip(np.rint(luma), 0, 255), np.uint8)
