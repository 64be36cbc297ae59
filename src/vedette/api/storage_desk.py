"""Shows volumes and holds with their figures: settings from the database, live figures from the recorder, sizes
from the index.

With the recorder down the volumes are shown as they are set up, with state `unknown` and the reason.
"""

import asyncio
from typing import Protocol

import msgspec

from vedette.api.schemas.common import utc_text
from vedette.api.schemas.storage import HoldList, HoldOut, StorageVolumeOut, VolumeList
from vedette.camera.administration import CameraAdministration
from vedette.camera.holds import HoldAdministration, HoldRecord
from vedette.camera.volumes import Volume, VolumeAdministration
from vedette.core.errors import NotFoundError, UnavailableError
from vedette.core.footage import FootageRun
from vedette.core.media import StreamRole
from vedette.core.time import format_utc

_STATES = frozenset({"writable", "full", "failed"})


class RecorderStatus(Protocol):
    """`GET /status` of the recorder."""

    async def read(self) -> bytes:
        """Raises UnavailableError when it does not answer."""
        ...


class FootageSizes(Protocol):
    """Read-only, synchronous, safe from several threads: `vedette.recording.reader.FootageReader`."""

    def find_runs(self, camera_id: str, role: StreamRole, from_ns: int, to_ns: int) -> list[FootageRun]: ...


class LiveVolume(msgspec.Struct):
    """What the recorder says of a volume. It may be of another release: what it leaves out is unknown."""

    path: str
    id: str = ""
    state: str = "unknown"
    reason: str = ""
    size_bytes: int = 0
    free_bytes: int = 0
    used_bytes: int = 0
    held_bytes: int = 0
    oldest_at: str | None = None
    days_left: float | None = None
    cameras: int = 0
    spilled_cameras: int = 0
    longest_commit_s: float = 0.0


class _Status(msgspec.Struct):
    volumes: list[LiveVolume] = []


class StorageDesk:
    """See the module's head."""

    def __init__(
        self,
        *,
        volumes: VolumeAdministration,
        holds: HoldAdministration,
        cameras: CameraAdministration,
        recorder: RecorderStatus,
        footage: FootageSizes,
    ) -> None:
        self._volumes = volumes
        self._holds = holds
        self._cameras = cameras
        self._recorder = recorder
        self._footage = footage

    async def list_volumes(self) -> VolumeList:
        """Shows the volumes in use."""
        volumes = await self._volumes.list_volumes()
        live = await self._read_live()
        return VolumeList(items=[show_volume(volume, live) for volume in volumes])

    async def show_volume(self, volume: Volume) -> StorageVolumeOut:
        return show_volume(volume, await self._read_live())

    async def list_holds(self, camera_id: str, *, with_released: bool) -> HoldList:
        """Shows holds, newest first."""
        records = await self._holds.list_holds(camera_id, with_released=with_released)
        return HoldList(items=[await self.show_hold(record) for record in records])

    async def show_hold(self, record: HoldRecord) -> HoldOut:
        """Shows a hold with the size of what it holds now."""
        hold = record.hold
        size_bytes = await asyncio.to_thread(self._measure, hold.camera_id, hold.from_ns, hold.to_ns)
        is_released = record.released_at_ns is not None
        return HoldOut(
            id=hold.hold_id,
            camera_id=hold.camera_id,
            camera_name=record.camera_name,
            from_=format_utc(hold.from_ns),
            to=format_utc(hold.to_ns),
            reason=hold.reason,
            created_by=record.created_by,
            created_at=format_utc(record.created_at_ns),
            bytes=size_bytes,
            released_by=record.released_by,
            released_at=utc_text(record.released_at_ns),
            release_reason=record.release_reason if is_released else None,
        )

    async def find_name(self, camera_id: str, from_ns: int, to_ns: int) -> str:
        """Names the camera of a new hold. One that was removed may be held as long as there is footage of it.

        Raises:
            NotFoundError: neither such a camera nor footage of it.
        """
        try:
            return (await self._cameras.find_camera(camera_id)).settings.name
        except NotFoundError:
            if await asyncio.to_thread(self._measure, camera_id, from_ns, to_ns) == 0:
                raise
            return camera_id

    def _measure(self, camera_id: str, from_ns: int, to_ns: int) -> int:
        return sum(
            run.size_bytes for role in StreamRole for run in self._footage.find_runs(camera_id, role, from_ns, to_ns)
        )

    async def _read_live(self) -> dict[str, LiveVolume] | str:
        """Returns what the recorder says by path, or the reason why it says nothing."""
        try:
            status = msgspec.json.decode(await self._recorder.read(), type=_Status)
        except UnavailableError as exc:
            return exc.message
        except msgspec.DecodeError as exc:
            return f"the recorder's status has an unknown form: {exc}"
        return {volume.path: volume for volume in status.volumes}


def show_volume(volume: Volume, live: dict[str, LiveVolume] | str) -> StorageVolumeOut:
    """Lays the live figures over what is set up."""
    if isinstance(live, str):
        found = LiveVolume(volume.path, reason=live)
    else:
        found = live.get(volume.path) or LiveVolume(volume.path, reason="the recorder is being told of this volume")
    return StorageVolumeOut.model_validate(
        {
            **msgspec.to_builtins(found),
            "state": found.state if found.state in _STATES else "unknown",
            "name": volume.name,
            "max_bytes": volume.max_bytes,
            "reserve_bytes": volume.reserve_bytes,
        }
    )
