"""Merges facts of one cause into one event: a bad network gives one event, not hundreds. Pure: time is an argument.

An episode begins with its first fact, takes up later ones of the same kind about the same thing, and ends when it
is told to or when nothing more was heard for a while. Its event's id follows from what it is about and when it
began, so that a fact delivered twice (after a crash) changes nothing. Design: docs/design/events.md.
"""

import hashlib
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace

from vedette.core.ids import make_id
from vedette.core.messages import EventObserved, Measure
from vedette.core.time import NS_PER_S

QUIET_NS = 60 * NS_PER_S
REWRITE_NS = 10 * NS_PER_S
"""A running episode is written anew at most so often, however many facts come."""
COUNT = "count"


@dataclass(frozen=True, slots=True)
class Observation:
    """One fact about one thing.

    Attributes:
        kind: Of the event.
        subject: What it is about beside the camera: a volume, a process; together they name the episode.
        lasts: It ends only when told so, not by silence.
        holder: Which of several conditions lasts (a stream's loss); silence ends the episode when all have let go.
        measure, value: The figure; the largest of the episode is shown.
    """

    kind: str
    camera_id: str
    from_ns: int
    to_ns: int
    detail: str
    subject: str = ""
    lasts: bool = False
    holder: str = ""
    measure: str = ""
    value: float = 0.0


@dataclass(slots=True)
class _Episode:
    event: EventObserved
    last_ns: int
    count: int
    lasts: bool
    written_ns: int
    is_dirty: bool = False
    peaks: dict[str, float] = field(default_factory=dict)
    holders: set[str] = field(default_factory=set)

    def is_over(self, at_ns: int, quiet_ns: int) -> bool:
        return not self.lasts and not self.holders and at_ns - self.last_ns > quiet_ns


class Episodes:
    """All running episodes, by kind, camera and subject."""

    def __init__(self, quiet_ns: int = QUIET_NS) -> None:
        self._quiet_ns = quiet_ns
        self._running: dict[tuple[str, str, str], _Episode] = {}

    def restore(self, event: EventObserved, *, lasts: bool, holder: str = "") -> None:
        """Takes up an event that had not ended when this process did. `holder`: whoever lets go first ends it."""
        counts = [measure for measure in event.explanation if measure.measure == COUNT]
        last_ns = max((measure.to_ns for measure in event.explanation), default=event.from_ns)
        peaks = {measure.measure: measure.value for measure in event.explanation if measure.measure != COUNT}
        count = int(counts[0].value) if counts else 1
        self._running[event.kind, event.camera_id, event.subject] = _Episode(
            event, last_ns, count, lasts, last_ns, peaks=peaks, holders={holder} if holder else set()
        )

    def observe(self, seen: Observation) -> list[EventObserved]:
        """Takes a fact. Returns the event when it is new or was not written for a while."""
        key = (seen.kind, seen.camera_id, seen.subject)
        episode = self._running.get(key)
        news: list[EventObserved] = []
        if episode is not None and episode.is_over(seen.from_ns, self._quiet_ns):
            news.append(self._end(key, episode.last_ns))
            episode = None
        if episode is None:
            episode = self._running[key] = _begin(seen)
        elif seen.to_ns <= episode.last_ns:
            return news  # heard before: the bus delivers again after a crash
        else:
            episode.count += 1
        episode.last_ns = seen.to_ns
        if seen.holder:
            episode.holders.add(seen.holder)
        if seen.measure:
            episode.peaks[seen.measure] = max(episode.peaks.get(seen.measure, seen.value), seen.value)
        episode.event = _describe(replace(episode.event, detail=seen.detail), episode)
        episode.is_dirty = episode.count > 1 and seen.to_ns - episode.written_ns < REWRITE_NS
        if not episode.is_dirty:
            episode.written_ns = seen.to_ns
            news.append(episode.event)
        return news

    def end(self, kind: str, camera_id: str, subject: str, at_ns: int) -> list[EventObserved]:
        """Ends an episode, if it runs."""
        key = (kind, camera_id, subject)
        return [self._end(key, at_ns)] if key in self._running else []

    def let_go(self, kind: str, camera_id: str, holders: Iterable[str], at_ns: int) -> None:
        """One condition of an episode is over."""
        episode = self._running.get((kind, camera_id, ""))
        if episode is not None:
            episode.holders.difference_update(holders)
            episode.last_ns = max(episode.last_ns, at_ns)

    def drop_before(self, kinds: Collection[str], at_ns: int) -> list[EventObserved]:
        """Forgets what was said to last before a time by somebody who began anew then, and will say it again."""
        news: list[EventObserved] = []
        for key, episode in list(self._running.items()):
            if key[0] not in kinds or episode.last_ns >= at_ns:
                continue
            episode.holders.clear()
            if episode.lasts:
                news.append(self._end(key, at_ns))
        return news

    def drop_cameras(self, present: Collection[str]) -> None:
        """Nobody speaks for cameras that are gone or switched off."""
        for key, episode in self._running.items():
            if key[1] and key[1] not in present:
                episode.holders.clear()

    def end_about(self, subject: str, at_ns: int) -> list[EventObserved]:
        """Ends every episode about a thing or a part of it (`thing/part`), because it is gone."""
        about = [key for key in self._running if key[2] == subject or key[2].startswith(f"{subject}/")]
        return [self._end(key, at_ns) for key in about]

    def decide(self, now_ns: int) -> list[EventObserved]:
        """Returns events that have ended by silence, and those that have changed and were not written since."""
        news: list[EventObserved] = []
        for key, episode in list(self._running.items()):
            if episode.is_over(now_ns, self._quiet_ns):
                news.append(self._end(key, episode.last_ns))
            elif episode.is_dirty and now_ns - episode.written_ns >= REWRITE_NS:
                episode.is_dirty, episode.written_ns = False, now_ns
                news.append(episode.event)
        return news

    def _end(self, key: tuple[str, str, str], at_ns: int) -> EventObserved:
        event = self._running.pop(key).event
        return replace(event, to_ns=max(at_ns, event.from_ns))


def _begin(seen: Observation) -> _Episode:
    seed = hashlib.sha256(f"{seen.kind} {seen.camera_id} {seen.subject} {seen.from_ns}".encode()).digest()
    event = EventObserved(
        event_id=make_id(seen.from_ns, seed[:10]),
        camera_id=seen.camera_id,
        kind=seen.kind,
        from_ns=seen.from_ns,
        to_ns=None,
        object_class="",
        confidence=1.0,
        subject=seen.subject,
    )
    return _Episode(event, seen.to_ns, 1, seen.lasts, seen.to_ns)


def _describe(event: EventObserved, episode: _Episode) -> EventObserved:
    measures = [Measure(name, value, 0.0, event.from_ns, episode.last_ns) for name, value in episode.peaks.items()]
    measures.append(Measure(COUNT, episode.count, 1.0, event.from_ns, episode.last_ns))
    return replace(event, explanation=tuple(measures))
