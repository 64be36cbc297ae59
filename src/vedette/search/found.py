"""What a search answers, and the question each method has to answer."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from vedette.search.gallery import Gallery
from vedette.search.kernels import Floats, Kernels, Rows


@dataclass(frozen=True, slots=True)
class Found:
    """The nearest entries of one query, the nearest first; of equal distance the smaller key first.

    Attributes:
        rows: (k,) of the gallery as it is now. Fewer than asked for where it has fewer.
        distances: (k,) squared, float32.
        level: Granules that were looked at; 0 where the method has none.
        survivors: Entries that were still possible when the full vectors were read.
        numbers_read: Of the gallery, of all kinds. R * D is the work of a full scan.
    """

    rows: Rows
    distances: Floats
    level: int
    survivors: int
    numbers_read: int


class Method(Protocol):
    """A way to search one gallery."""

    @property
    def name(self) -> str: ...

    def find(self, query: Floats, k: int) -> Found:
        """`query` is (D,) float32 and was checked; k >= 1."""
        ...


NOTHING = Found(np.zeros(0, np.int64), np.zeros(0, np.float32), 0, 0, 0)


def rank_rows(gallery: Gallery, kernels: Kernels, query: Floats, rows: Rows, k: int) -> tuple[Rows, Floats]:
    """Reads the full vectors of `rows`; returns the k nearest and their distances."""
    distances = kernels.measure(gallery.vectors, query, rows)
    if k == 1 and len(rows):
        least = distances.min()
        nearest = rows[distances == least]
        if len(nearest) > 1:
            nearest = nearest[[gallery.keys[nearest].argmin()]]
        return nearest, np.array([least], np.float32)
    order = np.lexsort((gallery.keys[rows], distances))[:k]
    return rows[order], distances[order]


def find_kth(values: Floats | NDArray[np.int32], k: int) -> float:
    """The k-th smallest; infinite when there are fewer."""
    if len(values) < k:
        return float("inf")
    return float(values.min()) if k == 1 else float(np.partition(values, k - 1)[k - 1])
