"""Three-way decisions with thresholds learnt from queries: nearly exact, at a fraction of the reading.

As published, but the factor of each level is a quantile: so much farther than the nearest candidate the true nearest
neighbour was, at that level, for all but a share of held-out queries. The few that are left are measured in full.
The first granule, which is read for everybody, is read as whole numbers of a byte: what that loses is learnt with it.
"""

from dataclasses import dataclass

import numpy as np

from vedette.core.errors import InvalidInputError
from vedette.search.found import NOTHING, Found, find_kth, rank_rows
from vedette.search.gallery import Gallery, Granules
from vedette.search.kernels import Floats, Kernels, Rows

FEW = 64
"""So few are measured in full at once."""
_BATCH = 64
_MAX_SUM = 2**31 - 1


@dataclass(frozen=True, slots=True)
class CalibratedTerms:
    """What was learnt.

    Attributes:
        deltas: (L,) factor per level, 1 or more.
        floor: Added to both distances of a ratio, because nothing is a multiple of 0, the distance of a copy.
        miss_share: The share of queries per level that the factors were chosen to lose.
        queries: How many they were learnt from.
    """

    deltas: tuple[float, ...]
    floor: float
    miss_share: float
    queries: int

    def __post_init__(self) -> None:
        if not all(1 <= delta < float("inf") for delta in self.deltas) or not 0 <= self.floor < float("inf"):
            raise InvalidInputError(f"deltas {self.deltas} with floor {self.floor} decide nothing")


class CalibratedTwd:
    """Not exact: how often it is, the self-test measures."""

    name = "calibrated"

    def __init__(self, gallery: Gallery, kernels: Kernels, terms: CalibratedTerms, few: int = FEW) -> None:
        if gallery.granules is None or len(terms.deltas) != gallery.granules.projection.levels:
            raise InvalidInputError("the terms were learnt with other granules")
        self._gallery = gallery
        self._granules: Granules = gallery.granules
        self._kernels = kernels
        self.terms = terms
        self._few = few

    def find(self, query: Floats, k: int) -> Found:
        gallery, count = self._gallery, len(self._gallery)
        if not count:
            return NOTHING
        projection, few = self._granules.projection, max(self._few, 2 * k)
        centred = projection.centre(query)
        whole = projection.quantize(projection.project(centred, 0))
        coarse = self._kernels.scan_coarse(self._granules.coarse, whole, count)
        area = projection.step**2
        limit = self.terms.deltas[0] * (find_kth(coarse, min(k, count)) + self.terms.floor / area)
        # A whole number: compared with a fraction, all sums would be copied into double precision first.
        rows = np.flatnonzero(coarse <= np.int32(min(limit, _MAX_SUM)))
        distances = coarse[rows].astype(np.float32) * np.float32(area)
        granules_read, levels = count, 1
        while len(rows) > few and levels < projection.levels:
            part = projection.project(centred, levels)
            self._kernels.advance(self._granules.later[levels - 1], part, rows, distances)
            granules_read += len(rows)
            kept = distances <= self._limit(distances, levels, k)
            rows, distances = rows[kept], distances[kept]
            levels += 1
        nearest, full = rank_rows(gallery, self._kernels, query, rows, k)
        read = granules_read * projection.granule + len(rows) * gallery.dimensions
        return Found(nearest, full, levels, len(rows), read)

    def _limit(self, distances: Floats, level: int, k: int) -> float:
        floor = self.terms.floor
        return self.terms.deltas[level] * (find_kth(distances, k) + floor)


@dataclass(frozen=True, slots=True)
class Ratios:
    """How far the true nearest neighbour was behind the nearest candidate: (Q, L), 1 where it was the nearest."""

    values: np.ndarray[tuple[int, ...], np.dtype[np.float64]]
    floor: float

    def terms(self, miss_share: float) -> CalibratedTerms:
        """The factors that lose `miss_share` of these queries at a level."""
        deltas = np.maximum(np.quantile(self.values, 1 - miss_share, axis=0, method="higher"), 1)
        # The last digit of a ratio is rounding; a query at the very quantile must not be lost by it.
        return CalibratedTerms(tuple((deltas * (1 + 1e-5)).tolist()), self.floor, miss_share, len(self.values))


def find_nearest_rows(gallery: Gallery, queries: Floats) -> Rows:
    """(Q,) rows of the nearest neighbours, many queries at once; where two are equal up to rounding, either."""
    halves = gallery.energies / 2
    batches = (queries[first : first + _BATCH] for first in range(0, len(queries), _BATCH))
    found = [(halves[:, None] - gallery.vectors @ batch.T).argmin(axis=0) for batch in batches]
    return np.concatenate([np.zeros(0, np.int64), *found])


def find_ratios(gallery: Gallery, kernels: Kernels, queries: Floats) -> Ratios:
    """Follows queries (Q, D), none of which is an entry itself, through all levels without rejecting anybody."""
    granules = gallery.granules
    if granules is None or not len(queries):
        raise InvalidInputError("need a gallery with granules, and queries")
    projection, everybody = granules.projection, np.arange(len(gallery))
    true = np.zeros((len(queries), projection.levels))
    least = np.zeros_like(true)
    for place, (query, row) in enumerate(zip(queries, find_nearest_rows(gallery, queries), strict=True)):
        centred = projection.centre(query)
        whole = projection.quantize(projection.project(centred, 0))
        coarse = kernels.scan_coarse(granules.coarse, whole, len(gallery))
        distances = coarse.astype(np.float32) * np.float32(projection.step**2)
        for level in range(projection.levels):
            if level:
                part = projection.project(centred, level)
                kernels.advance(granules.later[level - 1], part, everybody, distances)
            true[place, level], least[place, level] = distances[row], distances.min()
    # Rounding to whole numbers alone puts an entry half a step from itself, in each component.
    floor = 1e-6 * float(np.median(true[:, -1])) + projection.granule * (projection.step / 2) ** 2
    return Ratios((true + floor) / (least + floor), floor)
