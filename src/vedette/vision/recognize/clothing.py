"""Colours of upper and lower clothing: which pixels of a person's box are looked at. Pure."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vedette.vision.colors import UNKNOWN, Light, name_colour
from vedette.vision.picture import Image
from vedette.vision.recognize.records import Label

MIN_HEIGHT_PX = 40
"""Lower persons are a few pixels of cloth in a lot of compression."""
_UPRIGHT = 1.6
"""Height to width from which legs are in the box: who sits or is cut off shows none."""

Point = tuple[float, float]
Weights = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class ClothingPoints:
    """Where a model saw upper and lower clothing, in fractions of the box."""

    upper: Point = (0.5, 0.32)
    lower: Point = (0.5, 0.66)


def name_clothing(
    person_bgr: Image, points: ClothingPoints, light: Light, *, legs_in_picture: bool
) -> dict[str, Label]:
    """Labels of what could be named.

    Args:
        person_bgr: (H, W, 3) the person's box.
        points: Of the attribute model, or the usual places.
        light: Of the whole picture.
        legs_in_picture: The box does not end at the picture's lower edge.
    """
    height, width = person_bgr.shape[:2]
    if height < MIN_HEIGHT_PX:
        return {}
    # Hair hangs over the collar and shoes stand on the floor: each region begins a little below its point.
    regions = {"upper_colour": _weigh(height, width, points.upper, (0.28, 0.42), 0.16, 0.08)}
    if height >= _UPRIGHT * width and (legs_in_picture or height >= 2 * width):
        regions["lower_colour"] = _weigh(height, width, points.lower, (0.66, 0.74), 0.13, 0.06)
    named = {name: name_colour(person_bgr, weights, light) for name, weights in regions.items()}
    return {name: Label(colour.name, colour.confidence) for name, colour in named.items() if colour.name != UNKNOWN}


def _weigh(
    height: int, width: int, point: Point, between: tuple[float, float], spread_x: float, spread_y: float
) -> Weights:
    """(H, W) a soft spot about the point, held within the part of the body where this clothing is worn."""
    x = min(max(point[0], 0.35), 0.65)
    y = min(max(point[1] + 0.03, between[0]), between[1])
    across = ((np.arange(width) + 0.5) / width - x) / spread_x
    down = ((np.arange(height) + 0.5) / height - y) / spread_y
    return np.exp(-0.5 * (down[:, None] ** 2 + across[None, :] ** 2)).astype(np.float32)
