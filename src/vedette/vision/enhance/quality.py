"""How coarsely a picture was compressed, as the JPEG quality (1 to 100) that quantises alike. Pure.

From the JPEG's own table where there is one; from the quantiser of an H.264 stream by what was measured; else from the
grid that the picture shows. 100 means: not compressed as far as one can tell.
"""

import math
from collections.abc import Sequence

import numpy as np

from vedette.vision.enhance.blockiness import Plane, measure_blockiness

UNCOMPRESSED = 100.0
_ANNEX_K = (
    *(16, 11, 12, 14, 12, 10, 16, 14, 13, 14, 18, 17, 16, 19, 24, 40, 26, 24, 22, 22, 24, 49, 35, 37, 29, 40, 58, 51),
    *(61, 60, 57, 51, 56, 55, 64, 72, 92, 78, 64, 68, 87, 69, 55, 56, 80, 109, 81, 87, 95, 98, 103, 104, 103, 62, 77),
    *(113, 121, 112, 100, 120, 92, 101, 103, 99),
)
"""The luma table of ITU-T T.81, table K.1, in the zigzag order of the file: quality 50 of the usual encoders."""
_QPS = (0.0, 26.0, 33.6, 38.1, 41.7, 51.0)
_QP_QUALITIES = (100.0, 94.5, 81.0, 61.0, 33.0, 20.0)
"""Where H.264 makes two neighbouring weight sets equally good, on 40 pictures of BSD200 (`evals.enhance_limits`).
By the size of the steps alone QP 28 would be quality 41: filter and prediction leave far less of them to be seen.
"""
_GRIDS = (1.28, 1.35, 1.61, 2.06, 2.89, 4.0, 7.8)
_QUALITIES = (84.0, 80.0, 70.0, 50.0, 30.0, 20.0, 10.0)
"""Medians on halved BSD200; 1.28 is what 95 % of uncompressed ones stay below."""


def quality_of_table(table: Sequence[int]) -> float:
    """The quality whose table is as coarse as this luma table of 64 steps in zigzag order."""
    return _quality_of_percent(100 * sum(table) / sum(_ANNEX_K))


def quality_of_qp(qp: float) -> float:
    """The quality whose weight set suits this mean quantiser of H.264 (0 to 51)."""
    return float(np.interp(qp, _QPS, _QP_QUALITIES))


def quality_of_grid(luma: Plane) -> float:
    """The quality that usually leaves such a grid in luma (H, W); 100 where none is to be seen."""
    grid = measure_blockiness(luma)
    if grid < _GRIDS[0]:
        return UNCOMPRESSED
    return float(np.interp(grid, _GRIDS, _QUALITIES))


def _quality_of_percent(percent: float) -> float:
    """The usual encoders' scale: 100 % of Annex K is 50, 200 % is 25, 50 % is 75."""
    quality = (200 - percent) / 2 if percent <= 100 else 5000 / percent
    return min(100.0, max(1.0, quality)) if math.isfinite(quality) else 1.0
