"""Decodes a picture of a gallery, however large a telephone made it. Inside the jail.

Its announced size is read before a decoder sees it. JPEG is decoded at a half, a quarter or an eighth where it is
large, which costs neither the memory nor the time of all its pixels; turned as EXIF says.
"""

import io

import cv2
import numpy as np

from vedette.core.errors import InvalidInputError
from vedette.media.decode import FileFrames, check_picture_size
from vedette.media.planes import PlanarFrame
from vedette.vision.enhance.headers import is_picture, read_header
from vedette.vision.picture import find_jpeg_flag, to_planes

MAX_FILE_BYTES = 48 << 20
_WANTED_PX = 1600
"""The longer side that faces need: found at 640, compared from 32 pixels on."""
_MAX_JPEG_PX = 250_000_000
"""Telephones make 200 megapixels."""
_TIFF_LIKE = (b"II*\0", b"MM\0*", b"GIF8")


class PictureUnreadableError(InvalidInputError):
    """A file of the gallery is no picture that can be decoded."""

    code = "picture_unreadable"


def begins_as_picture(head: bytes) -> bool:
    """Whether a file's first 16 bytes are those of a picture of a format that is read here."""
    return is_picture(head) or head.startswith(_TIFF_LIKE) or (head[:4] == b"RIFF" and head[8:12] == b"WEBP")


def decode_gallery_picture(data: bytes) -> PlanarFrame:
    """Decodes a picture; of a moving one the first.

    Raises:
        InvalidInputError: it is none, damaged, or larger than any camera makes.
    """
    if not is_picture(data[:16]):
        first = next(FileFrames(io.BytesIO(data)).frames(), None)
        if first is None:
            raise PictureUnreadableError("the picture is damaged and cannot be decoded", "Save it anew as JPEG.")
        return first
    header = read_header(data)
    flag = cv2.IMREAD_COLOR
    if header.format == "jpeg":
        if header.width * header.height > _MAX_JPEG_PX:
            raise PictureUnreadableError(f"a picture of {header.width} x {header.height} pixels is not accepted")
        flag = find_jpeg_flag(max(header.width, header.height), _WANTED_PX)
    else:
        check_picture_size(header.width, header.height)
    image = cv2.imdecode(np.frombuffer(data, np.uint8), flag)
    if image is None or min(image.shape[:2]) < 2:
        raise PictureUnreadableError("the picture is damaged and cannot be decoded", "Open it with another program.")
    return to_planes(np.asarray(image, np.uint8))
