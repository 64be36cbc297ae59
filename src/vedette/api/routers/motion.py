"""What is motion on a camera: zones that count or do not, and sensitivity."""

from typing import Annotated

from fastapi import Path

from vedette.api.access import allows
from vedette.api.features import feature_router
from vedette.api.ports import AlarmsPort, AuditPort, CallerPort, CamerasPort
from vedette.api.schemas.common import Id
from vedette.api.schemas.motion import MotionIn, MotionOut, motion_out
from vedette.camera.motion_zones import describe_motion_changes
from vedette.camera.protection import find_weakenings
from vedette.identity.permissions import Permission

router = feature_router("motion")
CameraId = Annotated[Id, Path()]


@router.get("/cameras/{camera_id}/motion")
@allows(Permission.CAMERA_VIEW)
async def show_motion(camera_id: CameraId, cameras: CamerasPort) -> MotionOut:
    """Shows in which parts of a camera's picture motion counts, and how much of it is needed."""
    return motion_out((await cameras.find_camera(camera_id)).settings.motion)


@router.put("/cameras/{camera_id}/motion")
@allows(Permission.CAMERA_CONFIGURE)
async def replace_motion(
    camera_id: CameraId,
    body: MotionIn,
    caller: CallerPort,
    cameras: CamerasPort,
    audit: AuditPort,
    alarms: AlarmsPort,
) -> MotionOut:
    """Replaces the motion settings of a camera, all or none. Recorder and analyzer follow at once, without a break.

    Every change is in the audit trail, old and new. Where motion is recorded, what counts less is an event as well.
    """
    before, after = await cameras.change_motion(camera_id, body.read())
    for line in describe_motion_changes(before.settings.motion, after.settings.motion):
        await audit.record(caller, "camera.motion", camera_id, detail=line)
    await alarms.tell_weakenings(caller.name, camera_id, find_weakenings(before, after))
    return motion_out(after.settings.motion)
