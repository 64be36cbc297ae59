"""Cuts one still picture out of a file: the moment, then the parts that are hidden, then the part that is wanted.

In this order, so that nothing hidden is in what is cut out, and nothing of it reaches what is enlarged afterwards.
In the jail only. What a worker answers is checked by `decode_cut`.
"""

import io
import math
from typing import Literal

import msgspec
import numpy as np
from numpy.typing import NDArray

from vedette.core.errors import InvalidInputError
from vedette.media.decode import PlanarFrame
from vedette.vision import wire
from vedette.vision.enhance.bank import SET_NAMES, choose_set
from vedette.vision.enhance.headers import read_header
from vedette.vision.enhance.picture import check_enlarged_size, encode_picture
from vedette.vision.enhance.source import is_picture_file, open_video, picture_quality, read_picture, video_quality
from vedette.vision.masking import fill_masks
from vedette.vision.picture import to_bgr

Plane = NDArray[np.uint8]
MIN_SIDE_PX = 16
"""Less shows nothing, and the network sees 7 pixels far."""
CropShare = tuple[float, float, float, float]
"""Left, top, width and height in fractions of the picture."""


class CutTerms(msgspec.Struct, frozen=True):
    """Which picture: the last one at or before `at_90k` from the file's first (a picture file has only one).

    `masks`: outlines that are filled. `crop`: None for the whole picture. `format`: `png` where it goes on to be
    enlarged, so that nothing is lost in between.
    """

    at_90k: int
    masks: wire.Masks
    crop: CropShare | None
    format: Literal["jpeg", "png"]


class StillCut(msgspec.Struct, frozen=True):
    """The encoded picture, its size, the weight set for it, and when it was shown."""

    picture: bytes
    width: int
    height: int
    weight_set: str
    at_90k: int


def cut_still(file: io.BufferedIOBase, terms: CutTerms) -> StillCut:
    """Makes the picture.

    Raises:
        InvalidInputError: nothing can be decoded, or the part is too small or too large.
    """
    at_90k = 0
    if is_picture_file(file):
        image = read_picture(file)
        quality = picture_quality(file, image)
    else:
        frame = _find_frame(file, terms.at_90k)
        at_90k, quality = frame.pts_90k, video_quality(file, frame)
        width, height = frame.size_px
        image = to_bgr(frame, width // 2 * 2, height // 2 * 2)
    fill_masks(image, terms.masks)
    part = crop_picture(image, terms.crop)
    height, width = part.shape[:2]
    if terms.format == "png":
        check_enlarged_size(width, height)
    return StillCut(encode_picture(part, terms.format), width, height, choose_set(quality), at_90k)


def crop_picture(image_bgr: Plane, crop: CropShare | None) -> Plane:
    """The wanted part (H, W, 3), whole pixels: those that it touches.

    Raises:
        InvalidInputError: it is smaller than a picture can usefully be.
    """
    if crop is None:
        return image_bgr
    left, top, width, height = crop
    rows, columns = image_bgr.shape[:2]
    x, far_x = math.floor(left * columns), min(columns, math.ceil((left + width) * columns))
    y, far_y = math.floor(top * rows), min(rows, math.ceil((top + height) * rows))
    if far_x - x < MIN_SIDE_PX or far_y - y < MIN_SIDE_PX:
        raise InvalidInputError(
            f"a part of {max(0, far_x - x)} x {max(0, far_y - y)} pixels is too small to be shown by itself, "
            f"it needs {MIN_SIDE_PX} pixels a side"
        )
    return np.ascontiguousarray(image_bgr[y:far_y, x:far_x])


def decode_cut(payload: bytes, wanted: Literal["jpeg", "png"]) -> StillCut:
    """Decodes and checks what a worker cut out.

    Raises:
        InvalidInputError: it is no such picture, or not the one that it is said to be.
    """
    cut = wire.decode(payload, StillCut)
    header = read_header(cut.picture)
    if (header.format, header.width, header.height) != (wanted, cut.width, cut.height):
        raise InvalidInputError("a worker's picture is not what it was said to be")
    if wanted == "png":
        check_enlarged_size(cut.width, cut.height)
    if cut.weight_set not in SET_NAMES or cut.at_90k < 0:
        raise InvalidInputError("a worker's reply is out of range")
    return cut


def _find_frame(file: io.BufferedIOBase, at_90k: int) -> PlanarFrame:
    """The last picture at or before a time; the first one where all are later."""
    shown: PlanarFrame | None = None
    for frame in open_video(file).frames():
        if shown is not None and frame.pts_90k > at_90k:
            break
        shown = frame
    if shown is None:
        raise InvalidInputError("no picture of this footage can be decoded", "Choose another time.")
    return shown
