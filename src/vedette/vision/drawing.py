"""Draws boxes with their words on a picture, for snapshots and annotated videos."""

from collections.abc import Sequence

import cv2
import numpy as np

from vedette.core.errors import InvalidInputError
from vedette.media.planes import PlanarFrame
from vedette.vision.enhance.marks import mark_picture
from vedette.vision.picture import Image, fit_size, shrink, to_bgr
from vedette.vision.wire import Overlay

_COLOURS_BGR = ((96, 200, 255), (255, 184, 92), (150, 230, 120), (230, 160, 230))
"""Amber people, blue vehicles, green two-wheelers, violet unnamed objects: told apart also by the colour-blind."""
_INK_BGR = (24, 20, 16)
_FONT = cv2.FONT_HERSHEY_SIMPLEX
_JPEG_QUALITY = 85
PICTURE_MARK = "Made by Vedette of a recording or a file"
"""A comment in every JPEG made here: what is a piece of a recording shall be known as one, wherever it turns up."""


def draw_overlays(image_bgr: Image, overlays: Sequence[Overlay]) -> None:
    """Draws into the picture, thickness and text in proportion to it."""
    height, width = image_bgr.shape[:2]
    thick = max(1, round(width / 480))
    for overlay in overlays:
        colour = _COLOURS_BGR[overlay.class_id % len(_COLOURS_BGR)]
        left, top, right, bottom = (
            int(np.clip(value, 0.0, 1.0) * (side - 1))
            for value, side in zip(overlay.box, (width, height) * 2, strict=True)
        )
        cv2.rectangle(image_bgr, (left, top), (right, bottom), _INK_BGR, thick + 2, cv2.LINE_AA)
        cv2.rectangle(image_bgr, (left, top), (right, bottom), colour, thick, cv2.LINE_AA)
        if overlay.text:
            _draw_label(image_bgr, overlay.text.split("\n"), (left, top, right, bottom), colour)


def _draw_label(
    image_bgr: Image, lines: Sequence[str], box: tuple[int, int, int, int], colour: tuple[int, int, int]
) -> None:
    """A filled plate above the box; where there is no room, beside it, so that no face is covered."""
    height, width = image_bgr.shape[:2]
    scale = max(0.4, width / 1500)
    weight = 1 if scale < 0.7 else 2
    sizes = [cv2.getTextSize(line, _FONT, scale, weight)[0] for line in lines]
    text_height = max(size[1] for size in sizes)
    pad = max(3, round(text_height * 0.45))
    step = text_height + 2 * pad
    plate = (max(size[0] for size in sizes) + 2 * pad, step * len(lines))
    left, top = _place_label(plate, box, (width, height))
    cv2.rectangle(image_bgr, (left, top), (left + plate[0], top + plate[1]), colour, cv2.FILLED)
    for row, line in enumerate(lines):
        origin = (left + pad, top + row * step + pad + text_height)
        cv2.putText(image_bgr, line, origin, _FONT, scale, _INK_BGR, weight, cv2.LINE_AA)


def _place_label(plate: tuple[int, int], box: tuple[int, int, int, int], size: tuple[int, int]) -> tuple[int, int]:
    """Left and top of a plate (width, height) for a box in a picture of this size."""
    inside = max(0, min(box[0], size[0] - plate[0]))
    if box[1] >= plate[1]:
        return inside, box[1] - plate[1]
    if box[2] + plate[0] <= size[0]:
        return box[2], max(0, box[1])
    if box[0] >= plate[0]:
        return box[0] - plate[0], max(0, box[1])
    return inside, max(0, min(box[1], size[1] - plate[1]))


def encode_jpeg(image_bgr: Image) -> bytes:
    """Encodes a picture as JPEG.

    Raises:
        InvalidInputError: the encoder refuses it (an empty picture).
    """
    done, data = cv2.imencode(".jpg", image_bgr, [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])
    if not done:
        raise InvalidInputError("the picture cannot be encoded as JPEG")
    return mark_picture(bytes(data), "jpeg", PICTURE_MARK)


def render_jpeg(
    frame: PlanarFrame,
    max_width: int,
    overlays: Sequence[Overlay] = (),
    crop: tuple[float, float, float, float] | None = None,
) -> bytes:
    """A frame as JPEG, scaled down to `max_width`, with overlays, or cut to `crop` (fractions of the picture), which is
    scaled down so that no side is longer than that.
    """
    width, height = fit_size(frame, max_width if crop is None else frame.size_px[0])
    image = to_bgr(frame, width, height)
    if crop is None:
        draw_overlays(image, overlays)
        return encode_jpeg(image)
    left, right = sorted(int(np.clip(v, 0, 1) * width) for v in (crop[0], crop[2]))
    top, bottom = sorted(int(np.clip(v, 0, 1) * height) for v in (crop[1], crop[3]))
    part = np.ascontiguousarray(image[top : max(bottom, top + 2), left : max(right, left + 2)])
    return encode_jpeg(shrink(part, max_width))
