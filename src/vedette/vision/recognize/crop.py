"""One object in one full-resolution picture, as a recognizer gets it. Inside the jail."""

from dataclasses import dataclass

import cv2
import numpy as np

from vedette.media.planes import PlanarFrame
from vedette.vision.filters import correlate, laplacian
from vedette.vision.picture import Image, cut_bgr

BoxPx = tuple[int, int, int, int]
"""Left, top, right, bottom in pixels of the picture."""
_SHARPNESS_HEIGHT_PX = 128
_HALF_SHARP = 150.0


@dataclass(frozen=True, slots=True)
class Crop:
    """An object's place in a kept picture. Pixels are cut on request: a recognizer may need the surroundings.

    Attributes:
        box_px: Never empty, within the picture.
        class_name: One of `CLASS_NAMES`, or `WHOLE_PICTURE`.
        covered: Share of the box that lies in the box of another object, 0..1.
    """

    frame: PlanarFrame
    box_px: BoxPx
    class_name: str
    covered: float = 0.0

    @property
    def size_px(self) -> tuple[int, int]:
        """Width and height of the box."""
        left, top, right, bottom = self.box_px
        return right - left, bottom - top

    @property
    def image_bgr(self) -> Image:
        """(H, W, 3) uint8: the pixels of the box, not scaled."""
        return self.cut(self.box_px)

    def cut(self, box_px: BoxPx) -> Image:
        """(H, W, 3) uint8 BGR: any part of the picture, clipped at its edges, at least 2 x 2 pixels, not scaled."""
        return cut_bgr(self.frame, box_px)


def make_crop(
    frame: PlanarFrame, box_norm_xyxy: tuple[float, float, float, float], class_name: str, covered: float = 0.0
) -> Crop:
    """Turns fractions of the picture into pixels, at least 2 x 2."""
    width, height = frame.size_px
    left, right = (round(min(max(v, 0.0), 1.0) * width) for v in (box_norm_xyxy[0], box_norm_xyxy[2]))
    top, bottom = (round(min(max(v, 0.0), 1.0) * height) for v in (box_norm_xyxy[1], box_norm_xyxy[3]))
    left, top = min(left, width - 2), min(top, height - 2)
    return Crop(frame, (left, top, max(right, left + 2), max(bottom, top + 2)), class_name, covered)


def measure_sharpness(crop: Crop) -> float:
    """0..1, half at a variance of the Laplacian of 150 in a crop of at most 128 pixels height."""
    left, top, right, bottom = crop.box_px
    luma = crop.frame.y[top:bottom, left:right]
    scale = min(1.0, _SHARPNESS_HEIGHT_PX / max(luma.shape))
    if scale < 1.0:
        luma = np.asarray(cv2.resize(luma, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8)
    variance = float(correlate(luma, laplacian()).var())
    return variance / (variance + _HALF_SHARP)
