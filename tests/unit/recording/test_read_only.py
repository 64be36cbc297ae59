"""A volume that is mounted read-only, as evidence on a disk from elsewhere: checked and played, never written."""

import ctypes
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.media import make_packets
from tests.support.recording import END_NS, KEY, Rig, feed
from vedette.adapters.sqlite_recording_catalog import SqliteRecordingCatalog
from vedette.core.errors import StorageError
from vedette.node.volume_check import check, repair_index
from vedette.recording.check import CheckLevel
from vedette.recording.errors import VolumeUnusableError

_READ_ONLY, _REMOUNT = 1, 32
"""MS_RDONLY, MS_REMOUNT of mount(2)."""


class Disk:
    """A file system in memory that can be made read-only."""

    def __init__(self, root) -> None:
        self.root = root
        self._libc = ctypes.CDLL(None, use_errno=True)
        self.mount(0)

    def mount(self, flags: int) -> None:
        if self._libc.mount(b"vedette-test", bytes(self.root), b"tmpfs", flags, None) != 0:
            code = ctypes.get_errno()
            raise OSError(code, os.strerror(code))

    def make_read_only(self) -> None:
        self.mount(_READ_ONLY | _REMOUNT)

    def unmount(self) -> None:
        self._libc.umount2(bytes(self.root), 0)


@pytest.fixture
def disk(tmp_path):
    root = tmp_path / "disk"
    root.mkdir()
    try:
        mounted = Disk(root)
    except OSError as exc:
        pytest.skip(f"mounting takes a right that this process does not have: {exc.strerror}")
    yield mounted
    mounted.unmount()


def record(root) -> Rig:
    rig = Rig(root)
    recorder = rig.recorder(target_s=2)
    feed(recorder, make_packets(250))
    recorder.close()
    rig.store.commit()
    return rig


def names(root) -> list[str]:
    return sorted(str(path.relative_to(root)) for path in root.rglob("*"))


@pytest.mark.parametrize("level", list(CheckLevel))
def test_closed_volume_is_checked_and_read_on_a_read_only_mount(disk, level) -> None:
    root = disk.root / "v ?#%"  # no part of an address
    rig = record(root)
    rig.store.close()
    before = names(root)
    assert not [name for name in before if name.endswith(("-wal", "-shm"))]
    disk.make_read_only()
    found = check(root, level)
    assert (found.is_right, found.segments) == (True, 5)
    reader = rig.reader()
    parts = reader.find_fragments(KEY.camera_id, KEY.role, 0, END_NS, 1000)
    assert sum(part.frames for part in parts) == 250
    assert reader.read_fragment(parts[0])
    reader.close()
    assert names(root) == before


def test_volume_of_a_killed_recorder_is_checked_with_what_only_its_log_holds(disk) -> None:
    root = disk.root / "v"
    code = (
        "import os, pathlib, sys; from tests.unit.recording.test_read_only import record;"
        " record(pathlib.Path(sys.argv[1])); os._exit(0)"
    )
    environment = {**os.environ, "PYTHONPATH": str(Path.cwd())}
    subprocess.run([sys.executable, "-c", code, str(root)], check=True, env=environment)
    assert (root / "index.db-wal").stat().st_size > 0
    disk.make_read_only()
    assert check(root, CheckLevel.SIZE).segments == 5


def test_log_that_cannot_be_read_is_an_error_and_no_old_index(disk) -> None:
    """Opened as it lies, the index would be that of before the crash, and say nothing of it."""
    root = disk.root / "v"
    rig = record(root)
    (root / "index.db-wal").rename(root / "kept")
    rig.index.close()
    (root / "kept").rename(root / "index.db-wal")
    (root / "index.db-shm").unlink(missing_ok=True)
    disk.make_read_only()
    with pytest.raises(StorageError, match="was not closed"):
        SqliteRecordingCatalog(root / "index.db")


def test_repairing_the_index_of_a_read_only_volume_is_refused_by_name(disk) -> None:
    root = disk.root / "v"
    record(root).store.close()
    disk.make_read_only()
    with pytest.raises(VolumeUnusableError, match="mounted read-only"):
        repair_index(root)
