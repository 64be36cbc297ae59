"""Splits an HTTP multipart stream into JPEG pictures. Pure; parses no picture."""

import re

from vedette.core.errors import InvalidInputError

MAX_PICTURE_BYTES = 8 * 1024 * 1024
MAX_PART_HEAD_BYTES = 4096


class MalformedMultipartError(InvalidInputError):
    """The stream is no multipart stream of pictures."""

    code = "malformed_multipart"


class PictureSplitter:
    """Takes bytes as they come; gives whole pictures.

    Cameras agree on little: boundaries with or without dashes, with or without `Content-Length`. What they all do
    is to send JPEG files, so a picture without length goes from its start marker (FF D8) to the end marker (FF D9)
    before the next part.
    """

    def __init__(self) -> None:
        self._data = bytearray()

    def push(self, data: bytes) -> list[bytes]:
        """Returns the pictures that are complete now.

        Raises:
            MalformedMultipartError: no picture begins or ends within the limits.
        """
        self._data += data
        pictures = []
        while (picture := self._next()) is not None:
            pictures.append(picture)
        if len(self._data) > MAX_PICTURE_BYTES:
            raise MalformedMultipartError(f"no picture ends within {MAX_PICTURE_BYTES} bytes")
        return pictures

    def _next(self) -> bytes | None:
        start = self._data.find(b"\xff\xd8\xff")
        if start < 0:
            if len(self._data) > MAX_PART_HEAD_BYTES:
                raise MalformedMultipartError("no JPEG picture begins")
            return None
        lengths = re.findall(rb"(?i)content-length:\s*(\d{1,8})\s*\r?\n", bytes(self._data[:start]))
        if lengths and 0 < int(lengths[-1]) <= MAX_PICTURE_BYTES:
            end = start + int(lengths[-1])
            if end > len(self._data):
                return None
        else:
            found = re.search(rb"\xff\xd9(?=\r?\n?--|\xff\xd8\xff)", self._data[start:])
            if found is None:
                return None
            end = start + found.end()
        picture = bytes(self._data[start:end])
        del self._data[:end]
        return picture
