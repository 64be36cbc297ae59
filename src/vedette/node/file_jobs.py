"""Runs the analysis of uploaded files: a few at a time, each in a jailed worker that lets live analysis go first.

What a job asks for can be changed while it runs. A job that was running when the process ended goes on where it was; a
paused one waits. Where that cannot be, it begins again and says why. Results are kept for a month.
Design: docs/design/vision.md.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Protocol

from msgspec.structs import replace

from vedette.core.errors import TooManyRequestsError, VedetteError
from vedette.core.messages import FileFaceMatched
from vedette.core.time import NS_PER_S
from vedette.node.file_analysis import FileAnalysis, FileOutcome, Kept, plan_as_begun
from vedette.node.file_batch import PICTURE_SUFFIXES
from vedette.node.file_control import FileControl
from vedette.node.file_job_shelf import FileJobShelf
from vedette.node.file_journal import Box
from vedette.node.file_objects import FileObjects
from vedette.node.file_plan import FilePlan
from vedette.runtime.clock import Clock, new_id
from vedette.runtime.log import get_logger
from vedette.runtime.worker import StartWorker, WorkerLostError, start_worker
from vedette.vision.file_jobs import (
    CannotGoOnError,
    FileJob,
    JobChange,
    JobFindings,
    JobMatching,
    JobProgress,
    JobSearching,
    JobState,
    JobTerms,
    NoSuchJobError,
    check_file_name,
)
from vedette.vision.wire import FileInfo

_MOST_WORKERS = 5
"""That a job may use up in one run of this process, before the last one."""
KEPT_NS = 30 * 86_400 * NS_PER_S
MOST_WAITING = 200
MOST_PAUSED = 8
"""Started and paused: each holds its worker's memory."""
_SAVE_EVERY_S = 10.0
"""How far running jobs are is written that often."""

Tell = Callable[[FileFaceMatched], None]


class JobPlanner(Protocol):
    """Says how a job is analysed with what is there now."""

    def can_start(self, job: FileJob) -> bool:
        """Whether all that it needs is there; false: it waits."""
        ...

    def plan(self, job: FileJob) -> FilePlan: ...


@dataclass(slots=True)
class _Running:
    control: FileControl
    task: asyncio.Task[None]


class TooManyJobsError(TooManyRequestsError):
    """More jobs wait or are paused than are kept."""

    code = "too_many_jobs"


class FileJobs:
    """All jobs of one analyzer. `load`, then `run`, which owns every task.

    Args:
        parallel: Files analysed at the same time.
        objects: Tells what finished files showed, to be searched.
        box: Seals what was found so far; None: a job that is interrupted begins again.
        tell: Hears of each face that is like a person of a list, before anybody can read it in the results.
        start: Starts the worker of each file.
    """

    def __init__(
        self,
        shelf: FileJobShelf,
        planner: JobPlanner,
        parallel: int,
        clock: Clock,
        tell: Tell,
        objects: FileObjects,
        box: Box | None,
        start: StartWorker = start_worker,
    ) -> None:
        self._shelf = shelf
        self._planner = planner
        self._tell = tell
        self._objects = objects
        self._box = box
        self._start_worker = start
        self._parallel = parallel
        self._clock = clock
        self._jobs: dict[str, FileJob] = {}
        self._running: dict[str, _Running] = {}
        self._changed = asyncio.Event()
        self._saving = asyncio.Lock()
        self._log = get_logger("analyzer")

    async def load(self) -> None:
        """Takes up the jobs of before. To be done once, before any upload: half a one is taken for a broken one."""
        for job in await asyncio.to_thread(self._shelf.load):
            was_running = job.state is JobState.RUNNING
            self._jobs[job.job_id] = replace(job, state=JobState.QUEUED) if was_running else job

    async def run(self) -> None:
        """Runs what waits until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            while True:
                await self._forget_old()
                await self._save_progress()
                self._start_waiting(tasks)
                self._changed.clear()
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(
                        _SAVE_EVERY_S
                    ):  # `wait_for` loses a cancellation that comes with the event
                        await self._changed.wait()

    def wake(self) -> None:
        """Something that jobs wait for has come."""
        self._changed.set()

    def list_jobs(self) -> list[FileJob]:
        """Newest first."""
        return sorted(self._jobs.values(), key=lambda job: job.job_id, reverse=True)

    def find(self, job_id: str) -> FileJob:
        """Raises NoSuchJobError."""
        job = self._jobs.get(job_id)
        if job is None:
            raise NoSuchJobError
        return job

    async def add(
        self,
        name: str,
        terms: JobTerms,
        owner: tuple[str, str],
        body: AsyncIterator[bytes],
        *,
        annotate: bool,
        matching: JobMatching | None = None,
        searching: JobSearching | None = None,
    ) -> FileJob:
        """Takes a file and queues its analysis. `owner`: the id and the name of a user.

        Raises:
            InvalidInputError: the name or the terms are not right, the file is empty or too large.
            TooManyJobsError, StorageError
        """
        terms.check()
        name = check_file_name(name)
        if sum(not job.is_over for job in self._jobs.values()) >= MOST_WAITING:
            raise TooManyJobsError(f"{MOST_WAITING} files wait already", "Wait until some are done, or cancel some.")
        job = FileJob(new_id(self._clock), name, *owner, self._clock.utc_ns(), terms, annotate=annotate)
        job = replace(job, matching=matching or job.matching, searching=searching or job.searching)
        job = await self._receive(job, body)
        self._jobs[job.job_id] = job
        self._changed.set()
        return job

    async def change(self, job_id: str, change: JobChange) -> FileJob:
        """Pauses, goes on, cancels, or changes the terms from the next picture on.

        Raises:
            NoSuchJobError, JobConflictError, InvalidInputError, TooManyJobsError
        """
        before = self.find(job_id)
        job = change.apply(before)
        running = self._running.get(job_id)
        if running is not None:
            if job.state is JobState.PAUSED and before.state is not JobState.PAUSED:
                self._check_paused()
                running.control.pause()
            elif job.state is JobState.QUEUED:  # it has its worker still: no need to queue
                job = replace(job, state=JobState.RUNNING)
                running.control.go_on()
            if job.terms != before.terms:
                running.control.change(job.terms)
        await self._keep(job)
        if job.state is JobState.CANCELLED:
            await self._stop(job_id)
            await asyncio.to_thread(self._shelf.drop_input, job_id)
        self._changed.set()
        return self.find(job_id)

    async def remove(self, job_id: str) -> None:
        """Ends a job and forgets it with all its files. Raises NoSuchJobError."""
        self.find(job_id)
        await self._stop(job_id)
        self._jobs.pop(job_id, None)
        self._objects.forget(job_id)
        await asyncio.to_thread(self._shelf.remove, job_id)
        self._changed.set()

    def find_file(self, job_id: str, name: str) -> Path:
        """A result file of a job. Raises NoSuchJobError, NoSuchResultError."""
        self.find(job_id)
        return self._shelf.find_file(job_id, name)

    async def _receive(self, job: FileJob, body: AsyncIterator[bytes]) -> FileJob:
        upload = await asyncio.to_thread(self._shelf.open_upload, job.job_id)
        try:
            with upload:
                async for block in body:
                    await asyncio.to_thread(upload.write, block)
            job = replace(job, size_bytes=upload.size_bytes, sha256=upload.sha256)
            await asyncio.to_thread(self._shelf.save, job)
        except BaseException:  # also when the sender leaves in the middle
            self._shelf.remove(job.job_id)
            raise
        return job

    def _start_waiting(self, tasks: asyncio.TaskGroup) -> None:
        """Fills free places with the oldest that wait. A paused job holds no place."""
        busy = sum(self._jobs[job_id].state is JobState.RUNNING for job_id in self._running)
        waiting = [
            job for job in self._jobs.values() if job.state is JobState.QUEUED and job.job_id not in self._running
        ]
        waiting = [job for job in waiting if self._planner.can_start(job)]
        for job in sorted(waiting, key=lambda job: job.job_id)[: max(0, self._parallel - busy)]:
            control = FileControl(self._clock)
            self._jobs[job.job_id] = replace(job, state=JobState.RUNNING)
            self._running[job.job_id] = _Running(control, tasks.create_task(self._run_one(job.job_id, control)))

    async def _run_one(self, job_id: str, control: FileControl) -> None:
        try:
            await self._keep(self.find(job_id))
            await self._keep(await self._try(job_id, control))
            await asyncio.to_thread(self._shelf.drop_input, job_id)
        except (VedetteError, OSError) as error:  # its record cannot be written; the others go on
            self._log.error("the record of a file's analysis cannot be kept", job=job_id, reason=str(error))
        finally:
            self._running.pop(job_id, None)
            self._changed.set()

    async def _try(self, job_id: str, control: FileControl) -> FileJob:
        """The job as it is when it is over, done or failed."""
        try:
            return await self._analyse(job_id, control)
        except VedetteError as error:
            return replace(self.find(job_id), state=JobState.FAILED, code=error.code, error=str(error))
        except Exception as error:  # noqa: BLE001 -- one file must not end the analysis of the others
            self._log.exception("analysis of a file failed", job=job_id)
            words = f"{type(error).__name__}: {error}"
            return replace(self.find(job_id), state=JobState.FAILED, code="internal", error=words)

    async def _analyse(self, job_id: str, control: FileControl) -> FileJob:
        analysis, outcome = await self._go_on_until_over(job_id, control)
        self._tell_matches(job_id, analysis)
        await asyncio.to_thread(self._objects.tell, self.find(job_id), analysis.results)
        return replace(self.find(job_id), state=JobState.DONE, findings=_count(analysis, outcome))

    async def _go_on_until_over(self, job_id: str, control: FileControl) -> tuple[FileAnalysis, FileOutcome]:
        """Goes on with another worker where one was lost on the way; not where the next one is lost in the same place:
        then it is the file.
        """
        for _ in range(_MOST_WORKERS):
            before_s = self.find(job_id).progress.done_s
            try:
                return await self._go_on(job_id, control)
            except CannotGoOnError as error:
                self._log.warning("a file's analysis begins again", job=job_id, reason=error.reason)
                self._jobs[job_id] = self.find(job_id).begun_again(error.reason)
                await asyncio.to_thread(self._shelf.drop_journal, job_id)
            except WorkerLostError as error:
                if self._box is None or self.find(job_id).progress.done_s <= before_s:
                    raise
                self._log.warning("a file's analysis goes on with another worker", job=job_id, reason=error.message)
        return await self._go_on(job_id, control)

    async def _go_on(self, job_id: str, control: FileControl) -> tuple[FileAnalysis, FileOutcome]:
        """Analyses from where the job's journal ends, or from the first picture. Raises CannotGoOnError."""
        before = self.find(job_id)
        is_picture = PurePath(before.name).suffix.lower() in PICTURE_SUFFIXES
        kept = None if is_picture else self._open_kept(before)
        plan = self._planner.plan(before)
        if kept is not None:
            plan = await plan_as_begun(plan, kept)
        analysis = FileAnalysis(
            self._shelf.input_of(job_id),
            plan,
            plan.default_rules(),
            is_picture=is_picture,
            control=control,
            is_background=True,
            kept=kept,
            start=self._start_worker,
        )
        began_ns = self._clock.mono_ns()

        def note(done_s: float, info: FileInfo) -> None:
            active_s = (self._clock.mono_ns() - began_ns) / NS_PER_S - control.paused_s
            taken_up = before.taken_up(analysis.recalled_s)
            progress = JobProgress(done_s, info.duration_s, taken_up.progress.active_s + active_s)
            release, interruption = plan.model or "motion-r1", taken_up.interruption
            job = self.find(job_id)
            self._jobs[job_id] = replace(job, progress=progress, release=release, interruption=interruption)
            if job.interruption != interruption:
                self._changed.set()  # to be written now: it may be interrupted again

        return analysis, await analysis.run(self._shelf.result_of(job_id), note)

    def _open_kept(self, job: FileJob) -> Kept | None:
        if self._box is None:
            return None
        return Kept(self._shelf.journal_of(job.job_id, self._box, self._clock), job.sha256)

    def _tell_matches(self, job_id: str, analysis: FileAnalysis) -> None:
        for match in analysis.faces.matches.values():
            listed, entry = match.watchlist.list_id, match.entry.entry_id
            at_ns = self._clock.utc_ns()
            self._tell(FileFaceMatched(job_id, listed, entry, match.state.value, match.similarity, at_ns))

    async def _keep(self, job: FileJob) -> None:
        """Takes over a job's new state, in memory at once. One save at a time, and of the newest: two would meet."""
        self._jobs[job.job_id] = job
        async with self._saving:
            newest = self._jobs.get(job.job_id)
            if newest is not None:
                await asyncio.to_thread(self._shelf.save, newest)

    async def _stop(self, job_id: str) -> None:
        running = self._running.get(job_id)
        if running is not None:
            running.task.cancel()
            await asyncio.wait({running.task})

    async def _save_progress(self) -> None:
        """So that a job is not shown further back after a restart than it is."""
        for job_id in list(self._running):
            try:
                await self._keep(self.find(job_id))
            except VedetteError as error:
                self._log.warning("how far a file's analysis is cannot be kept", job=job_id, reason=error.message)

    def _check_paused(self) -> None:
        if sum(self._jobs[job_id].state is JobState.PAUSED for job_id in self._running) >= MOST_PAUSED:
            raise TooManyJobsError(
                f"{MOST_PAUSED} jobs are paused in the middle, and each holds memory", "Cancel some, or let them go on."
            )

    async def _forget_old(self) -> None:
        before_ns = self._clock.utc_ns() - KEPT_NS
        for job in [job for job in self._jobs.values() if job.is_over and job.created_ns < before_ns]:
            await self.remove(job.job_id)


def _count(analysis: FileAnalysis, outcome: FileOutcome) -> JobFindings:
    results = analysis.results
    return JobFindings(
        objects=len(results.objects),
        events=len(results.events),
        frames_read=outcome.frames_read,
        frames_analyzed=outcome.frames_analyzed,
        faces=len(results.faces),
        matches=sum("match" in event for event in results.events),
    )
