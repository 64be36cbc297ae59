"""Three-way decisions that never reject the nearest neighbour: equal to the full scan, and usually faster.

By Pythagoras and Cauchy-Schwarz, two vectors are at least as far apart as the root of their squared distance within
the granules looked at, plus the squared difference of the lengths of what lies outside (their tails). An entry is
rejected when this bound passes the distance of an entry that was measured in full.

Floating point must not undo the proof. With u one rounding, g = (D + 2) u bounds the relative error of a dot product
of D terms in any order (Higham 3.1). So a projected query of K components is off by at most (sqrt(K) g + u + skew) of
its length, a projected row by (2 u + skew), `skew` being how far the rounded basis is from orthonormal. Tails are
kept as intervals. All this makes the limit a little wider, never the answer different.
"""

import math

import numpy as np

from vedette.core.errors import InvalidInputError
from vedette.search.brute_force import TINY, UNIT
from vedette.search.found import NOTHING, Found, find_kth, rank_rows
from vedette.search.gallery import Gallery, Granules
from vedette.search.kernels import Floats, Kernels, Rows

_FEW = 32
"""So few are measured at once: another granule would cost more than it saves."""


class SafeTwd:
    """Exact."""

    name = "safe"

    def __init__(self, gallery: Gallery, kernels: Kernels) -> None:
        if gallery.granules is None:
            raise InvalidInputError("need a gallery with granules")
        self._gallery = gallery
        self._granules: Granules = gallery.granules
        self._kernels = kernels

    def find(self, query: Floats, k: int) -> Found:
        gallery, count = self._gallery, len(self._gallery)
        if not count:
            return NOTHING
        projection = self._granules.projection
        centred = projection.centre(query)
        bounds = _Bounds(self._granules, centred)
        rows = np.arange(count)
        partial = self._kernels.scan(self._granules.first, bounds.take(projection.project(centred, 0)), count)
        granules_read, measured, levels = count, 0, 1
        least = math.inf
        while True:
            below = bounds.below(partial, rows, levels - 1)
            if len(rows) > max(_FEW, k):
                likely = rows[[below.argmin()]] if k == 1 else rows[np.argpartition(below, k - 1)[:k]]
                least = min(least, find_kth(self._kernels.measure(gallery.vectors, query, likely), k))
                measured += len(likely)
                kept = np.flatnonzero(below <= bounds.limit(least))
                rows, partial = rows[kept], partial[kept]
            if levels == projection.levels or len(rows) <= max(_FEW, k):
                break
            part = bounds.take(projection.project(centred, levels))
            self._kernels.advance(self._granules.later[levels - 1], part, rows, partial)
            granules_read, levels = granules_read + len(rows), levels + 1
        nearest, distances = rank_rows(gallery, self._kernels, query, rows, k)
        read = granules_read * projection.granule + (measured + len(rows)) * gallery.dimensions
        return Found(nearest, distances, levels, len(rows), read)


class _Bounds:
    """The bounds of one query, level by level."""

    def __init__(self, granules: Granules, centred: Floats) -> None:
        self._granules = granules
        projection = granules.projection
        exact = centred.astype(np.float64)
        self._energy = float(np.dot(exact, exact))
        self._inside = 0.0
        self._gamma = (projection.dimensions + 2) * UNIT
        components = projection.levels * projection.granule
        self._query_share = math.sqrt(components) * self._gamma + UNIT + projection.skew
        row_share = 2 * UNIT + projection.skew
        self._error = self._query_share * math.sqrt(self._energy) + row_share * granules.reach
        self._row_tail_error = math.sqrt(2 * row_share + row_share**2) * granules.reach

    def take(self, part: Floats) -> Floats:
        """Notes the next granule of the query, and passes it on."""
        exact = part.astype(np.float64)
        self._inside += float(np.dot(exact, exact))
        return part

    def below(self, partial: Floats, rows: Rows, level: int) -> Floats:
        """(n,): no entry is nearer than this, up to `limit`."""
        left = self._energy - self._inside
        doubt = (2 * self._query_share + self._query_share**2) * self._energy
        shortest, longest = math.sqrt(max(left - doubt, 0.0)), math.sqrt(max(left + doubt, 0.0))
        middle, width = (longest + shortest) / 2, (longest - shortest) / 2 + self._row_tail_error
        tails = self._granules.tails[level]
        own: Floats = tails[: len(rows)] if level == 0 else tails[rows]
        gap: Floats = own - np.float32(middle)
        np.abs(gap, out=gap)
        gap -= np.float32(width * (1 + 8 * UNIT) + 8 * UNIT * middle)
        np.maximum(gap, 0, out=gap)
        gap *= gap
        gap += partial
        return gap

    def limit(self, least: float) -> float:
        """What the bound of an entry at the measured distance `least` cannot pass."""
        farthest = math.sqrt(least * (1 + 2 * self._gamma)) + self._error
        return farthest * farthest * (1 + 4 * self._gamma) + TINY
