"""The recorder role as a process under measurement. Used by other benchmarks."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from http.client import HTTPConnection
from pathlib import Path
from socket import AF_UNIX, SOCK_STREAM, socket

import msgspec

from vedette.adapters.sqlite_recording_catalog import SqliteRecordingCatalog
from vedette.core.assignment import CameraAssignment, RecorderAssignment, StreamSource, VolumeAssignment
from vedette.core.ids import make_id
from vedette.core.media import StreamRole
from vedette.core.recording_plan import Hold
from vedette.recording.reader import FootageReader

ALWAYS = (0, 1 << 62)
_READY_S = 60.0


def camera_id(number: int) -> str:
    return make_id(number * 1_000_000, bytes(10))


class _UnixConnection(HTTPConnection):
    def __init__(self, path: Path) -> None:
        super().__init__("recorder", timeout=10)
        self._path = path

    def connect(self) -> None:
        self.sock = socket(AF_UNIX, SOCK_STREAM)
        self.sock.connect(str(self._path))


def read_status(data: Path) -> dict:
    """What the recorder of a data directory says of itself."""
    connection = _UnixConnection(data / "run" / "recorder.sock")
    try:
        connection.request("GET", "/status")
        return json.load(connection.getresponse())
    finally:
        connection.close()


class RecorderUnderTest:
    """Start, ask, kill, start again on the same data directory."""

    def __init__(
        self,
        data: Path,
        urls: Sequence[str],
        *,
        volumes: Sequence[VolumeAssignment] = (),
        homes: Sequence[str] = (),
        holds: Sequence[Hold] = (),
        module: str = "vedette",
    ) -> None:
        """`homes`: the volume of each camera, by name. `module`: what is run; it takes the arguments of `vedette`."""
        self.data = data
        self.module = module
        self.volumes = [Path(volume.path) for volume in volumes] or [data / "volumes" / "main"]
        self.cameras = [camera_id(number) for number in range(len(urls))]
        assignment = RecorderAssignment(
            1,
            tuple(
                CameraAssignment(
                    camera, camera, (StreamSource(StreamRole.MAIN, url, record=True),), volumes=(home,) if home else ()
                )
                for camera, url, home in zip(self.cameras, urls, homes or [""] * len(urls), strict=True)
            ),
            tuple(volumes),
            tuple(holds),
        )
        path = data / "recorder" / "assignment.json"
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.write_bytes(msgspec.json.encode(assignment))

    def start(self, *arguments: str) -> None:
        command = [sys.executable, "-m", self.module, "serve", "--role", "recorder", "--data", str(self.data)]
        command += arguments
        self.process = subprocess.Popen(command, stderr=(self.data / "recorder.log").open("ab"))

    @property
    def pid(self) -> int:
        return self.process.pid

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(10)

    def stop(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        if self.process.wait(60) != 0:
            raise RuntimeError((self.data / "recorder.log").read_text())

    def streams(self) -> list[dict]:
        return [stream for camera in read_status(self.data)["cameras"] for stream in camera["streams"]]

    def wait_stored(self, frames: int) -> None:
        """Waits until every camera has stored this many pictures since the start."""
        deadline = time.monotonic() + _READY_S
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise RuntimeError((self.data / "recorder.log").read_text())
            try:
                if all(stream["frames_stored"] >= frames for stream in self.streams()):
                    return
            except OSError:
                pass
            time.sleep(0.05)
        raise RuntimeError("the recorder does not record all cameras")

    def reader(self) -> FootageReader:
        return FootageReader(lambda: self.volumes, SqliteRecordingCatalog, lambda: ALWAYS[1])
