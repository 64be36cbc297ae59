"""How visible the 8-pixel grid of a block code is in a picture, where nothing else tells how it was compressed.

Pure. Steps across the grid are compared with steps beside it, in both directions, at whichever place of the grid they
stand out most; 1 means no grid. The table was measured on the 200 training pictures of BSD, halved and compressed
(docs/design/enhance.md).
"""

import numpy as np
from numpy.typing import NDArray

Plane = NDArray[np.uint8]
_LEAST_PX = 48
NO_GRID = 1.0


def measure_blockiness(luma: Plane, grid_px: int = 8) -> float:
    """Geometric mean of both directions for luma (H, W) uint8; 1 where the picture is too small to tell.

    `grid_px`: 8 as compressed, 16 after it was enlarged.
    """
    if min(luma.shape) < _LEAST_PX:
        return NO_GRID
    values = luma.astype(np.float32)
    return float(np.sqrt(_across(values, grid_px) * _across(values.T, grid_px)))


def _across(values: NDArray[np.float32], grid_px: int) -> float:
    steps = np.abs(np.diff(values, axis=1))
    excess = np.maximum(steps[:, 1:-1] - (steps[:, :-2] + steps[:, 2:]) / 2, 0).mean(axis=0)
    places = [float(excess[place::grid_px].mean()) for place in range(grid_px)]
    most = max(places)
    others = (sum(places) - most) / (grid_px - 1)
    return (most + 0.05) / (others + 0.05)
