"""Measures whether a camera still sees: how much of its picture is in focus, and how much shows nothing at all.

What an alarm about tampering decides by; the alarm itself has a memory of how the view usually looks. Pure.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from vedette.core.errors import InvalidInputError
from vedette.vision.filters import correlate, difference_of_gaussians, gradient_magnitude

_WIDTH_PX = 640
_FINE, _COARSE = difference_of_gaussians(0.6, 1.2), difference_of_gaussians(1.8, 3.6)
"""Two bands, a factor of three apart: details of about two pixels, and of about six."""
_CELLS_WH = (16, 9)
_EMPTY_SLOPE = 1.5
"""Levels a pixel. The strongest slope of a cell that shows something is more; noise of a night picture is smoothed
before (sigma 1.2), which leaves under 1.2 of a deviation of 6.
"""
_STRONGEST = 0.98
_SMOOTH_PX = 1.2


@dataclass(frozen=True, slots=True)
class ViewMeasure:
    """One look at one picture.

    Attributes:
        focus: Strength of fine details by that of coarse ones, independent of contrast and light. Seen in real and
            simulated views: 0.67 to 1.4 in focus, about 0.3 after a blur of 1.5 pixels of 640, 0.15 to 0.25 after one
            of 3 or more; 0 for a picture that shows nothing. Noise counts as detail, so look at `empty_share` too.
        empty_share: Share 0..1 of 16 x 9 cells without an edge: a hand, a bag or spray before the lens, or a bare wall.
            Seen: 0 to 0.28 by day, up to 0.57 of a quarter of the light, 1.0 behind a hand.
        mean: Luma 0..255.
    """

    focus: float
    empty_share: float
    mean: float


def measure_view(luma: NDArray[np.uint8]) -> ViewMeasure:
    """Measures the luma plane (H, W) of a frame, shrunk to 640 pixels width where it is larger.

    Raises:
        InvalidInputError: the picture has fewer pixels than there are cells.
    """
    if luma.ndim != 2 or luma.shape[1] < 2 * _CELLS_WH[0] or luma.shape[0] < 2 * _CELLS_WH[1]:
        raise InvalidInputError(f"need a luma plane of at least 32 x 18 pixels, got {luma.shape}")
    scale = _WIDTH_PX / luma.shape[1]
    if scale < 1:
        luma = np.asarray(cv2.resize(luma, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8)
    coarse = float(correlate(luma, _COARSE).std())
    focus = float(correlate(luma, _FINE).std()) / coarse if coarse >= 1e-3 else 0.0
    return ViewMeasure(focus, _empty_share(luma), float(luma.mean()))


def _empty_share(luma: NDArray[np.uint8]) -> float:
    slopes = gradient_magnitude(np.asarray(cv2.GaussianBlur(luma, (0, 0), _SMOOTH_PX), np.uint8))
    columns, rows = _CELLS_WH
    strongest = [
        float(np.quantile(cell, _STRONGEST))
        for band in np.array_split(slopes, rows)
        for cell in np.array_split(band, columns, axis=1)
    ]
    return float(np.mean(np.array(strongest) < _EMPTY_SLOPE))
