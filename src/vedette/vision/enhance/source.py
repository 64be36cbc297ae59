"""Says what a file of others is and how coarsely it was compressed, and decodes pictures. In the jail only."""

import io

import cv2
import numpy as np
from numpy.typing import NDArray

from vedette.core.errors import InvalidInputError
from vedette.media.decode import FileFrames, UndecodableError
from vedette.media.planes import PlanarFrame
from vedette.media.quantiser import probe_coding
from vedette.vision.enhance.bank import choose_set
from vedette.vision.enhance.headers import MAX_PICTURE_BYTES, NoPictureError, is_picture, read_header
from vedette.vision.enhance.messages import Probed, check_enlarged_size
from vedette.vision.enhance.quality import quality_of_grid, quality_of_qp

Plane = NDArray[np.uint8]


def probe_file(file: io.BufferedIOBase) -> Probed:
    """Says what a file is and which weight set suits it.

    Raises:
        InvalidInputError: it is neither picture nor video, or too large.
    """
    if is_picture_file(file):
        image = read_picture(file)
        chosen = choose_set(picture_quality(file, image))
        return Probed(is_picture=True, width=image.shape[1], height=image.shape[0], weight_set=chosen, duration_s=0.0)
    source = open_video(file)
    first = next(source.frames(), None)
    if first is None:
        raise InvalidInputError("no picture in this file could be decoded")
    check_enlarged_size(*first.size_px)
    chosen, duration_s = choose_set(video_quality(file, first)), source.duration_s
    return Probed(
        is_picture=False, width=first.size_px[0], height=first.size_px[1], weight_set=chosen, duration_s=duration_s
    )


def is_picture_file(file: io.BufferedIOBase) -> bool:
    """Whether it begins like a picture; all others are taken for videos."""
    file.seek(0)
    return is_picture(file.read(16))


def picture_quality(file: io.BufferedIOBase, image: Plane) -> float:
    """How coarsely a picture file was compressed, `image` being what it shows."""
    file.seek(0)
    header = read_header(file.read(MAX_PICTURE_BYTES))
    if header.format == "jpeg":
        return header.quality
    return quality_of_grid(np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), np.uint8))


def open_video(file: io.BufferedIOBase) -> FileFrames:
    """Opens the video in a file.

    Raises:
        InvalidInputError: there is none.
    """
    file.seek(0)
    try:
        return FileFrames(file)
    except UndecodableError as error:
        raise InvalidInputError(f"this is neither a picture (JPEG, PNG, BMP) nor a video: {error.message}") from error


def video_quality(file: io.BufferedIOBase, first: PlanarFrame) -> float:
    """How coarsely the first pictures of a video were compressed, `first` being one of them."""
    coding = probe_coding(file)
    if coding.qp is not None:
        return quality_of_qp(coding.qp)
    if coding.jpeg:
        return read_header(coding.jpeg).quality
    return quality_of_grid(first.y)


def read_picture(file: io.BufferedIOBase) -> Plane:
    """Decodes a picture (H, W, 3) as it is to be shown, turned as its EXIF says; transparency is dropped.

    Raises:
        NoPictureError: it is damaged, or larger than a picture file may be.
        PictureTooLargeError: by its announced size, before it is decoded.
    """
    file.seek(0)
    data = file.read(MAX_PICTURE_BYTES + 1)
    if len(data) > MAX_PICTURE_BYTES:
        raise NoPictureError(f"a picture file may have {MAX_PICTURE_BYTES >> 20} MB at most")
    header = read_header(data)
    check_enlarged_size(header.width, header.height)
    image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    if image is None:
        raise NoPictureError("the picture is damaged and cannot be decoded")
    return np.asarray(image, np.uint8)
