"""Fills parts of a picture so that nothing of them is left. Runs in the jailed worker.

Coordinates are fractions of the picture. A rim is filled, too: a scaled picture has in the pixels beside an outline
a share of what lies inside it, and its colour reaches two pixels further (chroma has half the resolution).
"""

from collections.abc import Sequence

import cv2
import numpy as np

from vedette.core.errors import InvalidInputError
from vedette.vision.picture import Image

Outline = Sequence[tuple[float, float]]
_FILL_BGR = (40, 36, 32)
_RIM_PX = 5
"""Width of the line drawn around: two pixels outwards, and rounding."""
MAX_PIXELS = 64 << 20


def fill_masks(image_bgr: Image, masks: Sequence[Outline]) -> None:
    """Fills the inside of each outline in the picture itself.

    Raises:
        InvalidInputError: an outline is none. Nothing is shown rather than a picture with an open mask.
    """
    height, width = image_bgr.shape[:2]
    for mask in masks:
        points = np.asarray(mask, np.float64).reshape(-1, 2)
        if len(points) < 3 or not np.isfinite(points).all():
            raise InvalidInputError(f"{len(points)} points are no outline to hide")
        corners = np.rint(np.clip(points, 0, 1) * (width - 1, height - 1)).astype(np.int32)
        cv2.fillPoly(image_bgr, [corners], _FILL_BGR)
        cv2.polylines(image_bgr, [corners], isClosed=True, color=_FILL_BGR, thickness=_RIM_PX)


def decode_jpeg(jpeg: bytes) -> Image:
    """Decodes a stored picture.

    Raises:
        InvalidInputError: it is no picture.
    """
    image = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR) if jpeg else None
    if image is None or image.shape[0] * image.shape[1] > MAX_PIXELS:
        raise InvalidInputError("the stored picture cannot be decoded")
    return np.asarray(image, np.uint8)
