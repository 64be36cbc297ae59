"""The inner loops of the search, in NumPy: what the compiled ones (`compiled.py`) must equal.

`scan`, `advance` and `find_class_minima` add up in one fixed order (dimension after dimension, float32, no fused
multiply-add), so the NumPy loops, the compiled ones and a plain reference agree bit for bit, and a decision can be
checked again on another machine. `measure` is free in its order: of one implementation its result depends only on the
two vectors, never on where in the gallery a row lies.
"""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Rows = NDArray[np.int64]
Coarse = NDArray[np.uint8]
Sums = NDArray[np.int32]

LANES = 64
"""Entries of a block (`cells.py`): their sums are two to four registers of the processor."""
MAX_SUM = 2**31 - 1
"""What `scan_blocks` says of a place without an entry: more than any sum."""
_MEASURED_AT_A_TIME = 256
"""Rows copied at once: 256 of 1,392 numbers are 1.4 MB, which the cache holds."""


class Kernels(Protocol):
    """Implemented by `NumpyKernels` and `vedette.search.compiled.CompiledKernels`."""

    def scan(self, columns: Floats, part: Floats, count: int) -> Floats:
        """Squared distances in one granule of all rows.

        Args:
            columns: (m, C) one dimension a row, C >= count.
            part: (m,) of the query.
            count: Rows in use.

        Returns:
            (count,)
        """
        ...

    def scan_coarse(self, columns: Coarse, part: Coarse, count: int) -> Sums:
        """The same in whole numbers 0..255: (count,) sums of squared differences, of at most 256 dimensions."""
        ...

    def scan_blocks(self, blocks: Coarse, rows: Rows, part: Coarse, which: Rows) -> Sums:
        """The same as `scan_coarse`, of the entries of some blocks.

        Args:
            blocks: (N, m, 64) one dimension a row.
            rows: (N, 64) below 0 where there is no entry.
            part: (m,) of the query.
            which: (n,) blocks to look at.

        Returns:
            (n, 64) sums of squared differences; `MAX_SUM` where there is no entry.
        """
        ...

    def take_near(self, sums: Sums, rows: Rows, which: Rows, limit: np.int32) -> tuple[Rows, Sums]:
        """Of what `scan_blocks` found (n, 64), the rows with sums up to `limit` (below `MAX_SUM`), and these sums."""
        ...

    def advance(self, block: Floats, part: Floats, rows: Rows, so_far: Floats) -> None:
        """Adds the squared distances in one granule to `so_far`, in place.

        Args:
            block: (C, m) one entry a row.
            part: (m,) of the query.
            rows: (n,) which rows of `block`.
            so_far: (n,) their distances in the granules before.
        """
        ...

    def measure(self, vectors: Floats, query: Floats, rows: Rows) -> Floats:
        """Squared distances in full: (n,) of rows of `vectors` (R, D)."""
        ...

    def find_class_minima(self, classes: Rows, distances: Floats, count: int) -> Floats:
        """The least distance of each class: (count,), infinite for classes without a row."""
        ...


class NumpyKernels:
    """Needs nothing compiled: for small galleries, and where no code may be made at run time."""

    def scan(self, columns: Floats, part: Floats, count: int) -> Floats:
        distances = np.zeros(count, np.float32)
        for column, value in zip(columns, part, strict=True):
            difference = column[:count] - value
            difference *= difference
            distances += difference
        return distances

    def scan_coarse(self, columns: Coarse, part: Coarse, count: int) -> Sums:
        distances = np.zeros(count, np.int32)
        for column, value in zip(columns, part, strict=True):
            difference = column[:count].astype(np.int32) - np.int32(value)
            difference *= difference
            distances += difference
        return distances

    def scan_blocks(self, blocks: Coarse, rows: Rows, part: Coarse, which: Rows) -> Sums:
        sums = np.zeros((len(which), LANES), np.int32)
        chosen = blocks[which].transpose(1, 0, 2)
        for column, value in zip(chosen, part, strict=True):
            difference = column.astype(np.int32) - np.int32(value)
            difference *= difference
            sums += difference
        sums[rows[which] < 0] = MAX_SUM
        return sums

    def take_near(self, sums: Sums, rows: Rows, which: Rows, limit: np.int32) -> tuple[Rows, Sums]:
        near = sums <= limit
        return rows[which][near], sums[near]

    def advance(self, block: Floats, part: Floats, rows: Rows, so_far: Floats) -> None:
        for column, value in zip(np.ascontiguousarray(block[rows].T), part, strict=True):
            difference = column - value
            difference *= difference
            so_far += difference

    def measure(self, vectors: Floats, query: Floats, rows: Rows) -> Floats:
        distances = np.empty(len(rows), np.float32)
        for first in range(0, len(rows), _MEASURED_AT_A_TIME):
            difference = vectors[rows[first : first + _MEASURED_AT_A_TIME]] - query
            difference *= difference
            distances[first : first + _MEASURED_AT_A_TIME] = difference.sum(axis=1)
        return distances

    def find_class_minima(self, classes: Rows, distances: Floats, count: int) -> Floats:
        minima = np.full(count, np.inf, np.float32)
        np.minimum.at(minima, classes, distances)
        return minima
