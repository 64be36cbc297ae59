"""Lists and entries as they are kept: the values, and who made them when."""

from dataclasses import dataclass

from vedette.core.watchlists import Watchlist, WatchlistEntry


@dataclass(frozen=True, slots=True)
class WatchlistRecord:
    """A list. `entries`: how many it has."""

    watchlist: Watchlist
    created_by: str
    created_at_ns: int
    entries: int = 0


@dataclass(frozen=True, slots=True)
class EntryRecord:
    """An entry of a list."""

    list_id: str
    entry: WatchlistEntry
    created_by: str
    created_at_ns: int

    @property
    def key(self) -> str:
        """What the entry looks for, as text: at most one entry of a list has it."""
        mark = self.entry.vehicle
        return self.entry.entry_id if mark is None else f"{mark.plate}|{mark.type}|{mark.colour}"

    @property
    def is_pattern(self) -> bool:
        """Whether each match has to look at it, because no plate leads to it."""
        return self.entry.vehicle is not None and not self.entry.vehicle.is_exact


@dataclass(frozen=True, slots=True)
class EntryCounts:
    """How many lists, entries and entries with wildcards there are, over all lists."""

    lists: int
    entries: int
    patterns: int


@dataclass(frozen=True, slots=True)
class EntryFilter:
    """Which entries of a list are asked for, by plate."""

    list_id: str
    search: str = ""
    limit: int = 100
    offset: int = 0


@dataclass(frozen=True, slots=True)
class SheetOutcome:
    """What taking over a sheet did. `sha256`: of the sheet."""

    added: int = 0
    changed: int = 0
    removed: int = 0
    unchanged: int = 0
    sha256: str = ""
