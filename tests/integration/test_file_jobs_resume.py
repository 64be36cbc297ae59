"""Hazards of a restart in the middle of a file: pictures that are looked at twice, objects that are lost or new, other
terms, another model, a process that is killed between two files that it writes.
"""

import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import msgspec
import numpy as np
import pytest
from typing_extensions import override

from tests.support.encoded import draw_square, write_film
from tests.support.file_jobs import (
    BOX,
    OWNER,
    RESERVE_BYTES,
    MotionPlanner,
    find_sets,
    is_over,
    parts,
    running,
    until,
    until_gone,
)
from tests.support.models import install_models
from tests.support.shared import shared_file
from vedette.core.motion import MotionSensitivity, MotionSettings
from vedette.core.watchlists import ListKind, ListOrder, ListSubject, VehicleMark, Watchlist, WatchlistEntry
from vedette.node.analyzer_watchlists import ListsInForce
from vedette.node.file_job_shelf import FileJobShelf
from vedette.node.file_journal import Answer, Step
from vedette.node.file_plan import FilePlan
from vedette.node.file_plans import FilePlanner
from vedette.node.file_watchlists import FileLists
from vedette.node.match_terms import find_match_terms
from vedette.runtime.clock import SystemClock
from vedette.vision import wire
from vedette.vision.file_jobs import BegunAgain, CannotGoOnError, FileJob, JobChange, JobState, JobTerms

FPS = 10
PICTURES = 1200
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


async def kill_when(started: asyncio.subprocess.Process, is_so: Callable[[], bool]) -> None:
    """Ends it without a chance to tidy up."""
    async with asyncio.timeout(120):
        while not is_so():
            assert started.returncode is None
            await asyncio.sleep(0.05)
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


class FacesPlanner(MotionPlanner):
    """Has another model: the one of faces that is part of the package."""

    @override
    def plan(self, job: FileJob) -> FilePlan:
        return replace(super().plan(job), recognizers=("faces",))


def list_plate(plate: str) -> MotionPlanner:
    """Has a list of one entry."""
    watchlist = Watchlist("stolen", "Stolen", ListKind.WANTED, ListSubject.VEHICLES, "Lan", "search")
    return MotionPlanner(
        FileLists((ListOrder(watchlist, (WatchlistEntry("1", "stolen", "Lan", vehicle=VehicleMark(plate)),)),), 1)
    )


PLANNERS: dict[BegunAgain, MotionPlanner] = {
    BegunAgain.SETTINGS: SensitivePlanner(),
    BegunAgain.MODELS: FacesPlanner(),
    BegunAgain.LISTS: list_plate("30A99999"),
}


def steps_of(folder: Path, job: FileJob) -> list[wire.PacketReply]:
    """All that the job's journal holds."""
    journal = FileJobShelf(folder, RESERVE_BYTES).journal_of(job.job_id, BOX, SystemClock())
    replies: list[wire.PacketReply] = []
    with contextlib.suppress(CannotGoOnError):  # its head is not written yet
        if journal.read_head() is not None:
            while steps := journal.read_steps():
                replies += [wire.decode_reply(step.reply) for step in steps]
    journal.close()
    return replies


def places_of(folder: Path, job: FileJob) -> list[wire.FilePlace]:
    """Of what the job's journal holds."""
    return [reply.place for reply in steps_of(folder, job) if reply.place]


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
    for least in (100, 400):  # twice
        async with process(tmp_path) as started:
            await kill_when(started, lambda least=least: len(steps_of(tmp_path, job)) > least)  # type: ignore[misc]
    with journal.open("ab") as torn:
        torn.write(b"\x00\x00\x10\x00half a block")
    kept = steps_of(tmp_path, job)
    kept_s = kept[-1].place.pts_90k / 90_000  # type: ignore[union-attr]
    assert 100 < len(kept) < PICTURES - 100
    async with running(tmp_path) as jobs:
        taken_up = await until(jobs, job, lambda job: job.interruption.times == 2)
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
        await kill_when(started, lambda: len([1 for place in places_of(tmp_path, job) if place.fps == 4.0]) > 50)
    kept = places_of(tmp_path, job)
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
    assert set(behind[behind < CYCLE / 8]) <= {2, 3}  # evenly, as before
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


def find_workers() -> list[int]:
    """Children of this process that look at files."""
    children = [task / "children" for task in Path("/proc/self/task").iterdir()]
    numbers = [int(number) for path in children for number in path.read_text().split()]
    return [number for number in numbers if b"vision_worker" in Path(f"/proc/{number}/cmdline").read_bytes()]


async def test_worker_that_is_lost_is_replaced_where_it_was(tmp_path: Path, film: bytes) -> None:
    async with running(tmp_path) as jobs:
        job = await jobs.add("a.mp4", JobTerms(), OWNER, parts(film, 1 << 16), annotate=False)
        stood = await until(jobs, job, lambda job: job.progress.done_s > 20)
        for number in find_workers():
            os.kill(number, signal.SIGKILL)
        done = await until(jobs, job, is_over)
    assert (done.state, done.interruption.times, done.interruption.begun_again) == (JobState.DONE, 1, None)
    assert done.interruption.kept_s >= stood.progress.done_s
    assert done.findings.frames_read == done.findings.frames_analyzed == PICTURES


async def test_file_that_its_workers_die_of_fails_in_the_end(tmp_path: Path, film: bytes) -> None:
    async with running(tmp_path) as jobs:
        job = await jobs.add("a.mp4", JobTerms(), OWNER, parts(film, 1 << 16), annotate=False)
        async with asyncio.timeout(120):
            while not jobs.find(job.job_id).is_over:
                for number in find_workers():
                    os.kill(number, signal.SIGKILL)
                await asyncio.sleep(0.01)
    assert (jobs.find(job.job_id).state, jobs.find(job.job_id).code) == (JobState.FAILED, "worker_not_ready")


@pytest.mark.parametrize("reason", [reason for reason in BegunAgain if reason is not BegunAgain.RELEASE])
async def test_job_that_cannot_go_on_begins_again_and_says_why(tmp_path: Path, film: bytes, reason: BegunAgain) -> None:
    first = list_plate("51F12345") if reason is BegunAgain.LISTS else None
    async with running(tmp_path, planner=first) as jobs:
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
    async with running(tmp_path, planner=PLANNERS.get(reason)) as jobs:
        await jobs.change(job.job_id, JobChange(state=JobState.QUEUED))
        done = await until(jobs, job, is_over)
    assert (done.state, done.interruption.begun_again, done.interruption.times) == (JobState.DONE, reason, 1)
    assert done.interruption.kept_s == 0
    assert done.findings.frames_read == (30 if reason is BegunAgain.FILE else PICTURES)
    assert stood.interruption.times == 0


async def test_journal_of_a_release_that_follows_otherwise_begins_again(tmp_path: Path, film: bytes) -> None:
    async with running(tmp_path) as jobs:
        job = await jobs.add("a.mp4", JobTerms(), OWNER, parts(film, 1 << 16), annotate=False)
        await until(jobs, job, lambda job: job.progress.done_s > 20)
    shelf = FileJobShelf(tmp_path, RESERVE_BYTES)
    journal = shelf.journal_of(job.job_id, BOX, SystemClock())
    head = journal.read_head()
    assert head is not None
    steps = []
    while block := journal.read_steps():
        steps += block
    asked = next(number for number, step in enumerate(steps) if step.answers)
    other = Answer(steps[asked].answers[0].mark ^ 1, steps[asked].answers[0].payload)
    journal.begin(head)
    for step in [*steps[:asked], Step(steps[asked].reply, [other]), *steps[asked + 1 :]]:
        journal.note(step)
    journal.close()
    async with running(tmp_path) as jobs:
        done = await until(jobs, job, is_over)
    assert (done.state, done.interruption.begun_again) == (JobState.DONE, BegunAgain.RELEASE)
    assert done.findings.frames_analyzed == PICTURES


async def test_with_models_the_same_people_are_found_with_what_was_recognised(tmp_path: Path) -> None:
    clip = shared_file("video/people/intel_one-by-one-person-detection.mp4").read_bytes()
    models = tmp_path / "models"
    registry = install_models(models, "pvb-2004-int8", "person-attributes-0230", "person-reid-0287")
    sets = find_sets(tmp_path / "categories", registry)
    planner = FilePlanner(registry, ListsInForce(find_match_terms(registry)), sets, 1, SystemClock())
    folder = tmp_path / "jobs"
    async with running(folder, planner=planner) as jobs:
        job = await jobs.add("people.mp4", JobTerms(), OWNER, parts(clip, 1 << 16), annotate=False)
        stopped = await until(jobs, job, lambda job: job.progress.done_s > 45)
    async with running(folder, planner=planner) as jobs:
        whole = await jobs.add("whole.mp4", JobTerms(), OWNER, parts(clip, 1 << 16), annotate=False)
        done = await until(jobs, job, is_over)
        assert (done.state, done.interruption.begun_again) == (JobState.DONE, None)
        assert done.interruption.kept_s >= stopped.progress.done_s
        whole = await until(jobs, whole, is_over)
    assert done.findings.frames_read == whole.findings.frames_read
    assert done.findings.frames_analyzed == whole.findings.frames_analyzed
    rows, objects, events = results_of(folder, done)
    other_rows, other_objects, other_events = results_of(folder, whole)
    assert len(rows) == pytest.approx(len(other_rows), rel=0.02)
    assert len(objects) == len(other_objects) == 6
    assert len(events) == len(other_events)
    for one, other in zip(objects, other_objects, strict=True):
        assert (one["track_id"], one["class"]) == (other["track_id"], other["class"])
        assert (one["first_s"], one["last_s"]) == pytest.approx((other["first_s"], other["last_s"]), abs=0.5)
        assert one["attributes"].keys() == other["attributes"].keys()
        assert (folder / done.job_id / "result" / one["picture"]).stat().st_size > 1000


async def test_input_of_a_job_that_was_over_goes_at_the_start(tmp_path: Path, film: bytes) -> None:
    job = await add(tmp_path, film)
    folder = tmp_path / job.job_id
    (folder / "journal").write_bytes(b"VFJ1")
    (folder / "job.json").write_bytes(msgspec.json.encode(msgspec.structs.replace(job, state=JobState.DONE)))
    async with running(tmp_path) as jobs:
        assert jobs.find(job.job_id).state is JobState.DONE
        assert [path.name for path in folder.iterdir()] == ["job.json"]
