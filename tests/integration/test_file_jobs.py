"""Hazards of jobs on uploaded files: a restart in the middle, a pause that never ends, a hostile file, a full disk."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.encoded import write_square_file
from tests.support.file_jobs import OWNER, RESERVE_BYTES, is_over, make_jobs, parts, running, until, until_gone
from vedette.core.errors import InvalidInputError
from vedette.node.file_job_shelf import FileJobShelf, UploadTooLargeError
from vedette.node.file_jobs import KEPT_NS
from vedette.testing.clock import SimulatedClock
from vedette.vision.file_jobs import JobChange, JobConflictError, JobState, JobTerms, NoSuchJobError


async def test_upload_becomes_results_and_its_input_goes(tmp_path: Path) -> None:
    async with running(tmp_path) as jobs:
        added = await jobs.add(r"C:\videos\door.mp4", JobTerms(), OWNER, parts(write_square_file()), annotate=True)
        assert (added.name, added.state) == ("door.mp4", JobState.QUEUED)
        done = await until(jobs, added, is_over)
        assert (done.state, done.error) == (JobState.DONE, "")
        assert done.findings.frames_read == done.findings.frames_analyzed == 30
        assert done.findings.objects == 1
        assert done.progress.done_s == pytest.approx(2.9, abs=0.1)
        for name in ("objects.json", "tracks.csv", "events.json", "annotated.mp4", "pictures/track-1.jpg"):
            assert jobs.find_file(added.job_id, name).stat().st_size > 0
        for name in ("../job.json", "pictures/../../job.json", ".hidden", "/etc/passwd", "nothing.json", ""):
            with pytest.raises(NoSuchJobError):
                jobs.find_file(added.job_id, name)
        await until_gone(tmp_path / added.job_id / "input")
        with pytest.raises(JobConflictError):
            await jobs.change(added.job_id, JobChange(state=JobState.PAUSED))
        await jobs.remove(added.job_id)
        assert list(tmp_path.iterdir()) == []


async def test_paused_job_stands_still_frees_its_place_and_goes_on_with_other_terms(tmp_path: Path) -> None:
    async with running(tmp_path) as jobs:
        film = write_square_file(frames=600, fps=30)
        first = await jobs.add("long.mp4", JobTerms(), OWNER, parts(film, 1 << 16), annotate=False)
        await until(jobs, first, lambda job: job.progress.done_s > 0)
        await jobs.change(first.job_id, JobChange(state=JobState.PAUSED))
        second = await jobs.add("short.mp4", JobTerms(), OWNER, parts(write_square_file()), annotate=False)
        assert (await until(jobs, second, is_over)).state is JobState.DONE
        stood = jobs.find(first.job_id)
        assert stood.state is JobState.PAUSED
        assert stood.progress.done_s < 19
        await jobs.change(first.job_id, JobChange(state=JobState.QUEUED, fps=3.0))
        done = await until(jobs, first, is_over)
        assert (done.state, done.findings.frames_read, done.terms.fps) == (JobState.DONE, 600, 3.0)
        assert done.findings.frames_analyzed < 600 - 5 * (19 - stood.progress.done_s)


async def test_job_of_before_a_restart_is_taken_up_again_and_a_paused_one_waits(tmp_path: Path) -> None:
    film = write_square_file(frames=300, fps=30)
    async with running(tmp_path) as jobs:
        paused = await jobs.add("later.mp4", JobTerms(), OWNER, parts(film, 1 << 16), annotate=False)
        await until(jobs, paused, lambda job: job.state is JobState.RUNNING)
        await jobs.change(paused.job_id, JobChange(state=JobState.PAUSED))
        job = await jobs.add("door.mp4", JobTerms(), OWNER, parts(film, 1 << 16), annotate=False)
        await until(jobs, job, lambda job: job.progress.done_s > 0)
    half = tmp_path / "01HZZZZZZZZZZZZZZZZZZZZZZ0"
    half.mkdir()
    (half / "input").write_bytes(b"half an upload")
    async with running(tmp_path) as jobs:
        assert (await until(jobs, job, is_over)).state is JobState.DONE
        assert jobs.find(paused.job_id).state is JobState.PAUSED
        assert not half.exists()
        await jobs.change(paused.job_id, JobChange(state=JobState.QUEUED))
        assert (await until(jobs, paused, is_over)).findings.frames_read == 300


async def test_hostile_file_is_a_failed_job_with_words_and_others_go_on(tmp_path: Path) -> None:
    async with running(tmp_path, parallel=2) as jobs:
        bad = await jobs.add("text.mp4", JobTerms(), OWNER, parts(b"no video at all" * 999), annotate=False)
        good = await jobs.add("door.mp4", JobTerms(), OWNER, parts(write_square_file()), annotate=False)
        failed = await until(jobs, bad, is_over)
        assert failed.state is JobState.FAILED
        assert "no video file" in failed.error
        assert (await until(jobs, good, is_over)).state is JobState.DONE


async def test_cancelled_job_ends_at_once_and_keeps_no_input(tmp_path: Path) -> None:
    async with running(tmp_path) as jobs:
        film = write_square_file(frames=900, fps=30)
        job = await jobs.add("long.mp4", JobTerms(), OWNER, parts(film, 1 << 16), annotate=False)
        await until(jobs, job, lambda job: job.progress.done_s > 0)
        assert (await jobs.change(job.job_id, JobChange(state=JobState.CANCELLED))).state is JobState.CANCELLED
        assert not (tmp_path / job.job_id / "input").exists()


async def test_upload_that_breaks_off_or_is_wrong_leaves_nothing(tmp_path: Path) -> None:
    async def breaks_off() -> AsyncIterator[bytes]:
        yield b"x" * 1000
        raise ConnectionResetError

    jobs = make_jobs(FileJobShelf(tmp_path))
    with pytest.raises(ConnectionResetError):
        await jobs.add("a.mp4", JobTerms(), OWNER, breaks_off(), annotate=False)
    for name, terms in (("", JobTerms()), ("a.mp4", JobTerms(["dragon"])), ("a.mp4", JobTerms(fps=-1))):
        with pytest.raises(InvalidInputError):
            await jobs.add(name, terms, OWNER, parts(b"x"), annotate=False)
    assert list(tmp_path.iterdir()) == []
    assert jobs.list_jobs() == []


async def test_upload_never_takes_the_room_that_recording_needs(tmp_path: Path) -> None:
    jobs = make_jobs(FileJobShelf(tmp_path, reserve_bytes=1 << 60))
    with pytest.raises(UploadTooLargeError, match="no room"):
        await jobs.add("a.mp4", JobTerms(), OWNER, parts(b"x"), annotate=False)
    assert list(tmp_path.iterdir()) == []


async def test_results_are_forgotten_after_a_month(tmp_path: Path) -> None:
    clock = SimulatedClock()
    shelf = FileJobShelf(tmp_path, RESERVE_BYTES)
    jobs = make_jobs(shelf, clock)
    job = await jobs.add("old.mp4", JobTerms(), OWNER, parts(b"x"), annotate=False)
    await jobs.change(job.job_id, JobChange(state=JobState.CANCELLED))
    later = SimulatedClock(utc_ns=clock.utc_ns() + KEPT_NS + 1)
    async with running(tmp_path, later), asyncio.timeout(30):
        while (tmp_path / job.job_id).exists():
            await asyncio.sleep(0.01)


async def test_changes_that_come_at_once_leave_the_last_on_disk(tmp_path: Path) -> None:
    jobs = make_jobs(FileJobShelf(tmp_path, RESERVE_BYTES))
    job = await jobs.add("a.mp4", JobTerms(), OWNER, parts(b"x"), annotate=False)
    await asyncio.gather(*(jobs.change(job.job_id, JobChange(fps=float(fps))) for fps in range(1, 101)))
    [kept] = FileJobShelf(tmp_path).load()
    assert kept.terms.fps == jobs.find(job.job_id).terms.fps == 100.0
