"""Directed enumeration (ML-ANN, A. V. Savchenko): the order in which a gallery is looked through comes from pivots.

The distances of a few pivots to everybody are known. An entry whose distances to the pivots are like the query's comes
first; the search ends at the first entry that is nearer than entries of different classes are, or after so many.
For a gallery that does not change; measured beside the others in `evals.search`.
"""

from dataclasses import dataclass

import numpy as np

from vedette.core.errors import InvalidInputError
from vedette.search.found import NOTHING, Found, rank_rows
from vedette.search.gallery import Gallery
from vedette.search.kernels import Floats, Kernels, Rows

_PIVOT_SHARE, _MIN_PIVOTS, _MAX_PIVOTS = 0.015, 5, 32
_AT_A_TIME = 16
_SAMPLED = 500
_SEED = 20180603


@dataclass(frozen=True, slots=True)
class DirectedTerms:
    """Attributes: share of the gallery that is looked at (at least 32 entries); false accept rate of stopping."""

    checked_share: float = 0.05
    false_accept_rate: float = 0.01

    def __post_init__(self) -> None:
        if not 0 < self.checked_share <= 1 or not 0 < self.false_accept_rate < 1:
            raise InvalidInputError(f"shares lie between 0 and 1, not {self}")


class DirectedEnumeration:
    """Not exact."""

    name = "ml_ann"

    def __init__(self, gallery: Gallery, kernels: Kernels, terms: DirectedTerms | None = None) -> None:
        self._gallery = gallery
        self._kernels = kernels
        terms = terms or DirectedTerms()
        self._checked = min(len(gallery), max(32, round(terms.checked_share * len(gallery))))
        self.pivots = choose_pivots(gallery.vectors, kernels)
        self._to_pivots = np.array([self._measure_all(gallery.vectors[row]) for row in self.pivots], np.float32)
        self._to_pivots = self._to_pivots.reshape(len(self.pivots), len(gallery))
        self.stop_at = self._find_stop(terms.false_accept_rate)

    def find(self, query: Floats, k: int) -> Found:
        """The nearest of those looked at. `level` is 0; `survivors` says how many were looked at after the pivots."""
        gallery = self._gallery
        if not len(gallery):
            return NOTHING
        to_pivots = self._kernels.measure(gallery.vectors, query, self.pivots)
        looked_at = self._look(query, to_pivots)
        rows = np.unique(np.concatenate([self.pivots, looked_at]))
        nearest, distances = rank_rows(gallery, self._kernels, query, rows, k)
        read = len(self.pivots) * len(gallery) + (len(self.pivots) + len(looked_at)) * gallery.dimensions
        return Found(nearest, distances, 0, len(looked_at), read)

    def _look(self, query: Floats, to_pivots: Floats) -> Rows:
        """Rows in the directed order, up to the first that ends the search."""
        if to_pivots.min() < self.stop_at:
            return np.zeros(0, np.int64)
        unlike = np.square(self._to_pivots - to_pivots[:, None]).sum(axis=0)
        order = np.argpartition(unlike, self._checked - 1)[: self._checked]
        order = order[np.argsort(unlike[order], kind="stable")]
        for first in range(0, len(order), _AT_A_TIME):
            distances = self._kernels.measure(self._gallery.vectors, query, order[first : first + _AT_A_TIME])
            ends = np.flatnonzero(distances < self.stop_at)
            if len(ends):
                return order[: first + int(ends[0]) + 1]
        return order

    def _measure_all(self, query: Floats) -> Floats:
        return self._kernels.measure(self._gallery.vectors, query, np.arange(len(self._gallery)))

    def _find_stop(self, false_accept_rate: float) -> float:
        """The distance below which only so many entries have a neighbour of another class; 0 for a single class."""
        rng, labels = np.random.default_rng(_SEED), self._gallery.labels
        nearest = []
        for row in rng.permutation(len(labels))[:_SAMPLED]:
            others = self._measure_all(self._gallery.vectors[row])[labels != labels[row]]
            if len(others):
                nearest.append(others.min())
        return float(np.quantile(nearest, false_accept_rate, method="lower")) if nearest else 0.0


def choose_pivots(vectors: Floats, kernels: Kernels) -> Rows:
    """Rows, the first one first and then always the one farthest from all pivots so far."""
    wanted = min(len(vectors), max(_MIN_PIVOTS, min(_MAX_PIVOTS, round(_PIVOT_SHARE * len(vectors)))))
    pivots: list[int] = []
    everybody = np.arange(len(vectors))
    away = np.full(len(vectors), np.inf, np.float32)
    for number in range(wanted):
        pivots.append(0 if number == 0 else int(away.argmax()))
        away = np.minimum(away, kernels.measure(vectors, vectors[pivots[-1]], everybody))
        away[pivots] = -1.0
    return np.array(pivots, np.int64)
