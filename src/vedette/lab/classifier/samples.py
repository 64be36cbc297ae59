"""What an epoch shows of the pictures that are taught."""

import numpy as np
from numpy.typing import NDArray

from vedette.lab.classifier.pictures import Pictures

_SHIFT_PX = 2


def draw_epoch(taught: Pictures, epoch: int, hidden_px: int = 0) -> Pictures:
    """All pictures (N, side, side, 3) once, shifted by up to two pixels and every second one mirrored, the other half
    the next time (alternating flip, K. Jordan 2024). `hidden_px` is the side of a square of each picture that is hidden
    (cutout, DeVries and Taylor 2017).
    """
    rng = np.random.default_rng((2024, epoch))
    flips = (np.random.default_rng(2024).permutation(len(taught)) + epoch) % 2 == 0
    pictures = shift_pictures(taught, rng.integers(0, 2 * _SHIFT_PX + 1, (len(taught), 2)))
    pictures[flips] = pictures[flips, :, ::-1]
    if hidden_px:
        hide_squares(pictures, rng.integers(0, pictures.shape[1], (len(pictures), 2)), hidden_px)
    return pictures


def hide_squares(pictures: Pictures, centres: NDArray[np.int64], side_px: int) -> None:
    """Paints a square of `side_px` about a centre (N, 2), down and right, of each picture (N, side, side, 3), in place.

    What lies beyond the picture's border is cut off: less is hidden then. The colour is the mean of all pictures.
    """
    places = np.arange(pictures.shape[1])
    offsets = places - (centres[:, :, None] - side_px // 2)
    down, right = ((offsets >= 0) & (offsets < side_px)).transpose(1, 0, 2)
    pictures[down[:, :, None] & right[:, None, :]] = pictures.mean((0, 1, 2)).round().astype(np.uint8)


def shift_pictures(pictures: Pictures, offsets: NDArray[np.int64]) -> Pictures:
    """A window of each picture (N, side, side, 3) at an offset (N, 2) 0..4 into it, with a mirrored rim of two."""
    side = pictures.shape[1]
    padded = np.pad(pictures, ((0, 0), (_SHIFT_PX, _SHIFT_PX), (_SHIFT_PX, _SHIFT_PX), (0, 0)), mode="reflect")
    shifted = np.empty_like(pictures)
    for down in range(2 * _SHIFT_PX + 1):
        for right in range(2 * _SHIFT_PX + 1):
            chosen = (offsets == (down, right)).all(1)
            shifted[chosen] = padded[chosen, down : down + side, right : right + side]
    return shifted
