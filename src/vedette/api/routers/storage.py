"""Recording plans, volumes and holds. Each change is audited; what takes protection away is an event as well."""

from typing import Annotated

from fastapi import Path, Query

from vedette.api.access import allows
from vedette.api.convert_plans import form_from_wire, plan_out
from vedette.api.features import feature_router
from vedette.api.ports import (
    AlarmsPort,
    AuditPort,
    CallerPort,
    CamerasPort,
    HoldsPort,
    StoragePort,
    VolumesPort,
)
from vedette.api.schemas.common import Id
from vedette.api.schemas.storage import (
    HoldIn,
    HoldList,
    HoldOut,
    Reason,
    RecordingPlanIn,
    RecordingPlanOut,
    StorageVolumeOut,
    VolumeIn,
    VolumeList,
    VolumePatch,
)
from vedette.api.times import to_ns
from vedette.camera.administration import describe_change
from vedette.camera.protection import find_weakenings
from vedette.camera.recording_terms import read_terms
from vedette.camera.volumes import Volume
from vedette.core.time import format_utc
from vedette.identity.permissions import Permission

router = feature_router("storage")
CameraId = Annotated[Id, Path()]
VolumeName = Annotated[str, Path(min_length=1, max_length=64)]


@router.get("/cameras/{camera_id}/recording-plan")
@allows(Permission.CAMERA_VIEW)
async def show_recording_plan(camera_id: CameraId, cameras: CamerasPort) -> RecordingPlanOut:
    """Shows when a camera is recorded, where, and how long it is kept."""
    return plan_out((await cameras.find_camera(camera_id)).settings.recording)


@router.put("/cameras/{camera_id}/recording-plan")
@allows(Permission.CAMERA_CONFIGURE)
async def replace_recording_plan(
    camera_id: CameraId,
    body: RecordingPlanIn,
    caller: CallerPort,
    cameras: CamerasPort,
    volumes: VolumesPort,
    audit: AuditPort,
    alarms: AlarmsPort,
) -> RecordingPlanOut:
    """Replaces the whole plan. The recorder is told at once; what is stored less or shorter is an event."""
    known = [volume.name for volume in await volumes.list_volumes()]
    before, after = await cameras.change_recording(camera_id, read_terms(form_from_wire(body), known))
    await audit.record(caller, "camera.recording_plan", camera_id, detail=describe_change(before, after))
    await alarms.tell_weakenings(caller.name, camera_id, find_weakenings(before, after))
    return plan_out(after.settings.recording)


@router.get("/volumes")
@allows(Permission.SYSTEM_VIEW)
async def list_volumes(storage: StoragePort) -> VolumeList:
    """Lists the volumes in use with what the recorder says of them."""
    return await storage.list_volumes()


@router.post("/volumes", status_code=201)
@allows(Permission.STORAGE_CONFIGURE)
async def add_volume(
    body: VolumeIn, caller: CallerPort, volumes: VolumesPort, storage: StoragePort, audit: AuditPort
) -> StorageVolumeOut:
    """Takes a folder into use for footage. One that was a volume before comes back with its footage."""
    volume = await volumes.add_volume(Volume(body.name, body.path, body.max_bytes, body.reserve_bytes))
    await audit.record(caller, "volume.add", volume.name, detail=_describe_volume(volume))
    return await storage.show_volume(volume)


@router.patch("/volumes/{name}")
@allows(Permission.STORAGE_CONFIGURE)
async def change_volume(
    name: VolumeName,
    body: VolumePatch,
    caller: CallerPort,
    volumes: VolumesPort,
    storage: StoragePort,
    audit: AuditPort,
    alarms: AlarmsPort,
) -> StorageVolumeOut:
    """Changes the limits of a volume. A smaller one deletes the oldest footage that is not held."""
    before, after = await volumes.change_volume(name, body.max_bytes, body.reserve_bytes)
    detail = f"{_describe_volume(before)} -> {_describe_volume(after)}"
    await audit.record(caller, "volume.change", name, detail=detail)
    if after.max_bytes and (not before.max_bytes or after.max_bytes < before.max_bytes):
        await alarms.tell_weakenings(caller.name, "", [f"volume {name} may hold less: {detail}"])
    return await storage.show_volume(after)


@router.delete("/volumes/{name}", status_code=204)
@allows(Permission.STORAGE_CONFIGURE)
async def remove_volume(
    name: VolumeName, caller: CallerPort, volumes: VolumesPort, audit: AuditPort, alarms: AlarmsPort
) -> None:
    """Takes a volume out of use. Its footage stays where it is and can be played while its disk is there."""
    volume = await volumes.remove_volume(name)
    await audit.record(caller, "volume.remove", name, detail=_describe_volume(volume))
    await alarms.tell_weakenings(caller.name, "", [f"volume {name} ({volume.path}) is not used any more"])
    await alarms.forget_volume(name)


@router.get("/holds")
@allows(Permission.RECORDING_PLAY)
async def list_holds(
    storage: StoragePort,
    camera: Annotated[Id | None, Query()] = None,
    released: Annotated[bool, Query(description="Those that were released, too")] = False,  # noqa: FBT002 -- a query
) -> HoldList:
    """Lists holds, newest first."""
    return await storage.list_holds(camera or "", with_released=released)


@router.post("/holds", status_code=201)
@allows(Permission.HOLD_MANAGE)
async def add_hold(
    body: HoldIn, caller: CallerPort, holds: HoldsPort, storage: StoragePort, audit: AuditPort
) -> HoldOut:
    """Puts footage on hold: no deletion touches it until it is released. Holds may overlap."""
    from_ns, to_ns_ = to_ns(body.from_), to_ns(body.to)
    name = await storage.find_name(body.camera_id, from_ns, to_ns_)
    record = await holds.add_hold(body.camera_id, name, from_ns, to_ns_, body.reason, caller.name)
    detail = f"{name} {format_utc(from_ns)} to {format_utc(to_ns_)}: {record.hold.reason}"
    await audit.record(caller, "hold.add", record.hold.hold_id, detail=detail)
    return await storage.show_hold(record)


@router.delete("/holds/{hold_id}", status_code=204)
@allows(Permission.HOLD_MANAGE)
async def release_hold(
    hold_id: Annotated[Id, Path()],
    reason: Annotated[Reason, Query()],
    caller: CallerPort,
    holds: HoldsPort,
    audit: AuditPort,
    alarms: AlarmsPort,
) -> None:
    """Releases a hold. Who, when and why stays in the database and in the audit trail."""
    record = await holds.release_hold(hold_id, caller.name, reason)
    hold = record.hold
    span = f"{record.camera_name} {format_utc(hold.from_ns)} to {format_utc(hold.to_ns)}"
    await audit.record(caller, "hold.release", hold_id, detail=f"{span} (held for: {hold.reason}): {reason}")
    await alarms.tell_weakenings(caller.name, hold.camera_id, [f"hold released, {span}: {reason}"])


def _describe_volume(volume: Volume) -> str:
    limit = f"{volume.max_bytes / 1e9:g} GB" if volume.max_bytes else "no limit"
    return f"{volume.path}, {limit}, {volume.reserve_bytes / 1e9:g} GB kept free"
