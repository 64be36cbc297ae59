"""Keeps a sender at most some seconds ahead of what its client has played."""

import asyncio

AHEAD_S = 10.0


class Pacing:
    """`wait_for_room` waits until a media time is near enough to where the client is."""

    def __init__(self, speed: float) -> None:
        self._speed = speed
        self._reached_s = 0.0
        self._moved = asyncio.Event()

    def report(self, media_time_s: float, speed: float | None) -> None:
        """The client says how far it has played."""
        self._reached_s = max(self._reached_s, media_time_s)
        self._speed = speed or self._speed
        self._moved.set()

    async def wait_for_room(self, start_s: float) -> None:
        """Waits until a fragment that starts at `start_s` may be sent."""
        while start_s > self._reached_s + AHEAD_S * max(1.0, self._speed):
            self._moved.clear()
            await self._moved.wait()
