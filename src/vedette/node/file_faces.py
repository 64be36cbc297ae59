"""Compares the faces of one file with lists of people that its owner named. Nothing else is asked, and no template is
kept: they go with the analysis. Decisions: `vedette.vision.recognize.face_gallery`, `face_watch`.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace

from vedette.behavior.scene import Box
from vedette.core.detections import CLASS_NAMES, MOVING_CLASS, Tracks
from vedette.core.time import NS_PER_S
from vedette.core.watchlists import WatchlistEntry
from vedette.node.face_match_events import describe, explain, make_finding, tell_match
from vedette.node.file_results import FileResults
from vedette.node.file_watchlists import FileLists
from vedette.vision.recognize.describer import TrackDescriber
from vedette.vision.recognize.face_gallery import FaceLists, FaceMatch
from vedette.vision.recognize.face_track import TrackTemplate
from vedette.vision.recognize.face_watch import FaceNews, FaceWatch
from vedette.watchlists.vehicles import grade

_AIR = 0.35
"""Of the face's sides, around it."""


@dataclass(frozen=True, slots=True)
class DuePicture:
    """A part of the picture that was just analysed, to be kept under this name."""

    name: str
    crop: Box


class FileFaces:
    """The faces of one file and the lists. Who is like somebody goes into the results, once for each track and person.

    Args:
        least: Good moments of a face that a match needs: a still picture has one.
    """

    def __init__(self, lists: FileLists, results: FileResults, least: int) -> None:
        self._lists = None if lists.face_terms is None else FaceLists(lists.orders, lists.face_terms)
        self._at_ns = lists.at_ns
        self._results = results
        self._least = least
        self._watch = FaceWatch()
        self._entries: dict[tuple[int, str], int] = {}
        self._due: list[DuePicture] = []
        self.matches: dict[int, FaceMatch] = {}
        """The number of an event and the match that it tells, as it was told last."""

    def look(self, asked: Sequence[int], at_s: float, tracks: Tracks, describer: TrackDescriber) -> None:
        """Compares the tracks of one picture of which something new is known; 0: the faces that are on no track."""
        if self._lists is None:
            return
        rows = {int(number): row for row, number in enumerate(tracks.track_id)}
        known = []
        for track_id in sorted(set(asked) - {0}):
            template = describer.template(track_id)
            if template is not None:
                known.append(template)
                row = rows.get(track_id)
                name = MOVING_CLASS if row is None else CLASS_NAMES[int(tracks.class_id[row])]
                self._compare(self._lists, track_id, template, name, at_s)
        if 0 in asked:
            for number, template in enumerate(describer.lone_templates(known), 1):
                self._compare(self._lists, -number, template, MOVING_CLASS, at_s)

    def take_due(self) -> list[DuePicture]:
        """Pictures of faces that were matched since the last call."""
        due, self._due = self._due, []
        return due

    def _compare(
        self, lists: FaceLists, track_id: int, template: TrackTemplate, object_class: str, at_s: float
    ) -> None:
        """Entries are compared at the time for which the lists are valid; what is told is the time of the file."""
        matches = lists.find("", template.vector, self._at_ns + round(at_s * NS_PER_S))
        for news in self._watch.push(track_id, matches):
            finding = make_finding(news, template, object_class, round(at_s * NS_PER_S))
            finding = replace(finding, explanation=explain(news.match, template, self._least))
            before = self._entries.get(news.key)
            number = len(self._results.events) if before is None else before
            name = f"match-{number + 1}.jpg"
            told = _tell(news, lists.terms.sure) | {"picture": f"pictures/{name}"}
            self._entries[news.key] = self._results.note_match(finding, told, before)
            self.matches[number] = news.match
            self._due.append(DuePicture(name, _widen(template.box_norm_xyxy)))


def _tell(news: FaceNews, sure: float) -> dict[str, object]:
    """What the event says beside what all events of a file say. Faces of no track are of none in the results too."""
    match = news.match
    told: dict[str, object] = {
        "severity": grade(match.watchlist, match.state).value,
        "match": asdict(tell_match(match, sure)),
        "ground": _describe_ground(match.entry),
        "detail": describe(match),
    }
    return told if news.track_id > 0 else told | {"track_ids": []}


def _describe_ground(entry: WatchlistEntry) -> dict[str, str]:
    """What allows the person to be on the list."""
    mark = entry.face
    return {} if mark is None else {"kind": mark.ground.value, "document": mark.document, "granted_on": mark.granted_on}


def _widen(box: Box) -> Box:
    left, top, right, bottom = box
    air_x, air_y = (right - left) * _AIR, (bottom - top) * _AIR
    return max(0.0, left - air_x), max(0.0, top - air_y), min(1.0, right + air_x), min(1.0, bottom + air_y)
