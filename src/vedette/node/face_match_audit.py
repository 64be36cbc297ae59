"""Writes each match of a face into the audit trail, once when it is told and once more when it becomes sure.

The row names the entry and the camera, not the person: who reads the trail need not know who is on a list.
"""

from collections import OrderedDict

from vedette.core.errors import StorageError
from vedette.core.messages import EventObserved
from vedette.events.hub import EventHub
from vedette.identity.audit import AuditTrail, Outcome
from vedette.runtime.log import get_logger

_FACE_MATCHED = "face_matched"
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
