"""Joined coverage: whatever happens to segments, it says what they say, and a reader cannot tell the difference."""

import sqlite3
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.recording import END_NS, KEY, seconds
from vedette.adapters import sqlite_recording_index
from vedette.adapters.sqlite_recording_catalog import SqliteRecordingCatalog
from vedette.adapters.sqlite_recording_index import SqliteRecordingIndex
from vedette.core.errors import StorageError
from vedette.core.media import StreamRole
from vedette.core.recording_plan import RecordingMode
from vedette.core.time import NS_PER_S
from vedette.recording.check import CheckLevel, check_volume
from vedette.recording.ledger import HOLE_NS
from vedette.recording.reader import FootageReader
from vedette.recording.records import CUT_NS, FragmentEntry, SegmentHead, SegmentRecord, StreamKey, Stretch
from vedette.recording.volume import Volume, create_volume

DAY_NS = 24 * 3600 * NS_PER_S
MIDNIGHT_NS = 20_000 * DAY_NS
MINUTE_NS = 60 * NS_PER_S


def segment(
    number: int,
    start_ns: int,
    *,
    length_ns: int = MINUTE_NS,
    run: str = "run-1",
    mode: RecordingMode = RecordingMode.CONTINUOUS,
    is_open: bool = False,
    key: StreamKey = KEY,
) -> SegmentRecord:
    head = SegmentHead(f"{number:026}", key, run, start_ns, 0, 0, 100, mode)
    part = FragmentEntry(start_ns, start_ns + length_ns, 0, 0, 1000 + number, 25 + number, 10)
    return SegmentRecord(head, start_ns + length_ns, 1000 + number, 25 + number, is_open, part.pack())


def join(records: list[SegmentRecord]) -> list[Stretch]:
    """What the coverage must be, worked out without SQL."""
    stretches: list[Stretch] = []
    chains: dict[tuple[str, str, int], list[SegmentRecord]] = {}
    for record in sorted(records, key=lambda record: record.head.start_ns):
        head = record.head
        if record.is_open:
            stretches.append(
                Stretch(head.run_id, head.mode, head.start_ns, record.end_ns, record.frames, record.size_bytes, True)
            )
        else:
            chains.setdefault((head.run_id, head.mode, head.start_ns // CUT_NS), []).append(record)
    for (run_id, mode, _), members in chains.items():
        joined: list[Stretch] = []
        for record in members:
            if joined and record.head.start_ns - joined[-1].to_ns <= HOLE_NS:
                last = joined.pop()
                sums = (last.frames + record.frames, last.size_bytes + record.size_bytes)
                joined.append(Stretch(run_id, mode, last.from_ns, max(last.to_ns, record.end_ns), *sums))
            else:
                joined.append(
                    Stretch(run_id, mode, record.head.start_ns, record.end_ns, record.frames, record.size_bytes)
                )
        stretches += joined
    return sorted(stretches)


def find(volume: Volume, key: StreamKey = KEY) -> list[Stretch]:
    with closing(SqliteRecordingCatalog(volume.index)) as catalog:
        return sorted(
            stretch._replace(is_open=bool(stretch.is_open)) for stretch in catalog.find_stretches(key, 0, END_NS)
        )


def find_wrong(volume: Volume) -> list[StreamKey]:
    with closing(SqliteRecordingCatalog(volume.index)) as catalog:
        return catalog.find_wrong_streams()


def read(volume: Volume) -> FootageReader:
    return FootageReader(lambda: [volume.root], SqliteRecordingCatalog, lambda: END_NS)


@pytest.fixture
def volume(tmp_path) -> Volume:
    return create_volume(tmp_path / "v")


@pytest.fixture
def index(volume):
    with closing(SqliteRecordingIndex(volume.index)) as index:
        yield index


def test_a_day_without_interruption_is_four_rows(volume, index) -> None:
    day = [segment(number, MIDNIGHT_NS + number * MINUTE_NS) for number in range(1440)]
    for start in range(0, 1440, 100):
        index.commit(day[start : start + 100], [])
    assert len(find(volume)) == 4
    assert find(volume) == join(day)
    (run,) = read(volume).find_runs(KEY.camera_id, KEY.role, MIDNIGHT_NS, MIDNIGHT_NS + DAY_NS)
    assert run.frames == sum(record.frames for record in day)


def test_retention_shortens_the_begin(volume, index) -> None:
    records = [segment(number, MIDNIGHT_NS + number * MINUTE_NS) for number in range(10)]
    index.commit(records, [])
    for count in (1, 3, 9, 10):
        index.forget([record.head.segment_id for record in records[:count]], "expired")
        assert find(volume) == join(records[count:])


def test_what_a_hold_keeps_stays_and_what_follows_begins_later(volume, index) -> None:
    records = [segment(number, MIDNIGHT_NS + number * MINUTE_NS) for number in range(10)]
    index.commit(records, [])
    for gone in range(3, 8):
        index.forget([records[gone].head.segment_id], "expired")
        assert find(volume) == join(records[:3] + records[gone + 1 :])


def test_the_last_segment_before_a_cut_takes_nothing_of_the_next_stretch(volume, index) -> None:
    before, after = segment(1, MIDNIGHT_NS - MINUTE_NS), segment(2, MIDNIGHT_NS)
    index.commit([before, after], [])
    index.forget([before.head.segment_id], "expired")
    assert find(volume) == join([after])


def test_a_segment_that_comes_late_closes_the_hole(volume, index) -> None:
    records = [segment(number, MIDNIGHT_NS + number * MINUTE_NS) for number in range(5)]
    index.commit(records[:2] + records[3:], [])
    assert len(find(volume)) == 2
    index.commit([records[2]], [])
    assert find(volume) == join(records)


def test_a_closed_segment_that_recovery_writes_again_counts_once(volume, index) -> None:
    records = [segment(number, MIDNIGHT_NS + number * MINUTE_NS) for number in range(3)]
    index.commit(records, [])
    index.commit([records[1]], [])
    assert find(volume) == join(records)


def test_a_segment_that_closes_moves_from_open_to_joined(volume, index) -> None:
    for is_open in (True, True, False):
        record = segment(1, MIDNIGHT_NS, is_open=is_open)
        index.commit([segment(0, MIDNIGHT_NS - MINUTE_NS, run="old"), record], [])
        assert len(find(volume)) == 2
    assert sum(stretch.frames for stretch in find(volume)) == 51


Step = tuple[str, int, int, int]
STEPS = st.lists(
    st.tuples(
        st.sampled_from(
            ["append", "append", "append", "hole", "run", "mode", "back", "open", "forget", "middle", "restart"]
        ),
        st.integers(0, 5),
        st.integers(1, 600),
        st.integers(0, 900),  # milliseconds, around HOLE_NS
    ),
    max_size=40,
)


class History:
    """An index to which things happen, and what it must hold."""

    def __init__(self, volume: Volume) -> None:
        self.volume = volume
        self.index = SqliteRecordingIndex(volume.index)
        self.records: dict[str, SegmentRecord] = {}
        self.number, self.end_ns, self.run = 0, MIDNIGHT_NS - 1800 * NS_PER_S, 0
        self.mode = RecordingMode.CONTINUOUS

    def apply(self, step: Step) -> None:
        what, which, length_s, hole_ms = step
        known = sorted(self.records)
        if what in {"forget", "middle"} and known:
            first = 0 if what == "forget" else which % len(known)
            gone = known[first : first + 1 + which]
            self.index.forget(gone, "expired")
            for segment_id in gone:
                del self.records[segment_id]
        elif what == "restart":
            self.index.close()
            self.index = SqliteRecordingIndex(self.volume.index)
        else:
            self._record(what, length_s, hole_ms)

    def _record(self, what: str, length_s: int, hole_ms: int) -> None:
        self.number += 1
        self.run += what == "run"
        if what == "mode":
            self.mode = RecordingMode.MOTION if self.mode is RecordingMode.CONTINUOUS else RecordingMode.CONTINUOUS
        shift_ns = {"hole": hole_ms * 1_000_000, "back": -length_s * NS_PER_S}.get(what, 0)
        record = segment(
            self.number,
            self.end_ns + shift_ns,
            length_ns=length_s * NS_PER_S,
            run=f"run-{self.run % 3}",
            mode=self.mode,
            is_open=what == "open",
        )
        closes = [
            segment(
                int(known.head.segment_id),
                known.head.start_ns,
                length_ns=known.end_ns - known.head.start_ns,
                run=known.head.run_id,
                mode=known.head.mode,
            )
            for known in self.records.values()
            if known.is_open
        ]
        self.index.commit([*closes, record], [])
        self.records |= {known.head.segment_id: known for known in [*closes, record]}
        self.end_ns = record.end_ns


@settings(max_examples=60)
@given(STEPS)
def test_coverage_is_what_the_segments_say_after_anything(steps: list[Step]) -> None:
    with TemporaryDirectory() as folder:
        history = History(create_volume(Path(folder) / "v"))
        for step in steps:
            history.apply(step)
            assert find(history.volume) == join(list(history.records.values())), step
        assert find_wrong(history.volume) == []
        history.index.close()


@settings(max_examples=40)
@given(STEPS, st.integers(0, 6 * 3600), st.integers(1, 24 * 3600))
def test_a_reader_cannot_tell_joined_coverage_from_segments(steps: list[Step], from_s: int, length_s: int) -> None:
    """An index of format 3 has none, so a reader joins the segments of the range: both must give the same."""
    from_ns = MIDNIGHT_NS - 3600 * NS_PER_S + seconds(from_s)
    to_ns = from_ns + seconds(length_s)
    where = (KEY.camera_id, KEY.role, from_ns, to_ns)
    with TemporaryDirectory() as folder:
        history = History(create_volume(Path(folder) / "v"))
        for step in steps:
            history.apply(step)
        history.index.close()
        answers = []
        for version in (4, 3):
            with closing(sqlite3.connect(history.volume.index)) as connection:
                connection.execute(f"PRAGMA user_version={version}")
            reader = read(history.volume)
            minutes = reader.find_minutes(*where, 3600 * NS_PER_S)
            coverage = reader.find_coverage(*where, NS_PER_S)
            stored = sum(run.frames for run in reader.find_runs(*where))
            gaps = [(gap.from_ns, gap.to_ns, gap.reason) for gap in reader.find_gaps(*where)]
            answers.append((coverage, stored, gaps, [(slot.at_ns, slot.stored) for slot in minutes]))
            reader.close()
        assert answers[0] == answers[1]


@pytest.fixture
def filled(volume) -> Volume:
    with closing(SqliteRecordingIndex(volume.index)) as index:
        index.commit([segment(number, MIDNIGHT_NS + number * MINUTE_NS) for number in range(400)], [])
    return volume


def change(volume: Volume, script: str) -> None:
    with closing(sqlite3.connect(volume.index)) as connection:
        connection.executescript(script)


def join_on(volume: Volume) -> None:
    """What a volume's writer does, a second each."""
    with closing(SqliteRecordingIndex(volume.index)) as index:
        for _ in range(20):
            index.join_some()


TO_FORMAT_3 = """
DROP TABLE stretches;
DROP INDEX segments_growing;
CREATE INDEX segments_open ON segments (is_open) WHERE is_open;
PRAGMA user_version=3;
"""


def test_an_index_of_format_3_is_read_as_it_is_and_joined_at_the_next_start(filled) -> None:
    before = find(filled)
    change(filled, TO_FORMAT_3)
    assert find(filled) == before
    assert find_wrong(filled) == []
    join_on(filled)
    assert find(filled) == before
    with closing(sqlite3.connect(filled.index)) as connection:
        assert connection.execute("SELECT COUNT(*) FROM stretches").fetchone() == (2,)


def test_a_migration_that_is_cut_short_changes_nothing(filled) -> None:
    change(filled, TO_FORMAT_3 + "CREATE VIEW stretches AS SELECT 1;")
    with pytest.raises(StorageError, match="views may not be indexed"):
        SqliteRecordingIndex(filled.index)
    with closing(sqlite3.connect(filled.index)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (3,)
        names = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'index'")}
    assert "segments_open" in names


def test_coverage_that_lacks_footage_is_found_and_joined_anew_at_start(filled) -> None:
    right = find(filled)
    change(filled, "DELETE FROM stretches WHERE number = 1")
    assert find_wrong(filled) == [KEY]
    join_on(filled)
    assert find(filled) == right
    assert find_wrong(filled) == []


def test_the_check_names_a_stream_whose_coverage_is_wrong(filled) -> None:
    change(filled, "UPDATE stretches SET to_ns = to_ns + 1000000000 WHERE number = 1")
    with closing(SqliteRecordingCatalog(filled.index)) as catalog:
        found = check_volume(filled, catalog, CheckLevel.PRESENCE)
    assert [finding.code for finding in found.findings if finding.code != "file_missing"] == ["coverage_differs"]
    assert KEY.camera_id in found.findings[-1].detail


def version_of(volume: Volume) -> int:
    with closing(sqlite3.connect(volume.index)) as connection:
        (version,) = connection.execute("PRAGMA user_version").fetchone()
    return int(version)


@pytest.fixture
def slowly(monkeypatch) -> None:
    """One six hours of a stream at a time."""
    monkeypatch.setattr(sqlite_recording_index, "_JOINED_AT_ONCE", 1)


@pytest.mark.usefixtures("slowly")
def test_recording_goes_on_while_an_index_of_format_3_is_joined(volume) -> None:
    other = StreamKey(KEY.camera_id, StreamRole.SUB)
    records = [segment(number, MIDNIGHT_NS + number * MINUTE_NS) for number in range(2000)]
    records += [segment(5000 + number, MIDNIGHT_NS + number * MINUTE_NS, key=other) for number in range(0, 900, 2)]
    with closing(SqliteRecordingIndex(volume.index)) as index:
        index.commit(records, [])
    change(volume, TO_FORMAT_3)
    with closing(SqliteRecordingIndex(volume.index)) as index:
        steps = 0
        while version_of(volume) == 3:
            now = 2000 + steps
            fresh = [segment(now, MIDNIGHT_NS + now * MINUTE_NS, is_open=True)]
            fresh += [segment(now - 1, MIDNIGHT_NS + (now - 1) * MINUTE_NS)] if steps else []
            late = [segment(9000 + steps, MIDNIGHT_NS + (1 + 2 * steps) * MINUTE_NS, key=other)]
            index.commit([*fresh, *late], [])
            gone = [records.pop(0), records.pop(len(records) // 3)]  # retention, and a hold or an erasure
            index.forget([record.head.segment_id for record in gone], "space")
            records = [record for record in records if not record.is_open] + fresh + late
            assert find(volume) == join([record for record in records if record.head.key == KEY])
            assert find(volume, other) == join([record for record in records if record.head.key == other])
            index.join_some()
            steps += 1
        assert steps > 8
    assert find(volume) == join([record for record in records if record.head.key == KEY])
    assert find(volume, other) == join([record for record in records if record.head.key == other])
    assert find_wrong(volume) == []


@pytest.mark.usefixtures("slowly")
def test_joining_that_is_killed_goes_on_from_where_it_was(filled) -> None:
    right = find(filled)
    change(filled, TO_FORMAT_3)
    for start in range(2):  # killed after each of the two six hours
        index = SqliteRecordingIndex(filled.index)
        index.join_some()
        index._connection.close()  # nothing else is written, as after SIGKILL
        assert (version_of(filled), find(filled)) == (3, right)
        with closing(sqlite3.connect(filled.index)) as connection:
            assert connection.execute("SELECT COUNT(*) FROM stretches").fetchone() == (start + 1,)
    join_on(filled)
    assert (version_of(filled), find(filled), find_wrong(filled)) == (4, right, [])


@pytest.mark.usefixtures("slowly")
def test_earlier_release_that_wrote_in_between_is_noticed_and_everything_joined_anew(filled) -> None:
    change(filled, TO_FORMAT_3)
    with closing(SqliteRecordingIndex(filled.index)) as index:
        index.join_some()  # the newest six hours
    change(filled, f"DELETE FROM segments WHERE start_ns = {MIDNIGHT_NS + 390 * MINUTE_NS}")  # knows no stretches
    join_on(filled)
    assert (version_of(filled), find_wrong(filled)) == (4, [])


def test_stretches_of_footage_that_is_gone_go_when_everything_is_joined_anew(filled) -> None:
    change(
        filled,
        "INSERT INTO stretches (stream_id, run_id, mode, from_ns, to_ns, segments, frames, size_bytes)"
        " SELECT stream_id, 'gone', mode, from_ns - 864000000000000, to_ns - 864000000000000, 1, 1, 1 FROM stretches",
    )
    join_on(filled)
    assert find_wrong(filled) == []


def test_a_whole_index_has_nothing_to_join_and_writes_nothing(filled) -> None:
    with closing(SqliteRecordingIndex(filled.index)) as index, closing(sqlite3.connect(filled.index)) as other:
        other.execute("BEGIN IMMEDIATE")  # would be in its way
        index.join_some()
