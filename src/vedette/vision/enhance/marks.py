"""Says in a picture file itself that it was enhanced: a comment in JPEG, a text chunk in PNG, text after BMP's pixels.

Pure. Together with the label in the picture: a comment is lost when somebody saves the file again, a label when
somebody cuts it off.
"""

import struct
import zlib

from vedette.core.errors import InvalidInputError
from vedette.vision.enhance.headers import PictureFormat

_PNG_START = 33
"""Signature and header chunk: text may follow."""


ENHANCED_MARK = "Enhanced by Vedette"


def describe_enhancement(release: str, set_name: str) -> str:
    """The sentence that goes into files."""
    return (
        f"{ENHANCED_MARK}: super-resolution x2 ({release}, weight set {set_name}). "
        "Details are estimated, not recorded; this is not evidence."
    )


def mark_picture(data: bytes, kind: PictureFormat, text: str) -> bytes:
    """The encoded picture with the sentence in it.

    Raises:
        InvalidInputError: the sentence is not ASCII or too long.
    """
    if not text.isascii() or not 0 < len(text) < 60_000:
        raise InvalidInputError("a mark is ASCII of 1 to 60,000 characters")
    note = text.encode("ascii")
    if kind == "jpeg":
        return data[:2] + b"\xff\xfe" + struct.pack(">H", len(note) + 2) + note + data[2:]
    if kind == "png":
        body = b"tEXtComment\0" + note
        chunk = struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))
        return data[:_PNG_START] + chunk + data[_PNG_START:]
    return data[:2] + struct.pack("<I", len(data) + len(note)) + data[6:] + note
