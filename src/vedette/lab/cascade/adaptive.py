"""Adaptive computation time (Figurnov et al. 2017, arXiv 1612.02297): how many units of a block a picture gets. Pure.

Unit l of a block says h^l in 0..1 to stop, from its own output: sigmoid(W pool(x^l) + b). N is the first unit at which
the sum of h reaches 1 - epsilon, at the latest the last one. p^l = h^l for l < N, p^N = 1 - the sum of h before N (the
remainder R), 0 after; the block's output is the sum of p^l x^l, and its cost N + R is added to the loss, times tau.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vedette.core.errors import InvalidInputError

EPSILON = 0.01
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Halting:
    """For each of B pictures.

    Attributes:
        units: (B,) N, how many units are computed, from 1.
        remainder: (B,) R.
        weights: (B, L) p, of sum 1.
    """

    units: NDArray[np.int64]
    remainder: Floats
    weights: Floats

    @property
    def cost(self) -> Floats:
        """(B,) N + R: what the loss counts."""
        return self.units + self.remainder


def plan_halting(halts: NDArray[np.floating], epsilon: float = EPSILON) -> Halting:
    """Where pictures stop. `halts`: (B, L) h of all units, L at least 1; the last unit's is not looked at."""
    if halts.ndim != 2 or not halts.shape[1] or not 0 < epsilon < 1:
        raise InvalidInputError(f"need (B, L) and 0 < epsilon < 1, got {halts.shape} and {epsilon}")
    given = halts.astype(np.float64)
    before = np.cumsum(given, axis=1) - given
    runs = np.cumprod(before < 1 - epsilon, axis=1).astype(bool)
    stops = runs & (before + given >= 1 - epsilon)
    stops[:, -1] = runs[:, -1]
    remainder = np.where(stops, 1 - before, 0.0).sum(axis=1)
    weights = np.where(stops, 1 - before, np.where(runs, given, 0.0))
    return Halting(runs.sum(axis=1), remainder, weights)
