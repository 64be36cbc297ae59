"""A picture changed in ways that change nothing of what it shows: shifted, shown smaller or larger, turned.

Evaluations tell how often a classifier is still right, the console what it makes of one picture. What a changed picture
does not show is filled with its mirror image.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from vedette.core.classified import Way
from vedette.vision.picture import Image

STEPS: dict[Way, tuple[float, ...]] = {
    "shift": (1, 2, 4, 6),
    "scale": (0.7, 0.85, 1.2, 1.4),
    "turn": (5, 10, 20, 30, 45),
}
"""To the right, in 32nds of the shorter side (pixels of what the small networks see); factor; degrees to the left."""
_SHIFT_UNIT = 32


@dataclass(frozen=True, slots=True)
class Change:
    """One step of `STEPS`."""

    way: Way
    by: float

    @property
    def figure(self) -> str:
        """The accuracy under this change, as manifests and evaluations call it."""
        return f"accuracy_{self.way}_{self.by:g}"


CHANGES = tuple(Change(way, by) for way, steps in STEPS.items() for by in steps)


def apply_change(image: Image, change: Change) -> Image:
    """The picture (H, W, 3) changed, as large as it was."""
    height, width = image.shape[:2]
    matrix = _find_matrix(change, width, height)
    return np.asarray(cv2.warpAffine(image, matrix, (width, height), borderMode=cv2.BORDER_REFLECT_101), np.uint8)


def _find_matrix(change: Change, width: int, height: int) -> NDArray[np.float64]:
    """(2, 3)."""
    if change.way == "shift":
        return np.array([[1, 0, change.by * min(width, height) / _SHIFT_UNIT], [0, 1, 0]], np.float64)
    degrees, scale = (change.by, 1.0) if change.way == "turn" else (0.0, change.by)
    middle = (width / 2 - 0.5, height / 2 - 0.5)
    return np.asarray(cv2.getRotationMatrix2D(middle, degrees, scale), np.float64)
