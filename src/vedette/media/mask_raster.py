"""Which samples of a picture lie in outlines that hide them. Pure NumPy.

Worked out at the resolution of the chroma planes (half of the luma's) and doubled for the luma: a chroma sample
that is hidden in part is hidden whole, and so are its four luma samples.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from vedette.core.geometry import Point

Mask = NDArray[np.bool_]
_RIM_CHROMA_PX = 2.0
"""Hidden around each outline: deblocking and motion filters of the camera's own encoder carry its inside outwards."""


def rasterize(outlines: Sequence[Sequence[Point]], width: int, height: int) -> tuple[Mask, Mask]:
    """Rasterizes outlines in fractions of the picture, each with a rim.

    Returns:
        (height, width) for the luma plane and (ceil(height/2), ceil(width/2)) for the chroma planes.
    """
    rows, columns = (height + 1) // 2, (width + 1) // 2
    chroma = np.zeros((rows, columns), np.bool_)
    scale = np.array([width / 2, height / 2])
    for outline in outlines:
        _fill(chroma, np.asarray(outline, np.float64) * scale)
    luma = chroma.repeat(2, axis=0).repeat(2, axis=1)[:height, :width]
    return np.ascontiguousarray(luma), chroma


def _fill(into: Mask, corners: NDArray[np.float64]) -> None:
    """Fills one (N, 2) outline in samples; only its bounding box is looked at."""
    low = np.maximum(np.floor(corners.min(axis=0) - _RIM_CHROMA_PX).astype(int), 0)
    high = np.minimum(np.ceil(corners.max(axis=0) + _RIM_CHROMA_PX).astype(int) + 1, (into.shape[1], into.shape[0]))
    if (high <= low).any():
        return
    x = np.arange(low[0], high[0])[None, :] + 0.5
    y = np.arange(low[1], high[1])[:, None] + 0.5
    inside = np.zeros((y.shape[0], x.shape[1]), np.bool_)
    near = np.zeros_like(inside)
    for (ax, ay), (bx, by) in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        if ay != by:
            straddles = (ay > y) != (by > y)
            inside ^= straddles & (x < ax + (y - ay) * ((bx - ax) / (by - ay)))
        near |= _is_near(x, y, (ax, ay), (bx, by))
    into[low[1] : high[1], low[0] : high[0]] |= inside | near


def _is_near(x: NDArray[np.float64], y: NDArray[np.float64], a: Point, b: Point) -> Mask:
    """Samples within the rim of an edge."""
    along_x, along_y = b[0] - a[0], b[1] - a[1]
    length_squared = max(along_x**2 + along_y**2, 1e-12)
    share = np.clip(((x - a[0]) * along_x + (y - a[1]) * along_y) / length_squared, 0.0, 1.0)
    distance_squared = (x - a[0] - share * along_x) ** 2 + (y - a[1] - share * along_y) ** 2
    return np.asarray(distance_squared <= _RIM_CHROMA_PX**2, np.bool_)
