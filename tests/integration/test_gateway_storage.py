"""The gateway with real footage on a volume and a recorder that only listens: orders, ledger, holds, downloads."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import msgspec
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.support.gateway import API, Harness, open_gateway
from tests.support.media import START_NS, make_packets
from tests.support.recording import KEY, Rig, feed, seconds
from tests.support.waiting import wait_until
from vedette.adapters.database_cameras import SqlCameraStore
from vedette.adapters.role_server import serve_role_app
from vedette.camera.inventory import Camera, CameraSettings, StreamSettings
from vedette.core.assignment import RecorderAssignment
from vedette.core.recording_plan import RecordingMode
from vedette.core.time import format_utc
from vedette.identity.permissions import Role

RANGE = {"from": format_utc(START_NS), "to": format_utc(START_NS + seconds(40))}
WHY = {"purpose": "theft at the gate"}


class ListeningRecorder:
    """Takes assignments and says what a recorder with a full volume would."""

    def __init__(self) -> None:
        self.taken: list[RecorderAssignment] = []

    async def is_told(self) -> bool:
        return bool(self.taken)

    async def has_hold(self) -> bool:
        return bool(self.taken[-1].holds)

    def app(self) -> Starlette:
        async def assignment(request: Request) -> Response:
            self.taken.append(msgspec.json.decode(await request.body(), type=RecorderAssignment))
            return JSONResponse({"version": self.taken[-1].version})

        async def status(_: Request) -> Response:
            path = self.taken[-1].volumes[0].path
            volume = {"path": path, "id": "u1", "state": "full", "reason": "held", "held_bytes": 5, "days_left": 0.5}
            return JSONResponse({"cameras": [], "volumes": [volume]})

        return Starlette(routes=[Route("/assignment", assignment, methods=["PUT"]), Route("/status", status)])


@pytest.fixture
async def gateway(tmp_path: Path) -> AsyncIterator[Harness]:
    rig = Rig(tmp_path / "d" / "volumes" / "main")
    recorder = rig.recorder(target_s=10)
    feed(recorder, make_packets(1000))  # 40 s at 25 a second
    recorder.close()
    rig.store.commit()
    async with open_gateway(tmp_path / "d") as house:
        camera = Camera(KEY.camera_id, CameraSettings("Gate", StreamSettings("rtsp://127.0.0.1:9/1")), 0)
        await SqlCameraStore(house.parts.database).write([camera])
        yield house


@asynccontextmanager
async def dispatching(house: Harness, recorder: ListeningRecorder) -> AsyncIterator[None]:
    async with serve_role_app(recorder.app(), house.data / "run" / "recorder.sock"):
        task = asyncio.create_task(house.parts.dispatcher.run())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


async def test_plan_volume_and_hold_reach_the_recorder_without_waiting(gateway: Harness) -> None:
    recorder = ListeningRecorder()
    async with dispatching(gateway, recorder), gateway.local() as client:
        await wait_until(recorder.is_told)
        plan = {"mode": "motion", "retention": [{"mode": "motion", "max_days": 14}], "volumes": ["main"]}
        for method, path, body in (
            ("PUT", f"{API}/cameras/{KEY.camera_id}/recording-plan", plan),
            ("POST", f"{API}/volumes", {"name": "archive", "path": "/mnt/archive", "max_bytes": 10**12}),
            ("POST", f"{API}/holds", {"camera_id": KEY.camera_id, "reason": "theft", **RANGE}),
        ):
            answer = await client.request(method, path, json=body)
            assert answer.is_success, answer.text
        await wait_until(recorder.has_hold)
        shown = (await client.get(f"{API}/volumes")).json()["items"]
    told = recorder.taken[-1]
    assert told.cameras[0].plan.mode is RecordingMode.MOTION
    assert [(term.mode, term.max_days) for term in told.cameras[0].retention] == [(RecordingMode.MOTION, 14)]
    assert told.cameras[0].volumes == ("main",)
    assert [volume.name for volume in told.volumes] == ["main", "archive"]
    assert (told.holds[0].from_ns, told.holds[0].reason) == (START_NS, "theft")
    assert [(one["state"], one["held_bytes"], one["days_left"]) for one in shown] == [
        ("full", 5, 0.5),
        ("unknown", 0, None),
    ]


async def test_ledger_and_hold_count_what_is_really_there(gateway: Harness) -> None:
    async with gateway.local() as client:
        ledger = (await client.get(f"{API}/ledger", params={"cameras": KEY.camera_id, **RANGE})).json()
        body = {"camera_id": KEY.camera_id, "reason": "theft", **RANGE}
        hold = (await client.post(f"{API}/holds", json=body)).json()
    (stream,) = ledger["cameras"]
    assert (stream["expected"], stream["stored"], stream["completeness"], stream["gaps"]) == (1000, 1000, 1.0, [])
    stored = sum(file.stat().st_size for file in (gateway.data / "volumes" / "main" / "segments").rglob("*.mp4"))
    assert 0.9 * stored < hold["bytes"] <= stored


async def test_footage_of_a_volume_out_of_use_is_still_found(gateway: Harness, tmp_path: Path) -> None:
    place = tmp_path / "elsewhere"
    rig = Rig(place)
    recorder = rig.recorder()
    feed(recorder, make_packets(100, start_ns=START_NS + seconds(100)))
    recorder.close()
    rig.store.commit()
    later = {"from": format_utc(START_NS + seconds(90)), "to": format_utc(START_NS + seconds(120))}
    path = f"{API}/cameras/{KEY.camera_id}/recordings"
    async with gateway.local() as client:
        assert (await client.get(path, params=later)).json()["runs"] == []
        await client.post(f"{API}/volumes", json={"name": "usb", "path": str(place)})
        await client.get(f"{API}/volumes")
        assert len((await client.get(path, params=later)).json()["runs"]) == 1
        await client.delete(f"{API}/volumes/usb")
    async with open_gateway(gateway.data) as again, again.local() as client:
        assert len((await client.get(path, params=later)).json()["runs"]) == 1


async def download(client: httpx.AsyncClient, **headers: str) -> httpx.Response:
    path = f"{API}/cameras/{KEY.camera_id}/recording.mp4"
    return await client.get(path, params={**RANGE, **WHY}, headers=headers)


async def test_downloads_are_written_down_and_the_one_too_many_gets_not_a_byte(gateway: Harness) -> None:
    login = await gateway.login_as(Role.MONITOR)
    first = await download(login.client)
    assert (first.status_code, int(first.headers["content-length"])) == (200, len(first.content))
    for _ in range(19):
        assert (await download(login.client)).status_code == 200
    rest = await download(login.client, range="bytes=100-")
    assert (rest.status_code, rest.content) == (206, first.content[100:])  # a broken download goes on
    refused = await download(login.client)
    assert (refused.status_code, refused.json()["code"]) == (429, "export_limit")
    assert int(refused.headers["retry-after"]) > 60
    async with gateway.local() as client:
        rows = (await client.get(f"{API}/audit", params={"action": "recording.export"})).json()["items"]
    assert len(rows) == 21
    assert all("purpose: theft at the gate" in row["detail"] for row in rows)
