"""The reins of a file analysis that runs: pause, go on, and other terms from the next picture on."""

import asyncio

from vedette.core.time import NS_PER_S
from vedette.runtime.clock import Clock
from vedette.vision.file_jobs import JobTerms


class FileControl:
    """Held by whoever started the analysis, and asked by it before each picture."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._terms: JobTerms | None = None
        self._going = asyncio.Event()
        self._going.set()
        self.paused_s = 0.0
        """Spent in pauses that are over."""

    def pause(self) -> None:
        self._going.clear()

    def go_on(self) -> None:
        self._going.set()

    def change(self, terms: JobTerms) -> None:
        self._terms = terms

    async def wait_going(self) -> None:
        """Waits while paused."""
        began_ns = self._clock.mono_ns()
        await self._going.wait()
        self.paused_s += (self._clock.mono_ns() - began_ns) / NS_PER_S

    def take_change(self) -> JobTerms | None:
        """Terms that were changed since the last call."""
        terms, self._terms = self._terms, None
        return terms
