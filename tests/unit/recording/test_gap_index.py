"""A question about the gaps of a day costs as much as that day has, whatever came before and after."""

import random
import sqlite3
from contextlib import closing

import pytest

from tests.support.media import START_NS
from tests.support.recording import KEY, Rig, seconds
from vedette.adapters.sqlite_recording_catalog import SqliteRecordingCatalog
from vedette.adapters.sqlite_recording_gaps import FIND_GAPS
from vedette.recording.records import GapRecord

DAY_S = 86_400


def gap(from_s: float, to_s: float, reason: str = "network") -> GapRecord:
    return GapRecord(KEY, START_NS + seconds(from_s), START_NS + seconds(to_s), reason, 1)


@pytest.fixture
def rig(tmp_path):
    return Rig(tmp_path / "v")


def count_steps(rig, from_s: float, to_s: float) -> tuple[int, int]:
    """Steps of SQLite's machine for a question, and how many gaps it finds."""
    steps = 0

    def step() -> int:
        nonlocal steps
        steps += 1
        return 0

    values = {"from_ns": START_NS + seconds(from_s), "to_ns": START_NS + seconds(to_s)}
    with closing(sqlite3.connect(rig.volume.index)) as connection:
        connection.execute("SELECT 1 FROM gaps").fetchone()
        connection.set_progress_handler(step, 1)
        found = connection.execute(FIND_GAPS, {"camera_id": KEY.camera_id, "role": KEY.role, **values}).fetchall()
    return steps, len(found)


def test_work_of_a_question_does_not_grow_with_the_gaps_before_and_after(rig) -> None:
    day = [gap(at, at + 2) for at in range(0, DAY_S, 900)]
    rig.index.commit([], day)
    alone, found = count_steps(rig, 0, DAY_S)
    assert found == 96
    years = [
        gap(at, at + 1 + at % 300) for at in range(-100 * DAY_S, 100 * DAY_S, 864) if not 0 <= at + 600 <= DAY_S + 600
    ]
    years += [gap(-300 * DAY_S + at * DAY_S, -299 * DAY_S + at * DAY_S, "camera") for at in range(200)]
    rig.index.commit([], years)
    among, found_among = count_steps(rig, 0, DAY_S)
    assert found_among == found
    assert among < alone * 2  # a few of each class end just before; by their begin alone it takes sixteen times as much


def test_every_part_of_the_question_walks_an_index(rig) -> None:
    values = {"camera_id": KEY.camera_id, "role": KEY.role, "from_ns": 0, "to_ns": 1}
    with closing(sqlite3.connect(rig.volume.index)) as connection:
        plan = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {FIND_GAPS}", values)]
    walks = [step for step in plan if "gaps" in step]
    assert len(walks) == 6
    assert all("gaps_by_length (stream_id=? AND <expr>=? AND from_ns" in step for step in walks), walks


def test_same_gaps_are_found_as_by_looking_at_each(rig) -> None:
    chance = random.Random(7)
    lengths = (0.6, 9.9, 10, 10.1, 99, 100, 101, 999, 1000, 1001, 9999, 10_001, DAY_S, DAY_S + 1, 40 * DAY_S)
    gaps = [gap(at := chance.uniform(-DAY_S, DAY_S), at + length) for length in lengths for _ in range(20)]
    rig.index.commit([], gaps)
    with closing(SqliteRecordingCatalog(rig.volume.index)) as catalog:
        for _ in range(200):
            from_ns = START_NS + seconds(chance.uniform(-2 * DAY_S, 2 * DAY_S))
            to_ns = from_ns + seconds(chance.choice([0.1, 60, DAY_S]))
            expected = sorted(each.from_ns for each in gaps if each.from_ns < to_ns and each.to_ns > from_ns)
            assert [each.from_ns for each in catalog.find_gaps(KEY, from_ns, to_ns)] == expected


def test_gap_that_grows_from_class_to_class_is_found_once(rig) -> None:
    with closing(SqliteRecordingCatalog(rig.volume.index)) as catalog:
        for length_s in (5, 50, 500, 5_000, 50_000, 500_000):
            rig.index.commit([], [gap(0, length_s)])
            late_ns = START_NS + seconds(length_s)
            assert catalog.find_gaps(KEY, late_ns - 1, late_ns) == [GapRecord(KEY, START_NS, late_ns, "network", 1)]


def test_index_of_an_earlier_release_answers_the_same(rig) -> None:
    rig.index.commit([], [gap(0, 50_000), gap(60_000, 60_001)])
    with closing(sqlite3.connect(rig.volume.index)) as connection:
        connection.execute("DROP INDEX gaps_by_length")
    with closing(SqliteRecordingCatalog(rig.volume.index)) as catalog:
        assert len(catalog.find_gaps(KEY, START_NS + seconds(40_000), START_NS + seconds(70_000))) == 2
    rig.index.close()
    again = Rig(rig.volume.root)
    with closing(sqlite3.connect(again.volume.index)) as connection:
        assert connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'gaps_by_length'").fetchone()
