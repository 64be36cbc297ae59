"""Looks at all crops of a picture in the picture's own light."""

from collections.abc import Callable, Sequence

from vedette.vision.colors import Light, estimate_light
from vedette.vision.picture import to_bgr
from vedette.vision.recognize.crop import Crop
from vedette.vision.recognize.records import Record


def read_light(crop: Crop) -> Light:
    """The light of the picture that a crop is from."""
    return estimate_light(to_bgr(crop.frame, 64, 48))


def describe_in_light(crops: Sequence[Crop], describe: Callable[[Crop, Light], list[Record]]) -> list[list[Record]]:
    """Describes crops of one picture, whose light is read once."""
    if not crops:
        return []
    light = read_light(crops[0])
    return [describe(crop, light) for crop in crops]
