"""Where entries lie in the first granule: each in the cell of its nearest centre, so that a search reads few of them.

Within a cell the first granule is kept as whole numbers of a byte, in blocks of 64 entries: of each cell all are full
but one, and whatever comes or goes moves one entry and one block at most. Centres are fitted once and then frozen, as
the projection is; `drift.py` tells when they no longer fit.
"""

import math

import numpy as np
from numpy.typing import NDArray

from vedette.core.errors import InvalidInputError
from vedette.search.kernels import LANES, Coarse, Floats, Rows
from vedette.search.projection import Projection

NOBODY = -1
_FITTED_ROWS = 20_000
_ROUNDS = 10
_SEED = 20180603
_ASSIGNED_AT_A_TIME = 64
"""Rows whose distances to 512 centres (128 kB) stay in the second-level cache."""


def fit_centres(projection: Projection, vectors: Floats) -> Floats:
    """Centres of cells, by k-means in the first granule of rows (R, D), R >= 1: (C, m).

    C is twice the root of R, or less: cells without rows are left out. Of 50,000 embeddings 256 cells had to be read to
    13 % for one exactness, 512 to 8 %, 1,024 to 8 % with twice as many centres to measure (docs/design/search.md).
    """
    if not len(vectors):
        raise InvalidInputError("no cells of no rows")
    count = round(2 * math.sqrt(len(vectors)))
    rng = np.random.default_rng(_SEED)
    sample = vectors
    if len(vectors) > _FITTED_ROWS:
        sample = vectors[rng.choice(len(vectors), _FITTED_ROWS, replace=False)]
    parts = projection.project_first(sample)
    centres: Floats = parts[rng.choice(len(parts), min(count, len(parts)), replace=False)]
    for _ in range(_ROUNDS):
        cells = (np.square(centres).sum(axis=1) / 2 - parts @ centres.T).argmin(axis=1)
        order = np.argsort(cells, kind="stable")
        _, begins, sizes = np.unique(cells[order], return_index=True, return_counts=True)
        sums = np.add.reduceat(parts[order].astype(np.float64), begins, axis=0)
        centres = (sums / sizes[:, None]).astype(np.float32)
    return centres


class Cells:
    """Which entry is where.

    Args:
        centres: (C, m) float32, C >= 1.
        granule: m, of the projection that they were fitted with.

    Attributes:
        columns: (m, C) the centres, one component a row.
        sizes: (C,) entries of each cell.
        blocks: (N, m, 64) uint8, as `Projection.quantize` makes them; the first `block_count` are in use.
        rows: (N, 64) which row of the gallery lies there; `NOBODY` where none does.
    """

    def __init__(self, centres: Floats, granule: int) -> None:
        if centres.ndim != 2 or not len(centres) or centres.shape[1] != granule:
            raise InvalidInputError(f"centres {centres.shape} lie in no granule of {granule}")
        count, width = centres.shape
        self.columns: Floats = np.ascontiguousarray(centres.T, np.float32)
        self.sizes = np.zeros(count, np.int64)
        self.blocks = np.zeros((count, width, LANES), np.uint8)
        self.rows = np.full((count, LANES), NOBODY, np.int64)
        self.block_count = 0
        self._cells = np.zeros(count, np.int64)  # of each block
        self._open = np.zeros(count, np.int64)  # the block of each cell that has room, where one has
        self._places = np.zeros(0, np.int64)  # of each row: its block * 64 + its lane
        self._closed = np.full(count, np.inf, np.float32)  # added to the distance of a cell: 0 where it has entries

    def __len__(self) -> int:
        return len(self.sizes)

    @property
    def centres(self) -> Floats:
        """(C, m)"""
        return np.ascontiguousarray(self.columns.T)

    @property
    def crowd(self) -> float:
        """In how large a cell the mean entry lies; 0 without entries."""
        return float(np.square(self.sizes).sum() / max(1, self.sizes.sum()))

    def find_cells(self, parts: Floats) -> tuple[Rows, Floats]:
        """The cell of each of (N, m) first granules, and how far its centre is: (N,) both.

        Added up component after component, so an entry lies in the same cell whatever it is added with.
        """
        cells, distances = np.zeros(len(parts), np.int64), np.zeros(len(parts), np.float32)
        for first in range(0, len(parts), _ASSIGNED_AT_A_TIME):
            some = slice(first, first + _ASSIGNED_AT_A_TIME)
            sums = np.zeros((len(parts[some]), len(self)), np.float32)
            for values, column in zip(parts[some].T, self.columns, strict=True):
                difference = values[:, None] - column
                difference *= difference
                sums += difference
            cells[some] = sums.argmin(axis=1)
            distances[some] = np.sqrt(sums.min(axis=1))
        return cells, distances

    def find_cell(self, row: int) -> int:
        """Where a row of the gallery lies."""
        return int(self._cells[self._places[row] // LANES])

    def find_blocks(self, distances: Floats, k: int, slack: float) -> Rows:
        """The blocks of the cells that are near.

        Args:
            distances: (C,) squared, of the query to all centres.
            k: Cells are near at least until they hold so many entries, or all there are.
            slack: So much farther than the last of these a cell may be (distance, not squared).
        """
        distances = distances + self._closed
        if k == 1:
            enough = float(distances.min())
        else:
            order = np.argsort(distances, kind="stable")
            held = np.cumsum(self.sizes[order])
            enough = float(distances[order[np.searchsorted(held, min(k, held[-1]))]])
        near = distances <= np.float32((math.sqrt(enough) + slack) ** 2)
        return near[self._cells[: self.block_count]].nonzero()[0]

    def append(self, parts: Floats, whole: Coarse, first_row: int) -> None:
        """Puts rows from `first_row` on into their cells: (N, m) first granules, as they are and as whole numbers."""
        after = first_row + len(parts)
        if len(self._places) < after:
            self._places = np.concatenate([self._places, np.zeros(after + after // 2 - len(self._places), np.int64)])
        cells, _ = self.find_cells(parts)
        # In order, so that a cell's blocks lie one behind the other.
        for place in np.argsort(cells, kind="stable").tolist():
            self._put(first_row + place, int(cells[place]), whole[place])

    def move(self, source: int, target: int) -> None:
        """Wipes what lies of the row `target`, which from now on is the name of the row `source`."""
        self._drop(target)
        if source != target:
            self._name(int(self._places[source]), target)

    def _put(self, row: int, cell: int, numbers: NDArray[np.uint8]) -> None:
        lane = int(self.sizes[cell] % LANES)
        if not lane:
            self._open_block(cell)
        block = self._open[cell]
        self.blocks[block, :, lane] = numbers
        self._name(int(block) * LANES + lane, row)
        self.sizes[cell] += 1
        self._closed[cell] = 0

    def _drop(self, row: int) -> None:
        """The last of the cell takes the place that becomes free."""
        block, lane = divmod(int(self._places[row]), LANES)
        cell = self._cells[block]
        self.sizes[cell] -= 1
        last = int(self.sizes[cell] % LANES)
        if last == LANES - 1:
            self._open[cell] = block  # all were full: now this one is not
        other = self._open[cell]
        self.blocks[block, :, lane] = self.blocks[other, :, last]
        self._name(block * LANES + lane, int(self.rows[other, last]))
        self.blocks[other, :, last], self.rows[other, last] = 0, NOBODY
        if not last:
            self._close_block(int(other))
        if not self.sizes[cell]:
            self._closed[cell] = np.inf

    def _name(self, place: int, row: int) -> None:
        self.rows[place // LANES, place % LANES] = row
        self._places[row] = place

    def _open_block(self, cell: int) -> None:
        block = self.block_count
        if block == len(self.blocks):
            more = block // 2 + 1
            self.blocks = np.concatenate([self.blocks, np.zeros((more, *self.blocks.shape[1:]), np.uint8)])
            self.rows = np.concatenate([self.rows, np.full((more, LANES), NOBODY, np.int64)])
            self._cells = np.concatenate([self._cells, np.zeros(more, np.int64)])
        self._cells[block], self._open[cell] = cell, block
        self.block_count += 1

    def _close_block(self, block: int) -> None:
        """The last block takes the place of one that became empty."""
        self.block_count -= 1
        last = self.block_count
        if block == last:
            return
        self.blocks[block], self.rows[block], self._cells[block] = self.blocks[last], self.rows[last], self._cells[last]
        self.blocks[last], self.rows[last] = 0, NOBODY
        used = self.rows[block][self.rows[block] != NOBODY]
        self._places[used] = block * LANES + np.arange(len(used))
        if self._open[self._cells[block]] == last:
            self._open[self._cells[block]] = block
