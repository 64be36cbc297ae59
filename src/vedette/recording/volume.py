"""A storage volume on disk: who it is, and where its files lie.

A volume carries its own uuid, so that a disk put into another slot or machine is recognised, and its own
index, so that it can be read, checked and rebuilt alone. Files are named by id, never by time: wall clocks
step. They are spread by the last two characters, which are random; the first ones change once in decades.
"""

import os
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import msgspec

from vedette.core.ids import is_id
from vedette.recording.disk import PosixDisk
from vedette.recording.errors import VolumeUnusableError

INDEX_NAME = "index.db"
_IDENTITY_NAME = "volume.json"
_MOST_IDENTITY_BYTES = 4096
_HARMLESS = frozenset({"lost+found", f".{_IDENTITY_NAME}", "segments", "growing"})
"""What a fresh disk holds, and what is left of a volume whose making was interrupted."""


class _Identity(msgspec.Struct, frozen=True):
    uuid: str
    format_version: Literal[1]


@dataclass(frozen=True, slots=True)
class Volume:
    """An existing volume. Make one with `create_volume` or `open_volume`."""

    root: Path
    volume_id: str

    @property
    def index(self) -> Path:
        return self.root / INDEX_NAME

    @property
    def segments(self) -> Path:
        return self.root / "segments"

    @property
    def growing(self) -> Path:
        """Empty marker files named by the segments that may be newer than the index."""
        return self.root / "growing"

    def segment(self, segment_id: str) -> Path:
        """The file of a segment. `segment_id` must have the form of an id: it becomes a path."""
        if not is_id(segment_id):
            raise VolumeUnusableError(f"{segment_id!r} is no segment id")
        return self.segments / segment_id[-2:] / f"{segment_id}.mp4"


def open_volume(root: Path) -> Volume:
    """Opens a volume that exists.

    Raises:
        VolumeUnusableError: not there, not readable, not a volume or of a newer format.
    """
    path = root / _IDENTITY_NAME
    try:
        with path.open("rb") as file:
            content = file.read(_MOST_IDENTITY_BYTES)
    except OSError as exc:
        raise VolumeUnusableError(
            f"the volume {root} cannot be opened: {exc.strerror}", "Is its disk mounted?"
        ) from exc
    try:
        identity = msgspec.json.decode(content, type=_Identity)
    except msgspec.MsgspecError as exc:
        raise VolumeUnusableError(
            f"{path} is damaged or of a newer format: {exc}", "Update Vedette, or restore the file."
        ) from exc
    return Volume(root, identity.uuid)


def create_volume(root: Path) -> Volume:
    """Opens the volume at `root`, or makes one in an empty or missing folder.

    A folder with foreign content is refused: it is more likely a disk that is not mounted, or a typing
    error, than a place for footage.
    """
    if (root / _IDENTITY_NAME).exists():
        return open_volume(root)
    try:
        root.mkdir(mode=0o750, parents=True, exist_ok=True)
        if any(entry.name not in _HARMLESS for entry in os.scandir(root)):
            raise VolumeUnusableError(
                f"the folder {root} is neither empty nor a volume", "Give an empty folder for footage."
            )
        content = msgspec.json.encode(_Identity(str(uuid.uuid4()), 1))
        temporary = root / f".{_IDENTITY_NAME}"
        with temporary.open("wb") as file:
            file.write(content + b"\n")
            file.flush()
            os.fsync(file.fileno())
        (root / "segments").mkdir(mode=0o750, exist_ok=True)
        (root / "growing").mkdir(mode=0o750, exist_ok=True)
        temporary.rename(root / _IDENTITY_NAME)  # last: a folder with an identity is complete
        PosixDisk().sync_folder(root)
    except OSError as exc:
        raise VolumeUnusableError(f"no volume can be made in {root}: {exc.strerror}") from exc
    return open_volume(root)
