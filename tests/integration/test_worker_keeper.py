"""Workers as real processes: killed ones are replaced within a second, those that cannot start do not spin."""

import asyncio
import os
import signal
import time

import pytest

from vedette.runtime.clock import SystemClock
from vedette.runtime.worker import (
    WorkerCommand,
    WorkerKeeper,
    WorkerLostError,
    WorkerNursery,
    WorkerProcess,
    start_worker,
)
from vedette.runtime.worker_channel import HEAD
from vedette.testing.clock import JumpingClock

VISION = WorkerCommand("vedette.node.vision_worker")


async def test_killed_worker_is_replaced_within_a_second() -> None:
    nursery = WorkerNursery(VISION)
    served: asyncio.Queue[tuple[int, float]] = asyncio.Queue()
    lost: list[str] = []

    async def serve(worker: WorkerProcess) -> None:
        served.put_nowait((worker.pid, time.monotonic()))
        await worker.receive()

    keeper = asyncio.create_task(WorkerKeeper(nursery, SystemClock(), serve, lost.append).run())
    try:
        first, _ = await served.get()
        await asyncio.wait_for(nursery.wait_spare(), 60)
        killed_at = time.monotonic()
        os.kill(first, signal.SIGKILL)
        second, at = await asyncio.wait_for(served.get(), 60)
    finally:
        keeper.cancel()
        await asyncio.gather(keeper, return_exceptions=True)
        await nursery.close()
    assert second != first
    assert at - killed_at < 1.0
    assert len(lost) == 1


async def test_worker_that_cannot_start_is_retried_ever_more_slowly_and_tells_why() -> None:
    clock = JumpingClock()
    lost: list[str] = []
    done = asyncio.Event()

    def on_lost(reason: str) -> None:
        lost.append(reason)
        if len(lost) == 4:
            done.set()

    async def never(_: WorkerProcess) -> None:
        raise AssertionError("it must not be used")

    nursery = WorkerNursery(WorkerCommand("vedette.node.vision_worker", ("--model", "no-such-model")))
    keeper = asyncio.create_task(WorkerKeeper(nursery, clock, never, on_lost).run())
    try:
        await asyncio.wait_for(done.wait(), 120)
    finally:
        keeper.cancel()
        await asyncio.gather(keeper, return_exceptions=True)
        await nursery.close()
    assert "no-such-model" in lost[0]
    assert clock.sleeps == sorted(clock.sleeps)
    assert len(clock.sleeps) >= 2


async def test_worker_ends_when_its_parent_goes() -> None:
    worker = await start_worker(VISION)
    worker._writer.close()
    assert await asyncio.wait_for(worker._process.wait(), 10) == 0
    await worker.stop()


async def test_impossible_message_size_ends_the_connection() -> None:
    worker = await start_worker(VISION)
    try:
        worker._reader.feed_data(HEAD.pack(1, 1 << 31))
        with pytest.raises(WorkerLostError, match="over the limit"):
            await worker.receive()
    finally:
        await worker.stop()
