"""The clock that everything takes as an argument. Simulated in tests by `vedette.testing.clock`."""

import asyncio
import os
import time
from typing import Protocol

from vedette.core.ids import make_id


class Clock(Protocol):
    """Wall clock, monotonic clock and waiting, in one object that tests can replace."""

    def utc_ns(self) -> int:
        """Wall clock, UTC nanoseconds since 1970. May step."""
        ...

    def mono_ns(self) -> int:
        """Monotonic nanoseconds, for durations only."""
        ...

    async def sleep(self, delay_s: float) -> None:
        """Waits on the monotonic clock."""
        ...


class SystemClock:
    """The machine's own clocks; read thousands of times a second, so there is no call of ours in between."""

    utc_ns = staticmethod(time.time_ns)
    mono_ns = staticmethod(time.monotonic_ns)

    async def sleep(self, delay_s: float) -> None:
        await asyncio.sleep(delay_s)


def new_id(clock: Clock) -> str:
    """Makes a fresh id (see `vedette.core.ids`)."""
    return make_id(clock.utc_ns(), os.urandom(10))
