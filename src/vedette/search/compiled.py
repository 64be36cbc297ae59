"""The inner loops of the search, compiled by numba for the processor at hand.

Each loop below is also plain Python. They are compiled when `CompiledKernels` is made, which takes one or two seconds
and loads LLVM: make one for a process, and only where a gallery is large enough to pay for it (docs/design/search.md).
Nothing is cached on disk: the running system's folders hold no code.
"""

from collections.abc import Callable
from typing import TypeVar, cast

import numpy as np

from vedette.search.kernels import LANES, MAX_SUM, Coarse, Floats, Rows, Sums

_T = TypeVar("_T")
_TILE = 1024
"""Rows added up at a time: their sums (4 kB) stay in the first-level cache."""


class CompiledKernels:
    """See `vedette.search.kernels.Kernels`."""

    def __init__(self) -> None:
        self._scan = _compile("void(f4[:,::1],f4[::1],i8,f4[::1])", _scan)
        self._scan_coarse = _compile("void(u1[:,::1],u1[::1],i8,i4[::1])", _scan_coarse)
        self._scan_blocks = _compile("void(u1[:,:,::1],i8[:,::1],u1[::1],i8[::1],i4[:,::1])", _scan_blocks)
        self._take_near = _compile("i8(i4[:,::1],i8[:,::1],i8[::1],i4,i8[::1],i4[::1])", _take_near)
        self._advance = _compile("void(f4[:,::1],f4[::1],i8[::1],f4[::1])", _advance)
        self._minima = _compile("void(i8[::1],f4[::1],f4[::1])", _find_class_minima)
        # Only here may sums be taken in another order: eight at once, four times as fast.
        self._measure = _compile("void(f4[:,::1],f4[::1],i8[::1],f4[::1])", _measure, {"reassoc", "contract"})

    def scan(self, columns: Floats, part: Floats, count: int) -> Floats:
        distances = np.empty(count, np.float32)
        self._scan(columns, part, count, distances)
        return distances

    def scan_coarse(self, columns: Coarse, part: Coarse, count: int) -> Sums:
        distances = np.empty(count, np.int32)
        self._scan_coarse(columns, part, count, distances)
        return distances

    def scan_blocks(self, blocks: Coarse, rows: Rows, part: Coarse, which: Rows) -> Sums:
        sums = np.empty((len(which), LANES), np.int32)
        self._scan_blocks(blocks, rows, part, which, sums)
        return sums

    def take_near(self, sums: Sums, rows: Rows, which: Rows, limit: np.int32) -> tuple[Rows, Sums]:
        near, taken = np.empty(sums.size, np.int64), np.empty(sums.size, np.int32)
        count = self._take_near(sums, rows, which, limit, near, taken)
        return near[:count], taken[:count]

    def advance(self, block: Floats, part: Floats, rows: Rows, so_far: Floats) -> None:
        self._advance(block, part, rows, so_far)

    def measure(self, vectors: Floats, query: Floats, rows: Rows) -> Floats:
        distances = np.empty(len(rows), np.float32)
        self._measure(vectors, query, rows, distances)
        return distances

    def find_class_minima(self, classes: Rows, distances: Floats, count: int) -> Floats:
        minima = np.full(count, np.inf, np.float32)
        self._minima(classes, distances, minima)
        return minima


def _compile(signature: str, loop: Callable[..., _T], fast: set[str] | None = None) -> Callable[..., _T]:
    import numba  # noqa: PLC0415  # half a second and LLVM, only for who asks for it

    return cast("Callable[..., _T]", numba.njit(signature, error_model="numpy", fastmath=fast or False)(loop))


def _scan(columns: Floats, part: Floats, count: int, distances: Floats) -> None:
    for first in range(0, count, _TILE):
        sums = distances[first : min(first + _TILE, count)]
        sums[:] = 0
        for place in range(len(part)):
            value = part[place]
            column = columns[place, first : first + len(sums)]
            for row in range(len(sums)):
                difference = column[row] - value
                sums[row] += difference * difference


def _scan_coarse(columns: Coarse, part: Coarse, count: int, distances: Sums) -> None:
    for first in range(0, count, _TILE):
        sums = distances[first : min(first + _TILE, count)]
        sums[:] = 0
        for place in range(len(part)):
            value = np.int32(part[place])
            column = columns[place, first : first + len(sums)]
            for row in range(len(sums)):
                difference = np.int32(np.int32(column[row]) - value)
                sums[row] += np.int32(difference * difference)


def _scan_blocks(blocks: Coarse, rows: Rows, part: Coarse, which: Rows, sums: Sums) -> None:
    for at in range(len(which)):
        block, used, own = blocks[which[at]], rows[which[at]], sums[at]
        own[:] = 0
        for place in range(len(part)):
            value = np.int32(part[place])
            column = block[place]
            for lane in range(len(own)):
                difference = np.int32(np.int32(column[lane]) - value)
                own[lane] += np.int32(difference * difference)
        for lane in range(len(own)):
            if used[lane] < 0:
                own[lane] = MAX_SUM


def _take_near(sums: Sums, rows: Rows, which: Rows, limit: np.int32, near: Rows, taken: Sums) -> int:
    count = 0
    for at in range(len(which)):
        own, names = sums[at], rows[which[at]]
        for lane in range(len(own)):
            if own[lane] <= limit:
                near[count], taken[count] = names[lane], own[lane]
                count += 1
    return count


def _advance(block: Floats, part: Floats, rows: Rows, so_far: Floats) -> None:
    """Four rows at a time: each sum waits for its own last addition, not for the others'."""
    whole = len(rows) - len(rows) % 4
    for at in range(0, whole, 4):
        first, second, third, fourth = block[rows[at]], block[rows[at + 1]], block[rows[at + 2]], block[rows[at + 3]]
        one, two, three, four = so_far[at], so_far[at + 1], so_far[at + 2], so_far[at + 3]
        for place in range(len(part)):
            value = part[place]
            difference = first[place] - value
            one += difference * difference
            difference = second[place] - value
            two += difference * difference
            difference = third[place] - value
            three += difference * difference
            difference = fourth[place] - value
            four += difference * difference
        so_far[at], so_far[at + 1], so_far[at + 2], so_far[at + 3] = one, two, three, four
    for at in range(whole, len(rows)):
        row = block[rows[at]]
        total = so_far[at]
        for place in range(len(part)):
            difference = row[place] - part[place]
            total += difference * difference
        so_far[at] = total


def _measure(vectors: Floats, query: Floats, rows: Rows, distances: Floats) -> None:
    for at in range(len(rows)):
        row = vectors[rows[at]]
        total = np.float32(0)
        for place in range(len(query)):
            difference = row[place] - query[place]
            total += difference * difference
        distances[at] = total


def _find_class_minima(classes: Rows, distances: Floats, minima: Floats) -> None:
    for at in range(len(classes)):
        own = classes[at]
        minima[own] = min(minima[own], distances[at])
