"""Who taught a kept set: `taught.json` beside its `categories.json`, which stays as it would be for anybody else.

Blocks: call in a thread.
"""

from pathlib import Path

import msgspec

from vedette.core.errors import StorageError
from vedette.runtime.files import replace_file

_FILE = "taught.json"
_MOST_BYTES = 4096


class Origin(msgspec.Struct, frozen=True):
    """The user who had it taught."""

    user_id: str
    user_name: str


def write_origin(folder: Path, origin: Origin) -> None:
    """Notes it in the folder of a set, before the set itself is there. Raises StorageError."""
    try:
        folder.mkdir(mode=0o750, parents=True, exist_ok=True)
        replace_file(folder / _FILE, msgspec.json.encode(origin))
    except OSError as error:
        raise StorageError(f"{folder / _FILE} cannot be written: {error.strerror}") from error


def read_origin(folder: Path) -> Origin | None:
    """None: nobody noted it, as for a set that was copied here."""
    try:
        with (folder / _FILE).open("rb") as file:
            return msgspec.json.decode(file.read(_MOST_BYTES), type=Origin)
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError):
        return None
