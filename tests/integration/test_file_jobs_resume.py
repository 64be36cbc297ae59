"""Hazards of a restart in the middle of a file: pictures that are looked at twice, objects that are lost or new, other
terms, another model, a process that is killed between two files that it writes.
"""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import msgspec
import numpy as np
import pytest
from typing_extensions import override

from tests.support.encoded import draw_square, write_film
from tests.support.file_jobs import BOX, OWNER, RESERVE_BYTES, MotionPlanner, is_over, parts, running, until, until_gone
from vedette.core.motion import MotionSensitivity, MotionSettings
from vedette.node.file_job_shelf import FileJobShelf
from vedette.node.file_plan import FilePlan
from vedette.runtime.clock import SystemClock
from vedette.vision import wire
from vedette.vision.file_jobs import BegunAgain, FileJob, JobChange, JobState, JobTerms

FPS = 10
PICTURES = 2400
CYCLE = 60
"""Pictures in which the square crosses once."""


@pytest.fixture(scope="module")
def film() -> bytes:
    return write_film((draw_square(step % CYCLE, 320, 180) for step in range(PICTURES)), FPS)


@asynccontextmanager
async def process(folder: Path, *arguments: str) -> AsyncIterator[asyncio.subprocess.Process]:
    command = (sys.executable, "-m", "tests.support.file_job_process", str(folder), *arguments)
    started = await asyncio.create_subprocess_exec(*command)
    try:
        yield started
    finally:
        if started.returncode is None:
            started.kill()
        await started.wait()


async def kill_when(started: asyncio.subprocess.Process, journal: Path, least_bytes: int) -> None:
    """Ends it without a chance to tidy up, once so much was kept."""
    async with asyncio.timeout(120):
        while not journal.exists() or journal.stat().st_size < least_bytes:
            assert started.returncode is None
            await asyncio.sleep(0.005)
    os.kill(started.pid, signal.SIGKILL)
    await started.wait()


async def add(folder: Path, film: bytes, **terms: object) -> FileJob:
    """Uploads a file and leaves it to another process."""
    async with running(folder, planner=NoPlanner()) as waiting:
        return await waiting.add("long.mp4", JobTerms(**terms), OWNER, parts(film, 1 << 16), annotate=False)


class NoPlanner(MotionPlanner):
    """Nothing can start."""

    @override
    def can_start(self, job: FileJob) -> bool:
        return False


class SensitivePlanner(MotionPlanner):
    """Looks more closely than the other."""

    @override
    def plan(self, job: FileJob) -> FilePlan:
        return replace(super().plan(job), motion=MotionSettings(sensitivity=MotionSensitivity.HIGH))


def steps_of(folder: Path, job: FileJob) -> list[wire.PacketReply]:
    """All that the job's journal holds."""
    journal = FileJobShelf(folder, RESERVE_BYTES).journal_of(job.job_id, BOX, SystemClock())
    assert journal.read_head()
    replies = []
    while steps := journal.read_steps():
        replies += [wire.decode_reply(step.reply) for step in steps]
    journal.close()
    return replies


def results_of(folder: Path, job: FileJob) -> tuple[np.ndarray, list[dict], list[dict]]:
    """(N, 9) rows of tracks, objects, events."""
    result = folder / job.job_id / "result"
    rows = np.loadtxt(result / "tracks.csv", delimiter=",")
    return rows, json.loads((result / "objects.json").read_text()), json.loads((result / "events.json").read_text())


def check_alike(folder: Path, job: FileJob, other: FileJob) -> None:
    """Says the same of each track in each picture; places may differ by some pixels where the background was new."""
    rows, objects, events = results_of(folder, job)
    other_rows, other_objects, other_events = results_of(folder, other)
    assert len(objects) > 15
    assert np.array_equal(rows[:, [0, 1, 7]], other_rows[:, [0, 1, 7]])
    assert np.abs(rows[:, 2:6] - other_rows[:, 2:6]).max() <= 4
    for one, another in ((objects, other_objects), (events, other_events)):
        kept = ("track_id", "class", "first_s", "last_s", "kind", "start_s", "end_s", "track_ids", "rule")
        assert [{name: entry.get(name) for name in kept} for entry in one] == [
            {name: entry.get(name) for name in kept} for entry in another
        ]
    assert all(entry["picture"] for entry in objects)
    pictures = folder / job.job_id / "result"
    assert all((pictures / entry["picture"]).stat().st_size > 500 for entry in objects)


async def test_killed_job_goes_on_and_says_the_same(tmp_path: Path, film: bytes) -> None:
    job = await add(tmp_path, film)
    journal = tmp_path / job.job_id / "journal"
    for least_bytes in (20_000, 70_000):  # twice
        async with process(tmp_path) as started:
            await kill_when(started, journal, least_bytes)
    with journal.open("ab") as torn:
        torn.write(b"\x00\x00\x10\x00half a block")
    kept = steps_of(tmp_path, job)
    kept_s = kept[-1].place.pts_90k / 90_000  # type: ignore[union-attr]
    assert 100 < len(kept) < PICTURES - 100
    async with running(tmp_path) as jobs:
        taken_up = await until(jobs, job, lambda job: job.interruption.times)
        assert taken_up.interruption.begun_again is None
        assert taken_up.interruption.kept_s == pytest.approx(kept_s, abs=0.01)
        assert taken_up.progress.done_s >= kept_s - 0.01
        done = await until(jobs, job, is_over)
        assert (done.state, done.error) == (JobState.DONE, "")
        assert done.findings.frames_read == done.findings.frames_analyzed == PICTURES  # none twice, none left out
        await until_gone(tmp_path / job.job_id / "input")
        assert not journal.exists()
        whole = await jobs.add("whole.mp4", JobTerms(), OWNER, parts(film, 1 << 16), annotate=False)
        assert (await until(jobs, whole, is_over)).interruption.times == 0
        check_alike(tmp_path, done, whole)
        assert done.findings == jobs.find(whole.job_id).findings


async def test_rate_that_changed_before_the_process_was_killed_goes_on(tmp_path: Path, film: bytes) -> None:
    job = await add(tmp_path, film, fps=9.0)
    async with process(tmp_path, "4") as started:
        await kill_when(started, tmp_path / job.job_id / "journal", 50_000)
    kept = [reply.place for reply in steps_of(tmp_path, job) if reply.place]
    assert [place.fps for place in kept] == sorted((place.fps for place in kept), reverse=True)
    assert {place.fps for place in kept} == {9.0, 4.0}
    async with running(tmp_path) as jobs:
        done = await until(jobs, job, is_over)
        assert (done.state, done.terms.fps, done.interruption.begun_again) == (JobState.DONE, 4.0, None)
        assert done.interruption.kept_s == pytest.approx(kept[-1].pts_90k / 90_000, abs=0.6)
        left = (PICTURES - kept[-1].read) / FPS * 4
        assert done.findings.frames_read == PICTURES
        assert done.findings.frames_analyzed == pytest.approx(len(kept) + left, abs=3)
        rows, objects, _ = results_of(tmp_path, done)
    frames = np.unique(rows[:, 0])
    behind = np.diff(frames[frames > kept[-1].read])
    assert set(behind[behind < CYCLE / 4]) <= {2, 3}  # evenly, as before
    assert len(objects) == pytest.approx(PICTURES / CYCLE, abs=1)


async def test_stopped_and_paused_jobs_go_on_where_they_were(tmp_path: Path, film: bytes) -> None:
    async with running(tmp_path) as jobs:
        paused = await jobs.add("a.mp4", JobTerms(), OWNER, parts(film, 1 << 16), annotate=True)
        await until(jobs, paused, lambda job: job.progress.done_s > 20)
        stood = await jobs.change(paused.job_id, JobChange(state=JobState.PAUSED))
    async with running(tmp_path) as jobs:
        assert jobs.find(paused.job_id).state is JobState.PAUSED
        assert jobs.find(paused.job_id).progress.done_s >= stood.progress.done_s
        await jobs.change(paused.job_id, JobChange(state=JobState.QUEUED, fps=5.0))
        done = await until(jobs, paused, is_over)
        assert (done.state, done.interruption.begun_again, done.interruption.times) == (JobState.DONE, None, 1)
        assert done.interruption.kept_s >= stood.progress.done_s
        assert done.findings.frames_read == PICTURES
        assert jobs.find_file(paused.job_id, "annotated.mp4").stat().st_size > 10_000
        assert done.progress.active_s > stood.progress.active_s


@pytest.mark.parametrize("reason", [BegunAgain.SETTINGS, BegunAgain.NOTHING_KEPT, BegunAgain.JOURNAL, BegunAgain.FILE])
async def test_job_that_cannot_go_on_begins_again_and_says_why(tmp_path: Path, film: bytes, reason: BegunAgain) -> None:
    async with running(tmp_path) as jobs:
        job = await jobs.add("a.mp4", JobTerms(), OWNER, parts(film, 1 << 16), annotate=False)
        stood = await until(jobs, job, lambda job: job.progress.done_s > 20)
        await jobs.change(job.job_id, JobChange(state=JobState.PAUSED))
    folder = tmp_path / job.job_id
    if reason is BegunAgain.NOTHING_KEPT:
        (folder / "journal").unlink()
    elif reason is BegunAgain.JOURNAL:
        (folder / "journal").write_bytes(b"VFJ0" + bytes(100))
    elif reason is BegunAgain.FILE:
        (folder / "input").write_bytes(write_film((draw_square(step, 320, 180) for step in range(30)), FPS))
    planner = SensitivePlanner() if reason is BegunAgain.SETTINGS else MotionPlanner()
    async with running(tmp_path, planner=planner) as jobs:
        await jobs.change(job.job_id, JobChange(state=JobState.QUEUED))
        done = await until(jobs, job, is_over)
    assert (done.state, done.interruption.begun_again, done.interruption.times) == (JobState.DONE, reason, 1)
    assert done.interruption.kept_s == 0
    assert done.findings.frames_read == (30 if reason is BegunAgain.FILE else PICTURES)
    assert stood.interruption.times == 0


async def test_input_of_a_job_that_was_over_goes_at_the_start(tmp_path: Path, film: bytes) -> None:
    job = await add(tmp_path, film)
    folder = tmp_path / job.job_id
    (folder / "journal").write_bytes(b"VFJ1")
    (folder / "job.json").write_bytes(msgspec.json.encode(msgspec.structs.replace(job, state=JobState.DONE)))
    async with running(tmp_path) as jobs:
        assert jobs.find(job.job_id).state is JobState.DONE
        assert [path.name for path in folder.iterdir()] == ["job.json"]
