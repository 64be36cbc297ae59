"""Patches to train super-resolution on: the lumas of photographs in three sizes, degraded whole, then cut and turned.

The whole picture is degraded before patches are cut, so that a patch lies anywhere on the grid of the JPEG.
"""

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from vedette.core.errors import InvalidInputError
from vedette.lab.enhance.degradation import Degradation
from vedette.lab.training import Arrays
from vedette.vision.enhance.bicubic import resize_bicubic
from vedette.vision.enhance.luma import studio_luma

Plane = NDArray[np.uint8]
SIDE_PX = 48
"""Of a patch of the small picture."""
SIZES = (1.0, 0.8, 0.6)
_SUFFIXES = frozenset({".png", ".bmp"})
"""Formats without loss: what JPEG took from a picture cannot be learned from it."""
_PER_PICTURE = 32
_LARGE_PX = 2 * SIDE_PX


def load_lumas(folders: Sequence[Path]) -> list[Plane]:
    """The lumas of all PNG and BMP pictures in these folders, by name, even sides; grey pictures are lumas already.

    Raises:
        InvalidInputError: a picture cannot be read, or there is none that is large enough.
    """
    lumas = []
    found = [path for folder in folders for path in folder.iterdir() if path.suffix.lower() in _SUFFIXES]
    for path in sorted(found):
        image = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
        if image is None or image.dtype != np.uint8:
            raise InvalidInputError(f"{path} cannot be read as a picture of 8 bits")
        luma = image if image.ndim == 2 else studio_luma(np.asarray(image[..., :3], np.uint8))
        lumas.append(cut_even(np.asarray(luma, np.uint8)))
    if not any(min(luma.shape) >= _LARGE_PX for luma in lumas):
        raise InvalidInputError(
            "there are no pictures to train on", "Name folders of PNG or BMP files with --pictures."
        )
    return lumas


def cut_even(plane: Plane) -> Plane:
    """Without its last row or column where their number is odd."""
    return plane[: plane.shape[0] // 2 * 2, : plane.shape[1] // 2 * 2]


class PatchStock:
    """All pictures in all sizes; draws patches, each picture by its area."""

    def __init__(self, lumas: Sequence[Plane]) -> None:
        sized = [cut_even(luma if size == 1.0 else resize_bicubic(luma, size)) for luma in lumas for size in SIZES]
        self._planes = [plane for plane in sized if min(plane.shape) >= _LARGE_PX]
        areas = np.array([plane.size for plane in self._planes], np.float64)
        self._share = areas / areas.sum()

    def draw(self, degradation: Degradation, seed: int, count: int) -> Arrays:
        """`count` patches: small (N, 48, 48, 1) and large (N, 96, 96, 1) uint8, and their weights, (N, 1, 1)."""
        rng = np.random.default_rng((seed, 31))
        small, large = [], []
        for _ in range(-(-count // _PER_PICTURE)):
            plane = self._planes[int(rng.choice(len(self._planes), p=self._share))]
            halved = degradation.apply(plane, rng)
            for _ in range(_PER_PICTURE):
                pair = _cut(halved, plane, rng)
                small.append(pair[0])
                large.append(pair[1])
        weights = np.ones((count, 1, 1), np.float32)
        return np.stack(small[:count])[..., None], np.stack(large[:count])[..., None], weights


def _cut(small: Plane, large: Plane, rng: np.random.Generator) -> tuple[Plane, Plane]:
    y = int(rng.integers(0, small.shape[0] - SIDE_PX + 1))
    x = int(rng.integers(0, small.shape[1] - SIDE_PX + 1))
    turns, mirrored = int(rng.integers(4)), bool(rng.integers(2))
    patches = (small[y : y + SIDE_PX, x : x + SIDE_PX], large[2 * y : 2 * y + _LARGE_PX, 2 * x : 2 * x + _LARGE_PX])
    turned = [np.rot90(patch, turns) for patch in patches]
    return tuple(np.fliplr(patch) if mirrored else patch for patch in turned)  # type: ignore[return-value] # two


def prepare_batch(arrays: Arrays) -> Arrays:
    """Pixels 0..1."""
    small, large, weights = arrays
    return small.astype(np.float32) / 255, large.astype(np.float32) / 255, weights
