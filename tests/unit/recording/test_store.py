"""A volume's writer: order of operations, full and failing disks, deletion, recovery after a crash."""

import ctypes
import errno
import mmap
from dataclasses import replace

import pytest

from tests.support.media import START_NS, make_packets
from tests.support.recording import END_NS, KEY, Rig, feed, seconds
from vedette.core.errors import StorageError
from vedette.core.media import StreamRole
from vedette.recording.errors import DamagedFootageError, VolumeUnusableError
from vedette.recording.records import GapRecord, StreamKey
from vedette.recording.recovery import find_files, rebuild
from vedette.recording.retention import SpaceLimit, describe_full
from vedette.recording.scan import scan_segment
from vedette.recording.store_terms import LostFootage, VolumeNews, VolumeState
from vedette.recording.volume import create_volume, open_volume
from vedette.testing.faulty_disk import FaultyDisk


@pytest.fixture
def disk():
    return FaultyDisk()


@pytest.fixture
def rig(tmp_path, disk):
    return Rig(tmp_path / "v", disk)


def fragments(rig):
    return rig.reader().find_fragments(KEY.camera_id, KEY.role, 0, END_NS, 100_000)


def states(rig) -> list[VolumeState]:
    return [news.state for news in rig.store.drain_news() if isinstance(news, VolumeNews)]


def test_the_index_shows_only_what_was_made_durable(rig, disk) -> None:
    recorder = rig.recorder()
    feed(recorder, make_packets(30))
    assert fragments(rig) == []
    rig.store.commit()
    assert sum(part.frames for part in fragments(rig)) == 25
    assert disk.calls.index("append") < disk.calls.index("sync")


def test_a_growing_file_is_playable_and_readable(rig) -> None:
    feed(rig.recorder(), make_packets(100))
    rig.store.commit()
    (path,) = find_files(rig.volume)
    assert scan_segment(path).damage == ()
    assert fragments(rig)[0].segment.is_open


def test_the_page_in_which_the_next_write_goes_on_stays_in_memory(rig) -> None:
    """Without it every write would wait for its block to be read back from the disk."""
    feed(rig.recorder(), make_packets(300))
    rig.store.start_writing()
    rig.store.commit()
    (path,) = find_files(rig.volume)
    with path.open("r+b") as file, mmap.mmap(file.fileno(), 0) as pages:
        assert len(pages) % mmap.PAGESIZE
        resident = (ctypes.c_ubyte * (len(pages) // mmap.PAGESIZE + 1))()
        start = ctypes.c_char.from_buffer(pages)
        size_bytes = ctypes.c_size_t(len(pages))
        assert ctypes.CDLL(None).mincore(ctypes.byref(start), size_bytes, resident) == 0
        del start  # an address into the mapping: it cannot be closed before
    assert resident[-1] & 1


def test_a_write_that_fails_leaves_no_torn_fragment_behind(rig, disk) -> None:
    recorder = rig.recorder()
    packets = make_packets(300, gop=50)
    feed(recorder, packets[:60])
    disk.append_errno, disk.torn_bytes = errno.EIO, 100
    feed(recorder, packets[60:90])
    disk.append_errno = 0
    news = rig.store.drain_news()
    (lost,) = [item for item in news if isinstance(item, LostFootage)]
    assert (lost.frames, lost.key) == (25, KEY)
    recorder.on_lost(lost)
    feed(recorder, packets[90:])
    recorder.close()
    rig.store.commit()
    assert sum(part.frames for part in fragments(rig)) == 250
    assert [scan_segment(path).damage for path in find_files(rig.volume)] == [(), ()]
    assert {gap.reason for gap in rig.sink.gaps} == {"disk"}
    assert recorder.ledger.totals.missing == 50


def test_state_is_told_once_per_change(rig, disk) -> None:
    recorder = rig.recorder()
    packets = make_packets(500, gop=25)
    feed(recorder, packets[:30])
    disk.append_errno = errno.EIO
    feed(recorder, packets[30:200])
    disk.append_errno = 0
    feed(recorder, packets[200:])
    assert states(rig) == [VolumeState.FAILED, VolumeState.WRITABLE]


def test_a_disk_that_cannot_sync_loses_aloud(rig, disk) -> None:
    recorder = rig.recorder()
    feed(recorder, make_packets(30))
    disk.sync_errno = errno.EIO
    rig.store.commit()
    news = rig.store.drain_news()
    assert [item.frames for item in news if isinstance(item, LostFootage)] == [25]
    assert fragments(rig) == []


def test_gaps_that_a_failed_index_never_took_are_handed_back_when_the_volume_closes(rig) -> None:
    """Another volume keeps them: a disk that failed must not take the account of its failure with it."""
    taken, ended, growing = (GapRecord(KEY, START_NS + at, START_NS + at + 1, "disk", 1) for at in (0, 10, 20))
    rig.store.add_gap(taken)
    rig.store.commit()

    def fail(*_args) -> None:
        raise StorageError("the disk is read-only")

    rig.index.commit = fail
    rig.store.add_gap(ended)
    rig.store.add_gap(replace(growing, is_open=True))  # its stream tells it again
    rig.store.close()
    assert [news for news in rig.store.drain_news() if isinstance(news, GapRecord)] == [ended]


def test_a_full_disk_deletes_oldest_first_before_space_is_needed(tmp_path, disk) -> None:
    disk.capacity_bytes = 400_000
    rig = Rig(tmp_path / "v", disk, SpaceLimit(200_000, 50_000))
    recorder = rig.recorder(target_s=2)
    for start in range(0, 2500, 50):
        feed(
            recorder,
            make_packets(50, start_90k=start * 3600, first_sequence=start, start_ns=START_NS + seconds(start / 25)),
        )
        rig.store.commit()
        assert rig.store.used_bytes <= 200_000
    found = fragments(rig)
    assert found[-1].start_ns == START_NS + seconds(98)
    assert START_NS + seconds(40) < found[0].start_ns < START_NS + seconds(60)
    assert states(rig) == []
    assert rig.index.find_tombstones() == []
    files = {path.stem for path in find_files(rig.volume)}
    assert files == {part.segment.segment_id for part in found}


def test_when_nothing_may_be_deleted_the_loss_is_told(tmp_path, disk) -> None:
    disk.capacity_bytes = 60_000
    rig = Rig(tmp_path / "v", disk, SpaceLimit(0, 20_000))
    recorder = rig.recorder(target_s=60)
    feed(recorder, make_packets(1000))
    news = rig.store.drain_news()
    told = next(one for one in news if isinstance(one, VolumeNews))
    assert told.state is VolumeState.FULL
    assert "free space on this disk" in told.reason
    assert any(isinstance(item, LostFootage) for item in news)
    assert disk.free_bytes(tmp_path) >= 20_000


def test_pain_10_deletion_goes_row_tombstone_file_folder(tmp_path, disk) -> None:
    rig = Rig(tmp_path / "v", disk, SpaceLimit(0, 0))
    recorder = rig.recorder(target_s=2)
    feed(recorder, make_packets(200))
    recorder.close()
    rig.store.commit()
    oldest = rig.index.find_oldest(1)[0]
    steps = []
    real_forget, real_clear = rig.index.forget, rig.index.clear_tombstones
    rig.index.forget = lambda ids, reason: (steps.append("row"), real_forget(ids, reason))
    rig.index.clear_tombstones = lambda ids: (steps.append("tombstone"), real_clear(ids))
    disk.calls = steps
    rig.store.set_limit(SpaceLimit(rig.store.used_bytes - 1, 0))
    rig.store.make_room()
    assert steps[:4] == ["row", f"unlink {oldest.segment_id}.mp4", "sync_folder", "tombstone"]


@pytest.mark.parametrize("crash_before_unlink", [True, False])
def test_pain_10_a_deletion_cut_short_is_finished_at_the_next_start(tmp_path, disk, crash_before_unlink) -> None:
    rig = Rig(tmp_path / "v", disk)
    recorder = rig.recorder(target_s=2)
    feed(recorder, make_packets(200))
    recorder.close()
    rig.store.commit()
    victim = rig.index.find_oldest(1)[0].segment_id
    rig.index.forget([victim], "space")
    if not crash_before_unlink:
        rig.volume.segment(victim).unlink()
    rig.crash()
    again = Rig(tmp_path / "v")
    assert not again.volume.segment(victim).exists()
    assert again.index.find_tombstones() == []
    assert victim not in {part.segment.segment_id for part in fragments(again)}


@pytest.mark.parametrize("commits", [0, 1])
def test_after_a_kill_the_index_shows_everything_that_was_written(tmp_path, commits) -> None:
    rig = Rig(tmp_path / "v")
    feed(rig.recorder(), make_packets(60))
    for _ in range(commits):
        rig.store.commit()
    rig.crash()
    again = Rig(tmp_path / "v")
    assert len(again.report.recovered) == 1
    assert sum(part.frames for part in fragments(again)) == 50
    assert not any(part.segment.is_open for part in fragments(again))
    assert list(again.volume.growing.iterdir()) == []


def test_the_reason_of_a_gap_survives_a_second_kill_and_a_lost_index(tmp_path) -> None:
    from dataclasses import replace

    from tests.support.recording import RUN

    rig = Rig(tmp_path / "v")
    feed(rig.recorder(), make_packets(60))
    rig.store.commit()
    rig.crash()
    second = Rig(tmp_path / "v")
    recorder = second.recorder(stream_format=replace(RUN, run_id="run-2"), first_id=50)
    feed(recorder, make_packets(60, start_ns=START_NS + seconds(9)))
    second.crash()  # before anything of it was committed
    third = Rig(tmp_path / "v")

    def gaps(rig):
        return [
            (gap.reason, gap.from_ns, gap.to_ns) for gap in rig.reader().find_gaps(KEY.camera_id, KEY.role, 0, END_NS)
        ]

    expected = [("us", START_NS + seconds(2), START_NS + seconds(9))]
    assert gaps(third) == expected
    third.crash()
    for leftover in third.volume.root.glob("index.db*"):
        leftover.unlink()
    fourth = Rig(tmp_path / "v")
    rebuild(fourth.volume, fourth.index)
    assert gaps(fourth) == expected


def test_a_torn_tail_costs_only_itself(tmp_path) -> None:
    rig = Rig(tmp_path / "v")
    feed(rig.recorder(), make_packets(110))
    rig.store.commit()
    rig.crash()
    (path,) = find_files(rig.volume)
    path.write_bytes(path.read_bytes()[:-500])
    again = Rig(tmp_path / "v")
    assert sum(part.frames for part in fragments(again)) == 75
    for part in fragments(again):
        again.reader().read_fragment(part)


def test_a_file_torn_at_its_birth_is_removed_at_start(tmp_path) -> None:
    rig = Rig(tmp_path / "v")
    feed(rig.recorder(), make_packets(60))
    rig.crash()
    (path,) = find_files(rig.volume)
    path.write_bytes(path.read_bytes()[:300])
    again = Rig(tmp_path / "v")
    assert len(again.report.empty) == 1
    assert list(find_files(again.volume)) == []
    assert again.index.find_totals().segments == 0


def test_an_index_made_from_nothing_equals_the_one_that_was_lost(tmp_path) -> None:
    rig = Rig(tmp_path / "v")
    for role in StreamRole:
        recorder = rig.recorder(key=StreamKey(KEY.camera_id, role), target_s=4)
        feed(recorder, make_packets(500, offsets_90k=(0, 7200, 3600)))
        recorder.close()
    rig.store.commit()
    before = [
        (
            part.segment.segment_id,
            part.start_ns,
            part.offset,
            part.size_bytes,
            part.frames,
            part.is_key,
            part.media_90k,
            part.duration_90k,
            part.key_size_bytes,
        )
        for part in fragments(rig)
    ]
    totals = rig.index.find_totals()
    rig.store.close()
    for leftover in rig.volume.root.glob("index.db*"):
        leftover.unlink()
    again = Rig(tmp_path / "v")
    assert rebuild(again.volume, again.index) == []
    after = [
        (
            part.segment.segment_id,
            part.start_ns,
            part.offset,
            part.size_bytes,
            part.frames,
            part.is_key,
            part.media_90k,
            part.duration_90k,
            part.key_size_bytes,
        )
        for part in fragments(again)
    ]
    assert after == before
    assert again.index.find_totals() == totals


def test_damage_inside_a_file_costs_only_what_it_hits(tmp_path) -> None:
    rig = Rig(tmp_path / "v")
    recorder = rig.recorder()
    feed(recorder, make_packets(250, size_bytes=400))
    recorder.close()
    rig.store.commit()
    third = fragments(rig)[3]
    rig.store.close()
    (path,) = find_files(rig.volume)
    data = bytearray(path.read_bytes())
    data[third.offset : third.offset + 200] = bytes(200)
    path.write_bytes(data)
    scanned = scan_segment(path)
    assert scanned.record.frames == 225
    assert len(scanned.damage) == 1
    for leftover in rig.volume.root.glob("index.db*"):
        leftover.unlink()
    again = Rig(tmp_path / "v")
    rebuild(again.volume, again.index)
    assert len(fragments(again)) == 9
    for part in fragments(again):
        again.reader().read_fragment_at(part, 0)


@pytest.mark.parametrize("mask", [0x01, 0x80, 0xFF])
def test_any_changed_byte_of_a_fragments_head_costs_it_at_most(tmp_path, mask: int) -> None:
    rig = Rig(tmp_path / "v")
    recorder = rig.recorder()
    feed(recorder, make_packets(75, size_bytes=400))
    recorder.close()
    rig.store.commit()
    second = fragments(rig)[1]
    rig.store.close()
    (path,) = find_files(rig.volume)
    data = path.read_bytes()
    hashed = scan_segment(path).record.sha256
    said = set()
    for at in range(second.offset, second.offset + second.size_bytes - 25 * 400):
        path.write_bytes(data[:at] + bytes([data[at] ^ mask]) + data[at + 1 :])
        scanned = scan_segment(path)
        assert scanned.record.frames >= 50
        assert scanned.record.sha256 != hashed
        said.update(text.rpartition(" has ")[2] for text in scanned.damage)
    assert "times or sizes that footage cannot have" in said


def test_a_file_that_is_not_ours_is_refused(tmp_path) -> None:
    path = tmp_path / "x.mp4"
    for content in (b"", b"\x00" * 5000, b"\x00\x00\x00\x18ftypisom" + bytes(3000)):
        path.write_bytes(content)
        with pytest.raises(DamagedFootageError):
            scan_segment(path)


def test_an_index_of_a_newer_release_is_refused(tmp_path) -> None:
    import sqlite3

    volume = create_volume(tmp_path / "v")
    connection = sqlite3.connect(volume.index)
    connection.execute("PRAGMA user_version=99")
    connection.close()
    with pytest.raises(StorageError, match="99"):
        Rig(tmp_path / "v")


def test_a_folder_with_something_else_in_it_is_no_volume(tmp_path) -> None:
    (tmp_path / "holiday.jpg").touch()
    with pytest.raises(VolumeUnusableError):
        create_volume(tmp_path)


def test_a_volume_keeps_its_identity(tmp_path) -> None:
    made = create_volume(tmp_path / "v")
    assert open_volume(tmp_path / "v") == made == create_volume(tmp_path / "v")


def test_making_a_volume_can_be_repeated_after_a_crash(tmp_path) -> None:
    root = tmp_path / "v"
    root.mkdir()
    (root / ".volume.json").write_bytes(b"{")
    (root / "segments").mkdir()
    assert create_volume(root).volume_id


@pytest.mark.parametrize("name", ["../../etc/passwd", "", "x", "01ARZ3NDEKTSV4RRFFQ69G5FA/"])
def test_a_segment_id_never_becomes_a_foreign_path(tmp_path, name) -> None:
    with pytest.raises(VolumeUnusableError):
        create_volume(tmp_path / "v").segment(name)


def test_full_volume_says_whether_the_disk_or_its_own_limit_is_at_fault() -> None:
    assert "raise the limit" in describe_full(SpaceLimit(1_000, 0), used_bytes=1_000, free_bytes=1 << 30)
    assert "free space on this disk" in describe_full(SpaceLimit(1 << 40, 1 << 30), used_bytes=0, free_bytes=1 << 30)
    assert "free space on this disk" in describe_full(SpaceLimit(0, 0), used_bytes=5, free_bytes=0)
