"""Enlarges whole pictures: luma by the network, colour bicubically, and the label on top.

Pure but for the network that does the luma. Colour is half as fine as luma in most of what cameras send, and the eye
does not see its edges; the network was trained on luma alone.
"""

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from vedette.core.errors import InvalidInputError
from vedette.media.planes import PlanarFrame
from vedette.vision.enhance.headers import PictureFormat
from vedette.vision.enhance.label import label_bgr, label_planes
from vedette.vision.enhance.messages import Corner
from vedette.vision.enhance.network import SCALE

Plane = NDArray[np.uint8]
EnlargeLuma = Callable[[Plane], Plane]
"""Luma (H, W) uint8 to (2H, 2W) uint8."""
_JPEG_QUALITY = 95


def enhance_bgr(image_bgr: Plane, enlarge: EnlargeLuma, corner: Corner) -> Plane:
    """A picture (H, W, 3) twice as large, labelled."""
    larger = enlarge_bgr(image_bgr, enlarge)
    label_bgr(larger, corner)
    return larger


def enlarge_bgr(image_bgr: Plane, enlarge: EnlargeLuma) -> Plane:
    """A picture (H, W, 3) twice as large, for machines to look at: what people see is labelled."""
    luma, red, blue = cv2.split(cv2.cvtColor(image_bgr, cv2.COLOR_BGR2YCrCb))
    size = (SCALE * luma.shape[1], SCALE * luma.shape[0])
    planes = [enlarge(np.asarray(luma, np.uint8))]
    planes += [np.asarray(cv2.resize(plane, size, interpolation=cv2.INTER_CUBIC), np.uint8) for plane in (red, blue)]
    return np.asarray(cv2.cvtColor(cv2.merge(planes), cv2.COLOR_YCrCb2BGR), np.uint8)


def enhance_planes(frame: PlanarFrame, enlarge: EnlargeLuma, corner: Corner) -> PlanarFrame:
    """A decoded picture twice as large, labelled, in the colours that it came in."""
    width, height = frame.size_px
    chroma = [
        np.asarray(cv2.resize(plane, (width, height), interpolation=cv2.INTER_CUBIC), np.uint8)
        for plane in (frame.u, frame.v)
    ]
    larger = PlanarFrame(frame.pts_90k, enlarge(frame.y), *chroma)
    label_planes(larger, corner)
    return larger


def encode_picture(image_bgr: Plane, kind: PictureFormat) -> bytes:
    """Encodes a picture (H, W, 3).

    Raises:
        InvalidInputError: the encoder refuses it.
    """
    suffix = {"jpeg": ".jpg", "png": ".png", "bmp": ".bmp"}[kind]
    options = [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY] if kind == "jpeg" else []
    done, data = cv2.imencode(suffix, image_bgr, options)
    if not done:
        raise InvalidInputError(f"the picture cannot be encoded as {kind}")
    return bytes(data)
