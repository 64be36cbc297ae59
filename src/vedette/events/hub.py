"""Delivers events to those who watch now.

Every subscriber has a queue of its own. When it is full, news is left out and counted: a browser that sleeps
must neither hold up the others nor fill the memory. It is told how many it missed and asks the list.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from vedette.events.records import EventRecord

QUEUE_LIMIT = 256


@dataclass(frozen=True, slots=True)
class EventNews:
    """An event, or (with None) how many events were left out before the next one."""

    event: EventRecord | None
    dropped: int = 0


class _Subscriber:
    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._queue: deque[EventRecord] = deque()
        self._dropped = 0
        self._changed = asyncio.Event()

    def put_nowait(self, record: EventRecord) -> None:
        if len(self._queue) >= self._limit:
            self._dropped += 1
        else:
            self._queue.append(record)
        self._changed.set()

    async def news(self) -> AsyncIterator[EventNews]:
        while True:
            while self._queue:
                yield EventNews(self._queue.popleft())
            if self._dropped:
                dropped, self._dropped = self._dropped, 0
                yield EventNews(None, dropped)
                continue
            self._changed.clear()
            await self._changed.wait()


class EventHub:
    """Fans events out. Used on the event loop only."""

    def __init__(self, queue_limit: int = QUEUE_LIMIT) -> None:
        self._queue_limit = queue_limit
        self._subscribers: set[_Subscriber] = set()

    def __len__(self) -> int:
        return len(self._subscribers)

    def publish_nowait(self, record: EventRecord) -> None:
        for subscriber in self._subscribers:
            subscriber.put_nowait(record)

    @asynccontextmanager
    async def subscribe(self) -> AsyncIterator[AsyncIterator[EventNews]]:
        """Yields the news from now on, until the context is left."""
        subscriber = _Subscriber(self._queue_limit)
        self._subscribers.add(subscriber)
        try:
            yield subscriber.news()
        finally:
            self._subscribers.discard(subscriber)
