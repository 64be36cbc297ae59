"""Sends every stream's frames when they are due, from one task.

One task and a heap instead of a timer per frame: with 60 cameras of 25 frames/s the frames that fall into
the same few milliseconds are sent in one wake-up.
"""

import asyncio
import heapq

from vedette.core.time import NS_PER_MS, NS_PER_S
from vedette.runtime.clock import Clock
from vedette.testing.simulated_stream import SimulatedStream

_SLOT_NS = 4 * NS_PER_MS
"""Frames may be this much early or late. Far below the jitter of a real camera (tens of milliseconds)."""
_MAX_SLEEP_S = 0.02
"""A stream that gets its first client while the pacer sleeps starts at most this late."""


class Pacer:
    """Owned by the server's TaskGroup; stop it by cancelling."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._streams: list[SimulatedStream] = []
        self._due: list[tuple[int, int]] = []
        self._scheduled: set[int] = set()
        self._changed = asyncio.Event()

    def add(self, stream: SimulatedStream) -> None:
        self._streams.append(stream)

    def wake(self) -> None:
        """Tells that a stream has got its first client, or that its clock was changed."""
        self._changed.set()

    async def run(self) -> None:
        """Sends until cancelled."""
        while True:
            if self._changed.is_set():
                self._changed.clear()
                self._schedule_idle()
            if not self._due:
                await self._changed.wait()
                continue
            now_ns = self._clock.mono_ns()
            self._send_due(now_ns)
            if self._due:
                delay_ns = max(self._due[0][0] - self._clock.mono_ns(), _SLOT_NS // 2)
                await self._clock.sleep(min(delay_ns / NS_PER_S, _MAX_SLEEP_S))

    def _schedule_idle(self) -> None:
        now_ns = self._clock.mono_ns()
        for index, stream in enumerate(self._streams):
            if stream.sessions and index not in self._scheduled:
                self._scheduled.add(index)
                heapq.heappush(self._due, (now_ns, index))

    def _send_due(self, now_ns: int) -> None:
        horizon_ns = now_ns + _SLOT_NS
        while self._due and self._due[0][0] <= horizon_ns:
            _, index = heapq.heappop(self._due)
            next_ns = self._streams[index].send_due(horizon_ns)
            if next_ns is None:
                self._scheduled.discard(index)
            else:
                heapq.heappush(self._due, (max(next_ns, horizon_ns + 1), index))
