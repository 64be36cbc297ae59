"""Event pictures of footage that is erased go with it; the events stay, without picture.

An event counts when it overlaps the range. One that has no end counts by its beginning: its picture is of then.
"""

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace

from vedette.events.ports import EventStore, PictureRemover
from vedette.events.records import EventFilter, EventRecord

_PAGE = 500


class EventPictures:
    """Counts and removes pictures."""

    def __init__(self, events: EventStore, pictures: PictureRemover) -> None:
        self._events = events
        self._pictures = pictures

    async def count(self, cameras: Sequence[str], from_ns: int, to_ns: int) -> int:
        """Counts the pictures of a half-open range."""
        return sum([1 async for _ in self._find(cameras, from_ns, to_ns)])

    async def erase(self, cameras: Sequence[str], from_ns: int, to_ns: int) -> int:
        """Removes them: first the file, then the event's word of it. Returns how many there were.

        Raises:
            StorageError: a picture cannot be removed.
        """
        found = [record async for record in self._find(cameras, from_ns, to_ns)]
        for record in found:
            await self._pictures.remove_picture(record.fact.picture)
            await self._events.put(replace(record.fact, picture=""))
        return len(found)

    async def _find(self, cameras: Sequence[str], from_ns: int, to_ns: int) -> AsyncIterator[EventRecord]:
        before: tuple[int, str] | None = None
        while cameras:
            wanted = EventFilter(cameras=tuple(cameras), from_ns=from_ns, to_ns=to_ns, before=before, limit=_PAGE)
            page, _ = await self._events.find_page(wanted)
            for record in page:
                if record.fact.picture and (record.fact.to_ns is not None or record.fact.from_ns >= from_ns):
                    yield record
            if len(page) < _PAGE:
                return
            before = (page[-1].fact.from_ns, page[-1].fact.event_id)
