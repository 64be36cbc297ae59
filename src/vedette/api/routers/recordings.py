"""What is recorded, and the timeline. Media itself is served by the routers of streaming."""

from typing import Annotated

from fastapi import Path, Query

from vedette.api.access import allows
from vedette.api.face_sight import find_hidden_kinds
from vedette.api.features import feature_router
from vedette.api.ports import CallerPort, CamerasPort, FootagePort, LedgerPort
from vedette.api.schemas.common import Id, When
from vedette.api.schemas.recordings import (
    PlayableCameraOut,
    PlayableCamerasOut,
    RecordingsOut,
    SigningListOut,
    TimelineOut,
)
from vedette.api.schemas.storage import LedgerOut
from vedette.api.times import check_range, to_ns
from vedette.core.errors import InvalidInputError
from vedette.core.ids import is_id
from vedette.core.time import NS_PER_S
from vedette.identity.permissions import Permission

router = feature_router("recordings")
MAX_CAMERAS = 64
MAX_SLOTS = 50_000
YEAR_NS = 366 * 86_400 * NS_PER_S


@router.get("/recordings/cameras")
@allows(Permission.RECORDING_PLAY)
async def list_playable_cameras(cameras: CamerasPort) -> PlayableCamerasOut:
    """Lists the cameras whose recordings the caller may play: names and ids, for who may not see addresses."""
    found = sorted(await cameras.list_all(), key=lambda camera: (camera.settings.name.casefold(), camera.id))
    return PlayableCamerasOut(items=[PlayableCameraOut(id=each.id, name=each.settings.name) for each in found])


@router.get("/cameras/{camera_id}/recordings")
@allows(Permission.RECORDING_PLAY)
async def list_recordings(
    camera_id: Annotated[Id, Path()],
    cameras: CamerasPort,
    footage: FootagePort,
    from_: Annotated[When | None, Query(alias="from")] = None,
    to: Annotated[When | None, Query()] = None,
) -> RecordingsOut:
    """Lists unbroken runs of footage and the gaps between them, with their reasons."""
    await cameras.find_camera(camera_id)
    from_ns = 0 if from_ is None else to_ns(from_)
    to_ns_ = (1 << 62) if to is None else to_ns(to)
    check_range(from_ns, to_ns_)
    return await footage.find_recordings(camera_id, from_ns, to_ns_)


@router.get("/signing")
@allows(Permission.CAMERA_VIEW)
async def list_signing(cameras: CamerasPort, footage: FootagePort) -> SigningListOut:
    """Says which streams their cameras sign, with whose key, and whether the newest footage is what was signed."""
    return await footage.list_signing({camera.id for camera in await cameras.list_all()})


@router.get("/timeline")
@allows(Permission.RECORDING_PLAY)
async def draw_timeline(
    caller: CallerPort,
    footage: FootagePort,
    cameras: Annotated[str, Query(max_length=2000, description="Camera ids, separated by commas")],
    from_: Annotated[When, Query(alias="from")],
    to: Annotated[When, Query()],
    buckets: Annotated[int, Query(ge=1, le=4000)] = 600,
) -> TimelineOut:
    """Draws coverage, gaps, motion and events of cameras, cut to the asked zoom level."""
    camera_ids = _read_camera_ids(cameras)
    from_ns, to_ns_ = to_ns(from_), to_ns(to)
    check_range(from_ns, to_ns_)
    if to_ns_ - from_ns > 2 * YEAR_NS:
        raise InvalidInputError("the range is longer than two years", "Ask for a shorter range.")
    return await footage.draw_timeline(camera_ids, from_ns, to_ns_, buckets, find_hidden_kinds(caller))


@router.get("/ledger")
@allows(Permission.RECORDING_PLAY)
async def read_ledger(
    ledger: LedgerPort,
    cameras: Annotated[str, Query(max_length=2000, description="Camera ids, separated by commas")],
    from_: Annotated[When, Query(alias="from")],
    to: Annotated[When, Query()],
    step_s: Annotated[int, Query(ge=60, le=86_400)] = 60,
) -> LedgerOut:
    """Counts expected and stored frames by camera, stream and slot, with the reason of every missing one."""
    camera_ids = _read_camera_ids(cameras)
    from_ns, to_ns_ = to_ns(from_), to_ns(to)
    check_range(from_ns, to_ns_)
    if (to_ns_ - from_ns) * len(camera_ids) > MAX_SLOTS * step_s * NS_PER_S:
        raise InvalidInputError(
            f"this asks for more than {MAX_SLOTS} slots", "Ask for fewer cameras, a shorter range or a larger step_s."
        )
    return await ledger.read(camera_ids, from_ns, to_ns_, step_s)


def _read_camera_ids(cameras: str) -> tuple[str, ...]:
    camera_ids = tuple(dict.fromkeys(part for part in cameras.split(",") if part))
    if len(camera_ids) > MAX_CAMERAS or not all(is_id(camera_id) for camera_id in camera_ids):
        raise InvalidInputError("'cameras' holds no valid camera ids", f"Give 1 to {MAX_CAMERAS} ids.")
    return camera_ids
