"""Cursors of lists: opaque to clients, checked when they come back."""

import base64
import binascii
import json

from vedette.core.errors import InvalidInputError


class InvalidCursorError(InvalidInputError):
    """A list cursor that this API did not make."""

    code = "invalid_cursor"


def write_cursor(number: int, text: str) -> str:
    """Makes the cursor that continues after an item with this sort key."""
    return base64.urlsafe_b64encode(json.dumps([number, text]).encode()).decode().rstrip("=")


def read_cursor(cursor: str) -> tuple[int, str]:
    """Reads a cursor back.

    Raises:
        InvalidCursorError: it was changed or made up.
    """
    try:
        raw = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        number, text = json.loads(raw)
    except (binascii.Error, ValueError, TypeError) as exc:
        raise InvalidCursorError("the cursor is not valid", "Start the list again without it.") from exc
    if not isinstance(number, int) or not isinstance(text, str):
        raise InvalidCursorError("the cursor is not valid", "Start the list again without it.")
    return number, text
