"""Finding and reading stored footage."""

import sqlite3
from contextlib import closing

import pytest

from tests.support.media import AAC, H264, START_NS, make_packets
from tests.support.recording import END_NS, KEY, Rig, feed, seconds
from vedette.adapters.sqlite_recording_index import SqliteRecordingIndex
from vedette.core.footage import FootageGap
from vedette.core.media import StreamFormat, StreamRole
from vedette.core.time import TICKS_PER_S
from vedette.media.fmp4 import parse_fragment
from vedette.recording.errors import DamagedFootageError, FootageGoneError
from vedette.recording.retention import SpaceLimit

WHERE = (KEY.camera_id, KEY.role)


@pytest.fixture
def rig(tmp_path):
    rig = Rig(tmp_path / "v")
    recorder = rig.recorder(target_s=10)
    feed(recorder, make_packets(1000, start_90k=TICKS_PER_S))  # 40 s, key frames every 2 s
    recorder.close()
    rig.store.commit()
    return rig


def at(second: float) -> int:
    return START_NS + seconds(second)


def test_nothing_is_found_where_nothing_is(rig) -> None:
    reader = rig.reader()
    assert reader.find_fragments(KEY.camera_id, StreamRole.SUB, 0, END_NS, 10) == []
    assert reader.find_fragments(*WHERE, at(40), END_NS, 10) == []
    assert reader.find_key_fragment(*WHERE, at(0) - 1) is None
    assert reader.find_gaps(*WHERE, 0, END_NS) == []
    assert reader.find_runs("01ARZ3NDEKTSV4RRFFQ69G5FAV", StreamRole.MAIN, 0, END_NS) == []


def test_a_volume_that_comes_later_is_found(tmp_path) -> None:
    from vedette.adapters.sqlite_recording_catalog import SqliteRecordingCatalog
    from vedette.recording.reader import FootageReader

    reader = FootageReader(lambda: [tmp_path / "v"], SqliteRecordingCatalog, lambda: END_NS)
    assert reader.find_fragments(*WHERE, 0, END_NS, 10) == []
    late = Rig(tmp_path / "v")
    feed(late.recorder(), make_packets(100))
    late.store.commit()
    assert len(reader.find_fragments(*WHERE, 0, END_NS, 10)) == 3


def test_fragments_of_a_range_come_in_order_and_overlap_it(rig) -> None:
    parts = rig.reader().find_fragments(*WHERE, at(8.5), at(12.5), 100)
    assert [part.start_ns for part in parts] == [at(second) for second in (8, 9, 10, 11, 12)]
    assert len({part.segment.segment_id for part in parts}) == 2


def test_a_limit_takes_the_first(rig) -> None:
    parts = rig.reader().find_fragments(*WHERE, 0, END_NS, 12)
    assert [part.start_ns for part in parts] == [at(second) for second in range(12)]


def test_a_range_is_half_open(rig) -> None:
    parts = rig.reader().find_fragments(*WHERE, at(1), at(2), 100)
    assert [part.start_ns for part in parts] == [at(1)]


@pytest.mark.parametrize(("second", "expected"), [(0, 0), (1.99, 0), (2, 2), (9.9, 8), (10, 10), (39.9, 38), (900, 38)])
def test_the_key_frame_at_or_before_a_time(rig, second, expected) -> None:
    found = rig.reader().find_key_fragment(*WHERE, at(second))
    assert found is not None
    assert found.start_ns == at(expected)
    assert found.is_key


def test_stored_bytes_are_the_packets(rig) -> None:
    reader = rig.reader()
    (part,) = reader.find_fragments(*WHERE, at(11), at(12), 1)
    data = reader.read_fragment(part)
    track = parse_fragment(data).video
    assert track is not None
    packets = make_packets(1000, start_90k=TICKS_PER_S)[275:300]
    assert data[track.offset :] == b"".join(packet.data for packet in packets)
    assert part.media_90k == packets[0].dts_90k


def test_a_fragment_is_moved_to_where_the_player_wants_it(rig) -> None:
    reader = rig.reader()
    (part,) = reader.find_fragments(*WHERE, at(11), at(12), 1)
    track = parse_fragment(reader.read_fragment_at(part, 123_456)).video
    assert track is not None
    assert track.decode_90k == 123_456
    on_the_run = parse_fragment(reader.read_fragment_at(part, part.media_90k)).video
    assert on_the_run is not None
    assert on_the_run.decode_90k == 12 * TICKS_PER_S


def test_only_the_key_picture_of_a_fragment(rig) -> None:
    reader = rig.reader()
    part = reader.find_key_fragment(*WHERE, at(12))
    assert part is not None
    data = reader.read_key_picture(part, 900)
    track = parse_fragment(data).video
    assert track is not None
    assert (track.decode_90k, track.sizes_bytes, track.durations_90k) == (900, (400,), (TICKS_PER_S,))
    assert data[track.offset :] == make_packets(301, start_90k=TICKS_PER_S)[300].data
    second = reader.find_fragments(*WHERE, at(13), at(14), 1)[0]
    with pytest.raises(DamagedFootageError):
        reader.read_key_picture(second)


def test_the_init_names_run_and_format(tmp_path) -> None:
    rig = Rig(tmp_path / "v")
    feed(rig.recorder(stream_format=StreamFormat("run-9", H264, AAC)), make_packets(60))
    rig.store.commit()
    reader = rig.reader()
    (part, *_) = reader.find_fragments(*WHERE, 0, END_NS, 5)
    init = reader.read_init(part.segment)
    assert init.format == StreamFormat("run-9", H264, AAC)
    assert len(init.init) == part.segment.init_size_bytes


def test_expired_footage_is_gone_not_broken(rig) -> None:
    reader = rig.reader()
    part = reader.find_fragments(*WHERE, 0, END_NS, 1)[0]
    rig.store.set_limit(SpaceLimit(rig.store.used_bytes // 2, 0))
    rig.store.make_room()
    with pytest.raises(FootageGoneError):
        reader.read_fragment(part)


def test_a_file_shorter_than_its_index_is_damage(rig) -> None:
    reader = rig.reader()
    part = reader.find_fragments(*WHERE, 0, END_NS, 1)[0]
    path = rig.volume.segment(part.segment.segment_id)
    path.write_bytes(path.read_bytes()[: part.offset + 10])
    with pytest.raises(DamagedFootageError):
        reader.read_fragment(part)


def test_runs_join_segments_and_count_every_picture(rig) -> None:
    (run,) = rig.reader().find_runs(*WHERE, 0, END_NS)
    assert (run.from_ns, run.to_ns, run.frames) == (at(0), at(40), 1000)


def test_runs_are_clipped_to_the_range(rig) -> None:
    (run,) = rig.reader().find_runs(*WHERE, at(5.5), at(20))
    assert (run.from_ns, run.to_ns, run.frames) == (at(5.5), at(20), 15 * 25)


def test_gaps_have_their_reason_and_split_the_coverage(tmp_path) -> None:
    rig = Rig(tmp_path / "v")
    recorder = rig.recorder()
    feed(recorder, make_packets(100))
    recorder.on_fault("unreachable", ends_run=True)
    recorder.write_format(StreamFormat("run-2", H264))
    feed(recorder, make_packets(100, start_ns=at(20)))
    recorder.close()
    rig.store.commit()
    reader = rig.reader()
    expected = FootageGap(KEY.role, at(4), at(20), "network", 400)
    assert reader.find_gaps(*WHERE, at(0), at(30)) == [expected]
    assert reader.find_coverage(*WHERE, at(0), at(30), seconds(1)) == [(at(0), at(4)), (at(20), at(24))]
    assert reader.find_coverage(*WHERE, at(0), at(30), seconds(60)) == [(at(0), at(24))]


def test_a_hole_that_nothing_explains_is_shown_as_unknown(tmp_path) -> None:
    rig = Rig(tmp_path / "v")
    recorder = rig.recorder(target_s=2)
    feed(recorder, make_packets(300))
    recorder.close()
    rig.store.commit()
    ids = [segment.segment_id for segment in rig.index.find_oldest(10)]
    with sqlite3.connect(rig.volume.index) as connection:  # as a fault of ours or somebody's hand would
        connection.execute("DELETE FROM segments WHERE segment_id IN (?, ?)", ids[2:4])
    with closing(SqliteRecordingIndex(rig.volume.index)) as index:  # the next start sees it; before, `vedette check`
        index.join_some()
    (gap,) = rig.reader().find_gaps(*WHERE, at(0), at(12))
    assert (gap.from_ns, gap.to_ns, gap.reason) == (at(4), at(8), "unknown")


def test_footage_that_expired_between_kept_footage_leaves_a_gap_by_policy(tmp_path) -> None:
    rig = Rig(tmp_path / "v")
    recorder = rig.recorder(target_s=2)
    feed(recorder, make_packets(400))
    recorder.close()
    rig.store.commit()
    ids = [segment.segment_id for segment in rig.index.find_oldest(10)]
    rig.index.forget(ids[2:4], "expired")
    rig.index.forget(ids[4:5], "space")
    (gap,) = rig.reader().find_gaps(*WHERE, at(0), at(16))
    assert (gap.from_ns, gap.to_ns, gap.reason, gap.frames_missing) == (at(4), at(10), "policy", 0)
    rig.index.forget(ids[:2], "space")  # nothing older is left: the gap expires with its footage
    assert rig.reader().find_gaps(*WHERE, at(0), at(16)) == []


def test_footage_of_two_volumes_is_one_recording(tmp_path) -> None:
    from vedette.adapters.sqlite_recording_catalog import SqliteRecordingCatalog
    from vedette.recording.reader import FootageReader

    one, two = Rig(tmp_path / "a"), Rig(tmp_path / "b")
    recorder = one.recorder(first_id=1)
    feed(recorder, make_packets(100))
    recorder.close()
    recorder = two.recorder(first_id=50)
    feed(recorder, make_packets(100, start_90k=100 * 3600, start_ns=at(4), first_sequence=100))
    recorder.close()
    for rig in (one, two):
        rig.store.commit()
    reader = FootageReader(lambda: [two.volume.root, one.volume.root], SqliteRecordingCatalog, lambda: END_NS)
    parts = reader.find_fragments(*WHERE, 0, END_NS, 100)
    assert [part.start_ns for part in parts] == [at(second) for second in range(8)]
    for part in parts:
        reader.read_fragment(part)
    assert [run.frames for run in reader.find_runs(*WHERE, 0, END_NS)] == [200]
    assert reader.find_key_fragment(*WHERE, at(5)).start_ns == at(4)
    assert reader.find_keys() == [KEY]
