"""Workers are started with the cameras that need them."""

import asyncio
from pathlib import Path
from typing import cast

import pytest

from tests.support.bus import SilentPublisher
from vedette.node.analyzer_pool import WorkerPool
from vedette.runtime.clock import SystemClock
from vedette.runtime.worker import WorkerCommand, WorkerProcess
from vedette.vision import wire
from vedette.vision.models.registry import ModelRegistry


class IdleWorker:
    """A worker that is ready and never says anything."""

    pid = 1
    ready_payload = wire.encode(wire.Ready(0, {}, {}, "", 0.0))

    async def receive(self) -> None:
        await asyncio.Event().wait()

    async def stop(self) -> None: ...


@pytest.fixture
def started() -> list[WorkerCommand]:
    return []


@pytest.fixture
def pool(tmp_path: Path, started: list[WorkerCommand]) -> WorkerPool:
    async def start(command: WorkerCommand) -> WorkerProcess:
        started.append(command)
        return cast(WorkerProcess, IdleWorker())

    return WorkerPool(None, (), ModelRegistry(tmp_path), 4, SystemClock(), SilentPublisher(), start)


async def settle() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


async def test_a_worker_is_started_with_each_camera_until_all_have_one(
    pool: WorkerPool, started: list[WorkerCommand]
) -> None:
    cameras: list[object] = []
    running = asyncio.create_task(pool.run())
    await settle()
    counts = [len(started)]
    for _ in range(6):
        cameras.append(pool.pick(cameras.count))
        await settle()
        counts.append(len(started))
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert counts == [1, 2, 3, 4, 5, 5, 5], "the first at once, a spare one with the first camera"
    assert [cameras.count(link) for link in pool.links] == [2, 2, 1, 1]


async def test_a_single_question_starts_no_worker(pool: WorkerPool, started: list[WorkerCommand]) -> None:
    running = asyncio.create_task(pool.run())
    camera = pool.pick(lambda _: 0)
    await settle()
    before = len(started)
    assert pool.pick_started(lambda link: int(link is camera)) is camera
    await settle()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert len(started) == before
