"""Hazards of a loop that rests: it rests while somebody waits, oversleeps a visitor, or never wakes up to stop."""

import asyncio
import socket
import threading
from collections.abc import Iterator

import pytest

from vedette.runtime.loop_rest import LINGER_S, LoopRest


@pytest.fixture
def door() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as door:
        yield door


class Resting:
    """Counts rests, and waits for the next ones."""

    def __init__(self, rest: LoopRest, door: socket.socket) -> None:
        self.count = 0
        rest.start(door, self._note)

    def _note(self) -> None:
        self.count += 1

    async def wait(self, more: int) -> None:
        wanted = self.count + more
        while self.count < wanted:
            await asyncio.sleep(0)


@pytest.mark.timeout(30)
async def test_rests_and_serves_in_turns(door: socket.socket) -> None:
    rest, served = LoopRest(0.001), 0
    resting = Resting(rest, door)

    async def serve() -> None:
        nonlocal served
        while True:
            served += 1
            await asyncio.sleep(0)

    serving = asyncio.create_task(serve())
    await resting.wait(20)
    assert not rest.is_prompt
    assert served >= 19
    rest.stop()
    serving.cancel()


@pytest.mark.timeout(30)
async def test_does_not_rest_while_it_is_held(door: socket.socket) -> None:
    rest = LoopRest(0.001)
    resting = Resting(rest, door)
    await resting.wait(2)
    with rest.awake(), rest.awake():
        assert rest.is_held
        while not rest.is_prompt:
            await asyncio.sleep(0)
        before = resting.count
        await asyncio.sleep(3 * LINGER_S)
        assert resting.count == before
    assert not rest.is_held
    await resting.wait(2)
    assert not rest.is_prompt
    rest.stop()


@pytest.mark.timeout(30)
async def test_stays_awake_for_a_time(door: socket.socket) -> None:
    rest = LoopRest(0.001)
    resting = Resting(rest, door)
    await resting.wait(1)
    rest.stay_awake(3 * LINGER_S)
    while not rest.is_prompt:
        await asyncio.sleep(0)
    before = resting.count
    await asyncio.sleep(LINGER_S)
    assert resting.count == before
    await resting.wait(1)
    rest.stop()


@pytest.mark.timeout(30)
async def test_a_visitor_ends_a_long_rest(door: socket.socket) -> None:
    rest = LoopRest(3600.0)
    port = door.getsockname()[1]
    about_to_rest = threading.Event()
    rest.start(door, about_to_rest.set)

    def visit() -> None:
        about_to_rest.wait()
        socket.create_connection(("127.0.0.1", port)).close()

    visitor = threading.Thread(target=visit)
    visitor.start()
    while not rest.is_prompt or not about_to_rest.is_set():
        await asyncio.sleep(0)
    rest.stop()
    visitor.join()


async def test_before_it_is_started_and_after_its_end_it_is_prompt(door: socket.socket) -> None:
    rest = LoopRest(0.001)
    assert rest.is_prompt
    rest.stay_awake(1.0)
    resting = Resting(rest, door)
    await resting.wait(1)
    rest.stop()
    assert rest.is_prompt
    before = resting.count
    for _ in range(10):
        await asyncio.sleep(0)
    assert resting.count == before
