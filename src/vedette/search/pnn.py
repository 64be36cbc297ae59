"""Probabilistic neural network with a sequential stop (A. V. Savchenko): Parzen sums of each class, level by level.

A class whose sum falls a thousand million times below the best is dropped; one class left ends the search.
"""

from dataclasses import dataclass

import numpy as np

from vedette.core.errors import InvalidInputError
from vedette.search.gallery import Gallery, Granules
from vedette.search.kernels import Floats, Kernels

VARIANCE = 2e-5
"""As in the author's program, for features of unit length."""
_DROPPED_UNDER = 1e-9


@dataclass(frozen=True, slots=True)
class PnnAnswer:
    """Attributes: the class; granules looked at; classes left; numbers read of the gallery."""

    label: int
    levels: int
    survivors: int
    numbers_read: int


class SequentialPnn:
    """For a gallery that does not change."""

    name = "pnn"

    def __init__(self, gallery: Gallery, kernels: Kernels, variance: float = VARIANCE) -> None:
        if gallery.granules is None or not variance > 0:
            raise InvalidInputError(f"need a gallery with granules and a variance above 0, got {variance}")
        self._gallery = gallery
        self._granules: Granules = gallery.granules
        self._kernels = kernels
        projection = gallery.granules.projection
        self._scale = 1 / (2 * variance * projection.levels * projection.granule)
        self._labels, self._classes = np.unique(gallery.labels, return_inverse=True)

    def classify(self, query: Floats) -> PnnAnswer | None:
        """Decides on a query (D,); None when the gallery is empty."""
        if not len(self._labels):
            return None
        granules, projection = self._granules, self._granules.projection
        centred, rows = projection.centre(query), np.arange(len(self._gallery))
        distances = self._kernels.scan(granules.first, projection.project(centred, 0), len(rows))
        granules_read, levels = len(rows), 1
        while True:
            outputs = self._sum(self._classes[rows], distances)
            is_kept = outputs >= outputs.max() * _DROPPED_UNDER
            if is_kept.sum() == 1 or levels == projection.levels:
                break
            kept = is_kept[self._classes[rows]]
            rows, distances = rows[kept], distances[kept]
            part = projection.project(centred, levels)
            self._kernels.advance(granules.later[levels - 1], part, rows, distances)
            granules_read, levels = granules_read + len(rows), levels + 1
        label = int(self._labels[outputs.argmax()])
        return PnnAnswer(label, levels, int(is_kept.sum()), granules_read * projection.granule)

    def _sum(self, classes: np.ndarray[tuple[int, ...], np.dtype[np.int64]], distances: Floats) -> Floats:
        """(C,) Parzen sums, the nearest entry counting 1: so they neither vanish nor change their order."""
        weights = np.exp((float(distances.min()) - distances.astype(np.float64)) * self._scale)
        return np.bincount(classes, weights, minlength=len(self._labels)).astype(np.float32)
