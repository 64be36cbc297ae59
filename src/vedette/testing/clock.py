"""Clocks that tests drive: time moves only when the test says so.

`SimulatedClock` waits for `advance`; `JumpingClock` lets every sleep end at once, on the spot, and moves its
time by the slept amount, which suits retry loops whose only interesting result is the list of delays.
Both pass through `vedette.runtime.clock.Clock`.
"""

import asyncio
import heapq

from typing_extensions import override

from vedette.core.errors import InvalidInputError
from vedette.core.time import NS_PER_S

DEFAULT_UTC_NS = 1_767_225_600 * NS_PER_S
"""2026-01-01T00:00:00Z: any fixed instant would do, a round one reads well in failures."""

_SETTLE_TURNS = 25
"""Turns of the event loop given to woken tasks. Chains of plain awaits take one turn per link; 25 is more
than any service of the house needs between two sleeps, and costs microseconds."""


class SimulatedClock:
    """A clock that stands still until `advance`.

    Attributes:
        sleeps: Every delay that was asked for, in order.
    """

    def __init__(self, utc_ns: int = DEFAULT_UTC_NS, mono_ns: int = NS_PER_S) -> None:
        self.sleeps: list[float] = []
        self._utc_ns = utc_ns
        self._mono_ns = mono_ns
        self._waiting: list[tuple[int, int, asyncio.Future[None]]] = []
        self._order = 0

    def utc_ns(self) -> int:
        return self._utc_ns

    def mono_ns(self) -> int:
        return self._mono_ns

    async def sleep(self, delay_s: float) -> None:
        """Waits until the test has advanced by `delay_s`. A delay of 0 or less gives one turn to others."""
        self.sleeps.append(delay_s)
        if delay_s <= 0:
            await asyncio.sleep(0)
            return
        future = asyncio.get_running_loop().create_future()
        self._order += 1
        heapq.heappush(self._waiting, (self._mono_ns + _to_ns(delay_s), self._order, future))
        await future

    @property
    def sleepers(self) -> int:
        """How many tasks wait on this clock now."""
        return sum(not future.done() for _, _, future in self._waiting)

    async def advance(self, delay_s: float) -> None:
        """Moves both clocks forward, waking sleepers one by one at exactly their own moment.

        After each wake-up the event loop turns a few times, so that the woken task may sleep again within
        the same advance: `advance(10)` runs a task that sleeps 1 s in a loop ten times.
        """
        if delay_s < 0:
            raise InvalidInputError(f"a clock does not go back: advance({delay_s})", "Use step_utc().")
        await _settle()
        target_ns = self._mono_ns + _to_ns(delay_s)
        while self._waiting and self._waiting[0][0] <= target_ns:
            due_ns, _, future = heapq.heappop(self._waiting)
            if future.done():
                continue
            self._move(due_ns - self._mono_ns)
            future.set_result(None)
            await _settle()
        self._move(target_ns - self._mono_ns)
        await _settle()

    def step_utc(self, step_s: float) -> None:
        """Steps the wall clock alone, as NTP or an administrator does."""
        self._utc_ns += _to_ns(step_s)

    def _move(self, delta_ns: int) -> None:
        self._mono_ns += delta_ns
        self._utc_ns += delta_ns


class JumpingClock(SimulatedClock):
    """A clock on which every sleep is over at once; the time it would have taken has passed."""

    @override
    async def sleep(self, delay_s: float) -> None:
        self.sleeps.append(delay_s)
        self._move(_to_ns(max(delay_s, 0.0)))
        await asyncio.sleep(0)


def _to_ns(delay_s: float) -> int:
    return round(delay_s * NS_PER_S)


async def _settle() -> None:
    for _ in range(_SETTLE_TURNS):
        await asyncio.sleep(0)
