import asyncio

import pytest

from vedette.core.errors import InvalidInputError
from vedette.core.time import NS_PER_S
from vedette.testing.clock import JumpingClock, SimulatedClock


async def test_sleeper_wakes_at_its_own_moment_not_at_the_end_of_the_advance() -> None:
    clock = SimulatedClock()
    start_ns = clock.mono_ns()
    woken: list[int] = []

    async def ticks() -> None:
        for _ in range(3):
            await clock.sleep(1.5)
            woken.append(clock.mono_ns() - start_ns)

    task = asyncio.create_task(ticks())
    await clock.advance(3.1)
    assert woken == [1_500_000_000, 3_000_000_000]
    await clock.advance(1.4)
    assert woken[-1] == 4_500_000_000
    await task
    assert clock.sleeps == [1.5, 1.5, 1.5]


async def test_time_stands_still_without_advance() -> None:
    clock = SimulatedClock()
    task = asyncio.create_task(clock.sleep(0.001))
    for _ in range(100):
        await asyncio.sleep(0)
    assert not task.done()
    assert clock.sleepers == 1
    await clock.advance(0.001)
    assert task.done()
    assert clock.sleepers == 0


async def test_cancelled_sleeper_is_skipped() -> None:
    clock = SimulatedClock()
    task = asyncio.create_task(clock.sleep(1))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await clock.advance(2)
    assert clock.sleepers == 0


async def test_wall_clock_steps_without_the_monotonic_clock() -> None:
    clock = SimulatedClock()
    utc_ns, mono_ns = clock.utc_ns(), clock.mono_ns()
    clock.step_utc(-3600)
    assert clock.utc_ns() == utc_ns - 3600 * NS_PER_S
    assert clock.mono_ns() == mono_ns


async def test_going_back_is_refused() -> None:
    with pytest.raises(InvalidInputError):
        await SimulatedClock().advance(-1)


async def test_jumping_clock_passes_the_slept_time_at_once() -> None:
    clock = JumpingClock()
    start_ns = clock.mono_ns()
    for delay_s in (1.0, 2.0, 4.0):
        await clock.sleep(delay_s)
    assert clock.sleeps == [1.0, 2.0, 4.0]
    assert clock.mono_ns() - start_ns == 7 * NS_PER_S
