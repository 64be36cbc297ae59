"""Disks that fill up or turn read-only under a recorder that has another volume: spill-over, and no loss untold."""

import os
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.chaos import count_untold, read_stored
from tests.support.clips import make_clip
from tests.support.recorder import ALWAYS, RecorderProcess, camera_id, make_assignment, running_recorder, urls_of
from vedette.adapters.sqlite_recording_catalog import SqliteRecordingCatalog
from vedette.core.assignment import VolumeAssignment
from vedette.core.media import StreamRole
from vedette.core.recording_plan import Hold
from vedette.node.volume_check import check
from vedette.recording.check import CheckLevel
from vedette.recording.reader import FootageReader
from vedette.testing.sim_server import ServerOptions, SimServer
from vedette.testing.simulated_camera import CameraSpec
from vedette.testing.source import SourceOptions

pytestmark = pytest.mark.timeout(150)

NUMBERED = ServerOptions(source=SourceOptions(number_frames=True))
SIZE_BYTES = 128 << 20
RESERVE_BYTES = 4 << 20


def run(*command: str) -> bool:
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


class SmallDisk:
    """An ext4 file system of its own, as the kernel knows it from a real disk."""

    def __init__(self, folder: Path) -> None:
        image, self.place = folder / "disk.img", folder / "disk"
        self.place.mkdir()
        with image.open("wb") as file:
            file.truncate(SIZE_BYTES)
        if not (run("mkfs.ext4", "-q", str(image)) and run("mount", "-o", "loop", str(image), str(self.place))):
            pytest.skip("a small ext4 file system needs root and loop devices")

    def fill(self) -> Path:
        """Somebody else's file takes all that is left."""
        ballast = self.place / "ballast"
        with ballast.open("wb") as file:
            free = os.statvfs(self.place)
            os.posix_fallocate(file.fileno(), 0, free.f_bavail * free.f_frsize - RESERVE_BYTES // 2)
        return ballast

    def fail(self) -> None:
        """What the kernel does when it finds an error on a file system."""
        assert run("mount", "-o", "remount,abort", str(self.place))

    def hang(self) -> None:
        """Whoever writes waits; who only looks is answered."""
        assert run("fsfreeze", "-f", str(self.place))

    def wake(self) -> bool:
        return run("fsfreeze", "-u", str(self.place))

    def remove(self) -> None:
        self.wake()
        run("umount", "-l", str(self.place))


@pytest.fixture
def disk(tmp_path) -> Iterator[SmallDisk]:
    disk = SmallDisk(tmp_path)
    yield disk
    disk.remove()


@asynccontextmanager
async def two_volumes(folder: Path, disk: SmallDisk, *holds: Hold) -> AsyncIterator[RecorderProcess]:
    """One camera at home on the small disk `a`; `b` is elsewhere and empty."""
    clip = make_clip(folder, frames=100, gop_frames=25)
    volumes = tuple(
        VolumeAssignment(str(path), 0, RESERVE_BYTES, name)
        for path, name in ((disk.place / "footage", "a"), (folder / "other", "b"))
    )
    async with SimServer([CameraSpec("cam0", clip)], NUMBERED) as server:
        assignment = make_assignment(urls_of(server))
        cameras = (replace(assignment.cameras[0], volumes=("a",)),)
        assignment = replace(assignment, cameras=cameras, volumes=volumes, holds=holds)
        async with running_recorder(folder, assignment) as recorder:
            await recorder.wait_status(lambda now: frames_on(now, "a") > 25)
            yield recorder


def by_name(status: dict, name: str) -> dict:
    return next(volume for volume in status["volumes"] if volume["name"] == name)


def frames_on(status: dict, name: str) -> int:
    return by_name(status, name)["frames"]


def assert_all_is_told(*roots: Path) -> None:
    reader = FootageReader(lambda: roots, SqliteRecordingCatalog, lambda: 1 << 62)
    stored = sorted(read_stored(reader, camera_id(0)), key=lambda one: one.number)
    assert len({one.number for one in stored}) == len(stored)
    gaps = reader.find_gaps(camera_id(0), StreamRole.MAIN, *ALWAYS)
    assert count_untold(stored, gaps) == 0
    assert "unknown" not in {gap.reason for gap in gaps}
    for root in roots:
        assert check(root, CheckLevel.HASH).findings == ()


async def test_pain_09_cameras_of_a_disk_that_fills_up_record_elsewhere_and_return(tmp_path, disk) -> None:
    """Pain 9: disk full stops everything. The held footage of the full disk stays as it is, also over a SIGKILL."""
    async with two_volumes(tmp_path, disk, Hold("h", camera_id(0), *ALWAYS)) as recorder:
        ballast = disk.fill()
        await recorder.wait_status(lambda now: by_name(now, "b")["spilled_cameras"] == 1)
        recorder.kill()
        held = {path: path.read_bytes() for path in (disk.place / "footage").rglob("*.mp4")}
        recorder.start()
        await recorder.wait_status(lambda now: frames_on(now, "b") > 50)
        ballast.unlink()
        back = await recorder.wait_status(lambda now: by_name(now, "a")["cameras"] == 1)
        before = frames_on(back, "a")
        await recorder.wait_status(lambda now: frames_on(now, "a") > before + 25)
        assert recorder.stop() == 0
    assert held
    assert all(path.read_bytes()[: len(content)] == content for path, content in held.items())
    assert_all_is_told(disk.place / "footage", tmp_path / "other")


async def test_what_a_disk_lost_when_it_turned_read_only_is_told_by_the_other_volume(tmp_path, disk) -> None:
    """The index on the failed disk cannot take the gap: it must not be lost with it."""
    async with two_volumes(tmp_path, disk) as recorder:
        disk.fail()
        gone = await recorder.wait_status(lambda now: by_name(now, "b")["spilled_cameras"] == 1)
        assert by_name(gone, "a")["state"] == "failed"
        before = frames_on(gone, "b")
        await recorder.wait_status(lambda now: frames_on(now, "b") > before + 50)
        assert recorder.stop() == 0
    run("umount", str(disk.place))
    assert run("mount", "-o", "loop", str(disk.place.with_suffix(".img")), str(disk.place))
    assert_all_is_told(disk.place / "footage", tmp_path / "other")


async def test_a_disk_on_which_writes_hang_is_left_and_comes_back(tmp_path, disk) -> None:
    async with two_volumes(tmp_path, disk) as recorder:
        disk.hang()
        gone = await recorder.wait_status(lambda now: by_name(now, "b")["spilled_cameras"] == 1)
        assert "has not answered" in by_name(gone, "a")["reason"]
        await recorder.wait_status(lambda now: frames_on(now, "b") > 25)
        disk.wake()
        back = await recorder.wait_status(lambda now: by_name(now, "a")["cameras"] == 1, 60)
        before = frames_on(back, "a")
        await recorder.wait_status(lambda now: frames_on(now, "a") > before + 25)
        assert recorder.stop() == 0
    assert_all_is_told(disk.place / "footage", tmp_path / "other")
