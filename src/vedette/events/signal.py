"""Decides when a camera's signal counts as lost, and when it is back. Pure: time is an argument.

A camera that reconnects within ten seconds is no news; operators who see an event for every hiccup stop
looking. One event per camera, however many of its streams are gone. Design: docs/design/events.md.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from vedette.core.ids import make_id
from vedette.core.messages import EventObserved, Measure, StreamStateChanged
from vedette.core.time import NS_PER_S

KIND = "signal_lost"
PATIENCE_NS = 10 * NS_PER_S
_GONE = frozenset({"offline", "stalled"})


@dataclass(slots=True)
class _Camera:
    """`gone` has, for each stream that is not online, since when; `told` the last event, ended or not."""

    gone: dict[str, StreamStateChanged] = field(default_factory=dict)
    event: EventObserved | None = None
    told: EventObserved | None = None


class SignalWatch:
    """Follows stream states and says what became an event."""

    def __init__(self, patience_ns: int = PATIENCE_NS) -> None:
        self._patience_ns = patience_ns
        self._cameras: dict[str, _Camera] = {}

    def restore(self, states: Iterable[StreamStateChanged], open_events: Iterable[EventObserved]) -> None:
        """Takes up what was known before a restart."""
        for state in states:
            self.observe(state)
        for event in open_events:
            camera = self._cameras.setdefault(event.camera_id, _Camera())
            camera.event = camera.told = event

    def observe(self, fact: StreamStateChanged) -> None:
        """Takes a change of state. `connecting` after a loss is still a loss, on its own it is none."""
        camera = self._cameras.setdefault(fact.camera_id, _Camera())
        if fact.state in _GONE:
            camera.gone.setdefault(fact.stream, fact)
        elif fact.state == "online":
            camera.gone.pop(fact.stream, None)

    def covers(self, camera_id: str, from_ns: int, to_ns: int) -> bool:
        """Whether the last loss of signal of a camera overlaps a time: a gap in it has been told."""
        camera = self._cameras.get(camera_id)
        told = camera.told if camera else None
        return told is not None and told.from_ns < to_ns and (told.to_ns is None or from_ns < told.to_ns)

    def decide(self, now_ns: int, camera_ids: frozenset[str]) -> list[EventObserved]:
        """Returns events that begin or end now. Cameras not in `camera_ids` (removed, disabled) are let go."""
        news: list[EventObserved] = []
        for camera_id, camera in list(self._cameras.items()):
            if camera_id not in camera_ids:
                camera.gone.clear()
            if camera.event is not None and not camera.gone:
                camera.told = _ended(camera.event, now_ns)
                news.append(camera.told)
                camera.event = None
            elif camera.event is None and camera.gone:
                first = min(camera.gone.values(), key=lambda fact: fact.at_ns)
                if now_ns - first.at_ns >= self._patience_ns:
                    camera.event = camera.told = _begun(first, now_ns, self._patience_ns)
                    news.append(camera.event)
            if camera_id not in camera_ids:
                del self._cameras[camera_id]
        return news


def _begun(first: StreamStateChanged, now_ns: int, patience_ns: int) -> EventObserved:
    """The id follows from camera and time, so that a loss seen twice (after a crash) is one event."""
    seed = hashlib.sha256(f"{KIND} {first.camera_id} {first.at_ns}".encode()).digest()
    waited = Measure("offline_s", (now_ns - first.at_ns) / NS_PER_S, patience_ns / NS_PER_S, first.at_ns, now_ns)
    return EventObserved(
        event_id=make_id(first.at_ns, seed[:10]),
        camera_id=first.camera_id,
        kind=KIND,
        from_ns=first.at_ns,
        to_ns=None,
        object_class="",
        confidence=1.0,
        explanation=(waited,),
    )


def _ended(event: EventObserved, now_ns: int) -> EventObserved:
    return replace(event, to_ns=max(now_ns, event.from_ns))
