"""Matches the tracks of one file with lists that were given with it. Decisions: `vedette.watchlists`."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from vedette.core.detections import CLASS_NAMES, MOVING_CLASS, Tracks
from vedette.core.errors import InvalidInputError
from vedette.core.objects import ObjectFacts
from vedette.core.time import NS_PER_S
from vedette.core.watchlists import ListKind, ListOrder, ListSubject, Watchlist
from vedette.node.file_results import FileResults
from vedette.node.watchlist_events import describe, find_finding
from vedette.runtime.clock import Clock, new_id
from vedette.vision.recognize.face_terms import MatchTerms
from vedette.watchlists.sheet import SheetTerms, find_zone, read_sheet
from vedette.watchlists.track_watch import Key, Sighting, TrackWatch
from vedette.watchlists.vehicles import VehicleLists

_KINDS = tuple(kind.value for kind in ListKind)
_OWNER = "file"


@dataclass(frozen=True, slots=True)
class FileLists:
    """Lists for files.

    Attributes:
        at_ns: When the entries must be valid: a file does not know its own time.
        face_terms: By what faces are compared; None: there are no lists of faces.
    """

    orders: tuple[ListOrder, ...] = ()
    at_ns: int = 0
    face_terms: MatchTerms | None = None


NO_LISTS = FileLists()


def read_file_lists(texts: Sequence[str], clock: Clock) -> FileLists:
    """Reads lists of entries: each text is a path of a CSV sheet, or a kind, a colon and a path; wanted without a kind.

    Raises:
        InvalidInputError: a file cannot be read, or is none; InvalidEntrySheetError with every fault.
    """
    terms = SheetTerms(_OWNER, find_zone("UTC"), lambda: new_id(clock))
    orders = []
    for text in texts:
        kind, path = _split(text)
        try:
            data = path.read_bytes()
        except OSError as exc:
            raise InvalidInputError(f"the list {path} cannot be read: {exc.strerror}") from exc
        watchlist = Watchlist(path.stem, path.stem, kind, ListSubject.VEHICLES, _OWNER, str(path))
        watchlist = replace(watchlist, alarm_unlisted=kind is ListKind.PERMITTED)
        orders.append(ListOrder(watchlist, tuple(read_sheet(data, terms))))
    return FileLists(tuple(orders), clock.utc_ns())


def _split(text: str) -> tuple[ListKind, Path]:
    kind, _, path = text.partition(":")
    return (ListKind(kind), Path(path)) if path and kind in _KINDS else (ListKind.WANTED, Path(text))


class FileWatch:
    """The tracks of one file and the lists. What fits goes into the results, once for each track and entry."""

    def __init__(self, lists: FileLists, results: FileResults) -> None:
        self._at_ns = lists.at_ns
        self._lists = VehicleLists(lists.orders)
        self._results = results
        self._watch = TrackWatch("")
        self._entries: dict[Key, int] = {}

    def look(self, asked: Sequence[int], at_s: float, tracks: Tracks, facts: Callable[[int], ObjectFacts]) -> None:
        """Looks at tracks of one picture of which something new is known, and at those that wait."""
        at_ns = self._at_ns + round(at_s * NS_PER_S)
        for track_id in sorted({*asked, *self._watch.find_overdue(at_ns)} & self._results.objects.keys()):
            self._find(track_id, at_ns, tracks, facts(track_id), is_over=False)

    def end(self, ended: Sequence[int], at_s: float, tracks: Tracks, facts: Callable[[int], ObjectFacts]) -> None:
        """Looks at tracks that are over for the last time."""
        at_ns = self._at_ns + round(at_s * NS_PER_S)
        for track_id in ended:
            self._find(track_id, at_ns, tracks, facts(track_id), is_over=True)
            self._watch.forget(track_id)

    def _find(self, track_id: int, at_ns: int, tracks: Tracks, facts: ObjectFacts, *, is_over: bool) -> None:
        record = self._results.objects.get(track_id)
        object_class = MOVING_CLASS if record is None else CLASS_NAMES[record.class_id]
        for sighting in self._watch.look(self._lists, track_id, object_class, facts, at_ns, is_over=is_over):
            self._note(sighting, tracks)

    def _note(self, sighting: Sighting, tracks: Tracks) -> None:
        """Times are those of the file again. A match that has become sure replaces what was said of it."""
        in_file = replace(sighting, at_ns=sighting.at_ns - self._at_ns)
        match = sighting.match
        told: dict[str, object] = {
            "severity": match.severity.value,
            "match": asdict(match.tell()),
            "detail": describe(sighting),
        }
        before = self._entries.get(sighting.key)
        self._entries[sighting.key] = self._results.note_match(find_finding(in_file, tracks), told, before)
