"""The sim role and the command, as processes."""

import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.clips import make_clip
from tests.support.rtsp_client import open_client, take_units
from vedette.core.media import Codec
from vedette.testing.rtp import read_frame_number
from vedette.testing.scenes.catalog import CATALOG

LIMIT_S = 90


@contextlib.asynccontextmanager
async def running(*arguments: str) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "vedette", *arguments, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def wait_for_list(data: Path, count: int, process: asyncio.subprocess.Process) -> list[dict[str, str]]:
    """Waits for `sim.json`; the file is replaced as a whole, so what is read is never half."""
    path = data / "sim" / "sim.json"
    async with asyncio.timeout(LIMIT_S):
        while True:
            assert process.returncode is None, "the role has ended"
            if path.exists() and len(cameras := json.loads(path.read_text())["cameras"]) >= count:
                return cameras
            await asyncio.sleep(0.05)


async def stop(process: asyncio.subprocess.Process) -> int:
    process.send_signal(signal.SIGTERM)
    return await asyncio.wait_for(process.wait(), 20)


@pytest.fixture
def clips(tmp_path: Path) -> Path:
    folder = tmp_path / "clips"
    folder.mkdir()
    make_clip(folder, audio=Codec.AAC).rename(folder / "front_door.mp4")
    (folder / "broken.mp4").write_bytes(b"no media")
    (folder / "notes.txt").write_text("not a clip")
    return folder


async def test_role_serves_clips_skips_broken_ones_and_keeps_its_port(tmp_path: Path, clips: Path) -> None:
    data = tmp_path / "data"
    arguments = ("serve", "--role", "sim", "--data", str(data), "--clips", str(clips), "--simulate", "3")
    ports = []
    for _ in range(2):
        (data / "sim" / "sim.json").unlink(missing_ok=True)
        async with running(*arguments) as process:
            cameras = await wait_for_list(data, 3, process)
            assert [camera["name"] for camera in cameras] == ["front door", "front door (2)", "front door (3)"]
            async with open_client(cameras[2]["main"]) as client:
                await client.play()
                units = await take_units(client.packets(), 30)
            assert any(read_frame_number(packet.payload) is not None for packet in units[-1])
            ports.append(json.loads((data / "sim" / "sim.json").read_text())["port"])
            assert await stop(process) == 0
    assert ports[0] == ports[1]


async def test_folder_without_clips_is_an_error(tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    arguments = ("serve", "--role", "sim", "--data", str(tmp_path / "data"), "--clips", str(empty), "--simulate", "1")
    async with running(*arguments) as process:
        _, log = await asyncio.wait_for(process.communicate(), LIMIT_S)
    assert process.returncode == 1
    assert b"no_clips" in log


async def test_generated_camera_is_up_with_its_preview_and_ends_cleanly_while_rendering(tmp_path: Path) -> None:
    data = tmp_path / "data"
    async with running("serve", "--role", "sim", "--data", str(data), "--simulate", "1") as process:
        (camera,) = await wait_for_list(data, 1, process)
        assert camera["name"] == CATALOG[0].title
        for url in (camera["main"], camera["sub"]):
            async with open_client(url) as client:
                assert b"H264" in (await client.ask("DESCRIBE")).body
        assert not CATALOG[0].files(data / "sim").exist()  # the whole scene is still being rendered
        assert await stop(process) == 0
    async with asyncio.timeout(20):
        while _renderers_of(data):
            await asyncio.sleep(0.05)


def _renderers_of(data: Path) -> list[str]:
    """Processes that render into this folder."""
    found = []
    for entry in Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            if entry.name.isdigit() and str(data).encode() in (entry / "cmdline").read_bytes():
                found.append(entry.name)
    return [name for name in found if int(name) != os.getpid()]


async def test_command_prints_urls_and_writes_what_it_sent(tmp_path: Path, clips: Path) -> None:
    clip = clips / "front_door.mp4"
    report = tmp_path / "sent.json"
    arguments = ("sim", f"{clip},{clip}", "--count", "2", "--number-frames", "--report", str(report))
    async with running(*arguments) as process:
        assert process.stdout is not None
        lines = [(await asyncio.wait_for(process.stdout.readline(), LIMIT_S)).decode().strip() for _ in range(4)]
        async with open_client(lines[0]) as client:
            await client.play()
            units = await take_units(client.packets(), 20)
        assert await stop(process) == 0
    assert [line.rpartition(":")[2].partition("/")[2] for line in lines] == [
        "cam1/main",
        "cam1/sub",
        "cam2/main",
        "cam2/sub",
    ]
    numbers = [n for unit in units for packet in unit if (n := read_frame_number(packet.payload)) is not None]
    (session,) = json.loads(report.read_text())["cameras"]["cam1"]["main"]
    assert session["ranges"][0][0] == numbers[0]
    assert session["ranges"][0][1] >= numbers[-1]


@pytest.mark.parametrize("arguments", [("sim",), ("sim", "missing.mp4"), ("sim", "--port", "70000", "x.mp4")])
async def test_wrong_usage_exits_2(arguments: tuple[str, ...]) -> None:
    async with running(*arguments) as process:
        await asyncio.wait_for(process.communicate(), LIMIT_S)
    assert process.returncode == 2


async def test_broken_clip_and_script_exit_1_with_a_word(tmp_path: Path, clips: Path) -> None:
    script = tmp_path / "faults.yaml"
    script.write_text("version: 1\nsteps: [{do: explode}]\n")
    for arguments, word in (
        ((str(clips / "broken.mp4"),), b"media file"),
        ((str(clips / "front_door.mp4"), "--faults", str(script)), b"explode"),
    ):
        async with running("sim", *arguments) as process:
            _, log = await asyncio.wait_for(process.communicate(), LIMIT_S)
        assert process.returncode == 1
        assert word in log
        assert b"Traceback" not in log
