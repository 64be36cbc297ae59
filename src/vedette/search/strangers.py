"""By how much strangers look alike here, and the thresholds that follow. Pure.

Two tracks that one camera followed at the same time are surely two people. How alike such pairs are says how often a
stranger passes a threshold, in the light and the clothes of this site, without anybody labelling anything.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from vedette.core.errors import InvalidInputError
from vedette.core.time import NS_PER_S
from vedette.search.decision import set_thresholds
from vedette.search.kernels import Floats, Rows
from vedette.search.verdict import SimilarityTerms, find_similarities

ACCEPT_FMR, REJECT_FMR = 1e-3, 1e-2
"""Of strangers so many pass as very like, and as perhaps."""
NEEDED_PAIRS = 2000
"""Two of them pass `ACCEPT_FMR`; with fewer the threshold would hang on a single pair."""
NEEDED_PEOPLE = 50
MAX_PAIRS = 50_000
_PER_TRACK = 20
_TOGETHER_NS = NS_PER_S
_LIKE_PER_SEARCH = 1.0


@dataclass(frozen=True, slots=True)
class Span:
    """When and where a track with a vector was followed. `place`: the camera, or the file."""

    number: int
    place: str
    from_ns: int
    to_ns: int


@dataclass(frozen=True, slots=True)
class Evidence:
    """What thresholds are made of. `pairs`: of strangers that were compared; it takes `NEEDED_PAIRS`."""

    pairs: int
    people: int

    @property
    def is_enough(self) -> bool:
        return self.pairs >= NEEDED_PAIRS and self.people >= NEEDED_PEOPLE


def find_together(spans: Sequence[Span]) -> Rows:
    """(P, 2) numbers of tracks that were followed at one place at once for a second or more.

    Each track is in `_PER_TRACK` pairs as the earlier one at most: a crowd must not speak for all.
    """
    places: dict[str, list[Span]] = defaultdict(list)
    for span in spans:
        places[span.place].append(span)
    pairs: list[tuple[int, int]] = []
    for there in places.values():
        there.sort(key=lambda span: (span.from_ns, span.number))
        for at, span in enumerate(there):
            pairs += _find_beside(span, there[at + 1 :])
            if len(pairs) >= MAX_PAIRS:
                break
    return np.array(pairs[:MAX_PAIRS], np.int64).reshape(-1, 2)


def _find_beside(span: Span, later: Sequence[Span]) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    for other in later:
        if other.from_ns > span.to_ns - _TOGETHER_NS or len(found) == _PER_TRACK:
            break
        if other.to_ns - other.from_ns >= _TOGETHER_NS:
            found.append((span.number, other.number))
    return found


def make_terms(release: str, distances: Floats, evidence: Evidence) -> SimilarityTerms | None:
    """Thresholds from the (P,) squared distances of strangers; None: too few are known."""
    if not evidence.is_enough:
        return None
    thresholds = set_thresholds(distances, ACCEPT_FMR, REJECT_FMR)
    bounds = find_similarities(np.array([thresholds.accept, thresholds.reject], np.float32))
    sure, unsure = np.nextafter(bounds, np.float32(1)).tolist()  # two distances may round to one cosine
    try:
        return SimilarityTerms(release, unsure, min(sure, 0.999), ACCEPT_FMR, _LIKE_PER_SEARCH)
    except InvalidInputError:  # strangers that look the same, or opposite: nothing can be told apart by this
        return None
