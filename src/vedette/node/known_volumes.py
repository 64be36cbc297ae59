"""Remembers which volumes lay on disks of their own, and who this recorder is (`DATA/recorder/volumes.json`).

An empty mount point looks like a place for a new volume. Made there, it would fill the system's disk with footage
that nobody sees once the right disk is back. So where a mounted volume was, none is made on what is below it.
"""

import os
import threading
import uuid
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from vedette.core.errors import StorageError
from vedette.recording.errors import VolumeUnusableError

_NAME = "volumes.json"


@dataclass(slots=True)
class _Kept:
    recorder_id: str
    mounted: dict[str, str] = field(default_factory=dict)
    """By path: uuid of the volume that was mounted there."""


class KnownVolumes:
    """Safe to use from several threads. Raises StorageError when it cannot be read or kept."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / _NAME
        self._lock = threading.Lock()
        try:
            self._kept = msgspec.json.decode(self._path.read_bytes(), type=_Kept)
        except FileNotFoundError:
            self._kept = _Kept(str(uuid.uuid4()))
            self._save()
        except (OSError, msgspec.MsgspecError) as exc:
            raise StorageError(
                f"{self._path} cannot be read: {exc}", "Restore it, or remove it while all disks are mounted."
            ) from exc

    @property
    def recorder_id(self) -> str:
        return self._kept.recorder_id

    def check_mounted(self, root: Path) -> None:
        """Refuses an empty mount point.

        Raises:
            VolumeUnusableError: a disk was mounted here when its volume was used, and is not now.
        """
        if str(root) in self._kept.mounted and not (root / "volume.json").exists():
            raise VolumeUnusableError(
                f"the disk of the volume {root} is not mounted",
                f"Mount it. If it is gone for good, remove the path from {self._path} and restart.",
            )

    def remember(self, root: Path, volume_id: str) -> None:
        """Notes a volume that has been opened."""
        is_mount = os.path.ismount(root)
        with self._lock:
            if is_mount and self._kept.mounted.get(str(root)) != volume_id:
                self._kept.mounted[str(root)] = volume_id
                self._save()

    def _save(self) -> None:
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            temporary = self._path.with_suffix(".new")
            with temporary.open("wb") as file:
                file.write(msgspec.json.encode(self._kept))
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(self._path)
        except OSError as exc:
            raise StorageError(f"{self._path} cannot be kept: {exc.strerror}") from exc
