"""`holds.json`: the holds that concern a volume, kept on it, so that a disk put into another machine keeps them.

Each hold names its origin, the recorder whose assignment it comes from. A recorder replaces its own and leaves those
of others in force: it cannot know that they were released. A damaged file makes the volume unusable: deleting held
footage because a file cannot be read would be worse than not recording to this disk.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import msgspec

from vedette.core.recording_plan import Hold
from vedette.recording.disk import PosixDisk
from vedette.recording.errors import VolumeUnusableError
from vedette.recording.volume import Volume

HOLDS_NAME = "holds.json"
_MOST_BYTES = 64 << 20


@dataclass(frozen=True, slots=True)
class KeptHold:
    """A hold and the recorder it comes from."""

    origin: str
    hold: Hold


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    format_version: Literal[1]
    holds: tuple[KeptHold, ...]


def read_holds(volume: Volume) -> tuple[KeptHold, ...]:
    """Reads the holds of a volume; none when there is no file.

    Raises:
        VolumeUnusableError: the file is damaged or cannot be read.
    """
    path = volume.root / HOLDS_NAME
    try:
        with path.open("rb") as file:
            return msgspec.json.decode(file.read(_MOST_BYTES), type=_File).holds
    except FileNotFoundError:
        return ()
    except (OSError, msgspec.MsgspecError) as exc:
        raise VolumeUnusableError(
            f"the holds of the volume {volume.root} cannot be read: {exc}",
            f"Restore {HOLDS_NAME}, or remove it if you are sure that nothing on this volume is under hold.",
        ) from exc


def merge_holds(kept: Sequence[KeptHold], origin: str, wanted: Sequence[Hold]) -> tuple[KeptHold, ...]:
    """Returns what is in force: all of ours as wanted now, and those of others that we have not taken over."""
    ours = {hold.hold_id for hold in wanted}
    foreign = (one for one in kept if one.origin != origin and one.hold.hold_id not in ours)
    return (*(KeptHold(origin, hold) for hold in wanted), *foreign)


def write_holds(volume: Volume, holds: Sequence[KeptHold]) -> None:
    """Replaces the file, atomically and durably. Raises OSError."""
    path = volume.root / HOLDS_NAME
    if not holds and not path.exists():
        return
    temporary = path.with_name(f".{HOLDS_NAME}")
    with temporary.open("wb") as file:
        file.write(msgspec.json.encode(_File(1, tuple(holds))) + b"\n")
        file.flush()
        os.fsync(file.fileno())
    temporary.rename(path)
    PosixDisk().sync_folder(volume.root)
