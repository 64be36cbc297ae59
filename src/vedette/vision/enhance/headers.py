"""What the first bytes of a picture file say: its format, its size and how it was compressed. Pure; decodes nothing.

Read before a decoder is called, so that a picture that would fill the memory is refused by its announced size.
Foreign bytes: every length is checked, and the search ends.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from vedette.core.errors import InvalidInputError
from vedette.vision.enhance.quality import UNCOMPRESSED, quality_of_table

PictureFormat = Literal["jpeg", "png", "bmp"]
MAX_PICTURE_BYTES = 64 << 20
_PNG = b"\x89PNG\r\n\x1a\n"
_FRAMES = frozenset({0xC0, 0xC1, 0xC2})
"""Baseline, extended and progressive; others are decoded by nobody."""
_SCAN, _TABLES = 0xDA, 0xDB
_ALONE = frozenset({0x01, *range(0xD0, 0xD8)})


class NoPictureError(InvalidInputError):
    """The bytes are no JPEG, PNG or BMP, or a damaged one."""

    code = "no_picture"


class PictureTooLargeError(InvalidInputError):
    """More pixels than would be looked at, or than its enlarged form may have."""

    code = "picture_too_large"


@dataclass(frozen=True, slots=True)
class PictureHeader:
    """What a picture announces.

    Attributes:
        quality: As of `vedette.vision.enhance.quality`; 100 for formats without loss.
    """

    format: PictureFormat
    width: int
    height: int
    quality: float


def is_picture(head: bytes) -> bool:
    """Whether a file that begins like this is a picture; all others are taken for videos."""
    return head.startswith((b"\xff\xd8\xff", _PNG)) or (head.startswith(b"BM") and head[6:10] == b"\0\0\0\0")


def read_header(data: bytes) -> PictureHeader:
    """Reads format, size and quality.

    Raises:
        NoPictureError: it is none of the formats, or ends too early.
    """
    try:
        if data.startswith(_PNG):
            width, height = struct.unpack_from(">II", data, 16)
            return _checked(PictureHeader("png", width, height, UNCOMPRESSED))
        if data.startswith(b"BM"):
            width, height = struct.unpack_from("<ii", data, 18)
            return _checked(PictureHeader("bmp", width, abs(height), UNCOMPRESSED))
        if data.startswith(b"\xff\xd8\xff"):
            return _checked(_read_jpeg(data))
    except (struct.error, IndexError) as error:
        raise NoPictureError("the picture ends before its size is told") from error
    raise NoPictureError("this is no picture: neither JPEG nor PNG nor BMP")


def _read_jpeg(data: bytes) -> PictureHeader:
    quality, size = UNCOMPRESSED, (0, 0)
    for marker, body in _segments(data):
        if marker == _TABLES:
            found = _luma_quality(body)
            quality = quality if found is None else found
        elif marker in _FRAMES:
            height, width = struct.unpack_from(">HH", body, 1)
            size = (width, height)
    return PictureHeader("jpeg", *size, quality)


def _segments(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Marker and content of each segment before the first scan."""
    at = 2
    while at + 4 <= len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        if marker == 0xFF:
            at += 1
            continue
        if marker in _ALONE:
            at += 2
            continue
        size = struct.unpack_from(">H", data, at + 2)[0]
        if marker == _SCAN or size < 2:
            return
        yield marker, data[at + 4 : at + 2 + size]
        at += 2 + size


def _luma_quality(body: bytes) -> float | None:
    """The quality of table 0, where this segment has it."""
    at = 0
    while at < len(body):
        is_wide, number = body[at] >> 4, body[at] & 15
        length = 128 if is_wide else 64
        steps = body[at + 1 : at + 1 + length]
        if len(steps) < length:
            return None
        if number == 0:
            return quality_of_table(struct.unpack(">64H", steps) if is_wide else steps)
        at += 1 + length
    return None


def _checked(header: PictureHeader) -> PictureHeader:
    if header.width < 1 or header.height < 1:
        raise NoPictureError("the picture does not tell its size")
    return header
