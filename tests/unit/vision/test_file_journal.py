"""Hazards of a journal: a torn tail, a block that was changed or moved, another format, key or job, a full disk."""

import os
from pathlib import Path

import pytest

from vedette.adapters.journal_box import JournalBox
from vedette.node.file_journal import FLUSH_EVERY_S, MAGIC, Answer, FileJournal, JournalHead, Step
from vedette.testing.clock import SimulatedClock
from vedette.vision.file_jobs import BegunAgain, CannotGoOnError

HEAD = JournalHead("file", ["model-r1", "faces=3"], "lists", "settings", 7)
STEPS = [Step(bytes([number]) * 40, [Answer(number, b"picture"), Answer(1, None)]) for number in range(4)]


def open_journal(
    folder: Path, name: str = "job", key: int = 0, reserve_bytes: int = 0, most_bytes: int = 1 << 20
) -> FileJournal:
    box = JournalBox(bytes([key]) * 32)
    return FileJournal(folder / "journal", name, box, SimulatedClock(), reserve_bytes, most_bytes)


def write(folder: Path, steps: list[Step], **limits: int) -> Path:
    """One block for each step."""
    journal = open_journal(folder, **limits)
    assert journal.read_head() is None
    journal.begin(HEAD)
    for step in steps:
        journal.note(step)
        journal.flush()
    journal.close()
    return folder / "journal"


def read(journal: FileJournal) -> list[Step]:
    assert journal.read_head() == HEAD
    found: list[Step] = []
    while steps := journal.read_steps():
        found += steps
    return found


def test_what_was_noted_is_read_and_goes_on(tmp_path: Path) -> None:
    write(tmp_path, STEPS[:2])
    again = open_journal(tmp_path)
    assert read(again) == STEPS[:2]
    again.go_on()
    again.note(STEPS[2])
    again.note(STEPS[3])
    again.close()
    assert read(open_journal(tmp_path)) == STEPS
    assert (tmp_path / "journal").stat().st_mode & 0o077 == 0


def test_torn_tail_is_cut_at_every_length_and_goes_on(tmp_path: Path) -> None:
    path = write(tmp_path, STEPS[:2])
    sound = path.read_bytes()
    write_third = open_journal(tmp_path)
    read(write_third)
    write_third.go_on()
    write_third.note(STEPS[2])
    write_third.close()
    longer = path.read_bytes()
    for length in range(len(sound), len(longer)):
        path.write_bytes(longer[:length])
        journal = open_journal(tmp_path)
        assert read(journal) == STEPS[:2]
        journal.go_on()
        assert path.stat().st_size == len(sound)
        journal.note(STEPS[3])
        journal.close()
        assert read(open_journal(tmp_path)) == [*STEPS[:2], STEPS[3]]


def test_damaged_block_ends_the_journal(tmp_path: Path) -> None:
    path = write(tmp_path, STEPS)
    data = bytearray(path.read_bytes())
    data[-5] ^= 1
    path.write_bytes(data)
    assert read(open_journal(tmp_path)) == STEPS[:3]
    path.write_bytes(bytes(data) + b"\xff\xff\xff\xff" + bytes(100))
    assert read(open_journal(tmp_path)) == STEPS[:3]


def test_block_that_is_there_twice_does_not_open(tmp_path: Path) -> None:
    path = write(tmp_path, STEPS[:1])
    one = path.read_bytes()
    path.unlink()
    two = write(tmp_path, STEPS[:2]).read_bytes()
    path.write_bytes(two + two[len(one) :])
    assert read(open_journal(tmp_path)) == STEPS[:2]


@pytest.mark.parametrize("other", [{"name": "another job"}, {"key": 1}])
def test_journal_of_another_job_or_key_is_refused(tmp_path: Path, other: dict) -> None:
    write(tmp_path, STEPS)
    with pytest.raises(CannotGoOnError) as refused:
        open_journal(tmp_path, **other).read_head()
    assert refused.value.reason is BegunAgain.JOURNAL


@pytest.mark.parametrize("data", [b"", b"VF", b"VFJ2", b"VFJ1", b"VFJ1\x00\x00\x00\x05hello", bytes(500)])
def test_foreign_version_or_damaged_head_is_refused(tmp_path: Path, data: bytes) -> None:
    sound = write(tmp_path, STEPS).read_bytes()
    whole = data + sound[len(MAGIC) :] if data == b"VFJ2" else data
    (tmp_path / "journal").write_bytes(whole)
    with pytest.raises(CannotGoOnError) as refused:
        open_journal(tmp_path).read_head()
    assert refused.value.reason is BegunAgain.JOURNAL


def test_nothing_of_it_lies_in_clear(tmp_path: Path) -> None:
    data = write(tmp_path, [Step(b"reply " * 9, [Answer(1, os.urandom(40) + b"a face's vector")])]).read_bytes()
    assert b"face" not in data
    assert b"reply" not in data
    assert b"model-r1" not in data


def test_full_disk_leaves_no_journal(tmp_path: Path) -> None:
    assert not write(tmp_path, STEPS, reserve_bytes=1 << 60).exists()
    assert open_journal(tmp_path).read_head() is None


def test_bound_ends_the_journal_without_a_gap(tmp_path: Path) -> None:
    write(tmp_path, [*STEPS, *STEPS, *STEPS], most_bytes=600)
    found = read(open_journal(tmp_path))
    assert 0 < len(found) < 12
    assert found == [*STEPS, *STEPS, *STEPS][: len(found)]
    assert (tmp_path / "journal").stat().st_size <= 600


async def test_is_due_every_few_seconds_or_when_much_waits(tmp_path: Path) -> None:
    clock = SimulatedClock()
    journal = FileJournal(tmp_path / "journal", "job", JournalBox(bytes(32)), clock, 0)
    journal.begin(HEAD)
    journal.flush()
    assert not journal.is_due
    journal.note(STEPS[0])
    assert not journal.is_due
    await clock.advance(FLUSH_EVERY_S + 0.1)
    assert journal.is_due
    journal.flush()
    assert not journal.is_due
    journal.note(Step(bytes(5 << 20), []))
    assert journal.is_due
    journal.close()


@pytest.mark.parametrize(
    ("other", "reason"),
    [
        (JournalHead("x", ["model-r1", "faces=3"], "lists", "settings", 7), BegunAgain.FILE),
        (JournalHead("file", ["model-r2", "faces=3"], "lists", "settings", 7), BegunAgain.MODELS),
        (JournalHead("file", ["model-r1", "faces=3"], "x", "settings", 7), BegunAgain.LISTS),
        (JournalHead("file", ["model-r1", "faces=3"], "lists", "x", 7), BegunAgain.SETTINGS),
    ],
)
def test_journal_about_something_else_says_what(other: JournalHead, reason: BegunAgain) -> None:
    HEAD.check(JournalHead("file", ["model-r1", "faces=3"], "lists", "settings", 9))
    with pytest.raises(CannotGoOnError) as refused:
        HEAD.check(other)
    assert refused.value.reason is reason
