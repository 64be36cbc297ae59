"""Sequential three-way decisions as published (A. V. Savchenko, 2018), in both of its variants.

After each granule of principal components the candidates farther than `delta` times the nearest are rejected; when all
that are left share a class it is accepted; otherwise the decision is deferred to the next granule, and at the last one
the nearest decides. It is the label that this finds, not the nearest neighbour: see docs/design/search.md.
"""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from vedette.core.errors import InvalidInputError
from vedette.search.gallery import Gallery, Granules
from vedette.search.kernels import Floats, Kernels, Rows

DELTA = 1 / 0.7


class Variant(StrEnum):
    """What is rejected: single entries (the author's program), or classes by their nearest entry (his paper)."""

    PER_INSTANCE = "per_instance"
    PER_CLASS = "per_class"


@dataclass(frozen=True, slots=True)
class TwdAnswer:
    """One decision.

    Attributes:
        label: Of the nearest.
        row: The nearest.
        distance: Its squared distance in the granules looked at.
        levels: How many these were.
        survivors: (n,) rows that were not rejected.
        is_committed: They share a class; not so only at the last level.
        numbers_read: Of the gallery.
    """

    label: int
    row: int
    distance: float
    levels: int
    survivors: Rows
    is_committed: bool
    numbers_read: int


class PublishedTwd:
    """Either variant over a gallery with granules."""

    def __init__(self, gallery: Gallery, kernels: Kernels, variant: Variant, delta: float = DELTA) -> None:
        if gallery.granules is None or not 1 <= delta < float("inf"):
            raise InvalidInputError(f"need a gallery with granules and 1 <= delta, got {delta}")
        self.name = f"twd_{variant}"
        self._gallery = gallery
        self._granules: Granules = gallery.granules
        self._kernels = kernels
        self._variant = variant
        self._delta = np.float32(delta)
        self._numbered_at = -1
        self._classes = np.zeros(0, np.int64)
        self._class_count = 0

    def classify(self, query: Floats) -> TwdAnswer | None:
        """Decides on a query (D,); None when the gallery is empty."""
        count = len(self._gallery)
        if not count:
            return None
        self._number_classes()
        granules, projection = self._granules, self._granules.projection
        centred = projection.centre(query)
        rows = np.arange(count)
        distances = self._kernels.scan(granules.first, projection.project(centred, 0), count)
        numbers_read, levels = count, 1
        while True:
            nearest = int(distances.argmin())
            kept = self._keep(rows, distances, distances[nearest])
            row, distance = int(rows[nearest]), float(distances[nearest])
            rows, distances = rows[kept], distances[kept]
            own = self._classes[row]
            is_committed = bool((self._classes[rows] == own).all())
            if is_committed or levels == projection.levels:
                break
            block, part = granules.later[levels - 1], projection.project(centred, levels)
            self._kernels.advance(block, part, rows, distances)
            numbers_read, levels = numbers_read + len(rows), levels + 1
        label = int(self._gallery.labels[row])
        return TwdAnswer(label, row, distance, levels, rows, is_committed, numbers_read * projection.granule)

    def _keep(self, rows: Rows, distances: Floats, least: np.float32) -> Rows:
        """Places within `rows` of what is not rejected."""
        limit = self._delta * least
        if self._variant is Variant.PER_INSTANCE:
            return np.flatnonzero(distances <= limit)
        classes = self._classes[rows]
        minima = self._kernels.find_class_minima(classes, distances, self._class_count)
        return np.flatnonzero(minima[classes] <= limit)

    def _number_classes(self) -> None:
        if self._numbered_at != self._gallery.changes:
            labels, self._classes = np.unique(self._gallery.labels, return_inverse=True)
            self._class_count = len(labels)
            self._numbered_at = self._gallery.changes
