"""The visible label of enhanced pictures: small, in a corner that may be chosen, never left out."""

import cv2
import numpy as np
from numpy.typing import NDArray

from vedette.media.planes import PlanarFrame
from vedette.vision.enhance.messages import Corner

Plane = NDArray[np.uint8]
CORNERS: tuple[Corner, ...] = ("top-left", "top-right", "bottom-left", "bottom-right")
TEXT = "ENHANCED x2"
_FONT = cv2.FONT_HERSHEY_SIMPLEX
_GROUND, _INK = 28, 225
_GREY = 128


def render_label(size_px: tuple[int, int]) -> Plane:
    """The label (h, w) uint8, both even, for a picture of this width and height; never larger than the picture."""
    width, height = size_px
    scale = max(0.3, min(width, height) / 1400)
    (text_width, text_height), _ = cv2.getTextSize(TEXT, _FONT, scale, 1)
    pad = max(2, round(text_height * 0.4))
    plate = np.full((_even(text_height + 2 * pad), _even(text_width + 2 * pad)), _GROUND, np.uint8)
    cv2.putText(plate, TEXT, (pad, pad + text_height), _FONT, scale, _INK, 1, cv2.LINE_AA)
    if plate.shape[1] <= width and plate.shape[0] <= height:
        return plate
    fit = min(width / plate.shape[1], height / plate.shape[0])
    small = (max(2, int(plate.shape[1] * fit) // 2 * 2), max(2, int(plate.shape[0] * fit) // 2 * 2))
    return np.asarray(cv2.resize(plate, small, interpolation=cv2.INTER_AREA), np.uint8)


def place_label(size_px: tuple[int, int], label_px: tuple[int, int], corner: Corner) -> tuple[int, int]:
    """Left and top, both even, of a label of this width and height."""
    left = 0 if corner.endswith("left") else size_px[0] - label_px[0]
    top = 0 if corner.startswith("top") else size_px[1] - label_px[1]
    return max(0, left) // 2 * 2, max(0, top) // 2 * 2


def label_bgr(image_bgr: Plane, corner: Corner) -> None:
    """Writes the label into a picture (H, W, 3)."""
    size_px = (image_bgr.shape[1], image_bgr.shape[0])
    plate = render_label(size_px)
    left, top = place_label(size_px, (plate.shape[1], plate.shape[0]), corner)
    image_bgr[top : top + plate.shape[0], left : left + plate.shape[1]] = plate[..., None]


def label_planes(frame: PlanarFrame, corner: Corner) -> None:
    """Writes the label into planes that are ours to change."""
    plate = render_label(frame.size_px)
    height, width = plate.shape
    left, top = place_label(frame.size_px, (width, height), corner)
    frame.y[top : top + height, left : left + width] = plate
    for plane in (frame.u, frame.v):
        plane[top // 2 : (top + height) // 2, left // 2 : (left + width) // 2] = _GREY


def _even(length: int) -> int:
    return length + length % 2
