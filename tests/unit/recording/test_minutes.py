"""The ledger counts every frame once and explains every missing one, however a range is cut."""

import sqlite3
from contextlib import closing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.media import H264, START_NS, make_packets
from tests.support.recording import KEY, Rig, feed, seconds
from vedette.adapters.sqlite_recording_index import SqliteRecordingIndex
from vedette.core.errors import InvalidInputError
from vedette.core.footage import FootageGap
from vedette.core.media import StreamFormat, StreamRole
from vedette.recording.minutes import count_minutes

WHERE = (KEY.camera_id, KEY.role)


def at(second: float) -> int:
    return START_NS + seconds(second)


def gap(from_ns: int, to_ns: int, frames: int, reason: str = "network") -> FootageGap:
    return FootageGap(StreamRole.MAIN, from_ns, to_ns, reason, frames)


def test_nothing_is_no_slot_and_backwards_is_refused() -> None:
    assert count_minutes([], [], 0, 100, 10) == []
    assert count_minutes([], [gap(0, 50, 0, "policy")], 0, 100, 10) == []
    for from_ns, to_ns, step_ns in ((5, 5, 1), (5, 4, 1), (0, 5, 0)):
        with pytest.raises(InvalidInputError):
            count_minutes([], [], from_ns, to_ns, step_ns)


@given(st.integers(0, 500), st.integers(1, 500), st.integers(1, 1000), st.integers(1, 70), st.integers(0, 900))
def test_frames_of_a_gap_are_spread_exactly_however_it_is_cut(
    start: int, length: int, frames: int, step: int, cut: int
) -> None:
    hole = gap(start, start + length, frames)
    whole = sum(slot.expected for slot in count_minutes([], [hole], 0, 1000, step))
    assert whole == frames
    parts = [(0, cut), (cut, 1000)] if cut else [(0, 1000)]
    assert sum(slot.expected for a, b in parts for slot in count_minutes([], [hole], a, b, step)) == frames


def test_piece_on_the_edge_of_two_ranges_counts_once() -> None:
    pieces = [(9, 5), (10, 7)]
    first, second = count_minutes(pieces, [], 0, 10, 10), count_minutes(pieces, [], 10, 20, 10)
    assert [slot.stored for slot in (*first, *second)] == [5, 7]


def test_two_reasons_in_one_slot_stand_side_by_side() -> None:
    (slot,) = count_minutes([(0, 90)], [gap(1, 5, 6), gap(6, 9, 4, "disk"), gap(9, 10, 1)], 0, 60, 60)
    assert (slot.expected, slot.stored, slot.reasons) == (101, 90, {"network": 7, "disk": 4})


@pytest.mark.parametrize("step_s", [1, 3, 7, 60])
def test_ledger_of_a_recording_has_every_frame_and_the_reason_of_the_hole(tmp_path, step_s: int) -> None:
    rig = Rig(tmp_path / "v")
    recorder = rig.recorder(target_s=10)
    feed(recorder, make_packets(1000))
    recorder.on_fault("unreachable", ends_run=True)
    recorder.write_format(StreamFormat("run-2", H264))
    feed(recorder, make_packets(100, start_ns=at(60)))
    recorder.close()
    rig.store.commit()
    slots = rig.reader().find_minutes(*WHERE, at(0), at(64), seconds(step_s))
    assert sum(slot.stored for slot in slots) == 1100
    assert sum(slot.reasons.get("network", 0) for slot in slots) == 500
    assert sum(slot.expected for slot in slots) == 1600
    assert all((slot.at_ns - at(0)) % seconds(step_s) == 0 for slot in slots)
    assert [slot.at_ns for slot in slots] == sorted(slot.at_ns for slot in slots)


def test_range_that_cuts_a_gap_counts_only_its_part(tmp_path) -> None:
    rig = Rig(tmp_path / "v")
    recorder = rig.recorder(target_s=10)
    feed(recorder, make_packets(100))
    recorder.on_fault("unreachable", ends_run=True)
    recorder.write_format(StreamFormat("run-2", H264))
    feed(recorder, make_packets(100, start_ns=at(24)))
    recorder.close()
    rig.store.commit()
    reader = rig.reader()
    halves = [reader.find_minutes(*WHERE, at(a), at(b), seconds(60)) for a, b in ((0, 14), (14, 28))]
    assert [sum(slot.expected for slot in half) for half in halves] == [350, 350]
    assert [sum(slot.stored for slot in half) for half in halves] == [100, 100]


def test_segment_that_was_taken_away_is_missing_and_not_overlooked(tmp_path) -> None:
    rig = Rig(tmp_path / "v")
    recorder = rig.recorder(target_s=2)
    feed(recorder, make_packets(300))
    recorder.close()
    rig.store.commit()
    ids = [segment.segment_id for segment in rig.index.find_oldest(10)]
    with sqlite3.connect(rig.volume.index) as connection:
        connection.execute("DELETE FROM segments WHERE segment_id = ?", (ids[2],))
    with closing(SqliteRecordingIndex(rig.volume.index)) as index:  # the next start sees it; before, `vedette check`
        index.join_some()
    slots = rig.reader().find_minutes(*WHERE, at(0), at(12), seconds(60))
    assert [(slot.stored, slot.expected, slot.reasons) for slot in slots] == [(250, 300, {"unknown": 50})]
