"""Where in the small picture of the motion detector motion counts, as a mask. Pure.

What moves outside reaches over an edge: smoothing carries it one pixel. An exclude zone therefore takes that pixel
along; an include zone keeps its rim. Both err so that what was meant to count does, and a tree does not.
"""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from vedette.core.geometry import Polygon
from vedette.core.motion import MotionSettings, MotionZoneKind

_RIM_PX = 3
"""Width of the line drawn around an exclude zone: one pixel outwards."""


def draw_counted(settings: MotionSettings, height: int, width: int) -> NDArray[np.bool_] | None:
    """Draws where motion counts.

    Returns:
        (height, width) bool, or None when it counts everywhere.
    """
    if not settings.zones:
        return None
    include = settings.outlines(MotionZoneKind.INCLUDE)
    mask = np.full((height, width), not include, np.uint8)
    for corners in _corners(include, height, width):  # one by one: together, overlaps would be holes
        cv2.fillPoly(mask, [corners], 1)
    for corners in _corners(settings.outlines(MotionZoneKind.EXCLUDE), height, width):
        cv2.fillPoly(mask, [corners], 0)
        cv2.polylines(mask, [corners], isClosed=True, color=0, thickness=_RIM_PX)
    return mask.astype(np.bool_)


def _corners(polygons: Sequence[Polygon], height: int, width: int) -> list[NDArray[np.int32]]:
    """(corners, 2) int32 each; a pixel's own place is its middle."""
    return [
        np.rint(np.asarray(polygon.points, np.float64) * (width, height) - 0.5).astype(np.int32) for polygon in polygons
    ]
