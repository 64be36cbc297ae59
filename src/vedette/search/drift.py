"""Tells when what was fitted once and then frozen (projection, centres of cells) no longer fits the entries."""

import numpy as np

from vedette.search.cells import Cells
from vedette.search.gallery import Gallery, Granules
from vedette.search.kernels import Floats

_TAIL_GROWTH = 0.1
"""New entries with a tenth more of their energy outside the components: bounds grow loose, factors wrong."""
_SPREAD_GROWTH = 1.5
"""New entries half as far again from their centres: the slack was learnt of cells that are smaller."""
_GROWN = 2.0
"""Twice as many entries, or the mean entry in a cell of twice the size: another method may be the fastest."""
_MIN_NOTED = 100
_SAMPLE = 2000


class Drift:
    """Adds up what was added.

    Args:
        gallery: As it was fitted. What it was then is remembered, not the gallery.
    """

    def __init__(self, gallery: Gallery) -> None:
        self._fitted = len(gallery)
        self._crowd = _find_crowd(gallery)
        self._tail_share = self._spread = 0.0
        if gallery.granules is not None and len(gallery):
            sample = np.linspace(0, len(gallery) - 1, min(_SAMPLE, len(gallery))).astype(np.int64)
            self._tail_share, self._spread = _look_at(gallery.granules, gallery.vectors[sample])
        self._noted = 0
        self._noted_tail = self._noted_spread = 0.0

    def note(self, granules: Granules, vectors: Floats) -> None:
        """Entries (N, D) were added."""
        tail_share, spread = _look_at(granules, vectors)
        self._noted += len(vectors)
        self._noted_tail += tail_share * len(vectors)
        self._noted_spread += spread * len(vectors)

    def is_stale(self, gallery: Gallery, min_granules: int) -> bool:
        """Whether the gallery, as it is now, should be fitted again."""
        if len(gallery) >= max(min_granules, _GROWN * self._fitted):
            return True
        if self._crowd and _find_crowd(gallery) >= _GROWN * self._crowd:
            return True
        if self._noted < max(_MIN_NOTED, self._fitted / 20):
            return False
        if self._noted_spread / self._noted > _SPREAD_GROWTH * self._spread:
            return True
        return self._noted_tail / self._noted > self._tail_share + _TAIL_GROWTH


def _find_crowd(gallery: Gallery) -> float:
    cells = _find_cells(gallery.granules)
    return cells.crowd if cells is not None else 0.0


def _find_cells(granules: Granules | None) -> Cells | None:
    return granules.cells if granules is not None else None


def _look_at(granules: Granules, vectors: Floats) -> tuple[float, float]:
    """The share of the energy of rows (N, D) outside the components, and how far their centres are in the mean."""
    share = granules.projection.tail_share(vectors)
    if granules.cells is None or not len(vectors):
        return share, 0.0
    return share, float(granules.cells.find_cells(granules.projection.project_first(vectors))[1].mean())
