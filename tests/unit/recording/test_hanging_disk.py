"""A disk that does not answer: what lies on others is read as if it were not there, and it comes back by itself."""

import gc
import os
import threading
from collections.abc import Iterator

import pytest

from tests.support.media import START_NS, make_packets
from tests.support.recording import END_NS, KEY, Rig, feed, seconds
from vedette.adapters.sqlite_recording_catalog import SqliteRecordingCatalog
from vedette.core.errors import StorageError
from vedette.recording.errors import VolumeSilentError
from vedette.recording.reader import FootageReader
from vedette.recording.volume_gate import VolumeGate

PATIENCE_S = 0.3


class Disk:
    """Answers, or does not until told to."""

    def __init__(self) -> None:
        self._answers = threading.Event()
        self._answers.set()
        self.asked = 0

    def hang(self) -> None:
        self._answers.clear()

    def answer(self) -> None:
        self._answers.set()

    def touch(self) -> str:
        self.asked += 1
        assert self._answers.wait(60)
        return "here"


@pytest.fixture
def disk() -> Iterator[Disk]:
    disk = Disk()
    yield disk
    disk.answer()


class Catalog(SqliteRecordingCatalog):
    """Lies on a disk that may hang."""

    disk: Disk

    def _select(self, query, parameters):
        if self._path.parent.name == "slow":
            self.disk.touch()
        return super()._select(query, parameters)


@pytest.fixture
def reader(tmp_path, disk):
    """Two volumes: `fast` has the first two seconds, `slow` two of ten seconds later."""
    for name, start_s in (("fast", 0), ("slow", 10)):
        rig = Rig(tmp_path / name)
        recorder = rig.recorder(first_id=1 + start_s)
        feed(recorder, make_packets(50, start_ns=START_NS + seconds(start_s)))
        recorder.close()
        rig.store.commit()
        rig.store.close()
    catalog = type("CatalogOfThis", (Catalog,), {"disk": disk})
    roots = [tmp_path / "slow", tmp_path / "fast"]
    reader = FootageReader(lambda: roots, catalog, lambda: END_NS, patience_s=PATIENCE_S)
    yield reader
    disk.answer()
    reader.close()


def frames(reader) -> int:
    return sum(part.frames for part in reader.find_fragments(KEY.camera_id, KEY.role, 0, END_NS, 1000))


def ask_everything(reader) -> tuple[object, ...]:
    where = (KEY.camera_id, KEY.role, START_NS, START_NS + seconds(20))
    return (
        reader.find_runs(*where),
        reader.find_gaps(*where),
        reader.find_minutes(*where, seconds(1)),
        reader.find_coverage(*where, 1),
        reader.find_key_fragment(KEY.camera_id, KEY.role, START_NS + seconds(1)),
        reader.find_keys(),
    )


def test_footage_of_other_volumes_is_found_and_read_while_one_hangs(reader, disk) -> None:
    assert frames(reader) == 100
    disk.hang()
    assert frames(reader) == 50
    asked = disk.asked
    runs, _, _, _, key, _ = ask_everything(reader)
    assert sum(run.frames for run in runs) == 50
    assert reader.read_fragment(key)
    assert disk.asked == asked  # nobody waits for it a second time
    disk.answer()
    while frames(reader) < 100:  # as soon as its last call has come back
        threading.Event().wait(0.01)


def test_readers_of_other_volumes_are_not_held_by_one_that_waits(reader, disk) -> None:
    """The thread that asks first waits out its patience; one that comes meanwhile is not behind it in a queue."""
    assert frames(reader) == 100
    part = reader.find_key_fragment(KEY.camera_id, KEY.role, START_NS)
    disk.hang()
    done = threading.Event()
    first = threading.Thread(target=lambda: (frames(reader), done.set()), daemon=True)
    first.start()
    while disk.asked == 0:
        threading.Event().wait(0.001)
    assert reader.read_fragment(part)
    assert done.wait(30)
    first.join(30)


def test_volume_that_hangs_while_it_is_opened_holds_nobody(reader, disk) -> None:
    disk.hang()
    assert frames(reader) == 50
    assert frames(reader) == 50


def test_file_that_hangs_is_an_error_and_not_a_thread_that_is_lost(reader, tmp_path) -> None:
    parts = reader.find_fragments(KEY.camera_id, KEY.role, 0, END_NS, 1000)
    last = parts[-1]
    (path,) = (tmp_path / "slow").rglob(f"{last.segment.segment_id}.mp4")
    path.unlink()
    os.mkfifo(path)  # opening it waits for a writer, who never comes
    try:
        with pytest.raises(VolumeSilentError, match="slow"):
            reader.read_fragment(last)
        assert reader.read_fragment(parts[0])
        with pytest.raises(VolumeSilentError):
            reader.find_stored(KEY, 0, END_NS)  # nothing there would be taken for erased
    finally:
        os.close(os.open(path, os.O_WRONLY))


def test_looking_for_folders_that_hangs_leaves_those_known_before(tmp_path, disk) -> None:
    rig = Rig(tmp_path / "v")
    feed(rig.recorder(), make_packets(50))
    rig.store.commit()

    def find_roots():
        disk.touch()
        return [rig.volume.root]

    reader = FootageReader(find_roots, SqliteRecordingCatalog, lambda: END_NS, patience_s=PATIENCE_S)
    before = frames(reader)
    disk.hang()
    assert frames(reader) == before > 0
    disk.answer()
    reader.close()


def test_small_reads_of_a_file_that_grows_are_of_the_file_as_it_is(tmp_path) -> None:
    rig = Rig(tmp_path / "v")
    recorder = rig.recorder()
    feed(recorder, make_packets(30))
    rig.store.commit()
    reader = rig.reader()
    (part,) = reader.find_fragments(KEY.camera_id, KEY.role, 0, END_NS, 10)
    file = reader.open_segment(part.segment)
    content = rig.volume.segment(part.segment.segment_id).read_bytes()
    assert file.read(100, 50) == content[50:150]
    assert file.read(100, len(content) - 10) == content[-10:]
    feed(recorder, make_packets(1500)[30:])
    rig.store.commit()
    content = rig.volume.segment(part.segment.segment_id).read_bytes()
    assert len(content) > 1 << 17
    for offset in (*range(0, len(content), 3001), len(content) - 5, len(content)):
        assert file.read(900, offset) == content[offset : offset + 900]
    assert file.read(len(content), 0) == content


def test_error_of_a_disk_is_its_own_and_not_silence() -> None:
    gate = VolumeGate("v", PATIENCE_S)

    def fail() -> None:
        raise TimeoutError("the server says so itself")

    for _ in range(3):
        with pytest.raises(TimeoutError, match="itself"):
            gate.call(fail)
    with pytest.raises(StorageError, match="damaged"):
        gate.call(lambda: (_ for _ in ()).throw(StorageError("damaged")))
    assert gate.call(lambda: 7) == 7


def test_threads_of_a_gate_that_nobody_uses_any_more_end() -> None:
    gate = VolumeGate("of this test", PATIENCE_S)
    assert gate.call(lambda: 1) == 1
    (thread,) = [each for each in threading.enumerate() if each.name == "volume of this test"]
    del gate
    gc.collect()
    thread.join(30)
    assert not thread.is_alive()
