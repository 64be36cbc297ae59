"""The entries of a gallery: their vectors, keys and labels, and the granules by which they are searched.

Rows lie without holes: an entry that is removed gives its place to the last one, and the place that becomes free is
overwritten with zeros, because a vector of a face is biometric data. So a row's number means nothing for longer than
one question; a key does.
"""

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from vedette.core.errors import ConflictError, InvalidInputError, NotFoundError
from vedette.search.cells import Cells
from vedette.search.kernels import Floats, Rows
from vedette.search.projection import Projection

MAX_VALUE = 1e9
"""Squares of larger numbers, added up, come too near to the end of float32."""
_MIN_CAPACITY = 16
_ITEM = TypeVar("_ITEM", np.float32, np.int64, np.uint8)


class Gallery:
    """Vectors of one length with a key and a label each.

    Args:
        dimensions: D.
        projection: Makes granules besides, for the methods that need them.
        centres: (C, m) of cells besides (`cells.fit_centres`), for large galleries.

    Attributes:
        changes: Goes up with each addition and removal.
        reach: The largest length of any vector so far.
    """

    def __init__(self, dimensions: int, projection: Projection | None = None, centres: Floats | None = None) -> None:
        if dimensions < 1 or (projection is not None and projection.dimensions != dimensions):
            raise InvalidInputError(f"a gallery of {dimensions} dimensions cannot be projected so")
        self.dimensions = dimensions
        self._count = 0
        self._places: dict[int, int] = {}
        self._vectors = np.zeros((_MIN_CAPACITY, dimensions), np.float32)
        self._keys = np.zeros(_MIN_CAPACITY, np.int64)
        self._labels = np.zeros(_MIN_CAPACITY, np.int64)
        self._energies = np.zeros(_MIN_CAPACITY, np.float32)
        self.changes = 0
        self.reach = 0.0
        self.granules = Granules(projection, centres) if projection is not None else None

    def __len__(self) -> int:
        return self._count

    def __contains__(self, key: int) -> bool:
        return key in self._places

    @property
    def vectors(self) -> Floats:
        """(R, D)"""
        return self._vectors[: self._count]

    @property
    def keys(self) -> Rows:
        """(R,)"""
        return self._keys[: self._count]

    @property
    def labels(self) -> Rows:
        """(R,) who or what each is; several rows may be of one."""
        return self._labels[: self._count]

    @property
    def energies(self) -> Floats:
        """(R,) squared lengths."""
        return self._energies[: self._count]

    def add(self, vectors: Floats, keys: Rows, labels: Rows) -> None:
        """Adds all rows or none.

        Raises:
            InvalidInputError: wrong shape, or a number that is not finite or too large.
            ConflictError: a key is taken, or given twice.
        """
        check_vectors(vectors, self.dimensions)
        if keys.shape != (len(vectors),) or labels.shape != keys.shape:
            raise InvalidInputError(f"{len(vectors)} vectors need as many keys and labels")
        if len(np.unique(keys)) < len(keys) or any(int(key) in self._places for key in keys):
            raise ConflictError("A key is taken already.", "Remove the entry first, or choose another key.")
        after = self._count + len(keys)
        self._vectors = _grown(self._vectors, after)
        self._keys, self._labels = _grown(self._keys, after), _grown(self._labels, after)
        self._energies = _grown(self._energies, after)
        new = slice(self._count, after)
        self._vectors[new], self._keys[new], self._labels[new] = vectors, keys, labels
        self._energies[new] = np.einsum("nd,nd->n", vectors, vectors)
        self._places.update(zip(keys.tolist(), range(self._count, after), strict=True))
        if self.granules is not None:
            self.granules.append(self._vectors[new], self._count)
        self._count = after
        self.changes += 1
        self.reach = max(self.reach, float(np.sqrt(self._energies[new].max(initial=0.0))))

    def remove(self, key: int) -> None:
        """Takes an entry out and wipes it.

        Raises:
            NotFoundError: there is none.
        """
        place = self._places.pop(key, None)
        if place is None:
            raise NotFoundError(f"The gallery has no entry {key}.")
        last = self._count - 1
        for array in (self._vectors, self._keys, self._labels, self._energies):
            array[place] = array[last]
            array[last] = 0
        if place != last:
            self._places[int(self._keys[place])] = place
        if self.granules is not None:
            self.granules.move(last, place)
        self._count = last
        self.changes += 1


class Granules:
    """The projected rows of a gallery, one array a level.

    Attributes:
        first: (m, C) the first granule, one component a row: it is read for every entry.
        coarse: (m, C) the first as whole numbers: a quarter of the memory to read.
        cells: The same by cells, little of which is read; None where the gallery has none.
        later: (C, m) each further granule, one entry a row: they are read for few.
        tails: (L, C) the length of what lies outside the granules up to each level.
        reach: The largest length of any centred row so far; bounds of rounding errors follow from it.
    """

    def __init__(self, projection: Projection, centres: Floats | None = None) -> None:
        self.projection = projection
        self.cells = Cells(centres, projection.granule) if centres is not None else None
        self.reach = 0.0
        self.first = np.zeros((projection.granule, _MIN_CAPACITY), np.float32)
        self.coarse = np.zeros(self.first.shape, np.uint8)
        self.later = [np.zeros((_MIN_CAPACITY, projection.granule), np.float32) for _ in range(1, projection.levels)]
        self.tails = np.zeros((projection.levels, _MIN_CAPACITY), np.float32)

    def append(self, vectors: Floats, count: int) -> None:
        """Projects rows (N, D) and puts them behind the first `count`."""
        projection, after = self.projection, count + len(vectors)
        self.first, self.tails = _widened(self.first, after), _widened(self.tails, after)
        self.coarse = _widened(self.coarse, after)
        self.later = [_grown(block, after) for block in self.later]
        for start in range(0, len(vectors), 4096):
            rows = vectors[start : start + 4096]
            self._fill(rows, slice(count + start, count + start + len(rows)), projection)
        if self.cells is not None:
            new = slice(count, after)
            self.cells.append(np.ascontiguousarray(self.first[:, new].T), self.coarse[:, new].T, count)

    def _fill(self, vectors: Floats, place: slice, projection: Projection) -> None:
        projected = projection.project_rows(vectors).reshape(len(vectors), projection.levels, projection.granule)
        energy = np.square(projection.centre(vectors).astype(np.float64)).sum(axis=1)
        inside = np.cumsum(np.square(projected).sum(axis=2), axis=1)
        self.first[:, place] = projected[:, 0].T
        self.coarse[:, place] = projection.quantize(projected[:, 0]).T
        for level, block in enumerate(self.later, 1):
            block[place] = projected[:, level]
        self.tails[:, place] = np.sqrt(np.maximum(energy[:, None] - inside, 0)).T
        self.reach = max(self.reach, float(np.sqrt(energy.max(initial=0.0))))

    def move(self, source: int, target: int) -> None:
        """Puts the last row in the place of another, and wipes where it was."""
        for array in (self.first.T, self.tails.T, *self.later):
            array[target] = array[source]
            array[source] = 0
        self.coarse[:, target] = self.coarse[:, source]
        self.coarse[:, source] = 0
        if self.cells is not None:
            self.cells.move(source, target)


def check_vectors(vectors: Floats, dimensions: int) -> None:
    """Raises InvalidInputError unless these are (N, D) finite float32 of moderate size."""
    if vectors.ndim != 2 or vectors.shape[1] != dimensions or vectors.dtype != np.float32:
        raise InvalidInputError(f"need (N, {dimensions}) float32, got {vectors.shape} {vectors.dtype}")
    # `not <=` and not `>`: it must fail for NaN as well.
    if vectors.size and not float(np.abs(vectors).max()) <= MAX_VALUE:
        raise InvalidInputError("a vector has a number that is not finite, or is out of all measure")


def _grown(array: NDArray[_ITEM], wanted: int) -> NDArray[_ITEM]:
    """The array, or a copy with room for `wanted` rows and half as many again."""
    if len(array) >= wanted:
        return array
    larger = np.zeros((wanted + wanted // 2, *array.shape[1:]), array.dtype)
    larger[: len(array)] = array
    return larger


def _widened(array: NDArray[_ITEM], wanted: int) -> NDArray[_ITEM]:
    """The same for columns."""
    if array.shape[1] >= wanted:
        return array
    larger = np.zeros((len(array), wanted + wanted // 2), array.dtype)
    larger[:, : array.shape[1]] = array
    return larger
