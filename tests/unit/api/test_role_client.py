"""Talking to roles: a role that is down, slow or refuses is said so, once a second at most."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket

from vedette.adapters.recorder_live import RecorderLiveStates
from vedette.adapters.role_client import CachedStatus, RoleClient, RoleDownError, RoleRefusedError
from vedette.adapters.role_server import serve_role_app
from vedette.adapters.simulation_client import SupervisorSimulation
from vedette.adapters.tracks_client import UnixTracks
from vedette.camera.administration import SimulatedCamera
from vedette.camera.live import RecordingFacts
from vedette.core.assignment import RecorderAssignment
from vedette.core.errors import NotFoundError, UnavailableError
from vedette.core.media import StreamRole
from vedette.testing.clock import SimulatedClock

CAMERA = "01JD5Q8Z3M6V1T9W4X7Y2B0C8D"


class Role:
    """A role with a scripted status."""

    def __init__(self) -> None:
        self.asked = 0
        self.assignments: list[bytes] = []

    def app(self) -> Starlette:
        async def status(_: Request) -> Response:
            self.asked += 1
            stream = {"camera_id": CAMERA, "stream": "main", "state": "online", "fps": 25.0, "unknown_key": 1}
            plan = {"mode": "off", "is_recording": False, "trigger": "off"}
            return JSONResponse({"cameras": [{"camera_id": CAMERA, "streams": [{**stream, **plan}]}]})

        async def assignment(request: Request) -> Response:
            self.assignments.append(await request.body())
            return JSONResponse({"version": 1})

        async def sim(request: Request) -> Response:
            count = (await request.json())["count"]
            if count > 9:
                return JSONResponse({"code": "invalid_input", "message": "too many", "hint": "fewer"}, 400)
            cameras = [{"name": f"c{n}", "main": "rtsp://h/1", "sub": ""} for n in range(count)]
            return JSONResponse({"cameras": cameras})

        async def slow(_: Request) -> Response:
            await asyncio.sleep(30)
            return Response()

        async def tracks(socket: WebSocket) -> None:
            await socket.accept()
            if socket.query_params["camera"] != CAMERA:
                await socket.close(4404, "not analysed")
                return
            await socket.send_text('{"tracks":[]}')
            await socket.close()

        return Starlette(
            routes=[
                Route("/status", status),
                Route("/assignment", assignment, methods=["PUT"]),
                Route("/sim", sim, methods=["PUT"]),
                Route("/slow", slow),
                WebSocketRoute("/tracks", tracks),
            ]
        )


@asynccontextmanager
async def serving(path: Path) -> AsyncIterator[tuple[Role, RoleClient]]:
    role, client = Role(), RoleClient("recorder", path)
    try:
        async with serve_role_app(role.app(), path):
            yield role, client
    finally:
        await client.close()


async def test_role_that_is_not_there_is_said_so_and_live_states_are_unknown(tmp_path: Path) -> None:
    client = RoleClient("recorder", tmp_path / "r.sock")
    with pytest.raises(RoleDownError, match="recorder does not answer"):
        await client.get("/status")
    facts = await RecorderLiveStates(CachedStatus(client, SimulatedClock())).read_live_facts()
    found = facts.find(CAMERA, StreamRole.MAIN)
    assert (found.state, found.code, found.recording) == ("unknown", "recorder_unavailable", None)
    await client.close()


async def test_role_that_hangs_is_given_up_in_time(tmp_path: Path) -> None:
    async with serving(tmp_path / "r.sock") as (_, client):
        with pytest.raises(RoleDownError):
            await client.get("/slow", timeout_s=0.2)


async def test_status_is_asked_once_a_second_however_many_ask(tmp_path: Path) -> None:
    clock = SimulatedClock()
    async with serving(tmp_path / "r.sock") as (role, client):
        status = CachedStatus(client, clock)
        await asyncio.gather(*(status.read() for _ in range(20)))
        assert role.asked == 1
        await clock.advance(1)
        await status.read()
        assert role.asked == 2
        found = (await RecorderLiveStates(status).read_live_facts()).find(CAMERA, StreamRole.MAIN)
        assert (found.state, found.fps) == ("online", 25.0)
        assert found.recording == RecordingFacts("off", is_recording=False, trigger="off")


class DownClient(RoleClient):
    """Counts how often a role that is down is asked."""

    asked = 0

    async def get(self, path: str, timeout_s: float = 1.0) -> bytes:
        self.asked += 1
        raise RoleDownError("down")


async def test_failure_is_remembered_as_long_as_an_answer(tmp_path: Path) -> None:
    clock, client = SimulatedClock(), DownClient("recorder", tmp_path / "r.sock")
    status = CachedStatus(client, clock)
    for _ in range(3):
        with pytest.raises(UnavailableError):
            await status.read()
    assert client.asked == 1
    await clock.advance(1)
    with pytest.raises(UnavailableError):
        await status.read()
    assert client.asked == 2
    await client.close()


async def test_assignment_arrives_as_json_and_a_refusal_carries_the_role_s_words(tmp_path: Path) -> None:
    async with serving(tmp_path / "r.sock") as (role, client):
        await client.put_assignment(RecorderAssignment(version=3))
        assert role.assignments == [b'{"version":3,"cameras":[],"volumes":[],"holds":[],"erasures":[]}']
        simulation = SupervisorSimulation(client)
        assert await simulation.run_simulated(1) == [SimulatedCamera("c0", "rtsp://h/1")]
        with pytest.raises(RoleRefusedError) as caught:
            await simulation.run_simulated(10)
    assert (caught.value.message, caught.value.hint) == ("the recorder refuses: too many", "fewer")


async def test_tracks_are_followed_and_an_unknown_camera_or_dead_analyzer_is_said_so(tmp_path: Path) -> None:
    async with serving(tmp_path / "a.sock"):
        tracks = UnixTracks(tmp_path / "a.sock")
        async with tracks.follow(CAMERA) as texts:
            assert [text async for text in texts] == ['{"tracks":[]}']
        with pytest.raises(NotFoundError):
            async with tracks.follow("01JD5Q8Z3M6V1T9W4X7Y2B0C8E") as texts:
                await anext(texts)
    with pytest.raises(UnavailableError):
        async with tracks.follow(CAMERA):
            pass
