"""Which entries a vehicle fits, by plate, type and colour. Pure: lists and a vehicle in, matches out.

One plate alone identifies, so an entry that names one is never lost to a misjudged colour: the match is then unsure
and says why. An entry with wildcards, or without a plate, fits only what is seen to have its type and colour.
Plates without wildcards are found by one look into a dictionary, however many. Design: docs/design/watchlists.md.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from vedette.core.objects import UNKNOWN, ObjectFacts, PlateReading
from vedette.core.plates import PlatePattern, compile_plate, fold_alike
from vedette.core.watchlists import (
    TWO_WHEELER,
    Doubt,
    DoubtKind,
    ListKind,
    ListOrder,
    ListSubject,
    MatchState,
    Severity,
    VehicleMark,
    Watchlist,
    WatchlistEntry,
    WatchlistMatch,
)

_VEHICLE = "vehicle"
_NO_PLATE = PlateReading("", 0.0, UNKNOWN)


@dataclass(frozen=True, slots=True)
class VehicleSeen:
    """What is known of a vehicle. `type` and `colour` are empty while nothing is decided."""

    plate: PlateReading
    type: str
    colour: str

    @property
    def is_read(self) -> bool:
        return bool(self.plate.text) and self.plate.state == "read"


@dataclass(frozen=True, slots=True)
class VehicleMatch:
    """One list that has something to say of a vehicle. `doubts`: why it is not sure."""

    watchlist: Watchlist
    entry: WatchlistEntry | None
    doubts: tuple[Doubt, ...] = ()

    @property
    def state(self) -> MatchState:
        if self.entry is None:
            return MatchState.UNLISTED
        return MatchState.UNSURE if self.doubts else MatchState.SURE

    @property
    def severity(self) -> Severity:
        return grade(self.watchlist, self.state)

    @property
    def is_by_plate(self) -> bool:
        return self.entry is not None and self.entry.vehicle is not None and bool(self.entry.vehicle.plate)

    def tell(self) -> WatchlistMatch:
        """What the event says of it."""
        entry, listed = self.entry, self.watchlist
        told = WatchlistMatch(listed.list_id, listed.name, listed.kind, self.state, doubts=self.doubts)
        if entry is None or entry.vehicle is None:
            return told
        words = entry.vehicle.describe()
        return replace(told, entry_id=entry.entry_id, entry=words, reason=entry.reason, owner=entry.owner)


def grade(watchlist: Watchlist, state: MatchState) -> Severity:
    """How much a match asks of an operator. Who is not surely permitted, where only the permitted may be, is worth a
    look.
    """
    if watchlist.kind is ListKind.WANTED:
        return Severity.ALARM if state is MatchState.SURE else Severity.WARNING
    if state is MatchState.UNLISTED:
        return Severity.ALARM
    is_doubted = state is MatchState.UNSURE and watchlist.alarm_unlisted
    return Severity.WARNING if is_doubted else Severity.INFORMATION


def see_vehicle(object_class: str, facts: ObjectFacts) -> VehicleSeen:
    """What the facts of a track say of a vehicle. The type of two-wheelers is the detector's class."""
    values = {name: item.value for name, item in facts.attributes.items() if item.value != UNKNOWN}
    seen_type = values.get("type", "") if object_class == _VEHICLE else ""
    if object_class == TWO_WHEELER:
        seen_type = TWO_WHEELER
    elif object_class not in {_VEHICLE, "object"}:
        return VehicleSeen(facts.plate or _NO_PLATE, "", "")
    return VehicleSeen(facts.plate or _NO_PLATE, seen_type, values.get("colour", ""))


_Listed = tuple[Watchlist, WatchlistEntry, VehicleMark]
"""A plain tuple: a hundred thousand are made at each change of a list."""


class VehicleLists:
    """All lists of vehicles, made ready to be asked. Not changed once made."""

    def __init__(self, orders: Sequence[ListOrder] = ()) -> None:
        self._by_plate: dict[str, tuple[_Listed, ...]] = {}
        self._patterns: list[tuple[PlatePattern, _Listed]] = []
        self._bare: list[_Listed] = []
        self._closed: list[Watchlist] = []
        for order in orders:
            if order.watchlist.subject is ListSubject.VEHICLES and order.watchlist.enabled:
                self._take(order)
        self.is_empty = not (self._by_plate or self._patterns or self._bare or self._closed)

    def _take(self, order: ListOrder) -> None:
        watchlist = order.watchlist
        if watchlist.alarm_unlisted and watchlist.kind is ListKind.PERMITTED:
            self._closed.append(watchlist)
        for entry in order.entries:
            mark = entry.vehicle
            if mark is None:
                continue
            listed = (watchlist, entry, mark)
            if mark.is_exact:
                folded = fold_alike(mark.plate)
                self._by_plate[folded] = (*self._by_plate.get(folded, ()), listed)
            elif mark.plate:
                self._patterns.append((compile_plate(mark.plate), listed))
            else:
                self._bare.append(listed)

    def find(self, camera_id: str, seen: VehicleSeen, at_ns: int) -> list[VehicleMatch]:
        """Finds what the lists of a camera say of a vehicle that it sees at `at_ns`."""
        found = []
        for (watchlist, entry, mark), plate_doubts in self._find_candidates(seen):
            if watchlist.looks_at(camera_id) and entry.is_valid(at_ns):
                doubts = _judge_looks(mark, seen)
                if doubts is not None:
                    found.append(VehicleMatch(watchlist, entry, plate_doubts + doubts))
        if seen.is_read:
            listing = {match.watchlist.list_id for match in found}
            found += [
                VehicleMatch(watchlist, None)
                for watchlist in self._closed
                if watchlist.list_id not in listing and watchlist.looks_at(camera_id)
            ]
        return found

    def _find_candidates(self, seen: VehicleSeen) -> Iterator[tuple[_Listed, tuple[Doubt, ...]]]:
        """Entries whose plate fits, or that ask for none, each with the doubts about the plate."""
        yield from ((listed, ()) for listed in self._bare)
        text = seen.plate.text
        if not text:
            return
        folded = fold_alike(text)
        for listed in self._by_plate.get(folded, ()):
            yield listed, _doubt_plate(seen, listed[2], is_same=listed[2].plate == text)
        for pattern, listed in self._patterns:
            if pattern.fits_alike(folded):
                yield listed, _doubt_plate(seen, listed[2], is_same=pattern.fits(text))


def _doubt_plate(seen: VehicleSeen, mark: VehicleMark, *, is_same: bool) -> tuple[Doubt, ...]:
    """`is_same`: the plates are equal sign by sign, not only alike."""
    unread = () if seen.is_read else (Doubt(DoubtKind.PLATE_UNSURE, seen.plate.text, mark.plate),)
    return unread if is_same else (*unread, Doubt(DoubtKind.SIGNS_ALIKE, seen.plate.text, mark.plate))


def _judge_looks(mark: VehicleMark, seen: VehicleSeen) -> tuple[Doubt, ...] | None:
    """The doubts about type and colour; None: the entry does not fit."""
    doubts: list[Doubt] = []
    looks = ((DoubtKind.TYPE, mark.type, seen.type), (DoubtKind.COLOUR, mark.colour, seen.colour))
    for kind, wanted, value in looks:
        if not wanted or wanted == value:
            continue
        if not mark.is_exact:
            return None
        doubts.append(Doubt(kind, value, wanted))
    return tuple(doubts)
