"""A volume that is mounted read-only, as evidence on a disk from elsewhere: checked and played, never written."""

import ctypes
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.media import make_packets
from tests.support.recording import END_NS, KEY, Rig, feed
from vedette.adapters.sqlite_recording_catalog import SqliteRecordingCatalog
from vedette.core.errors import StorageError
from vedette.node.volume_check import check, repair_index
from vedette.recording.check import CheckLevel, VolumeAccess, VolumeCheck
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
    assert (found.is_right, found.segments, found.access) == (True, 5, VolumeAccess.MOUNTED_READ_ONLY)
    reader = rig.reader()
    parts = reader.find_fragments(KEY.camera_id, KEY.role, 0, END_NS, 1000)
    assert sum(part.frames for part in parts) == 250
    assert reader.read_fragment(parts[0])
    reader.close()
    assert names(root) == before


@pytest.mark.parametrize("level", list(CheckLevel))
def test_closed_volume_is_checked_where_the_user_may_not_write(tmp_path, level) -> None:
    root = tmp_path / "v"
    record(root).store.close()
    before = names(root)
    with unwritable(root):
        found = call_as_nobody(tmp_path, lambda: check(root, level))
    assert found == "True 5 not_permitted"
    assert names(root) == before


@contextmanager
def unwritable(root: Path) -> Iterator[None]:
    folders = [root, *(path for path in root.rglob("*") if path.is_dir())]
    for folder in folders:
        folder.chmod(0o555)
    for path in root.rglob("*"):
        path.chmod(0o555 if path.is_dir() else 0o444)
    try:
        yield
    finally:
        for folder in folders:
            folder.chmod(0o755)


def call_as_nobody(tmp_path: Path, work: Callable[[], VolumeCheck]) -> str:
    """Calls in a child that is not root, since root may write everywhere; tells what came out."""
    for folder in (tmp_path, *tmp_path.parents):
        if folder == Path(tempfile.gettempdir()):
            break
        folder.chmod(0o755)
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            if os.getuid() == 0:
                os.setresuid(65534, 65534, 65534)
            found = work()
            text = f"{found.is_right} {found.segments} {found.access}"
        except BaseException as exc:  # noqa: BLE001 -- told to the parent
            text = repr(exc)
        os.write(writing, text.encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        told = pipe.read()
    os.waitpid(child, 0)
    return told


def test_command_says_that_it_only_looked(disk) -> None:
    record(disk.root / "data" / "volumes" / "main").store.close()
    disk.make_read_only()
    command = [sys.executable, "-m", "vedette", "check", "--data", str(disk.root / "data"), "--level", "hash"]
    told = subprocess.run(command, capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stderr
    assert "right; 5 segments" in told.stdout
    assert "mounted read-only: checked as it lies, nothing was written" in told.stdout
    told = subprocess.run([*command, "--json"], capture_output=True, text=True, check=False)
    assert json.loads(told.stdout)["volumes"][0]["access"] == "mounted_read_only"


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
