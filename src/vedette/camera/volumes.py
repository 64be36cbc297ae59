"""The storage volumes that administrators give the recorder, and what makes a usable one.

Removing a volume takes it out of use and never touches its footage: it stays listed in the database, so that what
lies there can still be played and exported. Design: docs/design/recording-plan.md.
"""

import asyncio
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import Protocol

from vedette.camera.inventory import Camera
from vedette.core.assignment import VolumeAssignment
from vedette.core.errors import ConflictError, NotFoundError
from vedette.core.faults import Fault, FaultyInputError
from vedette.runtime.clock import Clock

MAX_PATH_CHARS = 1024
MIN_RESERVE_BYTES = 64 << 20
MAX_BYTES = 1 << 60
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


class InvalidVolumeError(FaultyInputError):
    """A volume's settings break rules."""

    code = "invalid_volume"


class VolumeTakenError(ConflictError):
    """Another volume has this name or this place."""

    code = "volume_taken"


class VolumeInUseError(ConflictError):
    """It cannot be taken out of use now."""

    code = "volume_in_use"


@dataclass(frozen=True, slots=True)
class Volume:
    """One storage volume as it is set up.

    Attributes:
        removed_at_ns: When it was taken out of use; None while it is in use.
    """

    name: str
    path: str
    max_bytes: int = 0
    reserve_bytes: int = 1 << 30
    removed_at_ns: int | None = None

    def to_assignment(self) -> VolumeAssignment:
        return VolumeAssignment(self.path, self.max_bytes, self.reserve_bytes, self.name)


class VolumeStore(Protocol):
    """Where volumes are kept, by path. Implemented by `vedette.adapters.database_storage`."""

    async def list_all(self) -> list[Volume]:
        """Lists all, those out of use too, in order of making."""
        ...

    async def put(self, volume: Volume) -> None: ...


class CameraLister(Protocol):
    async def list_all(self) -> list[Camera]: ...


def find_volume_faults(volume: Volume, data: str) -> list[Fault]:
    """Finds everything wrong with a volume on its own. `data` is the data directory of this system."""
    faults: list[Fault] = []
    if not _NAME.fullmatch(volume.name):
        faults.append(Fault("name", "must have 1 to 64 letters, digits, dots, dashes or underlines"))
    faults += [Fault("path", message) for message in _find_path_faults(volume.path, PurePosixPath(data))]
    if not 0 <= volume.max_bytes <= MAX_BYTES:
        faults.append(Fault("max_bytes", "must be 0 (no limit) or a number of bytes"))
    if not MIN_RESERVE_BYTES <= volume.reserve_bytes <= MAX_BYTES:
        faults.append(Fault("reserve_bytes", f"must be at least {MIN_RESERVE_BYTES}: a full file system stops others"))
    return faults


def _find_path_faults(text: str, data: PurePosixPath) -> list[str]:
    path = PurePosixPath(text)
    if not path.is_absolute() or ".." in path.parts or len(text) > MAX_PATH_CHARS:
        return ["must be an absolute path without '..', like /mnt/disk1/vedette"]
    if any(ord(char) < 0x20 or ord(char) == 0x7F for char in text):
        return ["must not contain control characters"]
    if path == data or path in data.parents:
        return ["is the data directory itself, or holds it; give a folder of its own"]
    if data in path.parents and data / "volumes" not in path.parents:
        return [f"lies among the system's own files; inside {data} only volumes/NAME is free"]
    return []


def check_place(volume: Volume, others: Sequence[Volume]) -> None:
    """Refuses a name that is in use, and a path that is another volume's, inside it or around it.

    Raises:
        VolumeTakenError: says with which one it collides.
    """
    path = PurePosixPath(volume.path)
    for other in others:
        if other.removed_at_ns is None and other.name.casefold() == volume.name.casefold():
            raise VolumeTakenError(f"there is a volume {other.name!r} already", "Choose another name.")
        place = PurePosixPath(other.path)
        if path == place and other.removed_at_ns is None:
            raise VolumeTakenError(f"{path} is the volume {other.name!r} already")
        if path in place.parents or place in path.parents:
            raise VolumeTakenError(
                f"{path} and the volume {other.name!r} at {place} lie inside each other",
                "Deletion and size limits of one would count the other's files.",
            )


class VolumeAdministration:
    """Changes the list of volumes. `default` is in use until somebody changes or removes it."""

    def __init__(
        self,
        *,
        store: VolumeStore,
        cameras: CameraLister,
        default: Volume,
        data: str,
        clock: Clock,
        on_change: Callable[[], None],
    ) -> None:
        self._store = store
        self._cameras = cameras
        self._default = default
        self._data = data
        self._clock = clock
        self._on_change = on_change
        self._turn = asyncio.Lock()
        self._known_paths: tuple[str, ...] = (default.path,)

    @property
    def known_paths(self) -> tuple[str, ...]:
        """Where footage may lie, as last read: those out of use too. The dispatcher reads them after each change."""
        return self._known_paths

    async def list_known(self) -> list[Volume]:
        """Lists all volumes there ever were, the default first."""
        stored = await self._store.list_all()
        known = sorted(stored, key=lambda volume: volume.path != self._default.path)
        if not known or known[0].path != self._default.path:
            known.insert(0, self._default)
        self._known_paths = tuple(volume.path for volume in known)
        return known

    async def list_volumes(self) -> list[Volume]:
        """Lists the volumes in use."""
        return [volume for volume in await self.list_known() if volume.removed_at_ns is None]

    async def list_assignments(self) -> list[VolumeAssignment]:
        """Returns what the recorder is told: see `vedette.camera.dispatch`."""
        return [volume.to_assignment() for volume in await self.list_volumes()]

    async def find_volume(self, name: str) -> Volume:
        """Returns a volume in use.

        Raises:
            NotFoundError: there is none of this name.
        """
        for volume in await self.list_volumes():
            if volume.name == name:
                return volume
        raise NotFoundError(f"there is no volume {name!r}", "`vedette volumes list` shows all.")

    async def add_volume(self, volume: Volume) -> Volume:
        """Takes a volume into use; one that was removed before comes back with its footage.

        Raises:
            InvalidVolumeError, VolumeTakenError
        """
        volume = replace(volume, path=str(PurePosixPath(volume.path)), removed_at_ns=None)
        self._check(volume)
        async with self._turn:
            check_place(volume, await self.list_known())
            await self._store.put(volume)
        self._on_change()
        return volume

    async def change_volume(self, name: str, max_bytes: int | None, reserve_bytes: int | None) -> tuple[Volume, Volume]:
        """Changes the limits of a volume. Returns it before and after.

        Raises:
            NotFoundError, InvalidVolumeError
        """
        async with self._turn:
            before = await self.find_volume(name)
            after = before
            if max_bytes is not None:
                after = replace(after, max_bytes=max_bytes)
            if reserve_bytes is not None:
                after = replace(after, reserve_bytes=reserve_bytes)
            self._check(after)
            await self._store.put(after)
        self._on_change()
        return before, after

    async def remove_volume(self, name: str) -> Volume:
        """Takes a volume out of use. Its footage stays where it is.

        Raises:
            NotFoundError, VolumeInUseError
        """
        async with self._turn:
            volume = await self.find_volume(name)
            if len(await self.list_volumes()) == 1:
                raise VolumeInUseError("the last volume cannot be removed", "Add another one first.")
            users = [c.settings.name for c in await self._cameras.list_all() if name in c.settings.recording.volumes]
            if users:
                raise VolumeInUseError(
                    f"the recording plans of {len(users)} cameras name {name!r}: {', '.join(sorted(users)[:5])}",
                    "Take it out of their plans first.",
                )
            await self._store.put(replace(volume, removed_at_ns=self._clock.utc_ns()))
        self._on_change()
        return volume

    def _check(self, volume: Volume) -> None:
        faults = find_volume_faults(volume, self._data)
        if faults:
            raise InvalidVolumeError(tuple(faults))
