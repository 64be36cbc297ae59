"""Hazards of a line: two at once, a place that is never given back, a crowd that waits for ever."""

import asyncio

import pytest

from vedette.core.errors import TooManyRequestsError
from vedette.runtime.turns import Turns


def turns(most: int) -> Turns:
    return Turns(most, lambda: TooManyRequestsError("too many", retry_after_s=1.0))


async def test_one_at_a_time_in_the_order_of_coming() -> None:
    line, done, inside = turns(5), [], 0

    async def work(number: int) -> None:
        nonlocal inside
        async with line.take():
            inside += 1
            assert inside == 1
            await asyncio.sleep(0)
            inside -= 1
            done.append(number)

    await asyncio.gather(*(work(number) for number in range(5)))
    assert done == [0, 1, 2, 3, 4]


async def test_who_comes_to_a_full_line_is_refused_and_places_come_back() -> None:
    line, go = turns(2), asyncio.Event()

    async def work() -> None:
        async with line.take():
            await go.wait()

    first, second = (asyncio.create_task(work()) for _ in range(2))
    await asyncio.sleep(0)
    with pytest.raises(TooManyRequestsError):
        await work()
    second.cancel()
    await asyncio.gather(second, return_exceptions=True)
    third = asyncio.create_task(work())
    go.set()
    await asyncio.gather(first, third)


async def test_failure_inside_gives_the_turn_back() -> None:
    line = turns(1)
    with pytest.raises(ValueError, match="broken"):
        async with line.take():
            raise ValueError("broken")
    async with line.take():
        pass


async def test_house_itself_waits_for_the_turn_and_is_never_refused() -> None:
    line = turns(1)
    async with line.take():
        own = asyncio.create_task(_have(line))
        await asyncio.sleep(0)
        assert not own.done()
    assert await own


async def _have(line: Turns) -> bool:
    async with line.have():
        return True
