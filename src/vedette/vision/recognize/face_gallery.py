"""Compares a face with the people of the lists, 1:N, and decides what may be said of the result. Pure.

A template is compared with one mean template per person: the cosine of two unit vectors. From `sure` on it is a match,
between `unsure` and `sure` somebody has to look, below it is nobody on a list. The figures behind the two
thresholds: docs/design/recognition.md. They hold for one comparison: a list of N people has N chances to be wrong
about a stranger.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vedette.core.errors import InvalidInputError
from vedette.core.faces import TEMPLATE_BYTES, TEMPLATE_NUMBERS
from vedette.core.watchlists import ListOrder, ListSubject, MatchState, Watchlist, WatchlistEntry
from vedette.vision.recognize.face_terms import MatchTerms
from vedette.vision.recognize.face_track import Vector

_NORM_TOLERANCE = 1e-3


@dataclass(frozen=True, slots=True)
class FaceMatch:
    """One person of a list that a face is like. `threshold` is the one that was passed."""

    watchlist: Watchlist
    entry: WatchlistEntry
    similarity: float
    threshold: float
    state: MatchState


class FaceLists:
    """All lists of faces, made ready to be asked. Not changed once made.

    Attributes:
        outdated: People whose templates are of another release: they must be enrolled again.
    """

    def __init__(self, orders: Sequence[ListOrder], terms: MatchTerms) -> None:
        self.terms = terms
        self.outdated = 0
        self._listed: list[tuple[Watchlist, WatchlistEntry]] = []
        self._watchlists: list[Watchlist] = []
        faces = [order for order in orders if order.watchlist.subject is ListSubject.FACES and order.watchlist.enabled]
        none = np.zeros((0, TEMPLATE_NUMBERS), np.float32)
        self._templates = np.concatenate([none, *map(self._take, faces)])

    def __len__(self) -> int:
        return len(self._listed)

    def _take(self, order: ListOrder) -> NDArray[np.float32]:
        templates = read_templates(order.templates, len(order.entries))
        is_current = np.array([_is_of(entry, self.terms.release) for entry in order.entries], bool)
        self.outdated += int((~is_current).sum())
        rows = np.flatnonzero(is_current)
        self._listed += [(order.watchlist, order.entries[row]) for row in rows]
        self._watchlists += [order.watchlist] if len(rows) else []
        return templates[rows]

    def looks_at(self, camera_id: str) -> bool:
        """Whether somebody is looked for on this camera: without, no template is made of its pictures."""
        return any(watchlist.looks_at(camera_id) for watchlist in self._watchlists)

    def find(self, camera_id: str, vector: Vector, at_ns: int) -> list[FaceMatch]:
        """Of each list the one person whom the face is most like, if at all; the most like of all first.

        `vector` is (256,) float32 of unit length, seen at `at_ns`. The others above a threshold are left out: at most
        one of a list's people can be in front of the camera.
        """
        if vector.shape != (TEMPLATE_NUMBERS,):
            raise InvalidInputError(f"a template of {vector.shape} cannot be compared")
        similarity = self._templates @ vector.astype(np.float32)
        rows = np.flatnonzero(similarity >= self.terms.unsure)
        found: dict[str, FaceMatch] = {}
        for row in rows[np.argsort(-similarity[rows], kind="stable")]:
            watchlist, entry = self._listed[row]
            if watchlist.list_id not in found and watchlist.looks_at(camera_id) and entry.is_valid(at_ns):
                found[watchlist.list_id] = self._judge(watchlist, entry, float(similarity[row]))
        return list(found.values())

    def _judge(self, watchlist: Watchlist, entry: WatchlistEntry, similarity: float) -> FaceMatch:
        is_sure = similarity >= self.terms.sure
        threshold = self.terms.sure if is_sure else self.terms.unsure
        state = MatchState.SURE if is_sure else MatchState.UNSURE
        return FaceMatch(watchlist, entry, round(min(similarity, 1.0), 4), threshold, state)


def read_templates(data: bytes, entries: int) -> NDArray[np.float32]:
    """(N, 256) float32 of unit length.

    Raises:
        InvalidInputError: it is not one template per entry, or one is not of unit length: it would match everybody.
    """
    if len(data) != entries * TEMPLATE_BYTES:
        raise InvalidInputError(f"{len(data)} bytes are not the templates of {entries} people")
    templates = np.frombuffer(data, "<f4").reshape(-1, TEMPLATE_NUMBERS)
    norms = np.sqrt(np.einsum("ij,ij->i", templates, templates, dtype=np.float64))
    if not (np.isfinite(norms).all() and (np.abs(norms - 1) < _NORM_TOLERANCE).all()):
        raise InvalidInputError("a template is not of unit length")
    return templates.astype(np.float32)


def _is_of(entry: WatchlistEntry, release: str) -> bool:
    return entry.face is not None and entry.face.release == release
