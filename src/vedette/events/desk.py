"""What operators do with events: list them, look at them, acknowledge them."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager

from vedette.core.errors import ConflictError, ForbiddenError, NotFoundError
from vedette.core.privacy import LookAt, Sight
from vedette.events.hub import EventHub, EventNews
from vedette.events.ports import EventStore, PictureMasker, PictureReader
from vedette.events.records import EventFilter, EventRecord
from vedette.runtime.clock import Clock


class AlreadyAcknowledgedError(ConflictError):
    """Somebody was first."""

    code = "already_acknowledged"


class OwnChangeError(ForbiddenError):
    """The event is about what this user did: somebody else has to look at it."""

    code = "own_change"


class EventDesk:
    """The operator's end of history."""

    def __init__(
        self, *, events: EventStore, pictures: PictureReader, masker: PictureMasker, hub: EventHub, clock: Clock
    ) -> None:
        self._events = events
        self._pictures = pictures
        self._masker = masker
        self._hub = hub
        self._clock = clock

    async def find_events(self, wanted: EventFilter) -> tuple[list[EventRecord], int]:
        """Returns one page, newest first, and how many match in all."""
        return await self._events.find_page(wanted)

    async def find_event(self, event_id: str) -> EventRecord:
        """Returns an event.

        Raises:
            NotFoundError: there is none with this id.
        """
        record = await self._events.find(event_id)
        if record is None:
            raise NotFoundError(f"there is no event {event_id}")
        return record

    async def acknowledge(self, by: str, event_id: str, note: str) -> EventRecord:
        """Acknowledges an event for a user, once.

        Raises:
            NotFoundError: there is none with this id.
            AlreadyAcknowledgedError: somebody was first; the error says who.
            OwnChangeError: the event is about what this user did.
        """
        if by == (await self.find_event(event_id)).fact.caused_by:
            raise OwnChangeError("this event is about your own change", "Somebody else has to acknowledge it.")
        was_new = await self._events.acknowledge(event_id, by, self._clock.utc_ns(), note)
        record = await self.find_event(event_id)
        if not was_new:
            raise AlreadyAcknowledgedError(f"{record.acknowledged_by} has acknowledged this event already")
        self._hub.publish_nowait(record)
        return record

    async def read_picture(self, event_id: str, look: LookAt) -> tuple[bytes, Sight]:
        """Reads the snapshot of an event, and says what was filled in it.

        Raises:
            NotFoundError: no such event, or it has no picture (any more).
            UnavailableError: it has to be masked, and nobody does that now.
        """
        record = await self.find_event(event_id)
        if not record.fact.picture:
            raise NotFoundError(f"the event {event_id} has no picture")
        sight = await look(record.fact.camera_id)
        picture = await self._pictures.read_picture(record.fact.picture)
        if sight.masked:
            picture = await self._masker.mask_jpeg(picture, sight.masked_parts)
        return picture, sight

    def subscribe(self) -> AbstractAsyncContextManager[AsyncIterator[EventNews]]:
        """Follows new and changed events."""
        return self._hub.subscribe()
