"""Where in the small picture of the motion detector motion counts, and where analysis looks, as masks. Pure.

What moves outside reaches over an edge: smoothing carries it one pixel. An exclude or ignore zone therefore takes that
pixel along; an include or look zone keeps its rim. Both err so that what was meant to count does, and a tree does not.
"""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from vedette.core.geometry import Polygon
from vedette.core.motion import MotionSettings, MotionZoneKind

_RIM_PX = 3
"""Width of the line drawn around a zone that does not count: one pixel outwards."""


def draw_counted(settings: MotionSettings, height: int, width: int) -> NDArray[np.bool_] | None:
    """Draws where motion counts.

    Returns:
        (height, width) bool, or None when it counts everywhere.
    """
    looked_at, counted = draw_looked_at(settings, height, width), draw_motion_zones(settings, height, width)
    if looked_at is None or counted is None:
        return counted if looked_at is None else looked_at
    return counted & looked_at


def draw_motion_zones(settings: MotionSettings, height: int, width: int) -> NDArray[np.bool_] | None:
    """Draws where motion counts by the motion zones alone: things are cut there, but not where analysis stops looking,
    for their feet say where they are.

    Returns:
        (height, width) bool, or None without such zones.
    """
    if not any(zone.kind in {MotionZoneKind.INCLUDE, MotionZoneKind.EXCLUDE} for zone in settings.zones):
        return None
    return _draw(settings, MotionZoneKind.INCLUDE, MotionZoneKind.EXCLUDE, (height, width))


def draw_looked_at(settings: MotionSettings, height: int, width: int) -> NDArray[np.bool_] | None:
    """Draws where analysis looks.

    Returns:
        (height, width) bool, or None when it looks everywhere.
    """
    if settings.looks_everywhere:
        return None
    return _draw(settings, MotionZoneKind.LOOK, MotionZoneKind.IGNORE, (height, width))


def _draw(
    settings: MotionSettings, wanted: MotionZoneKind, unwanted: MotionZoneKind, size: tuple[int, int]
) -> NDArray[np.bool_]:
    within = settings.outlines(wanted)
    mask = np.full(size, not within, np.uint8)
    for corners in _corners(within, *size):  # one by one: together, overlaps would be holes
        cv2.fillPoly(mask, [corners], 1)
    for corners in _corners(settings.outlines(unwanted), *size):
        cv2.fillPoly(mask, [corners], 0)
        cv2.polylines(mask, [corners], isClosed=True, color=0, thickness=_RIM_PX)
    return mask.astype(np.bool_)


def _corners(polygons: Sequence[Polygon], height: int, width: int) -> list[NDArray[np.int32]]:
    """(corners, 2) int32 each; a pixel's own place is its middle."""
    return [
        np.rint(np.asarray(polygon.points, np.float64) * (width, height) - 0.5).astype(np.int32) for polygon in polygons
    ]
