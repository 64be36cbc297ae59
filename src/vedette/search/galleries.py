"""The galleries of seen objects: one for each kind of vector and release of its embedding, in memory alone.

Synchronous, safe from several threads. Vectors come in and never leave: what is answered is numbers and similarities.
"""

import threading
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from vedette.core.errors import InvalidInputError
from vedette.runtime.clock import Clock
from vedette.search.index import SearchIndex, SearchPolicy
from vedette.search.kernels import Floats, Kernels, Rows
from vedette.search.verdict import find_similarities

VECTOR_NUMBERS = 256
"""In a vector of each embedding that is used; one of another size would be at home in no gallery."""
_UNIT_TOLERANCE = 1e-3
_POLICY = SearchPolicy(min_granules=200_000)
"""Below, a full scan: choosing a faster way for 10,000 vectors took NumPy 22 s at the gateway's start."""


@dataclass(frozen=True, slots=True)
class Likeness:
    """An object and how alike it is, -1 to 1."""

    number: int
    similarity: float


class Galleries:
    """All galleries."""

    def __init__(self, kernels: Kernels, clock: Clock) -> None:
        self._kernels = kernels
        self._clock = clock
        self._changing = threading.Lock()
        self._indexes: dict[tuple[str, str], SearchIndex] = {}

    def count(self, kind: str, release: str) -> int:
        index = self._indexes.get((kind, release))
        return 0 if index is None else len(index)

    def find_releases(self, kind: str) -> list[str]:
        """Releases of which there are vectors, the largest gallery first."""
        found = [(len(index), release) for (one, release), index in self._indexes.items() if one == kind and len(index)]
        return [release for _, release in sorted(found, reverse=True)]

    def fill(self, kind: str, release: str, numbers: Sequence[int], vectors: Sequence[bytes]) -> None:
        """Adds many at once and chooses how to search them: at the start."""
        rows = np.array([read_vector(vector) for vector in vectors], np.float32)
        keys = np.array(numbers, np.int64)
        with self._changing:
            if len(keys):
                self._find_or_make(kind, release).fit(rows, keys, keys)

    def put(self, number: int, kind: str, release: str, vector: bytes) -> None:
        """Adds an object's vector, or replaces it; found from the next search on.

        Raises:
            InvalidInputError: it is none of unit length: a longer one would be like everything.
        """
        row = read_vector(vector)
        key = np.array([number], np.int64)
        with self._changing:
            self._drop(number, kind)
            self._find_or_make(kind, release).add(row[None], key, key)

    def remove(self, numbers: Sequence[int]) -> None:
        """Takes objects out of all galleries; their vectors are overwritten."""
        with self._changing:
            kinds = {kind for kind, _ in self._indexes}
            for number in numbers:
                for kind in kinds:
                    self._drop(number, kind)

    def find(
        self, kind: str, release: str, vector: bytes, most: int, among: Sequence[int] | None = None
    ) -> list[Likeness]:
        """The `most` alike objects, the most alike first; `among`: those to look at, None: all."""
        index = self._indexes.get((kind, release))
        if index is None or not len(index):
            return []
        query = read_vector(vector)
        if among is not None:
            keys, distances = index.search_among(query, np.array(sorted(among), np.int64), most)
        else:
            matches = index.search(query[None], most)
            keys, distances = matches.keys[0], matches.distances[0]
        return _likenesses(keys.tolist(), distances)

    def measure_pairs(self, kind: str, release: str, pairs: Rows) -> Floats:
        """Squared distances between the objects of (P, 2) numbers, for those of which there are both vectors."""
        index = self._indexes.get((kind, release))
        return np.zeros(0, np.float32) if index is None or not len(pairs) else index.measure_pairs(pairs)

    def refit(self) -> None:
        """Fits galleries anew that have changed a lot since. Searches go on meanwhile."""
        for index in list(self._indexes.values()):
            if index.is_stale:
                index.refit()

    def _find_or_make(self, kind: str, release: str) -> SearchIndex:
        key = (kind, release)
        if key not in self._indexes:
            self._indexes[key] = SearchIndex(VECTOR_NUMBERS, self._kernels, self._clock, _POLICY)
        return self._indexes[key]

    def _drop(self, number: int, kind: str) -> None:
        for (one, _), index in self._indexes.items():
            if one == kind and number in index:
                index.remove(number)


def read_vector(data: bytes) -> Floats:
    """(D,) float32 of unit length.

    Raises:
        InvalidInputError: it has another size, or is not of unit length.
    """
    if len(data) != 4 * VECTOR_NUMBERS:
        raise InvalidInputError(f"{len(data)} bytes are no vector of {VECTOR_NUMBERS} numbers")
    vector = np.frombuffer(data, "<f4").astype(np.float32)
    length = float(np.linalg.norm(vector.astype(np.float64)))
    if not abs(length - 1) < _UNIT_TOLERANCE:
        raise InvalidInputError("a vector is not of unit length")
    return vector


def _likenesses(numbers: Sequence[int], distances: Floats) -> list[Likeness]:
    similarities = find_similarities(distances).tolist()
    return [Likeness(number, similarity) for number, similarity in zip(numbers, similarities, strict=True)]


def group_vectors(
    vectors: Sequence[tuple[str, str, int, bytes]],
) -> dict[tuple[str, str], tuple[list[int], list[bytes]]]:
    """Kind, release, number and vector of many, by gallery."""
    grouped: dict[tuple[str, str], tuple[list[int], list[bytes]]] = defaultdict(lambda: ([], []))
    for kind, release, number, vector in vectors:
        numbers, rows = grouped[kind, release]
        numbers.append(number)
        rows.append(vector)
    return dict(grouped)
