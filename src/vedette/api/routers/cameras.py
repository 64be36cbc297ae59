"""Cameras: list, add, change, test, simulate, rules, inventory sheet."""

import asyncio
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
from vedette.api.ports import (
    AlarmsPort,
    AuditPort,
    CallerPort,
    CamerasPort,
    LiveStatesPort,
    ProberPort,
    SheetsPort,
    SimulationPort,
)
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
from vedette.camera.administration import describe_change
from vedette.camera.inventory import Login, StreamSettings
from vedette.camera.protection import find_weakenings
from vedette.core.errors import InvalidInputError, NotFoundError
from vedette.core.media import StreamRole
from vedette.identity.audit import Outcome
from vedette.identity.permissions import Permission

MAX_SHEET_BYTES = 8 << 20
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_SHEET_BODY = {"requestBody": {"required": True, "content": {XLSX: {"schema": {"type": "string", "format": "binary"}}}}}

router = feature_router("cameras")
CameraId = Annotated[Id, Path()]


class CameraTestFailedError(InvalidInputError):
    """A camera was to be added only if it answers, and it does not."""

    code = "camera_test_failed"


@router.get("/cameras")
@allows(Permission.CAMERA_VIEW)
async def list_cameras(
    cameras: CamerasPort,
    live: LiveStatesPort,
    search: Annotated[str, Query(max_length=128)] = "",
    group: Annotated[str, Query(max_length=128)] = "",
    limit: Annotated[int, Query(ge=1, le=1000)] = 200,
    offset: Annotated[int, Query(ge=0)] = 0,
) -> Page[CameraOut]:
    """Lists cameras by name, with what their streams do now."""
    found, total = await cameras.list_cameras(search, group, limit, offset)
    facts = await live.read_live_facts()
    following = str(offset + limit) if offset + limit < total else None
    return Page(items=[camera_out(camera, facts) for camera in found], total=total, next=following)


@router.post("/cameras", status_code=201)
@allows(Permission.CAMERA_CONFIGURE)
async def add_camera(
    body: CameraIn,
    caller: CallerPort,
    cameras: CamerasPort,
    live: LiveStatesPort,
    prober: ProberPort,
    audit: AuditPort,
    test: Annotated[bool, Query()] = False,  # noqa: FBT002 -- a query parameter is named by its nature
) -> CameraOut:
    """Adds a camera; with `test=1` only when its main stream answers."""
    settings = settings_from_wire(body)
    login = Login(body.user, body.password.get_secret_value())
    if test:
        checked, found = cameras.check(settings, login)
        report = await prober.probe(checked.main, found)
        if report.error is not None:
            raise CameraTestFailedError(report.error.message, report.error.hint)
    camera = await cameras.add_camera(settings, login)
    await audit.record(caller, "camera.add", camera.id, detail=f"{camera.settings.name}: {camera.settings.main.url}")
    return camera_out(camera, await live.read_live_facts())


@router.post("/cameras/test")
@allows(Permission.CAMERA_CONFIGURE)
async def test_camera(
    body: ProbeIn, caller: CallerPort, cameras: CamerasPort, prober: ProberPort, audit: AuditPort
) -> ProbeOut:
    """Connects to an address and says what it carries, or why it fails. Nothing is stored."""
    given = StreamSettings(body.url, body.transport, body.verify_tls, body.ca_pem)
    stream, login = cameras.check_address(given, Login(body.user, body.password.get_secret_value()))
    report = await prober.probe(stream, login)
    outcome = Outcome.DONE if report.ok else Outcome.FAILED
    await audit.record(caller, "camera.test", stream.url, outcome=outcome)
    return ProbeOut.model_validate(report.to_dict())


@router.post("/cameras/simulated", status_code=201)
@allows(Permission.CAMERA_CONFIGURE)
async def add_simulated_cameras(
    body: SimulatedIn,
    caller: CallerPort,
    cameras: CamerasPort,
    live: LiveStatesPort,
    simulation: SimulationPort,
    audit: AuditPort,
) -> CameraList:
    """Starts this many simulated cameras (0 stops them) and puts them into the inventory."""
    made = await cameras.replace_simulated(await simulation.run_simulated(body.count))
    await audit.record(caller, "camera.simulate", str(body.count))
    facts = await live.read_live_facts()
    return CameraList(items=[camera_out(camera, facts) for camera in made])


@router.get("/cameras/export.xlsx", response_class=Response)
@allows(Permission.CAMERA_CONFIGURE, audit="camera.export")
async def export_cameras(cameras: CamerasPort, sheets: SheetsPort) -> Response:
    """Downloads the inventory as a sheet. Passwords are not in it."""
    found = await cameras.list_all()
    found.sort(key=lambda camera: camera.settings.name.casefold())
    sheet = await asyncio.to_thread(sheets.write_sheet, found)
    return Response(sheet, media_type=XLSX, headers={"Content-Disposition": 'attachment; filename="cameras.xlsx"'})


@router.post("/cameras/import", openapi_extra=_SHEET_BODY)
@allows(Permission.CAMERA_CONFIGURE, max_body_bytes=MAX_SHEET_BYTES)
async def import_cameras(
    request: Request,
    caller: CallerPort,
    cameras: CamerasPort,
    sheets: SheetsPort,
    audit: AuditPort,
    alarms: AlarmsPort,
) -> ImportOut:
    """Takes over a sheet, all of it or nothing, and reports row by row. Rows are matched by name."""
    rows = await asyncio.to_thread(sheets.read_sheet, await request.body())
    done = await cameras.import_rows(rows)
    report = import_out(done)
    await audit.record(
        caller,
        "camera.import",
        outcome=Outcome.DONE if report.imported else Outcome.FAILED,
        detail=f"{report.added} added, {report.changed} changed, {report.refused} refused",
    )
    for camera, weakening in done.weakenings:
        await alarms.tell_weakenings(caller.name, camera.id, [weakening])
    return report


@router.get("/cameras/{camera_id}")
@allows(Permission.CAMERA_VIEW)
async def show_camera(camera_id: CameraId, cameras: CamerasPort, live: LiveStatesPort) -> CameraOut:
    """Shows one camera."""
    return camera_out(await cameras.find_camera(camera_id), await live.read_live_facts())


@router.patch("/cameras/{camera_id}")
@allows(Permission.CAMERA_CONFIGURE)
async def change_camera(
    camera_id: CameraId,
    body: CameraPatch,
    caller: CallerPort,
    cameras: CamerasPort,
    live: LiveStatesPort,
    audit: AuditPort,
    alarms: AlarmsPort,
) -> CameraOut:
    """Changes a camera. An absent user and password stay as they are."""
    settings, login = merge_patch(await cameras.find_camera(camera_id), body)
    before, after = await cameras.change_camera(camera_id, settings, login)
    await audit.record(caller, "camera.change", camera_id, detail=describe_change(before, after))
    await alarms.tell_weakenings(caller.name, camera_id, find_weakenings(before, after))
    return camera_out(after, await live.read_live_facts())


@router.delete("/cameras/{camera_id}", status_code=204)
@allows(Permission.CAMERA_CONFIGURE)
async def remove_camera(
    camera_id: CameraId, caller: CallerPort, cameras: CamerasPort, audit: AuditPort, alarms: AlarmsPort
) -> None:
    """Removes a camera from the inventory. Its recordings and events stay."""
    camera = await cameras.remove_camera(camera_id)
    await audit.record(caller, "camera.remove", camera_id, detail=camera.settings.name)
    told = [f"{camera.settings.name} {text}" for text in find_weakenings(camera, None)]
    await alarms.tell_weakenings(caller.name, camera_id, told)


@router.post("/cameras/{camera_id}/test")
@allows(Permission.CAMERA_CONFIGURE)
async def probe_stored_camera(
    camera_id: CameraId,
    caller: CallerPort,
    cameras: CamerasPort,
    prober: ProberPort,
    audit: AuditPort,
    stream: Annotated[StreamRole, Query()] = StreamRole.MAIN,
) -> ProbeOut:
    """Connects to a camera of the inventory with its stored login. Nothing is changed."""
    camera = await cameras.find_camera(camera_id)
    settings = camera.streams.get(stream)
    if settings is None:
        raise NotFoundError(f"the camera {camera.settings.name} has no {stream.value} stream")
    report = await prober.probe(settings, cameras.open_login(camera))
    outcome = Outcome.DONE if report.ok else Outcome.FAILED
    await audit.record(caller, "camera.test", camera_id, outcome=outcome)
    return ProbeOut.model_validate(report.to_dict())


@router.get("/cameras/{camera_id}/rules")
@allows(Permission.CAMERA_VIEW)
async def show_rules(camera_id: CameraId, cameras: CamerasPort) -> RulesOut:
    """Shows the behaviour rules of a camera."""
    return rules_out((await cameras.find_camera(camera_id)).rules)


@router.put("/cameras/{camera_id}/rules")
@allows(Permission.CAMERA_CONFIGURE)
async def replace_rules(
    camera_id: CameraId, body: RulesIn, caller: CallerPort, cameras: CamerasPort, audit: AuditPort
) -> RulesOut:
    """Replaces the behaviour rules of a camera, all of them or none."""
    before, after = await cameras.replace_rules(camera_id, rules_from_wire(body))
    await audit.record(caller, "camera.rules", camera_id, detail=describe_change(before, after))
    return rules_out(after.rules)
