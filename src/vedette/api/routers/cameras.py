"""Cameras: list, add, change, test, simulate, rules, inventory sheet."""

from typing import Annotated

from fastapi import Path, Query, Request, Response

from vedette.api.access import allows
from vedette.api.convert_cameras import (
    camera_out,
    import_out,
    merge_patch,
    rules_from_wire,
    rules_out,
    settings_from_wire,
)
from vedette.api.features import feature_router
from vedette.api.ports import CallerPort, CamerasPort
from vedette.api.schemas.cameras import (
    CameraIn,
    CameraList,
    CameraOut,
    CameraPatch,
    ImportOut,
    ProbeIn,
    ProbeOut,
    RulesIn,
    RulesOut,
    SimulatedIn,
)
from vedette.api.schemas.common import Id, Page
from vedette.camera.inventory import Login, StreamSettings
from vedette.identity.permissions import Permission

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_SHEET_BODY = {"requestBody": {"required": True, "content": {XLSX: {"schema": {"type": "string", "format": "binary"}}}}}

router = feature_router("cameras")
CameraId = Annotated[Id, Path()]


@router.get("/cameras")
@allows(Permission.CAMERA_VIEW)
async def list_cameras(
    cameras: CamerasPort,
    search: Annotated[str, Query(max_length=128)] = "",
    group: Annotated[str, Query(max_length=128)] = "",
    limit: Annotated[int, Query(ge=1, le=1000)] = 200,
    offset: Annotated[int, Query(ge=0)] = 0,
) -> Page[CameraOut]:
    """Lists cameras by name, with what their streams do now."""
    found, total = await cameras.list_cameras(search, group, limit, offset)
    facts = await cameras.live_facts()
    following = str(offset + limit) if offset + limit < total else None
    return Page(items=[camera_out(camera, facts) for camera in found], total=total, next=following)


@router.post("/cameras", status_code=201)
@allows(Permission.CAMERA_CONFIGURE)
async def add_camera(
    body: CameraIn,
    caller: CallerPort,
    cameras: CamerasPort,
    test: Annotated[bool, Query()] = False,  # noqa: FBT002 -- a query parameter is named by its nature
) -> CameraOut:
    """Adds a camera; with `test=1` only when its main stream answers."""
    login = Login(body.user, body.password.get_secret_value())
    camera = await cameras.add_camera(caller, settings_from_wire(body), login, test_first=test)
    return camera_out(camera, await cameras.live_facts())


@router.post("/cameras/test")
@allows(Permission.CAMERA_CONFIGURE)
async def test_camera(body: ProbeIn, caller: CallerPort, cameras: CamerasPort) -> ProbeOut:
    """Connects to an address and says what it carries, or why it fails. Nothing is stored."""
    stream = StreamSettings(url=body.url, transport=body.transport, verify_tls=body.verify_tls)
    return await cameras.probe(caller, stream, Login(body.user, body.password.get_secret_value()))


@router.post("/cameras/simulated", status_code=201)
@allows(Permission.CAMERA_CONFIGURE)
async def add_simulated_cameras(body: SimulatedIn, caller: CallerPort, cameras: CamerasPort) -> CameraList:
    """Starts this many simulated cameras (0 stops them) and puts them into the inventory."""
    made = await cameras.simulate(caller, body.count)
    facts = await cameras.live_facts()
    return CameraList(items=[camera_out(camera, facts) for camera in made])


@router.get("/cameras/export.xlsx", response_class=Response)
@allows(Permission.CAMERA_CONFIGURE)
async def export_cameras(caller: CallerPort, cameras: CamerasPort) -> Response:
    """Downloads the inventory as a sheet. Passwords are not in it."""
    sheet = await cameras.export_sheet(caller)
    return Response(sheet, media_type=XLSX, headers={"Content-Disposition": 'attachment; filename="cameras.xlsx"'})


@router.post("/cameras/import", openapi_extra=_SHEET_BODY)
@allows(Permission.CAMERA_CONFIGURE)
async def import_cameras(request: Request, caller: CallerPort, cameras: CamerasPort) -> ImportOut:
    """Takes over a sheet, all of it or nothing, and reports row by row. Rows are matched by name."""
    return import_out(await cameras.import_sheet(caller, await request.body()))


@router.get("/cameras/{camera_id}")
@allows(Permission.CAMERA_VIEW)
async def show_camera(camera_id: CameraId, cameras: CamerasPort) -> CameraOut:
    """Shows one camera."""
    return camera_out(await cameras.find_camera(camera_id), await cameras.live_facts())


@router.patch("/cameras/{camera_id}")
@allows(Permission.CAMERA_CONFIGURE)
async def change_camera(camera_id: CameraId, body: CameraPatch, caller: CallerPort, cameras: CamerasPort) -> CameraOut:
    """Changes a camera. An absent user and password stay as they are."""
    settings, login = merge_patch(await cameras.find_camera(camera_id), body)
    camera = await cameras.change_camera(caller, camera_id, settings, login)
    return camera_out(camera, await cameras.live_facts())


@router.delete("/cameras/{camera_id}", status_code=204)
@allows(Permission.CAMERA_CONFIGURE)
async def remove_camera(camera_id: CameraId, caller: CallerPort, cameras: CamerasPort) -> None:
    """Removes a camera from the inventory. Its recordings and events stay."""
    await cameras.remove_camera(caller, camera_id)


@router.get("/cameras/{camera_id}/rules")
@allows(Permission.CAMERA_VIEW)
async def show_rules(camera_id: CameraId, cameras: CamerasPort) -> RulesOut:
    """Shows the behaviour rules of a camera."""
    return rules_out((await cameras.find_camera(camera_id)).rules)


@router.put("/cameras/{camera_id}/rules")
@allows(Permission.CAMERA_CONFIGURE)
async def replace_rules(camera_id: CameraId, body: RulesIn, caller: CallerPort, cameras: CamerasPort) -> RulesOut:
    """Replaces the behaviour rules of a camera, all of them or none."""
    rules = rules_from_wire(body)
    return rules_out((await cameras.replace_rules(caller, camera_id, rules)).rules)
