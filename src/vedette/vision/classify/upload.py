"""Makes a picture of bytes that somebody sent: the right way up, and never larger in memory than is needed.

The header tells the size before a decoder is called (a small file may announce a picture that fills the memory); JPEG
is decoded at the fraction that suffices. Runs in a jail: the decoder is C code, and the bytes are foreign.
"""

import cv2
import numpy as np

from vedette.core.classified import MAX_UPLOAD_BYTES
from vedette.vision.enhance.headers import NoPictureError, PictureTooLargeError, read_header
from vedette.vision.picture import Image, find_jpeg_flag

MAX_AREA_PX = 100_000_000
_LEAST_PX = 2
_ENOUGH_PX = 256
"""Of the shorter side: a classifier looks at far less."""


def decode_upload(data: bytes) -> Image:
    """Decodes a JPEG, PNG or BMP, turned as its EXIF orientation says.

    Returns:
        (H, W, 3) uint8 BGR, of a JPEG no more than is needed.

    Raises:
        NoPictureError: it is none, or damaged.
        PictureTooLargeError: it announces too many pixels, or the file is too large.
    """
    if len(data) > MAX_UPLOAD_BYTES:
        raise PictureTooLargeError(f"the file is larger than {MAX_UPLOAD_BYTES >> 20} MB", "Save it smaller.")
    header = read_header(data)
    if header.width * header.height > MAX_AREA_PX:
        raise PictureTooLargeError(
            f"the picture has {header.width} x {header.height} pixels, more than {MAX_AREA_PX // 1_000_000} million",
            "Save it smaller.",
        )
    shorter = min(header.width, header.height)
    if shorter < _LEAST_PX:
        raise NoPictureError("the picture is too small to show anything")
    flag = find_jpeg_flag(shorter, _ENOUGH_PX) if header.format == "jpeg" else cv2.IMREAD_COLOR
    try:
        image = cv2.imdecode(np.frombuffer(data, np.uint8), flag)
    except cv2.error as error:
        raise NoPictureError("the picture cannot be decoded", "Save it anew, as JPEG or PNG.") from error
    if image is None:
        raise NoPictureError("the picture cannot be decoded", "Save it anew, as JPEG or PNG.")
    return np.asarray(image, np.uint8)
