"""The full scan: one matrix-vector product, then the few that rounding leaves in doubt, measured exactly.

It is what the other methods are compared with, and what a small or a flat gallery is searched by.
"""

import numpy as np

from vedette.search.found import NOTHING, Found, find_kth, rank_rows
from vedette.search.gallery import Gallery
from vedette.search.kernels import Floats, Kernels

UNIT = 2.0**-24
"""The relative error of one rounding to float32."""
TINY = 1e-37
"""Squares smaller than this lose digits, or vanish; they are all taken for equal until they are measured."""


class BruteForce:
    """Exact.

    |a - x|^2 = |a|^2 - 2 a x + |x|^2 is fast but loses digits where a and x are long and near to each other. The loss
    is bounded by (D + 8) u (|a| + |x|)^2 (u: `UNIT`; Higham, Accuracy and Stability of Numerical Algorithms, 3.1),
    so everything within twice the bound of the k-th is measured by differences.
    """

    name = "brute"

    def __init__(self, gallery: Gallery, kernels: Kernels) -> None:
        self._gallery = gallery
        self._kernels = kernels

    def find(self, query: Floats, k: int) -> Found:
        gallery = self._gallery
        if not len(gallery):
            return NOTHING
        scores = gallery.vectors @ query
        scores *= -2
        scores += gallery.energies
        length = float(np.sqrt(np.dot(query, query)))
        doubt = (gallery.dimensions + 8) * UNIT * (gallery.reach + length) ** 2
        rows = np.flatnonzero(scores <= find_kth(scores, min(k, len(gallery))) + 4 * doubt + TINY)
        nearest, distances = rank_rows(gallery, self._kernels, query, rows, k)
        return Found(nearest, distances, 0, len(rows), (len(gallery) + len(rows)) * gallery.dimensions)
