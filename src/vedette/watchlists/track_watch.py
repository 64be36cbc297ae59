"""Decides when a match is told: once for each track and entry, and once more when it becomes sure. Pure.

A plate that was read surely is told at once. What is less sure (an unsure plate, type and colour alone, a plate that
is on no entry) needs a second look that says the same, `SETTLE_NS` without one, or the end of the track: the first
look at a vehicle is the worst, and a misread plate of a permitted vehicle must not be an alarm.
"""

from dataclasses import dataclass

from vedette.core.objects import ObjectFacts
from vedette.core.time import NS_PER_S
from vedette.core.watchlists import MatchState
from vedette.watchlists.vehicles import VehicleLists, VehicleMatch, VehicleSeen, see_vehicle

SETTLE_NS = NS_PER_S
Key = tuple[int, str, str]
"""Track, list, entry (empty: on none)."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """A match that is to be told. `is_news` is false when it was told before, with doubts."""

    track_id: int
    object_class: str
    facts: ObjectFacts
    seen: VehicleSeen
    match: VehicleMatch
    at_ns: int
    is_news: bool

    @property
    def key(self) -> Key:
        return _key(self.track_id, self.match)


class TrackWatch:
    """The matches of one stream's tracks."""

    def __init__(self, camera_id: str) -> None:
        self._camera_id = camera_id
        self._told: dict[Key, MatchState] = {}
        self._waiting: dict[Key, int] = {}

    def look(
        self,
        lists: VehicleLists,
        track_id: int,
        object_class: str,
        facts: ObjectFacts,
        at_ns: int,
        *,
        is_over: bool = False,
    ) -> list[Sighting]:
        """Takes what is known of a track now. `is_over`: nothing more will be."""
        if lists.is_empty:
            return []
        seen = see_vehicle(object_class, facts)
        sightings = []
        matches = lists.find(self._camera_id, seen, at_ns)
        self._forget_refuted(track_id, {_key(track_id, match) for match in matches})
        for match in matches:
            key = _key(track_id, match)
            told = self._told.get(key)
            if told is None and not self._is_settled(key, match, at_ns, is_over=is_over):
                continue
            if told is None or (told is MatchState.UNSURE and match.state is MatchState.SURE):
                self._told[key] = match.state
                self._waiting.pop(key, None)
                sightings.append(Sighting(track_id, object_class, facts, seen, match, at_ns, told is None))
        return sightings

    def find_overdue(self, at_ns: int) -> tuple[int, ...]:
        """Tracks with something that waits for a second look, which has not come."""
        return tuple({key[0] for key, since_ns in self._waiting.items() if at_ns - since_ns >= SETTLE_NS})

    def forget(self, track_id: int) -> None:
        """The track is over and was looked at for the last time."""
        self._told = {key: state for key, state in self._told.items() if key[0] != track_id}
        self._waiting = {key: since_ns for key, since_ns in self._waiting.items() if key[0] != track_id}

    def _is_settled(self, key: Key, match: VehicleMatch, at_ns: int, *, is_over: bool) -> bool:
        if is_over or (match.is_by_plate and match.state is MatchState.SURE) or key in self._waiting:
            return True
        self._waiting[key] = at_ns
        return False

    def _forget_refuted(self, track_id: int, found: set[Key]) -> None:
        """What a later look does not say any more waits no longer."""
        self._waiting = {key: since_ns for key, since_ns in self._waiting.items() if key[0] != track_id or key in found}


def _key(track_id: int, match: VehicleMatch) -> Key:
    return track_id, match.watchlist.list_id, "" if match.entry is None else match.entry.entry_id
