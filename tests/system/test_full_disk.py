"""A disk that fills up under a running system: recording stops with a word, all else goes on, it resumes by itself."""

import contextlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path
from socket import AF_UNIX, SOCK_STREAM, socket
from typing import Any

import pytest

from tests.support.box import Api, Box, running_box, vedette, wait_for
from tests.support.clips import make_clip

pytestmark = [pytest.mark.system, pytest.mark.timeout(300)]

GIB = 1 << 30
ROOM_BYTES = 96 << 20
"""What the file system has beyond the reserve of 1 GiB that always stays free. Memory is used by the ballast alone."""


@contextlib.contextmanager
def small_file_system(folder: Path) -> Iterator[None]:
    """Mounts a file system of a known size."""
    folder.mkdir(parents=True, mode=0o700)
    options = f"size={GIB + ROOM_BYTES},mode=0700"
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)], capture_output=True, check=False
    )
    if done.returncode:
        pytest.skip("a small file system needs root; tests/unit/recording covers the full disk without")
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


@contextlib.contextmanager
def one_camera(folder: Path) -> Iterator[str]:
    clip = make_clip(folder, frames=100)
    process = subprocess.Popen([sys.executable, "-m", "vedette", "sim", str(clip)], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
    finally:
        process.terminate()
        process.wait(20)


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Box]:
    with contextlib.ExitStack() as stack:
        data = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="vdt-")))
        stack.enter_context(small_file_system(data / "volumes" / "main"))
        url = stack.enter_context(one_camera(tmp_path))
        box = stack.enter_context(running_box(data=data))
        box.api().post("/cameras?test=1", {"name": "Gate", "main": {"url": url}, "record": "main"})
        yield box


def volume(api: Api) -> dict[str, Any]:
    return api.get("/system")["volumes"][0]


def metrics(box: Box) -> str:
    """The recorder's metrics, from its management socket."""
    connection = HTTPConnection("recorder", timeout=10)
    connection.sock = socket(AF_UNIX, SOCK_STREAM)
    connection.sock.connect(str(box.data / "run" / "recorder.sock"))
    with contextlib.closing(connection):
        connection.request("GET", "/metrics")
        return connection.getresponse().read().decode()


def recordings(box: Box) -> dict[str, Any]:
    done = vedette("recordings", "--camera", "Gate", "--json", env={**os.environ, "VEDETTE_DATA": str(box.data)})
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def pids(api: Api) -> dict[str, int]:
    return {process["role"]: process["pid"] for process in api.get("/system")["processes"]}


def test_full_disk_is_told_harms_nothing_else_and_ends_by_itself(box: Box) -> None:
    api = box.api()
    wait_for("footage", lambda: recordings(box)["runs"])
    before = pids(api)
    ballast = box.data / "volumes" / "main" / "somebody-elses-file"
    with ballast.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, ROOM_BYTES)

    full = wait_for("a full volume", lambda: volume(api) if volume(api)["state"] == "full" else None)
    assert "no space is left" in full["reason"]
    assert "free space on this disk" in full["reason"]
    assert f'vedette_volume_writable{{volume="{full["id"]}"}} 0' in metrics(box)
    told = vedette("status", env={**os.environ, "VEDETTE_DATA": str(box.data)}).stdout
    assert "full" in told
    assert "no space is left" in told
    assert api.get("/cameras")["items"][0]["live"]["main"]["state"] == "online"  # who watches, watches on
    assert pids(api) == before
    assert box.log().count("state=full") == 1  # once per change, not once per frame

    (event,) = wait_for("an event", lambda: api.get("/events?kind=volume_full")["items"])
    assert (event["camera_id"], event["to"]) == ("", None)
    assert "no space is left" in event["detail"]

    ballast.unlink()
    wait_for("a writable volume", lambda: volume(api)["state"] == "writable")
    wait_for("the end of the event", lambda: api.get("/events?kind=volume_full")["items"][0]["to"])
    gap = wait_for("the gap", lambda: [one for one in recordings(box)["gaps"] if one["reason"] == "disk"])[0]
    assert gap["frames_missing"] > 0
    wait_for("footage after the gap", lambda: recordings(box)["runs"][-1]["to"] > gap["to"])
    assert f'vedette_volume_writable{{volume="{full["id"]}"}} 1' in metrics(box)
    assert pids(api) == before
