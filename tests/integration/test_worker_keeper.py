"""Workers as real processes: killed ones are replaced within a second, those that cannot start do not spin."""

import asyncio
import os
import signal
import socket
import time
from pathlib import Path
from typing import cast

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


async def test_numerical_libraries_of_a_worker_make_no_threads_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """On every start they would spin for a while, one for each processor."""
    monkeypatch.delenv("OPENBLAS_NUM_THREADS", raising=False)
    worker = await start_worker(VISION)
    try:
        assert len(list(Path(f"/proc/{worker.pid}/task").iterdir())) == 1
    finally:
        await worker.stop()


async def test_impossible_message_size_ends_the_connection() -> None:
    worker = await start_worker(VISION)
    try:
        worker._reader.feed_data(HEAD.pack(1, 1 << 31))
        with pytest.raises(WorkerLostError, match="over the limit"):
            await worker.receive()
    finally:
        await worker.stop()


def _workers_of_mine() -> set[int]:
    text = Path(f"/proc/self/task/{os.getpid()}/children").read_text("ascii")
    return {int(pid) for pid in text.split() if b"vision_worker" in Path(f"/proc/{pid}/cmdline").read_bytes()}


async def test_start_that_is_given_up_at_any_moment_leaves_no_worker() -> None:
    before = _workers_of_mine()
    for turns in range(24):
        starting = asyncio.create_task(start_worker(VISION))
        for _ in range(turns):
            await asyncio.sleep(0)
        starting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await starting
        assert _workers_of_mine() == before


async def test_taker_that_is_cancelled_as_its_worker_comes_leaves_none() -> None:
    given: list[WorkerProcess] = []

    async def start(command: WorkerCommand) -> WorkerProcess:
        given.append(await start_worker(command))
        taker.cancel()
        return given[-1]

    taker = asyncio.create_task(WorkerNursery(VISION, start).take())
    with pytest.raises(asyncio.CancelledError):
        await taker
    assert len(given) == 1
    assert not Path(f"/proc/{given[0].pid}").exists()


async def test_stop_waits_for_the_end_of_stderr_with_which_asyncio_lets_the_process_go() -> None:
    class Ended:
        pid = 1

        def __init__(self) -> None:
            self.stderr = asyncio.StreamReader()

        def kill(self) -> None:
            raise ProcessLookupError

        async def wait(self) -> int:
            asyncio.get_running_loop().call_later(0.05, self.stderr.feed_data, b"last words")
            asyncio.get_running_loop().call_later(0.1, self.stderr.feed_eof)
            return 0

    ours, theirs = socket.socketpair()
    with theirs:
        worker = WorkerProcess(
            cast("asyncio.subprocess.Process", Ended()), *await asyncio.open_unix_connection(sock=ours)
        )
        assert await worker.stop() == 0
    assert worker.last_words == "last words"
