"""Exports as jobs: they survive a restart, can be cancelled, fail clearly and go after a day."""

import asyncio
import threading
from pathlib import Path
from typing import Self

from tests.support.exports import make_order
from tests.support.streaming import settle
from vedette.adapters.export_folders import ExportFolders
from vedette.core.errors import StorageError
from vedette.core.ids import make_id
from vedette.streaming.export_job import (
    KEEP_NS,
    ExportFile,
    ExportJob,
    ExportOrder,
    ExportOutcome,
    ExportState,
)
from vedette.streaming.export_ports import Report
from vedette.streaming.export_service import MAX_ATTEMPTS, ExportService
from vedette.testing.clock import SimulatedClock


class GatedMaker:
    """Writes one file per order when the test opens the gate; fails with what the test gives."""

    def __init__(self) -> None:
        self.gate = threading.Event()
        self.began = threading.Event()
        self.fails: Exception | None = None

    def estimate_bytes(self, order: ExportOrder) -> int:
        return 100

    def make(self, order: ExportOrder, folder: Path, report: Report) -> ExportOutcome:
        (folder / ".draft").write_bytes(b"half")
        report(50)
        self.began.set()
        assert self.gate.wait(20)
        report(50)
        if self.fails:
            raise self.fails
        (folder / ".draft").rename(folder / "Gate.mp4")
        return ExportOutcome((ExportFile("Gate.mp4", 4, "00", order.cameras[0].camera_id, order.from_ns),))


class NoBundles:
    async def make(self, order: ExportOrder, folder: Path, clips: ExportOutcome, report: Report) -> ExportOutcome:
        raise AssertionError("no bundle was asked for")


class House:
    """A service on a folder; `run` ends when the context does, as the gateway's task does."""

    def __init__(self, root: Path) -> None:
        self.clock = SimulatedClock()
        self.shelf = ExportFolders(root)
        self.maker = GatedMaker()
        self.service = ExportService(self.shelf, self.maker, NoBundles(), self.clock)

    async def __aenter__(self) -> Self:
        await self.service.restore()
        self._task = asyncio.create_task(self.service.run())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        self.maker.gate.set()

    async def began(self) -> None:
        assert await asyncio.to_thread(self.maker.began.wait, 20)

    async def over(self, export_id: str) -> ExportJob:
        async with asyncio.timeout(20):
            while not (job := self.service.find(export_id)).is_over:
                await asyncio.to_thread(self.maker.gate.wait, 0.01)
        return job


ORDER = make_order("Gate")
ID = ORDER.export_id


async def test_job_tells_its_progress_and_keeps_its_files(tmp_path) -> None:
    async with House(tmp_path) as house:
        assert (await house.service.order(ORDER)).state is ExportState.QUEUED
        await house.began()
        assert house.service.find(ID).progress == 0.5
        house.maker.gate.set()
        job = await house.over(ID)
    assert (job.state, job.progress, job.size_bytes) == (ExportState.DONE, 1.0, 4)
    assert house.shelf.find_file(ID, "Gate.mp4").read_bytes() == b"half"


async def test_job_that_ran_when_the_gateway_ended_is_made_again(tmp_path) -> None:
    async with House(tmp_path) as house:
        await house.service.order(ORDER)
        await house.began()
    async with House(tmp_path) as again:
        again.maker.gate.set()
        job = await again.over(ID)
    assert (job.state, job.attempts) == (ExportState.DONE, 2)
    assert [path.name for path in (tmp_path / ID / "files").iterdir()] == ["Gate.mp4"]


async def test_export_that_the_gateway_does_not_survive_is_given_up(tmp_path) -> None:
    ExportFolders(tmp_path).save(ExportJob(ORDER, ExportState.RUNNING, attempts=MAX_ATTEMPTS))
    async with House(tmp_path) as house:
        await settle()
        job = await house.over(ID)
    assert job.fault is not None
    assert (job.state, job.fault.code) == (ExportState.FAILED, "export_interrupted")


async def test_done_export_stays_done_over_a_restart_unless_its_files_are_short(tmp_path) -> None:
    async with House(tmp_path) as house:
        house.maker.gate.set()
        await house.service.order(ORDER)
        done = await house.over(ID)
    await (whole := House(tmp_path)).service.restore()
    assert whole.service.find(ID) == done
    (tmp_path / ID / "files" / "Gate.mp4").write_bytes(b"h")
    await (short := House(tmp_path)).service.restore()
    assert short.service.find(ID).state is ExportState.QUEUED


async def test_running_job_is_cancelled_and_leaves_no_file(tmp_path) -> None:
    async with House(tmp_path) as house:
        await house.service.order(ORDER)
        await house.began()
        await house.service.remove(ID)
        house.maker.gate.set()
        assert (await house.over(ID)).state is ExportState.CANCELLED
        assert list((tmp_path / ID / "files").iterdir()) == []
        await house.service.remove(ID)
        assert not (tmp_path / ID).exists()


async def test_waiting_job_is_cancelled_before_it_begins(tmp_path) -> None:
    other = make_order("Gate", export_id=make_id(9, bytes(10)))
    async with House(tmp_path) as house:
        await house.service.order(ORDER)
        await house.began()
        await house.service.order(other)
        await house.service.remove(other.export_id)
        house.maker.gate.set()
        await house.over(ID)
        assert house.service.find(other.export_id).state is ExportState.CANCELLED


async def test_failure_says_why_and_the_next_job_goes_on(tmp_path) -> None:
    async with House(tmp_path) as house:
        house.maker.fails = StorageError("the disk is full", "Make room.")
        house.maker.gate.set()
        await house.service.order(ORDER)
        job = await house.over(ID)
        assert job.fault is not None
        assert (job.state, job.fault.code, job.fault.hint) == (ExportState.FAILED, "storage", "Make room.")
        house.maker.fails = None
        other = make_order("Gate", export_id=make_id(9, bytes(10)))
        await house.service.order(other)
        assert (await house.over(other.export_id)).state is ExportState.DONE


async def test_export_goes_after_a_day(tmp_path) -> None:
    async with House(tmp_path) as house:
        house.maker.gate.set()
        await house.service.order(ORDER)
        await house.over(ID)
        await house.clock.advance(KEEP_NS / 1e9 - 60)
        assert house.service.find(ID).state is ExportState.DONE
        await house.clock.advance(180)
        async with asyncio.timeout(20):
            while (tmp_path / ID).exists():
                await asyncio.to_thread(house.maker.gate.wait, 0.01)
        assert house.service.list_jobs() == []


async def test_unreadable_job_is_removed_and_others_are_kept(tmp_path) -> None:
    broken = make_id(1, bytes(10))
    (tmp_path / broken).mkdir()
    (tmp_path / broken / "job.json").write_bytes(b"{")
    ExportFolders(tmp_path).save(ExportJob(ORDER, ExportState.CANCELLED))
    house = House(tmp_path)
    await house.service.restore()
    assert [job.order.export_id for job in house.service.list_jobs()] == [ID]
    assert not (tmp_path / broken).exists()
