"""Three-way decisions with thresholds learnt from queries: nearly exact, at a fraction of the reading.

As published, but the factor of each level is a quantile: so much farther than the nearest candidate the true nearest
neighbour was, at that level, for all but a share of held-out queries. The few that are left are measured in full.
The first granule, which is read for everybody, is read as whole numbers of a byte: what that loses is learnt with it.

In a large gallery it is read only in cells (`cells.py`) whose centres are hardly farther than the nearest centre. How
much farther they may be is learnt as well: all but the same share of queries had their true nearest neighbour there.
"""

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from vedette.core.errors import InvalidInputError
from vedette.search.cells import Cells
from vedette.search.found import NOTHING, Found, find_kth, rank_rows
from vedette.search.gallery import Gallery, Granules
from vedette.search.kernels import MAX_SUM, Floats, Kernels, Rows, Sums

FEW = 64
"""So few are measured in full at once."""
ALL, NEAR = "calibrated", "cells"
"""Which entries' first granule is read."""
_BATCH = 64


@dataclass(frozen=True, slots=True)
class CalibratedTerms:
    """What was learnt.

    Attributes:
        deltas: (L,) factor per level, 1 or more.
        floor: Added to both distances of a ratio, because nothing is a multiple of 0, the distance of a copy.
        miss_share: The share of queries per level that the factors were chosen to lose.
        queries: How many they were learnt from.
        slack: So much farther (not squared) than the nearest centre the centre of a cell may be. None: no cells.
    """

    deltas: tuple[float, ...]
    floor: float
    miss_share: float
    queries: int
    slack: float | None = None

    def __post_init__(self) -> None:
        lengths = (self.floor, self.slack or 0.0)
        if not all(1 <= delta < math.inf for delta in self.deltas) or not all(0 <= one < math.inf for one in lengths):
            raise InvalidInputError(f"deltas {self.deltas} with floor and slack {lengths} decide nothing")


class CalibratedTwd:
    """Not exact: how often it is, the self-test measures."""

    def __init__(self, gallery: Gallery, kernels: Kernels, terms: CalibratedTerms, few: int = FEW) -> None:
        if gallery.granules is None or len(terms.deltas) != gallery.granules.projection.levels:
            raise InvalidInputError("the terms were learnt with other granules")
        if terms.slack is not None and gallery.granules.cells is None:
            raise InvalidInputError("the terms were learnt with cells")
        self._gallery = gallery
        self._granules: Granules = gallery.granules
        self._kernels = kernels
        self.name = ALL if terms.slack is None else NEAR
        self.terms = terms
        self._few = few

    def find(self, query: Floats, k: int) -> Found:
        gallery, count = self._gallery, len(self._gallery)
        if not count:
            return NOTHING
        projection, few = self._granules.projection, max(self._few, 2 * k)
        centred = projection.centre(query)
        rows, distances, granules_read = self._begin(projection.project(centred, 0), min(k, count))
        levels = 1
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

    def _begin(self, part: Floats, k: int) -> tuple[Rows, Floats, int]:
        """Who is left after the first granule, their distances there, and how many granules were read."""
        granules, cells, slack = self._granules, self._granules.cells, self.terms.slack
        whole = granules.projection.quantize(part)
        if cells is None or slack is None:
            sums = self._kernels.scan_coarse(granules.coarse, whole, len(self._gallery))
            rows = np.flatnonzero(sums <= self._limit_whole(sums, k))
            return rows, granules.projection.measure_whole(sums[rows]), sums.size
        blocks = cells.find_blocks(self._kernels.scan(cells.columns, part, len(cells)), k, slack)
        sums = self._kernels.scan_blocks(cells.blocks, cells.rows, whole, blocks)
        limit = self._limit_whole(sums.ravel(), k)
        rows, near = self._kernels.take_near(sums, cells.rows, blocks, limit)
        return rows, granules.projection.measure_whole(near), len(cells) + sums.size

    def _limit_whole(self, sums: Sums, k: int) -> np.int32:
        area = self._granules.projection.step**2
        limit = self.terms.deltas[0] * (find_kth(sums, k) + self.terms.floor / area)
        # A whole number: compared with a fraction, all sums would be copied into double precision first.
        return np.int32(min(limit, MAX_SUM - 1))

    def _limit(self, distances: Floats, level: int, k: int) -> float:
        floor = self.terms.floor
        return self.terms.deltas[level] * (find_kth(distances, k) + floor)


@dataclass(frozen=True, slots=True)
class Ratios:
    """How far the true nearest neighbours of Q queries were behind the nearest candidates.

    Attributes:
        values: (Q, L) factors, 1 where it was the nearest.
        floor: As in `CalibratedTerms`.
        slacks: (Q,) how much farther the centre of its cell was than the nearest centre; None without cells.
        rows: (Q,) of these neighbours.
    """

    values: NDArray[np.float64]
    floor: float
    slacks: NDArray[np.float64] | None
    rows: Rows

    def terms(self, miss_share: float) -> CalibratedTerms:
        """The factors that lose `miss_share` of these queries at a level, without cells."""
        deltas = np.maximum(np.quantile(self.values, 1 - miss_share, axis=0, method="higher"), 1)
        # The last digit of a ratio is rounding; a query at the very quantile must not be lost by it.
        return CalibratedTerms(tuple((deltas * (1 + 1e-5)).tolist()), self.floor, miss_share, len(self.values))

    def terms_with_cells(self, miss_share: float) -> CalibratedTerms:
        """The same with a slack that loses `miss_share` of them. Raises InvalidInputError without cells."""
        if self.slacks is None:
            raise InvalidInputError("the gallery has no cells")
        slack = float(np.quantile(self.slacks, 1 - miss_share, method="higher")) * (1 + 1e-5)
        return replace(self.terms(miss_share), slack=slack)


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
    projection, cells = granules.projection, granules.cells
    true = np.zeros((len(queries), projection.levels))
    least = np.zeros_like(true)
    slacks = np.zeros(len(queries))
    rows = find_nearest_rows(gallery, queries)
    for place, (query, row) in enumerate(zip(queries, rows, strict=True)):
        centred = projection.centre(query)
        parts = [projection.project(centred, level) for level in range(projection.levels)]
        true[place], least[place] = _follow(granules, kernels, parts, row, len(gallery))
        if cells is not None:
            slacks[place] = _find_slack(cells, kernels, parts[0], row)
    # Rounding to whole numbers alone puts an entry half a step from itself, in each component.
    floor = 1e-6 * float(np.median(true[:, -1])) + projection.granule * (projection.step / 2) ** 2
    return Ratios((true + floor) / (least + floor), floor, slacks if cells is not None else None, rows)


def _find_slack(cells: Cells, kernels: Kernels, part: Floats, row: int) -> float:
    centres = np.sqrt(kernels.scan(cells.columns, part, len(cells)).astype(np.float64))
    return float(centres[cells.find_cell(row)] - centres[cells.sizes > 0].min())


def _follow(
    granules: Granules, kernels: Kernels, parts: list[Floats], row: int, count: int
) -> tuple[list[float], list[float]]:
    """The distance of a row at each level, and the least of all rows."""
    projection = granules.projection
    coarse = kernels.scan_coarse(granules.coarse, projection.quantize(parts[0]), count)
    distances = projection.measure_whole(coarse)
    alone = distances[[row]]
    true, least = [float(alone[0])], [float(distances.min())]
    for block, part in zip(granules.later, parts[1:], strict=True):
        kernels.advance(block, part, np.array([row]), alone)
        true.append(float(alone[0]))
    # Distances only grow: who is farther now than the true nearest at the end is at no level the least.
    others = np.flatnonzero(distances <= alone[0])
    distances = distances[others]
    for block, part in zip(granules.later, parts[1:], strict=True):
        kernels.advance(block, part, others, distances)
        least.append(float(distances.min()))
    return true, least
