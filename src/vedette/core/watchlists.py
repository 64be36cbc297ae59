"""Lists of what is looked for, or known: their values, as they travel from the gateway to the analyzer. Values only.

A list is about one subject. What an entry looks for is a mark of that subject: a vehicle's plate, type and colour.
Design: docs/design/watchlists.md.
"""

from dataclasses import dataclass
from enum import StrEnum

from vedette.core.objects import UNKNOWN

WILDCARDS = "?*"
"""In the plate of a mark: `?` is any one sign, `*` any number of signs, none too."""
TWO_WHEELER = "two_wheeler"
"""As a type of vehicle: the detector's class; the other types are recognised (`vedette.core.objects`)."""


class ListKind(StrEnum):
    """What being on a list means."""

    WANTED = "wanted"
    PERMITTED = "permitted"
    KNOWN = "known"


class ListSubject(StrEnum):
    """What the entries of a list are about."""

    VEHICLES = "vehicles"
    FACES = "faces"


class Severity(StrEnum):
    """How much an event of a list asks of an operator."""

    ALARM = "alarm"
    WARNING = "warning"
    INFORMATION = "information"


class MatchState(StrEnum):
    """How sure a match is. `unlisted`: what was seen is on no entry of a list of the permitted."""

    SURE = "sure"
    UNSURE = "unsure"
    UNLISTED = "unlisted"


@dataclass(frozen=True, slots=True)
class VehicleMark:
    """What a vehicle is known by. An empty field says nothing; at least one says something.

    Attributes:
        plate: A-Z, 0-9 and wildcards.
        type: One of `VEHICLE_TYPES`, or `TWO_WHEELER`.
        colour: One of `COLOUR_NAMES`.
    """

    plate: str = ""
    type: str = ""
    colour: str = ""

    @property
    def is_exact(self) -> bool:
        """Whether it names one plate."""
        return bool(self.plate) and "?" not in self.plate and "*" not in self.plate

    def describe(self) -> str:
        """In words, for people: `51F12345, red, car`."""
        return ", ".join(word for word in (self.plate, self.colour, self.type.replace("_", "-")) if word)


class Ground(StrEnum):
    """What allows a face to be on a list."""

    CONSENT = "consent"
    LEGAL = "legal"


@dataclass(frozen=True, slots=True)
class FaceMark:
    """Who is looked for by his face. The templates are apart from it, sealed (`vedette.core.faces`).

    Attributes:
        name: Or a code.
        document: Where the consent, or the order, is filed.
        granted_on: Its date, `2026-11-28`.
        release: Of the embedding that made the templates.
        pictures: How many made them.
        keeps_pictures: Whether their portraits are kept to be shown beside a match.
    """

    name: str
    ground: Ground
    document: str
    granted_on: str
    release: str = ""
    pictures: int = 0
    keeps_pictures: bool = False


@dataclass(frozen=True, slots=True)
class WatchlistEntry:
    """One entry. Exactly the mark of its list's subject is there.

    Attributes:
        from_ns, to_ns: When it is valid, by the time of what is seen; None: without a beginning, or an end.
        reason: Why it is on the list.
        owner: Who answers for it.
    """

    entry_id: str
    reason: str
    owner: str
    note: str = ""
    from_ns: int | None = None
    to_ns: int | None = None
    vehicle: VehicleMark | None = None
    face: FaceMark | None = None

    def is_valid(self, at_ns: int) -> bool:
        return (self.from_ns is None or self.from_ns <= at_ns) and (self.to_ns is None or at_ns < self.to_ns)


@dataclass(frozen=True, slots=True)
class Watchlist:
    """One list.

    Attributes:
        purpose: What it is for.
        retention_days: How long an entry is kept after its validity has ended.
        cameras: Ids of the cameras that it is matched on; empty: all.
        alarm_unlisted: A vehicle that is on no entry is an alarm. Of lists of the permitted.
    """

    list_id: str
    name: str
    kind: ListKind
    subject: ListSubject
    owner: str
    purpose: str
    retention_days: int = 30
    enabled: bool = True
    cameras: tuple[str, ...] = ()
    alarm_unlisted: bool = False

    def looks_at(self, camera_id: str) -> bool:
        return not self.cameras or camera_id in self.cameras


@dataclass(frozen=True, slots=True)
class ListOrder:
    """One list that is to be matched, with its entries.

    Attributes:
        templates: Of a list of faces: one mean template per entry, in their order (`vedette.core.faces`).
    """

    watchlist: Watchlist
    entries: tuple[WatchlistEntry, ...] = ()
    templates: bytes = b""

    def __repr__(self) -> str:
        """Without templates: they must not reach a log by accident."""
        return f"ListOrder({self.watchlist.list_id!r}, {len(self.entries)} entries)"


@dataclass(frozen=True, slots=True)
class WatchlistOrder:
    """All lists that are to be matched. Pushed by the gateway, kept in memory only.

    Attributes:
        version: Names the content: equal versions are equal lists.
    """

    version: str = ""
    lists: tuple[ListOrder, ...] = ()


class DoubtKind(StrEnum):
    """Why a match is not sure."""

    PLATE_UNSURE = "plate_unsure"
    SIGNS_ALIKE = "signs_alike"
    TYPE = "type"
    COLOUR = "colour"
    SIMILARITY = "similarity"


@dataclass(frozen=True, slots=True)
class Doubt:
    """One reason why a match is not sure: what was seen, and what is listed. `seen` is empty: it was not seen."""

    kind: DoubtKind
    seen: str
    listed: str

    def describe(self) -> str:
        """In words, for the sentence of an event; the console has its own."""
        if self.kind is DoubtKind.PLATE_UNSURE:
            return f"the plate is not read surely ({self.seen})"
        if self.kind is DoubtKind.SIGNS_ALIKE:
            return f"read as {self.seen}, listed as {self.listed}: signs that look alike"
        if self.kind is DoubtKind.SIMILARITY:
            return f"similarity {self.seen}, sure from {self.listed} on"
        return f"listed with {self.kind.value} {self.listed}, seen: {self.seen or UNKNOWN}"


@dataclass(frozen=True, slots=True)
class WatchlistMatch:
    """What an event says of the list and the entry behind it, as they were then.

    Attributes:
        entry_id: Empty when it is about no entry (`unlisted`).
        entry: The entry's mark in words.
        reason, owner: Of the entry.
        doubts: Why it is not sure.
    """

    list_id: str
    list_name: str
    list_kind: ListKind
    state: MatchState
    entry_id: str = ""
    entry: str = ""
    reason: str = ""
    owner: str = ""
    doubts: tuple[Doubt, ...] = ()
