"""The recorder role as a real process, beside a simulator in the test's own."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import msgspec

from vedette.adapters.http_clients import open_unix_client
from vedette.adapters.sqlite_recording_catalog import SqliteRecordingCatalog
from vedette.core.assignment import CameraAssignment, RecorderAssignment, StreamSource
from vedette.core.ids import make_id
from vedette.core.media import StreamRole
from vedette.media.fmp4 import parse_fragment
from vedette.recording.reader import FootageReader
from vedette.testing.rtp import read_frame_number
from vedette.testing.sim_server import SimServer

READY_S = 30.0
ALWAYS = (0, 1 << 62)


def camera_id(number: int) -> str:
    return make_id(number * 1_000_000, bytes(10))


def make_assignment(urls: Sequence[str], version: int = 1, *, record: bool = True) -> RecorderAssignment:
    cameras = tuple(
        CameraAssignment(camera_id(number), f"cam{number}", (StreamSource(StreamRole.MAIN, url, record),))
        for number, url in enumerate(urls)
    )
    return RecorderAssignment(version, cameras)


class RecorderProcess:
    """One recorder. Start it, kill it, start it again on the same data directory."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self._process: subprocess.Popen[bytes] | None = None

    def assign_file(self, assignment: RecorderAssignment) -> None:
        """Leaves an assignment as the recorder itself keeps it."""
        path = self.data / "recorder" / "assignment.json"
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.write_bytes(msgspec.json.encode(assignment))

    def start(self, prelude: str = "", *arguments: str) -> None:
        code = f"{prelude}\nfrom vedette.cli import main\nmain()\n"
        command = [sys.executable, "-c", code, "serve", "--role", "recorder", "--data", str(self.data), *arguments]
        self._process = subprocess.Popen(command, stderr=(self.data / "recorder.log").open("ab"))

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def kill(self) -> None:
        """SIGKILL, and waits until it is gone."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(10)

    def stop(self) -> int:
        """SIGTERM; returns the exit code."""
        assert self._process is not None
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
        return self._process.wait(30)

    def signal(self, name: str) -> None:
        assert self._process is not None
        self._process.send_signal(signal.Signals[name])

    def client(self) -> httpx.AsyncClient:
        return open_unix_client(self.data / "run" / "recorder.sock", "recorder", 10.0)

    async def status(self) -> dict:
        async with self.client() as client:
            return (await client.get("/status")).json()

    async def wait_status(self, is_enough, timeout_s: float = READY_S) -> dict:
        """Waits until the status is as wanted."""
        async with asyncio.timeout(timeout_s):
            while True:
                assert self.is_running, (self.data / "recorder.log").read_text()
                try:
                    status = await self.status()
                except httpx.HTTPError:
                    status = None
                if status is not None and is_enough(status):
                    return status
                await asyncio.sleep(0.05)

    def reader(self) -> FootageReader:
        roots = [self.data / "volumes" / "main"]
        return FootageReader(lambda: roots, SqliteRecordingCatalog, lambda: 1 << 62)


@asynccontextmanager
async def running_recorder(data: Path, assignment: RecorderAssignment) -> AsyncIterator[RecorderProcess]:
    recorder = RecorderProcess(data)
    recorder.assign_file(assignment)
    recorder.start()
    try:
        yield recorder
    finally:
        recorder.kill()


def streams(status: dict) -> list[dict]:
    return [stream for camera in status["cameras"] for stream in camera["streams"]]


def has_stored(frames: int):
    """A condition for `wait_status`: every stream has stored this many pictures."""

    def check(status: dict) -> bool:
        found = streams(status)
        return bool(found) and all(stream["frames_stored"] >= frames for stream in found)

    return check


def read_stored_numbers(reader: FootageReader, camera: str) -> list[int]:
    """The simulator's frame numbers of everything stored of a camera, in order of storage."""
    numbers = []
    for part in reader.find_fragments(camera, StreamRole.MAIN, *ALWAYS, 1_000_000):
        data = reader.read_fragment(part)
        track = parse_fragment(data).video
        assert track is not None
        at = track.offset
        for size in track.sizes_bytes:
            number = read_frame_number(data[at : at + size])
            assert number is not None
            numbers.append(number)
            at += size
    return numbers


def urls_of(server: SimServer) -> list[str]:
    return [server.url(name) for name in server.cameras]


def clean_environment() -> dict[str, str]:
    return {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
