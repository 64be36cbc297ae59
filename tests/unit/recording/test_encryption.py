"""Encrypted segments: the same footage comes out, torn and foreign frames do not, recovery needs no key."""

import errno
import hashlib
from contextlib import closing

import pytest

from tests.support.encryption import EncryptedRig, frames_of
from tests.support.media import make_packets
from tests.support.recording import END_NS, KEY, Rig, feed
from vedette.adapters.sqlite_recording_catalog import SqliteRecordingCatalog
from vedette.adapters.sqlite_recording_index import SqliteRecordingIndex
from vedette.core.footage_facts import SegmentClosed
from vedette.recording.archive_keys import ArchiveKeyRing
from vedette.recording.cipher_format import FRAME_HEAD, MOST_PLAIN_BYTES, FrameFlag
from vedette.recording.errors import DamagedFootageError, FootageLockedError
from vedette.recording.records import MARK_BYTES, FragmentEntry, unpack_entry
from vedette.recording.recovery import find_files, rebuild, recover
from vedette.recording.scan import scan_segment
from vedette.recording.store_terms import LostFootage
from vedette.recording.stored_file import open_stored
from vedette.testing.faulty_disk import FaultyDisk


@pytest.fixture
def rig(tmp_path):
    return EncryptedRig(tmp_path)


def record(rig, count=130, **options):
    recorder = rig.recorder(**options)
    feed(recorder, make_packets(count))
    recorder.close()
    rig.store.commit()
    return sorted(find_files(rig.volume))


def fragments(reader):
    return reader.find_fragments(KEY.camera_id, KEY.role, 0, END_NS, 100_000)


def read_all(rig):
    reader = rig.reader()
    return [reader.read_fragment(part) for part in fragments(reader)]


def facts(rig):
    with closing(SqliteRecordingCatalog(rig.volume.index)) as catalog:
        return [entry.fact for entry in catalog.find_journal(0, 100) if isinstance(entry.fact, SegmentClosed)]


def test_encrypted_footage_reads_as_the_same_bytes_as_footage_in_the_clear(tmp_path, rig) -> None:
    plain = Rig(tmp_path / "plain")
    record(rig)
    (path,) = record(plain)
    assert read_all(rig) == read_all(plain)
    (encrypted,) = find_files(rig.volume)
    whole = open_stored(encrypted, rig.keys).read(10 << 20, 0)
    assert whole == path.read_bytes()
    reader, clear = rig.reader(), plain.reader()
    first, also = fragments(reader)[0], fragments(clear)[0]
    assert reader.read_init(first.segment) == clear.read_init(also.segment)
    assert reader.read_key_picture(first) == clear.read_key_picture(also)


def test_the_journal_tells_the_hash_of_the_footage_and_that_of_the_file(rig) -> None:
    (path,) = record(rig)
    (fact,) = facts(rig)
    stored = path.read_bytes()
    plain = open_stored(path, rig.keys).read(10 << 20, 0)
    assert (fact.size_bytes, fact.sha256) == (len(plain), hashlib.sha256(plain).hexdigest())
    assert (fact.stored_bytes, fact.stored_sha256) == (len(stored), hashlib.sha256(stored).hexdigest())
    assert fact.init_sha256 == hashlib.sha256(plain[: fact.init_size_bytes]).hexdigest()


def test_footage_in_the_clear_tells_no_second_hash(tmp_path) -> None:
    plain = Rig(tmp_path / "plain")
    record(plain)
    (fact,) = facts(plain)
    assert (fact.stored_bytes, fact.stored_sha256) == (0, "")


def test_a_fragment_above_a_mebibyte_takes_several_frames(rig) -> None:
    recorder = rig.recorder()
    packets = make_packets(3, gop=50, size_bytes=700_000)
    feed(recorder, packets)
    recorder.close()
    rig.store.commit()
    (path,) = find_files(rig.volume)
    sizes = [frame.head.size_bytes for frame in frames_of(path)]
    assert max(sizes) == MOST_PLAIN_BYTES
    (data,) = read_all(rig)
    assert all(packet.data in data for packet in packets)
    assert scan_segment(path).record.frames == 3


def test_a_closed_segment_says_so_and_a_killed_one_does_not(rig) -> None:
    feed(rig.recorder(), make_packets(60))
    rig.store.commit()
    (path,) = find_files(rig.volume)
    assert FrameFlag.LAST not in frames_of(path)[-1].head.flags
    (segment_id,) = [path.stem]
    rig.store.close_segment(segment_id)
    rig.store.commit()
    assert FrameFlag.LAST in frames_of(path)[-1].head.flags


def test_growing_footage_is_readable_up_to_the_last_commit(rig) -> None:
    recorder = rig.recorder()
    packets = make_packets(130)
    feed(recorder, packets[:60])
    rig.store.commit()
    reader = rig.reader()
    assert sum(part.frames for part in fragments(reader)) == 50
    feed(recorder, packets[60:])
    rig.store.commit()
    found = fragments(reader)
    assert sum(part.frames for part in found) == 125
    assert all(len(reader.read_fragment(part)) == part.size_bytes for part in found)


def test_a_crash_costs_only_the_torn_frame_wherever_the_file_was_cut(tmp_path) -> None:
    rig = EncryptedRig(tmp_path)
    feed(rig.recorder(), make_packets(60, gop=10, size_bytes=10))
    rig.store.commit()
    rig.crash()
    (path,) = find_files(rig.volume)
    whole, frames = path.read_bytes(), frames_of(path)
    plain = open_stored(path, rig.keys).read(10 << 20, 0)
    ends = [frame.end for frame in frames if frame.head.size_bytes]
    for cut in range(ends[-3] - 3, len(whole) + 1):
        path.write_bytes(whole[:cut])
        scanned = scan_segment(path).record
        kept = [frame for frame in frames if frame.end <= cut]
        assert scanned.size_bytes == kept[-1].plain_end
        assert scanned.stored_bytes == kept[-1].end
        assert scanned.sha256 == hashlib.sha256(plain[: scanned.size_bytes]).digest()
        assert scanned.stored_sha256 == hashlib.sha256(whole[: kept[-1].end]).digest()


@pytest.mark.parametrize("back", [1, 5, 40, 200])
def test_a_torn_last_frame_of_full_length_is_cut_too(tmp_path, back) -> None:
    """A file system may give the length before the content: after a power cut the end reads as zeros."""
    rig = EncryptedRig(tmp_path)
    feed(rig.recorder(), make_packets(130))
    rig.store.commit()
    rig.crash()
    (path,) = find_files(rig.volume)
    frames = frames_of(path)
    data = bytearray(path.read_bytes())
    last = frames[-2] if any(data[-back:]) else frames[-1]  # one byte in 256 is a zero anyway
    data[-back:] = bytes(back)
    path.write_bytes(data)
    assert scan_segment(path).record.size_bytes == last.plain_end


def test_recovery_after_a_crash_needs_no_private_key(tmp_path) -> None:
    rig = EncryptedRig(tmp_path)
    feed(rig.recorder(), make_packets(130))
    rig.store.commit()
    before = rig.reader()
    expected = fragments(before)
    rig.crash()
    rig.private.rename(tmp_path / "away")
    again = EncryptedRig(tmp_path)
    assert len(again.report.recovered) == 1
    found = fragments(again.reader())
    assert [(part.offset, part.size_bytes, part.start_ns, part.is_key) for part in found] == [
        (part.offset, part.size_bytes, part.start_ns, part.is_key) for part in expected
    ]
    with pytest.raises(FootageLockedError, match="20261118"):
        again.reader().read_fragment(found[0])
    (tmp_path / "away").rename(rig.private)
    assert len(read_all(again)) == len(expected)
    (fact,) = facts(again)
    (path,) = find_files(again.volume)
    assert fact.stored_sha256 == hashlib.sha256(path.read_bytes()[: fact.stored_bytes]).hexdigest()


def test_a_file_torn_at_its_birth_is_removed(tmp_path) -> None:
    rig = EncryptedRig(tmp_path)
    feed(rig.recorder(), make_packets(60))
    rig.store.commit()
    rig.crash()
    (path,) = find_files(rig.volume)
    path.write_bytes(path.read_bytes()[: frames_of(path)[0].end + 5])
    again = EncryptedRig(tmp_path)
    assert again.report.empty == (path.stem,)
    assert not path.exists()


def test_the_index_is_made_anew_without_any_key_and_is_the_same(tmp_path, rig) -> None:
    record(rig, 200, target_s=2)
    rig.store.close()
    fresh = SqliteRecordingIndex(tmp_path / "fresh.db")
    assert rebuild(rig.volume, fresh) == []
    fresh.close()
    with (
        closing(SqliteRecordingCatalog(rig.volume.index)) as old,
        closing(SqliteRecordingCatalog(tmp_path / "fresh.db")) as new,
    ):
        assert list(old.find_all()) == list(new.find_all())
        for segment in old.find_all():
            assert old.find_fragments(segment.segment_id) == new.find_fragments(segment.segment_id)
            assert old.find_hash(segment.segment_id) == new.find_hash(segment.segment_id)


def test_a_frame_damaged_in_the_middle_costs_itself_alone(rig) -> None:
    (path,) = record(rig)
    frames = frames_of(path)
    data = bytearray(path.read_bytes())
    data[frames[2].start + FRAME_HEAD.size + 3] ^= 1
    path.write_bytes(data)
    scanned = scan_segment(path)
    assert len(scanned.damage) == 1
    whole = len(frames) - 2  # without the init and the end
    assert len(scanned.record.marks) == MARK_BYTES * whole
    reader = rig.reader()
    for number, part in enumerate(fragments(reader)):
        if number == 1:
            with pytest.raises(DamagedFootageError, match="not what was recorded"):
                reader.read_fragment(part)
        else:
            assert len(reader.read_fragment(part)) == part.size_bytes


def test_a_damaged_head_of_a_frame_costs_that_frame_alone(rig) -> None:
    (path,) = record(rig)
    frames = frames_of(path)
    data = bytearray(path.read_bytes())
    data[frames[2].start] ^= 0xFF
    path.write_bytes(data)
    record_ = scan_segment(path).record
    assert record_.size_bytes == frames[-1].plain_end
    entry = unpack_entry(frames[2].head.entry)
    assert record_.frames == sum(unpack_entry(frame.head.entry).frames for frame in frames) - entry.frames


def _swap(data: bytes, frames, one: int, other: int) -> bytes:
    parts = [data[: frames[0].start], *(data[frame.start : frame.end] for frame in frames)]
    parts[one + 1], parts[other + 1] = parts[other + 1], parts[one + 1]
    return b"".join(parts)


def test_frames_that_changed_places_never_show_as_other_footage(rig) -> None:
    """Each frame carries its own place under its tag: one is found behind, the other is refused, neither is taken."""
    (path,) = record(rig)
    frames, reader = frames_of(path), rig.reader()
    expected = read_all(rig)
    path.write_bytes(_swap(path.read_bytes(), frames, 2, 3))
    refused = []
    for number, part in enumerate(fragments(reader)):
        try:
            assert reader.read_fragment(part) == expected[number]
        except DamagedFootageError:
            refused.append(number)
    assert refused == [1]
    assert scan_segment(path).damage


def test_a_frame_of_another_segment_is_refused_though_its_key_is_the_same_days(rig) -> None:
    one, other = record(rig, 250, target_s=4)[:2]
    mine, theirs = frames_of(one), frames_of(other)
    pairs = [(a, b) for a in mine[1:] for b in theirs[1:] if a.head.size_bytes == b.head.size_bytes > 0]
    a, b = pairs[0]
    data, foreign = bytearray(one.read_bytes()), other.read_bytes()
    data[a.start : a.end] = foreign[b.start : b.end]
    one.write_bytes(data)
    reader = rig.reader()
    part = next(p for p in fragments(reader) if p.segment.segment_id == one.stem and p.offset == a.head.offset)
    with pytest.raises(DamagedFootageError):
        reader.read_fragment(part)


@pytest.mark.parametrize("place", ["number", "flags", "entry", "sha256", "body", "tag", "crc"])
def test_a_changed_byte_anywhere_in_a_frame_never_gives_footage(rig, place) -> None:
    (path,) = record(rig)
    frame = frames_of(path)[1]
    at = {
        "number": 7, "flags": 8, "entry": 25, "sha256": FRAME_HEAD.size - 1,
        "body": FRAME_HEAD.size + 10, "tag": frame.head.stored_bytes - 5, "crc": frame.head.stored_bytes - 1,
    }[place]  # fmt: skip
    data = bytearray(path.read_bytes())
    data[frame.start + at] ^= 1
    path.write_bytes(data)
    reader = rig.reader()
    part = fragments(reader)[0]
    if place == "crc":  # the CRC proves nothing and changes nothing that is read
        assert len(reader.read_fragment(part)) == part.size_bytes
        assert scan_segment(path).damage
        return
    with pytest.raises(DamagedFootageError):
        reader.read_fragment(part)


def test_a_changed_head_of_the_file_makes_all_of_it_unreadable(rig) -> None:
    (path,) = record(rig)
    data = path.read_bytes()
    path.write_bytes(data.replace(KEY.camera_id.encode(), b"1" * 26, 1))
    reader = rig.reader()
    with pytest.raises((FootageLockedError, DamagedFootageError)):
        reader.read_fragment(fragments(reader)[0])


def test_another_key_of_the_same_day_is_named_as_wrong(tmp_path, rig) -> None:
    record(rig)
    other = EncryptedRig(tmp_path / "other")
    rig.keys = ArchiveKeyRing(other.private)
    with pytest.raises(FootageLockedError, match="another key of that day"):
        read_all(rig)


def test_an_old_volume_in_the_clear_goes_on_with_encrypted_segments(tmp_path) -> None:
    plain = Rig(tmp_path / "volumes" / "main")
    record(plain, 100)
    plain.store.close()
    rig = EncryptedRig(tmp_path)
    recorder = rig.recorder(first_id=9)
    feed(recorder, make_packets(100, start_ns=1_795_000_100_000_000_000))
    recorder.close()
    rig.store.commit()
    assert sum(map(len, read_all(rig))) > 0
    kinds = {path.read_bytes()[:6] == b"VDTSEG" for path in find_files(rig.volume)}
    assert kinds == {True, False}
    assert sum(part.frames for part in fragments(rig.reader())) == 200


def test_a_write_that_fails_never_uses_a_frame_number_again(tmp_path) -> None:
    disk = FaultyDisk()
    rig = EncryptedRig(tmp_path, disk)
    recorder = rig.recorder()
    packets = make_packets(300, gop=25)
    feed(recorder, packets[:60])
    disk.append_errno, disk.torn_bytes = errno.EIO, 150
    feed(recorder, packets[60:90])
    disk.append_errno = 0
    feed(recorder, packets[90:])
    recorder.close()
    rig.store.commit()
    assert any(isinstance(news, LostFootage) for news in rig.store.drain_news())
    for path in find_files(rig.volume):
        scanned = scan_segment(path)
        assert scanned.damage == ()
        numbers = [frame.head.number for frame in frames_of(path)]
        assert numbers == sorted(set(numbers))
    (path,) = find_files(rig.volume)
    assert [frame.head.number for frame in frames_of(path)] != list(range(len(frames_of(path))))
    assert all(read_all(rig))


class HonestTooLateDisk(FaultyDisk):
    """Writes everything, says that it failed, and shows the file before the writer takes it back."""

    def __init__(self) -> None:
        super().__init__()
        self.before_truncate = lambda: None

    def truncate(self, descriptor: int, size_bytes: int) -> None:
        self.before_truncate()
        super().truncate(descriptor, size_bytes)


def test_a_reader_that_saw_a_write_that_was_taken_back_reads_what_came_instead(tmp_path) -> None:
    disk = HonestTooLateDisk()
    rig = EncryptedRig(tmp_path, disk)
    recorder = rig.recorder()
    packets = make_packets(120, gop=25)
    feed(recorder, packets[:52])
    (path,) = find_files(rig.volume)
    opened = open_stored(path, rig.keys)
    sizes = [len(opened.read(1 << 20, 0))]
    disk.append_errno, disk.torn_bytes = errno.EIO, 1 << 20
    disk.before_truncate = lambda: sizes.append(len(opened.read(1 << 20, 0)))
    feed(recorder, packets[52:80])
    disk.append_errno = 0
    feed(recorder, packets[80:])
    rig.store.commit()
    assert sizes[1] > sizes[0]
    assert opened.read(1 << 20, 0) == open_stored(path, rig.keys).read(1 << 20, 0)


def test_a_fragment_row_survives_the_way_through_a_frame() -> None:
    entry = FragmentEntry(10, 2_000_010, 3, 4, 5, 6, 7)
    assert unpack_entry(entry.pack()) == entry


def test_recovery_leaves_a_whole_encrypted_volume_alone(rig) -> None:
    record(rig)
    assert recover(rig.volume, rig.index, rig.disk).recovered == ()
