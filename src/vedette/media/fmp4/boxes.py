"""Boxes: the length-prefixed units that every MP4 file is made of (ISO/IEC 14496-12 section 4.2)."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from vedette.media.errors import MalformedMediaError

Buffer = bytes | bytearray | memoryview

_HEAD = struct.Struct(">I4s")
_LARGE = struct.Struct(">Q")


@dataclass(frozen=True, slots=True)
class BoxRef:
    """Where a box lies: `start` of its head, `body` after the head, `end` after its last byte."""

    kind: bytes
    start: int
    body: int
    end: int


def box(kind: bytes, *parts: bytes) -> bytes:
    """Makes a box of its four-letter kind and its content."""
    size = 8 + sum(map(len, parts))
    return b"".join((_HEAD.pack(size, kind), *parts))


def full_box(kind: bytes, version: int, flags: int, *parts: bytes) -> bytes:
    """Makes a box that begins with a version and 24 bits of flags."""
    return box(kind, (version << 24 | flags).to_bytes(4, "big"), *parts)


def read_box(data: Buffer, start: int, end: int) -> BoxRef | None:
    """Reads the head of the box at `start`. None when it is cut short or claims less than its own head.

    The box itself may reach past `end`: the caller decides what a truncated box means.
    """
    if start + 8 > end:
        return None
    size, kind = _HEAD.unpack_from(data, start)
    body = start + 8
    if size == 1:
        if start + 16 > end:
            return None
        (size,) = _LARGE.unpack_from(data, body)
        body = start + 16
    elif size == 0:  # to the end of the file: section 4.2
        size = end - start
    if size < body - start:
        return None
    return BoxRef(kind, start, body, start + size)


def iter_boxes(data: Buffer, start: int, end: int) -> Iterator[BoxRef]:
    """Yields the boxes of a complete container.

    Raises:
        MalformedMediaError: a box does not fit into its container.
    """
    while start < end:
        ref = read_box(data, start, end)
        if ref is None or ref.end > end:
            raise MalformedMediaError(f"a box at byte {start} does not fit into its container")
        yield ref
        start = ref.end


def find_box(data: Buffer, start: int, end: int, *path: bytes) -> BoxRef:
    """Finds the first box under a path of kinds, `find_box(data, 0, n, b"moov", b"mvex")`.

    Raises:
        MalformedMediaError: there is none.
    """
    found: BoxRef | None = None
    for kind in path:
        found = next((ref for ref in iter_boxes(data, start, end) if ref.kind == kind), None)
        if found is None:
            raise MalformedMediaError(f"the box {kind.decode('latin-1')!r} is missing")
        start, end = found.body, found.end
    if found is None:
        raise ValueError("a path needs at least one kind")
    return found
