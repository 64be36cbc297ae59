"""Exports as jobs: they survive a restart, can be cancelled, fail clearly and go after a day."""

import asyncio
import threading
from dataclasses import replace
from pathlib import Path
from typing import Self

from tests.support.exports import make_order
from tests.support.streaming import settle
from vedette.adapters.export_folders import ExportFolders
from vedette.core.errors import StorageError
from vedette.core.geometry import Polygon
from vedette.core.ids import make_id
from vedette.core.privacy import PrivacyZone
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
        self.orders: list[ExportOrder] = []

    def estimate_bytes(self, order: ExportOrder) -> int:
        return 100

    def make(self, order: ExportOrder, folder: Path, report: Report) -> ExportOutcome:
        self.orders.append(order)
        (folder / ".draft").write_bytes(b"half")
        report(50)
        self.began.set()
        assert self.gate.wait(20)
        report(50)
        if self.fails:
            raise self.fails
        (folder / ".draft").rename(folder / "Gate.mp4")
        return ExportOutcome((ExportFile("Gate.mp4", 4, "00", order.cameras[0].camera_id, order.from_ns),))


class KeptBundles:
    """Refuses unless a test wants bundles; then it keeps what it was asked for."""

    def __init__(self) -> None:
        self.refuses = True
        self.orders: list[ExportOrder] = []

    async def make(self, order: ExportOrder, folder: Path, clips: ExportOutcome, report: Report) -> ExportOutcome:
        assert not self.refuses, "no bundle was asked for"
        self.orders.append(order)
        return clips


class House:
    """A service on a folder; `run` ends when the context does, as the gateway's task does."""

    def __init__(self, root: Path, maker: GatedMaker | None = None) -> None:
        self.clock = SimulatedClock()
        self.shelf = ExportFolders(root)
        self.maker = maker or GatedMaker()
        self.zones: dict[str, tuple[PrivacyZone, ...]] = {}
        self.bundles = KeptBundles()
        self.service = ExportService(self.shelf, self.maker, self.bundles, KeptBundles(), self._find_zones, self.clock)

    async def _find_zones(self, camera_id: str) -> tuple[PrivacyZone, ...]:
        return self.zones.get(camera_id, ())

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


RESTRICTED = make_order("Gate", may_unmask=False)
CAMERA = RESTRICTED.cameras[0].camera_id
LEFT, RIGHT = [
    (PrivacyZone(name, name, Polygon(((x, 0.0), (x + 0.5, 0.0), (x + 0.5, 1.0)))),)
    for name, x in (("left", 0.0), ("right", 0.5))
]


class ZonesChangingMaker(GatedMaker):
    """Changes the zones of a camera in the middle of the work, as somebody in the console does."""

    def __init__(self, *changes: tuple[PrivacyZone, ...]) -> None:
        super().__init__()
        self.gate.set()
        self.changes = list(changes)
        self.house: House | None = None

    def make(self, order: ExportOrder, folder: Path, report: Report) -> ExportOutcome:
        if self.changes:
            assert self.house is not None
            self.house.zones[CAMERA] = self.changes.pop(0)
            self.house.service.drop(CAMERA)
        return super().make(order, folder, report)


async def make_with_changes(
    root: Path, order: ExportOrder, *changes: tuple[PrivacyZone, ...]
) -> tuple[ExportJob, list[tuple[PrivacyZone, ...]]]:
    """Returns the job and the zones that each attempt was told to fill."""
    maker = ZonesChangingMaker(*changes)
    house = maker.house = House(root, maker)
    async with house:
        await house.service.order(order)
        job = await house.over(order.export_id)
    return job, [asked.cameras[0].masked for asked in maker.orders]


async def test_zones_drawn_while_a_copy_is_made_throw_it_away_and_mask_the_next(tmp_path) -> None:
    job, attempts = await make_with_changes(tmp_path, RESTRICTED, LEFT, RIGHT)
    assert attempts == [(), LEFT, RIGHT]
    assert (job.state, job.order.cameras[0].masked) == (ExportState.DONE, RIGHT)


async def test_zones_that_change_again_and_again_fail_the_export_clearly(tmp_path) -> None:
    job, attempts = await make_with_changes(tmp_path, RESTRICTED, LEFT, RIGHT, LEFT, RIGHT)
    assert job.fault is not None
    assert (job.state, job.fault.code, len(attempts)) == (ExportState.FAILED, "privacy_changed", 3)
    assert list((tmp_path / RESTRICTED.export_id / "files").iterdir()) == []


async def test_export_of_who_may_unmask_does_not_care_for_zones(tmp_path) -> None:
    job, attempts = await make_with_changes(tmp_path, ORDER, LEFT)
    assert attempts == [()]
    assert job.state is ExportState.DONE


async def test_bundle_of_a_camera_that_is_hidden_since_it_was_ordered_is_masked(tmp_path) -> None:
    async with House(tmp_path) as house:
        house.bundles.refuses = False
        house.zones[CAMERA] = LEFT
        house.maker.gate.set()
        await house.service.order(make_order("Gate", may_unmask=False, is_bundle=True))
        await house.over(RESTRICTED.export_id)
    made = [order.cameras[0].masked for order in (*house.maker.orders, *house.bundles.orders)]
    assert made == [LEFT, LEFT], "the files and the bundle know what is hidden now"


async def test_masked_export_that_takes_hours_does_not_hold_up_copies(tmp_path) -> None:
    masked = replace(RESTRICTED, cameras=(replace(RESTRICTED.cameras[0], masked=LEFT),))
    copy = make_order("Gate", export_id=make_id(9, bytes(10)))
    async with House(tmp_path) as house:
        house.zones[CAMERA] = LEFT
        await house.service.order(masked)
        await house.began()
        house.maker.began.clear()
        await house.service.order(copy)
        await house.began()
        assert [order.is_masked for order in house.maker.orders] == [True, False]
        house.maker.gate.set()
        assert (await house.over(copy.export_id)).state is ExportState.DONE
        assert (await house.over(masked.export_id)).state is ExportState.DONE


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
