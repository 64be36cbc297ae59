"""Reads a Range header (RFC 9110 section 14.2), one range only: what players and download tools send. Pure."""

import re

from vedette.core.errors import InvalidInputError

_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")


class UnsatisfiableRangeError(InvalidInputError):
    """The range lies outside the file."""

    code = "unsatisfiable_range"


def read_byte_range(header: str | None, size_bytes: int) -> tuple[int, int] | None:
    """Returns the half-open range that is asked for, None for the whole file.

    A header of another form is ignored, as the standard asks.

    Raises:
        UnsatisfiableRangeError: it begins beyond the end.
    """
    match = _RANGE.fullmatch(header.strip()) if header else None
    if match is None:
        return None
    first, last = match.groups()
    if not first and not last:
        return None
    if not first:
        start, end = max(0, size_bytes - int(last)), size_bytes
    else:
        start = int(first)
        end = min(size_bytes, int(last) + 1) if last else size_bytes
    if start >= size_bytes or start >= end:
        raise UnsatisfiableRangeError(f"the file has {size_bytes} bytes, the range begins at {start}")
    return start, end
