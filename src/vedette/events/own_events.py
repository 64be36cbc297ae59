"""Events that the gateway itself makes, because of what a user did.

No single user may stop a recording or shorten its retention unseen (AR11): everybody who may see events is shown
it, and whoever caused it cannot acknowledge it. Design: docs/design/events.md.
"""

from collections.abc import Sequence

from vedette.core.messages import EventObserved
from vedette.events.hub import EventHub
from vedette.events.ports import EventStore
from vedette.events.system_events import SystemWatch
from vedette.runtime.clock import Clock, new_id

PROTECTION_REDUCED = "protection_reduced"
SEARCH_FLOOD = "search_flood"
SEARCH_ODD = "search_odd"
MAX_DETAIL_CHARS = 500


class OwnEvents:
    """Writes such events and shows them at once."""

    def __init__(self, *, events: EventStore, hub: EventHub, watch: SystemWatch, clock: Clock) -> None:
        self._events = events
        self._watch = watch
        self._hub = hub
        self._clock = clock

    async def tell_weakenings(self, user: str, camera_id: str, weakenings: Sequence[str]) -> None:
        """Tells what is protected less than before; nothing when there is nothing.

        `camera_id` is empty when it concerns no single camera.
        """
        if weakenings:
            await self._tell(PROTECTION_REDUCED, user, camera_id, "; ".join(weakenings))

    async def tell_flood(self, user: str, detail: str) -> None:
        """Tells that a user, or a program with his token, searches far more than people do (M12)."""
        await self._tell(SEARCH_FLOOD, user, "", detail)

    async def tell_odd_search(self, user: str, detail: str) -> None:
        """Tells that a user searches people in a way that an honest day does not explain (M12)."""
        await self._tell(SEARCH_ODD, user, "", detail)

    async def _tell(self, kind: str, user: str, camera_id: str, detail: str) -> None:
        now_ns = self._clock.utc_ns()
        fact = EventObserved(
            event_id=new_id(self._clock),
            camera_id=camera_id,
            kind=kind,
            from_ns=now_ns,
            to_ns=now_ns,
            object_class="",
            confidence=1.0,
            detail=f"{user}: {detail}"[:MAX_DETAIL_CHARS],
            caused_by=user,
        )
        self._hub.publish_nowait(await self._events.put(fact))

    async def forget_volume(self, name: str) -> None:
        """Ends the open events about a volume that was taken out of use."""
        for fact in self._watch.forget_volume(name, self._clock.utc_ns()):
            self._hub.publish_nowait(await self._events.put(fact))
