"""Footage that an administrator ordered to go: what goes, what stays, what tells of it, and a crash in the middle."""

import errno

import pytest

from tests.support.encryption import EncryptedRig
from tests.support.media import START_NS, make_packets
from tests.support.recording import END_NS, KEY, Rig, feed, seconds
from vedette.adapters.sqlite_recording_catalog import SqliteRecordingCatalog
from vedette.core.footage_facts import SegmentRetired
from vedette.core.recording_plan import Erasure, Hold
from vedette.recording.check import CheckLevel, check_volume
from vedette.recording.holds_file import KeptHold
from vedette.recording.recovery import find_files
from vedette.recording.retention import KeepRules, SpaceLimit
from vedette.recording.store_terms import StoreTerms
from vedette.recording.stored_file import destroy_segment_key, find_key_day
from vedette.testing.faulty_disk import FaultyDisk


def record(rig: Rig, pictures: int = 1500) -> None:
    """A minute in segments of ten seconds."""
    recorder = rig.recorder(target_s=10)
    feed(recorder, make_packets(pictures))
    recorder.close()
    rig.store.commit()


def order(rig: Rig, from_s: float, to_s: float, *holds: Hold) -> None:
    erasure = Erasure("one", KEY.camera_id, START_NS + seconds(from_s), START_NS + seconds(to_s))
    kept = tuple(KeptHold("here", hold) for hold in holds)
    rig.store.set_terms(StoreTerms(SpaceLimit(0, 0), KeepRules({}, holds, (erasure,)), kept))


def tick(rig: Rig) -> None:
    rig.store.tick(START_NS + seconds(100), seconds(100))


def starts(rig: Rig) -> list[int]:
    segments = {part.segment.start_ns for part in rig.reader().find_fragments(KEY.camera_id, KEY.role, 0, END_NS, 9999)}
    return sorted((start - START_NS) // seconds(1) for start in segments)


def retired(rig: Rig) -> list[SegmentRetired]:
    catalog = SqliteRecordingCatalog(rig.volume.index)
    facts = [entry.fact for entry in catalog.find_journal(0, 1000)]
    catalog.close()
    return [fact for fact in facts if isinstance(fact, SegmentRetired)]


def test_whole_segments_that_touch_the_range_go_and_nothing_else(tmp_path) -> None:
    rig = Rig(tmp_path / "v")
    record(rig)
    before = rig.store.used_bytes
    order(rig, 25, 31)
    tick(rig)
    assert starts(rig) == [0, 10, 40, 50]
    assert len(list(find_files(rig.volume))) == 4
    assert [fact.reason for fact in retired(rig)] == ["erased", "erased"]
    assert rig.store.used_bytes == rig.store.totals().size_bytes < before


def test_ledger_tells_erased_footage_as_policy_also_when_it_was_the_oldest(tmp_path) -> None:
    rig = Rig(tmp_path / "v")
    record(rig)
    order(rig, 0, 15)
    tick(rig)
    gaps = rig.reader().find_gaps(KEY.camera_id, KEY.role, START_NS, START_NS + seconds(60))
    assert [(gap.reason, gap.frames_missing) for gap in gaps] == [("policy", 0)]
    assert (gaps[0].from_ns, gaps[0].to_ns) == (START_NS, START_NS + seconds(20))


def test_what_a_hold_covers_stays_whatever_is_ordered(tmp_path) -> None:
    rig = Rig(tmp_path / "v")
    record(rig)
    order(rig, 0, 60, Hold("h", KEY.camera_id, START_NS + seconds(22), START_NS + seconds(23)))
    tick(rig)
    assert starts(rig) == [20]


def test_footage_that_still_grows_goes_when_it_is_closed(tmp_path) -> None:
    rig = Rig(tmp_path / "v")
    recorder = rig.recorder(target_s=10)
    feed(recorder, make_packets(400))
    rig.store.commit()
    order(rig, 5, 13)
    tick(rig)
    assert starts(rig) == [10]
    recorder.close()
    rig.store.commit()
    tick(rig)
    assert starts(rig) == []


def test_erasure_of_another_camera_touches_nothing(tmp_path) -> None:
    rig = Rig(tmp_path / "v")
    record(rig)
    rig.store.set_terms(StoreTerms(SpaceLimit(0, 0), KeepRules({}, (), (Erasure("x", "other", 0, END_NS),))))
    tick(rig)
    assert len(starts(rig)) == 6


@pytest.mark.parametrize("dies_at", ["unlink", "sync_folder", "overwrite_head"])
def test_crash_in_the_middle_is_finished_at_the_next_start(tmp_path, dies_at) -> None:
    class DyingDisk(FaultyDisk):
        dies = ""

    disk = DyingDisk()

    def die(*_args) -> None:
        raise OSError(errno.EIO, "killed here")

    rig = EncryptedRig(tmp_path, disk)
    record(rig)
    setattr(disk, dies_at, die)
    order(rig, 0, 60)
    tick(rig)
    rig.crash()
    again = EncryptedRig(tmp_path)
    assert len(starts(again)) == 0
    assert list(find_files(again.volume)) == []
    assert again.index.find_tombstones() == []
    catalog = SqliteRecordingCatalog(again.volume.index)
    assert check_volume(again.volume, catalog, CheckLevel.HASH).is_right
    catalog.close()
    assert len(retired(again)) == 6


def test_wrapped_key_is_overwritten_on_the_disk_before_the_file_goes(tmp_path) -> None:
    rig = EncryptedRig(tmp_path)
    record(rig, 500)
    path = next(iter(find_files(rig.volume)))
    spare = path.with_suffix(".spare")
    spare.hardlink_to(path)  # the blocks of the file, after its name is gone
    size_bytes = path.stat().st_size
    assert b"wrapped" in path.read_bytes()[:2000]
    order(rig, 0, 60)
    tick(rig)
    assert not path.exists()
    assert find_key_day(spare) == ""
    assert b"wrapped" not in spare.read_bytes()[:2000]
    assert spare.stat().st_size == size_bytes


def test_footage_in_the_clear_is_not_written_to(tmp_path) -> None:
    rig = Rig(tmp_path / "v", disk := FaultyDisk())
    record(rig, 300)
    path = next(iter(find_files(rig.volume)))
    content = path.read_bytes()
    destroy_segment_key(path, disk)
    assert path.read_bytes() == content
