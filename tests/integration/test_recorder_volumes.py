"""Two volumes of a real recorder: one disk vanishes while it runs, and comes back with its own index."""

import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.support.clips import make_clip
from tests.support.recorder import ALWAYS, camera_id, make_assignment, running_recorder, urls_of
from vedette.adapters.sqlite_recording_catalog import SqliteRecordingCatalog
from vedette.core.assignment import VolumeAssignment
from vedette.core.media import StreamRole
from vedette.recording.reader import FootageReader
from vedette.testing.sim_server import SimServer
from vedette.testing.simulated_camera import CameraSpec


def run(*command: str) -> int:
    return subprocess.run(command, capture_output=True, check=False).returncode


class Disk:
    """A small file system that is plugged in and pulled out."""

    def __init__(self, folder: Path) -> None:
        self.content, self.place = folder / "content", folder / "disk"
        self.content.mkdir()
        self.place.mkdir()
        if run("mount", "-t", "tmpfs", "-o", "size=256M", "tmpfs", str(self.content)):
            pytest.skip("mounting a small file system needs root")
        self.plug()

    def plug(self) -> None:
        assert run("mount", "--bind", str(self.content), str(self.place)) == 0

    def pull(self) -> None:
        assert run("umount", "-l", str(self.place)) == 0

    def remove(self) -> None:
        run("umount", "-l", str(self.place))
        run("umount", "-l", str(self.content))


@pytest.fixture
def disk(tmp_path) -> Iterator[Disk]:
    disk = Disk(tmp_path)
    yield disk
    disk.remove()


def by_name(status: dict) -> dict[str, dict]:
    return {volume["name"]: volume for volume in status["volumes"]}


@pytest.mark.timeout(150)
async def test_pain_11_15_a_vanished_disk_costs_its_cameras_little_and_the_others_nothing(tmp_path, disk) -> None:
    """Pains 9, 11 and 15: cameras spill over, nothing lands below the mount point, they return, all of it plays."""
    clip = make_clip(tmp_path, frames=100, gop_frames=25)
    other = tmp_path / "other"
    async with SimServer([CameraSpec(f"cam{number}", clip) for number in range(2)]) as server:
        assignment = make_assignment(urls_of(server))
        cameras = tuple(
            replace(camera, volumes=(name,)) for camera, name in zip(assignment.cameras, ("a", "b"), strict=True)
        )
        volumes = tuple(VolumeAssignment(str(path), 0, 0, name) for path, name in ((disk.place, "a"), (other, "b")))
        async with running_recorder(tmp_path, replace(assignment, cameras=cameras, volumes=volumes)) as recorder:
            await recorder.wait_status(lambda now: all(v["frames"] > 25 for v in now["volumes"]))
            disk.pull()
            gone = await recorder.wait_status(lambda now: by_name(now)["b"]["spilled_cameras"] == 1)
            assert by_name(gone)["a"]["state"] == "failed"
            frames = by_name(gone)["b"]["frames"]
            await recorder.wait_status(lambda now: by_name(now)["b"]["frames"] > frames + 50)
            assert list(disk.place.iterdir()) == []
            disk.plug()
            back = await recorder.wait_status(lambda now: by_name(now)["a"]["cameras"] == 1, 60)
            assert by_name(back)["b"]["spilled_cameras"] == 0
            frames = by_name(back)["a"]["frames"]
            await recorder.wait_status(lambda now: by_name(now)["a"]["frames"] > frames + 25)
            assert recorder.stop() == 0
    reader = FootageReader(lambda: [disk.place, other], SqliteRecordingCatalog, lambda: 1 << 62)
    gaps = reader.find_gaps(camera_id(0), StreamRole.MAIN, *ALWAYS)
    assert sum(gap.to_ns - gap.from_ns for gap in gaps) < 6_000_000_000
    assert all(gap.reason != "unknown" for gap in gaps)
    assert reader.find_gaps(camera_id(1), StreamRole.MAIN, *ALWAYS) == []
    log = (tmp_path / "recorder.log").read_text()
    assert log.count("kind=spill_over") == 1
