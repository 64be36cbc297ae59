"""Cuts one still picture out of a file: the moment, then the parts that are hidden, then the part that is wanted.

In this order, so that nothing hidden is in what is cut out, and nothing of it reaches what is enlarged afterwards.
In the jail only. What a worker answers is checked by `decode_cut`.
"""

import io
import math

import numpy as np
from numpy.typing import NDArray

from vedette.core.errors import InvalidInputError
from vedette.media.planes import PlanarFrame
from vedette.vision.enhance.bank import choose_set
from vedette.vision.enhance.messages import CropShare, CutTerms, StillCut, check_enlarged_size
from vedette.vision.enhance.picture import encode_picture
from vedette.vision.enhance.source import is_picture_file, open_video, picture_quality, read_picture, video_quality
from vedette.vision.masking import fill_masks
from vedette.vision.picture import to_bgr

Plane = NDArray[np.uint8]
MIN_SIDE_PX = 16
"""Less shows nothing, and the network sees 7 pixels far."""


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
