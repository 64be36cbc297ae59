"""Runs exports one after another, beside live pictures, and keeps them for a day.

Those that are masked or enlarged take hundreds of times as long as copies, so they wait in a line of their own. Zones
are read when the work begins; a change while it goes on throws it away and begins it again.

A job is a file before it is work: after a restart what waited or ran is made from the start, and what is done is
still there. Files are not synced to disk (a day's copy of what the volumes hold): a done job whose files are short
after a power cut is made again.
"""

import asyncio
import contextlib
from dataclasses import replace

from vedette.core.errors import StorageError, VedetteError
from vedette.runtime.clock import Clock
from vedette.runtime.log import get_logger
from vedette.streaming.export_job import (
    MAX_WAITING,
    ExportFault,
    ExportJob,
    ExportOrder,
    ExportOutcome,
    ExportQueueFullError,
    ExportState,
    NoSuchExportError,
    ZonesChangedError,
)
from vedette.streaming.export_ports import (
    ENHANCE_WEIGHT,
    BundleMaker,
    ClipEnhancer,
    ExportCancelledError,
    ExportMaker,
    ExportShelf,
    Report,
)
from vedette.streaming.masked_feed import ZoneFinder

SWEEP_S = 60.0
MAX_ATTEMPTS = 3
"""An export that the gateway does not survive must not keep it from living."""
_INTERRUPTED = ExportFault(
    "export_interrupted", "the system was restarted again and again during this export", "Order a smaller export."
)


class ExportService:
    """See the module's head. Owned by the gateway's TaskGroup; `order`, `find` and `remove` are for the API."""

    def __init__(
        self,
        shelf: ExportShelf,
        maker: ExportMaker,
        bundles: BundleMaker,
        enhancer: ClipEnhancer,
        find_zones: ZoneFinder,
        clock: Clock,
    ) -> None:
        self._shelf = shelf
        self._maker = maker
        self._bundles = bundles
        self._enhancer = enhancer
        self._find_zones = find_zones
        self._clock = clock
        self._jobs: dict[str, ExportJob] = {}
        # Copies and those that are encoded anew; bounded by MAX_WAITING in `order`.
        self._copies: asyncio.Queue[str] = asyncio.Queue()
        self._slow: asyncio.Queue[str] = asyncio.Queue()
        self._stopped: set[str] = set()
        self._outdated: set[str] = set()

    async def run(self) -> None:
        """Works until cancelled. Call `restore` before anybody can order."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._work(self._copies), name="exports")
            group.create_task(self._work(self._slow), name="slow exports")
            group.create_task(self._sweep(), name="old exports")

    async def restore(self) -> None:
        """Takes up what lies on the shelf."""
        for job in await asyncio.to_thread(self._shelf.load):
            is_whole = job.state is ExportState.DONE and await asyncio.to_thread(self._shelf.has_files, job)
            if job.is_over and (is_whole or job.state is not ExportState.DONE):
                self._jobs[job.order.export_id] = job
            elif job.attempts >= MAX_ATTEMPTS:
                await self._end(replace(job, state=ExportState.FAILED, fault=_INTERRUPTED))
            else:
                self._enqueue(ExportJob(job.order, attempts=job.attempts))

    async def estimate_enhancing_s(self, order: ExportOrder) -> float:
        return await asyncio.to_thread(self._maker.estimate_enhancing_s, order)

    async def estimate_bytes(self, order: ExportOrder) -> int:
        return await asyncio.to_thread(self._maker.estimate_bytes, order)

    def check_room(self) -> None:
        """Refuses when too many wait.

        Raises:
            ExportQueueFullError
        """
        if self._copies.qsize() + self._slow.qsize() >= MAX_WAITING:
            raise ExportQueueFullError("too many exports are waiting", "Try again when some are done.", 30.0)

    async def order(self, order: ExportOrder) -> ExportJob:
        """Takes an order. Nothing of the footage is read before this returns."""
        self.check_room()
        job = ExportJob(order)
        await asyncio.to_thread(self._shelf.save, job)
        self._enqueue(job)
        return job

    def list_jobs(self) -> list[ExportJob]:
        """All jobs, newest first."""
        return sorted(self._jobs.values(), key=lambda job: job.order.export_id, reverse=True)

    def find(self, export_id: str) -> ExportJob:
        """Raises NoSuchExportError."""
        job = self._jobs.get(export_id)
        if job is None:
            raise NoSuchExportError("there is no such export", "Exports are kept for 24 hours.")
        return job

    async def remove(self, export_id: str) -> None:
        """Cancels an export that is not done yet, removes one that is over."""
        job = self.find(export_id)
        if job.is_over:
            del self._jobs[export_id]
            await asyncio.to_thread(self._shelf.remove, export_id)
            return
        if job.state is ExportState.QUEUED:
            await self._end(replace(job, state=ExportState.CANCELLED))
        else:
            self._stopped.add(export_id)

    def drop(self, camera_id: str) -> None:
        """What is being made of a camera for somebody who may not unmask is made anew: its zones changed."""
        for job in self._jobs.values():
            is_hidden = not job.order.may_unmask and any(one.camera_id == camera_id for one in job.order.cameras)
            if job.state is ExportState.RUNNING and is_hidden:
                self._outdated.add(job.order.export_id)

    def _enqueue(self, job: ExportJob) -> None:
        self._jobs[job.order.export_id] = job
        (self._slow if job.order.is_slow else self._copies).put_nowait(job.order.export_id)

    async def _work(self, queue: asyncio.Queue[str]) -> None:
        while True:
            export_id = await queue.get()
            job = self._jobs.get(export_id)
            if job is not None and job.state is ExportState.QUEUED:
                await self._run_job(job)

    async def _run_job(self, job: ExportJob) -> None:
        export_id = job.order.export_id
        job = await self._keep(replace(job, state=ExportState.RUNNING, attempts=job.attempts + 1))
        try:
            ended = replace(await self._make(job), state=ExportState.DONE, progress=1.0)
        except asyncio.CancelledError:
            self._stopped.add(export_id)  # tells the threads; the job stays `running` on the shelf and is made again
            raise
        except ExportCancelledError:
            ended = replace(job, state=ExportState.CANCELLED)
        except (VedetteError, OSError) as exc:
            get_logger("exports").warning("export failed", export=export_id, error=str(exc))
            ended = replace(job, state=ExportState.FAILED, fault=_fault(exc))
        self._stopped.discard(export_id)
        self._outdated.discard(export_id)
        await self._end(ended)

    async def _make(self, job: ExportJob) -> ExportJob:
        """Makes an export with the zones of now. Raises ZonesChangedError when they change again and again."""
        for attempt in range(1, MAX_ATTEMPTS + 1):
            self._outdated.discard(job.order.export_id)
            job = await self._keep(replace(job, order=await self._look_again(job.order), progress=0.0))
            try:
                return replace(job, outcome=await self._make_files(job.order))
            except ZonesChangedError:
                if attempt == MAX_ATTEMPTS:
                    raise
        raise AssertionError("unreachable")

    async def _look_again(self, order: ExportOrder) -> ExportOrder:
        if order.may_unmask:
            return order
        cameras = [replace(one, masked=await self._find_zones(one.camera_id)) for one in order.cameras]
        return replace(order, cameras=tuple(cameras))

    async def _make_files(self, order: ExportOrder) -> ExportOutcome:
        folder = await asyncio.to_thread(self._shelf.clear, order.export_id)
        total = await self.estimate_bytes(order)
        passes = 3 if order.is_bundle else 1 + ENHANCE_WEIGHT if order.is_enhanced else 1
        report = self._reporter(order.export_id, total * passes)
        outcome = await asyncio.to_thread(self._maker.make, order, folder, report)
        report(0)
        if order.is_enhanced:
            return await self._enhancer.make(order, folder, outcome, report)
        return await self._bundles.make(order, folder, outcome, report) if order.is_bundle else outcome

    def _reporter(self, export_id: str, total_bytes: int) -> Report:
        done_bytes = 0

        def report(more_bytes: int) -> None:
            nonlocal done_bytes
            if export_id in self._stopped:
                raise ExportCancelledError("the export was cancelled")
            if export_id in self._outdated:
                raise ZonesChangedError("the privacy zones changed while this export was made", "Order it again.")
            done_bytes += more_bytes
            job = self._jobs.get(export_id)
            if job is not None and job.state is ExportState.RUNNING:
                self._jobs[export_id] = replace(job, progress=min(0.99, done_bytes / max(1, total_bytes)))

        return report

    async def _keep(self, job: ExportJob) -> ExportJob:
        self._jobs[job.order.export_id] = job
        await asyncio.to_thread(self._shelf.save, job)
        return job

    async def _end(self, job: ExportJob) -> None:
        """An export that is shown as over is so on disk already: it stays over when the gateway ends now."""
        ended = replace(job, ended_ns=self._clock.utc_ns())
        if ended.state is not ExportState.DONE:
            await asyncio.to_thread(self._shelf.clear, job.order.export_id)
        await asyncio.to_thread(self._shelf.save, ended)
        self._jobs[job.order.export_id] = ended

    async def _sweep(self) -> None:
        while True:
            now_ns = self._clock.utc_ns()
            for job in [job for job in self._jobs.values() if job.is_over and job.expires_ns <= now_ns]:
                with contextlib.suppress(StorageError):  # tried again a minute later
                    await self.remove(job.order.export_id)
            await self._clock.sleep(SWEEP_S)


def _fault(exc: VedetteError | OSError) -> ExportFault:
    if isinstance(exc, VedetteError):
        return ExportFault(exc.code, exc.message, exc.hint)
    return ExportFault("storage", f"the export cannot be written: {exc.strerror}", "Is the disk full?")
