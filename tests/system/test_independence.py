"""Nobody's death costs footage but the recorder's own, and that at most what was not yet on disk.

Cameras number their frames; the numbers are read back from the stored files. Design: docs/design/processes.md.
"""

import asyncio
import contextlib
import json
import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

import pytest
from websockets.sync.client import connect

from tests.support.box import Api, ApiError, Box, running_box, wait_for
from tests.support.clips import make_clip
from tests.support.recorder import read_stored_numbers
from vedette.adapters.sqlite_recording_catalog import SqliteRecordingCatalog
from vedette.core.media import StreamRole
from vedette.recording.reader import FootageReader
from vedette.testing.faults import Fault, FaultKind
from vedette.testing.sim_server import ServerOptions, SimServer
from vedette.testing.simulated_camera import CameraSpec
from vedette.testing.source import SourceOptions

pytestmark = [pytest.mark.system, pytest.mark.timeout(300)]

FPS = 25
CAMERAS = ("one", "two")
LOST_MAX_S = 1.2
MEDIA_FRAGMENT = 1


class NumberedCameras:
    """Simulated cameras on a thread of their own, that can be asked what they sent and told to stop sending."""

    def __init__(self, clip: Path) -> None:
        self._loop = asyncio.new_event_loop()
        options = ServerOptions(source=SourceOptions(number_frames=True))
        self._server = SimServer([CameraSpec(name, clip) for name in CAMERAS], options)
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        self._do(self._server.__aenter__())
        return self

    def __exit__(self, *_: object) -> None:
        self._do(self._server.__aexit__(None, None, None))
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    @property
    def urls(self) -> list[str]:
        return [self._server.url(name) for name in CAMERAS]

    def next_numbers(self) -> list[int]:
        return [camera.streams[StreamRole.MAIN].next_frame_number for camera in self._server.cameras.values()]

    def sent_ranges(self) -> list[set[int]]:
        """Which frames went to whom was connected, per camera."""
        numbers = []
        for streams in self._server.sent().values():
            ranges = [each for log in streams["main"] for each in log.ranges]
            numbers.append({number for first, last in ranges for number in range(first, last + 1)})
        return numbers

    def stop_sending(self) -> None:
        self._do(self._server.apply(Fault(FaultKind.STALL)))

    def _do(self, work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(30)


@pytest.fixture
def cameras(tmp_path: Path) -> Iterator[NumberedCameras]:
    with NumberedCameras(make_clip(tmp_path, frames=100)) as cameras:
        yield cameras


def add_cameras(api: Api, cameras: NumberedCameras) -> list[str]:
    """Adds them untested: a test would be sent frames of its own."""
    return [
        api.post("/cameras?test=0", {"name": name, "main": {"url": url}, "record": "main"})["id"]
        for name, url in zip(CAMERAS, cameras.urls, strict=True)
    ]


def stored(box: Box, camera_ids: list[str]) -> list[list[int]]:
    reader = FootageReader(lambda: [box.data / "volumes" / "main"], SqliteRecordingCatalog, time.time_ns)
    return [read_stored_numbers(reader, camera) for camera in camera_ids]


def wait_stored(box: Box, camera_ids: list[str], beyond: list[int]) -> None:
    """Waits until a frame of at least this number of every camera is on disk."""

    def are_there() -> bool:
        return all(
            numbers and max(numbers) >= least for numbers, least in zip(stored(box, camera_ids), beyond, strict=True)
        )

    wait_for(f"frames {beyond} on disk", are_there)


def role(api: Api, name: str) -> dict[str, Any]:
    with contextlib.suppress(ApiError, OSError):  # the gateway itself may be the one that was killed
        return next((one for one in api.get("/system")["processes"] if one["role"] == name), {})
    return {}


def kill(api: Api, name: str) -> None:
    """SIGKILL to a role, and waits until it is back."""
    old = wait_for(f"{name}", lambda: role(api, name).get("pid"))
    os.kill(old, signal.SIGKILL)
    wait_for(
        f"{name} to come back",
        lambda: role(api, name).get("state") == "running" and role(api, name).get("pid") not in {None, old},
    )


@contextlib.contextmanager
def viewer(box: Box, api: Api, camera: str) -> Iterator[Any]:
    cookies = "; ".join(f"{cookie.name}={cookie.value}" for cookie in api.cookies)
    url = f"ws://localhost:{box.port}/api/v1/live?camera={camera}&stream=main"
    with connect(url, additional_headers={"Cookie": cookies}, origin=box.url, max_size=None) as socket:
        yield socket


def wait_for_run(socket: Any, but_not: str = "", pictures: int = 10) -> str:
    """Takes messages of one connection until so many pictures of another run have come; returns that run."""
    deadline = time.monotonic() + 60.0
    run_id = but_not
    while pictures > 0:
        assert time.monotonic() < deadline, "no pictures"
        with contextlib.suppress(TimeoutError):
            message = socket.recv(timeout=1.0)
            if isinstance(message, bytes):
                pictures -= run_id != but_not and message[1] == MEDIA_FRAGMENT
            elif (told := json.loads(message))["type"] == "init":
                run_id = told["run_id"]
    return run_id


def test_sigkill_of_gateway_and_analyzer_loses_no_frame(cameras: NumberedCameras) -> None:
    with running_box() as box:
        api = box.api()
        ids = add_cameras(api, cameras)
        wait_stored(box, ids, [1, 1])
        for _ in range(2):
            for name in ("gateway", "analyzer"):
                kill(api, name)
        with viewer(box, api, ids[0]) as socket:  # the session outlives the gateway
            wait_for_run(socket)
        wait_stored(box, ids, cameras.next_numbers())
        cameras.stop_sending()
        sent = cameras.sent_ranges()
        wait_stored(box, ids, [max(numbers) for numbers in sent])
        for numbers, kept in zip(sent, stored(box, ids), strict=True):
            assert len(kept) == len(set(kept)), "a frame is stored twice"
            assert not numbers - set(kept), f"lost: {sorted(numbers - set(kept))}"
        assert role(api, "recorder")["restarts"] == 0


def test_sigkill_of_the_recorder_loses_little_and_its_viewers_go_on(cameras: NumberedCameras) -> None:
    with running_box() as box:
        api = box.api()
        ids = add_cameras(api, cameras)
        wait_stored(box, ids, [2 * FPS, 2 * FPS])
        with viewer(box, api, ids[0]) as socket:
            run = wait_for_run(socket)
            sent_before = cameras.next_numbers()
            os.kill(role(api, "recorder")["pid"], signal.SIGKILL)
            wait_stored(box, ids, [number + FPS for number in sent_before])
            wait_for_run(socket, but_not=run)  # on the same connection
        for last, kept in zip(sent_before, stored(box, ids), strict=True):
            newest = max(number for number in kept if number < last)
            assert (last - 1 - newest) / FPS <= LOST_MAX_S
            assert len(kept) == len(set(kept)), "a frame is stored twice"
        assert role(api, "recorder")["restarts"] == 1
