"""Writes each match of a face into the audit trail, once when it is told and once more when it becomes sure.

The row names the entry and the camera, not the person: who reads the trail need not know who is on a list.
"""

from collections import OrderedDict

from vedette.core.errors import StorageError
from vedette.core.messages import EventObserved, FileFaceMatched
from vedette.events.hub import EventHub
from vedette.identity.audit import AuditTrail, Outcome
from vedette.runtime.bus import Consumer
from vedette.runtime.clock import Clock
from vedette.runtime.log import get_logger

_FACE_MATCHED = "face_matched"
_RETRY_S = 5.0
_REMEMBERED = 4096


class FaceMatchAudit:
    """Owned by a TaskGroup; stop it by cancelling."""

    def __init__(self, hub: EventHub, audit: AuditTrail) -> None:
        self._hub = hub
        self._audit = audit
        self._written: OrderedDict[tuple[str, str], None] = OrderedDict()

    async def run(self) -> None:
        """Runs until cancelled."""
        async with self._hub.subscribe() as news:
            async for item in news:
                try:
                    if item.dropped:
                        await self._write("", f"{item.dropped} events came too fast to be written down one by one")
                    elif item.event is not None:
                        await self._note(item.event.fact)
                except StorageError as exc:
                    get_logger("watchlists").error("a match is not in the audit trail", code=exc.code)

    async def _note(self, fact: EventObserved) -> None:
        if fact.kind != _FACE_MATCHED or fact.match is None:
            return
        key = (fact.event_id, fact.match.state.value)
        if key in self._written:
            return
        self._written[key] = None
        while len(self._written) > _REMEMBERED:
            self._written.popitem(last=False)
        where = f"camera {fact.camera_id}, event {fact.event_id}"
        detail = f"person {fact.match.entry_id}: {fact.match.state.value}, similarity {fact.confidence:.2f}, {where}"
        await self._write(fact.match.list_id, detail)

    async def _write(self, list_id: str, detail: str) -> None:
        await self._audit.record_anonymous(
            "system", "", "watchlist.face_match", list_id, outcome=Outcome.DONE, detail=detail
        )


class FileMatchAudit:
    """The same of files: each match that their analysis told on the bus, before its position is committed.

    Owned by a TaskGroup; stop it by cancelling.
    """

    def __init__(self, consumer: Consumer, audit: AuditTrail, clock: Clock) -> None:
        self._consumer = consumer
        self._audit = audit
        self._clock = clock
        self._is_failing = False

    async def run(self) -> None:
        """Runs until cancelled."""
        async for delivery in self._consumer.deliveries((FileFaceMatched.TOPIC,)):
            if isinstance(delivery.message, FileFaceMatched):
                while not await self._is_written(delivery.message):
                    await self._clock.sleep(_RETRY_S)
            await self._consumer.commit(delivery)

    async def _is_written(self, fact: FileFaceMatched) -> bool:
        detail = f"person {fact.entry_id}: {fact.state}, similarity {fact.similarity:.2f}, file job {fact.job_id}"
        try:
            await self._audit.record_anonymous(
                "system", "", "watchlist.face_match", fact.list_id, outcome=Outcome.DONE, detail=detail
            )
        except StorageError as exc:
            if not self._is_failing:
                get_logger("watchlists").error("a match is not in the audit trail yet", code=exc.code)
            self._is_failing = True
            return False
        self._is_failing = False
        return True
