"""Tells when a frozen projection no longer fits the entries that came after it was made."""

from vedette.search.kernels import Floats
from vedette.search.projection import Projection

_TAIL_GROWTH = 0.1
"""New entries with a tenth more of their energy outside the components: bounds grow loose, factors wrong."""
_GROWN = 2.0
"""Twice as many entries: another method may be the fastest."""
_MIN_NOTED = 100


class Drift:
    """Adds up what was added.

    Args:
        fitted: How many entries there were.
        tail_share: Their energy outside the components, 0..1.
    """

    def __init__(self, fitted: int, tail_share: float = 0.0) -> None:
        self._fitted = fitted
        self._tail_share = tail_share
        self._noted = 0
        self._noted_tail = 0.0

    def note(self, projection: Projection, vectors: Floats) -> None:
        """Entries (N, D) were added."""
        self._noted += len(vectors)
        self._noted_tail += projection.tail_share(vectors) * len(vectors)

    def is_stale(self, count: int, min_granules: int) -> bool:
        """Whether the gallery, which has `count` entries now, should be fitted again."""
        has_grown = count >= max(min_granules, _GROWN * self._fitted)
        if self._noted < max(_MIN_NOTED, self._fitted / 20):
            return has_grown
        return has_grown or self._noted_tail / self._noted > self._tail_share + _TAIL_GROWTH
