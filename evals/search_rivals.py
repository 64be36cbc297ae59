"""What our search is held against: full scans, faiss HNSW, and the baselines of the published tables.

Each is a function of one query (D,) that gives the row of the nearest entry, or -1 and a class. One thread each;
whatever a method does to the query before it searches (projection) is part of its time.
"""

import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from vedette.search.kernels import Floats, Rows
from vedette.search.projection import Projection

CHECKED_SHARE = 0.05
_FITTED_ROWS = 5_000
_RERANKED = 10
_TREE_COMPONENTS = 64


@dataclass(frozen=True, slots=True)
class Answer:
    """Attributes: row, -1 where a method names only a class; label, -1 without labels; numbers read (-1: not known)."""

    row: int
    label: int
    numbers_read: int = -1


Search = Callable[[Floats], Answer]


@dataclass(slots=True)
class Contender:
    """One line of the table.

    Attributes:
        name: Shown.
        search: One query.
        build_s: To make it ready.
        answers: Of each query.
        took_us: Of each query.
    """

    name: str
    search: Search
    build_s: float = 0.0
    answers: list[Answer] = field(default_factory=list)
    took_us: list[float] = field(default_factory=list)

    @property
    def median_us(self) -> float:
        return float(np.median(self.took_us))

    def exact_rate(self, nearest: NDArray[np.float64], distances_to: Callable[[int, int], float]) -> float | None:
        """Share of queries whose nearest distance was found; None: it names no entries."""
        if not self.answers or any(one.row < 0 for one in self.answers):
            return None
        found = [distances_to(place, one.row) for place, one in enumerate(self.answers)]
        return float((np.array(found) <= nearest[: len(found)] * (1 + 1e-6) + 1e-9).mean())

    def accuracy(self, labels: Rows) -> float:
        return float(np.mean([one.label == label for one, label in zip(self.answers, labels, strict=True)]))


def build(name: str, make: Callable[[], Search]) -> Contender:
    """Makes a contender and takes the time."""
    began = time.perf_counter()
    search = make()
    return Contender(name, search, time.perf_counter() - began)


def run(contenders: Sequence[Contender], queries: Floats, block: int = 50) -> None:
    """All in turn, a block of queries at a time: each has the caches to itself for a while, and the same weather.

    Each has another block than the one before it: who asks what was asked a moment ago finds the rows in the cache.
    """
    blocks = [range(first, min(first + block, len(queries))) for first in range(0, len(queries), block)]
    for contender in contenders:
        contender.answers = [contender.search(queries[0])] * len(queries)
        contender.took_us = [0.0] * len(queries)
    for turn in range(len(blocks)):
        for number, contender in enumerate(contenders):
            for place in blocks[(turn + number) % len(blocks)]:
                began = time.perf_counter()
                contender.answers[place] = contender.search(queries[place])
                contender.took_us[place] = (time.perf_counter() - began) * 1e6


@dataclass(frozen=True, slots=True)
class Entries:
    """(R, D) rows and their labels (R,); -1 without labels."""

    vectors: Floats
    labels: Rows
    projection: Projection

    def answer(self, row: int, numbers_read: int = -1) -> Answer:
        return Answer(row, int(self.labels[row]), numbers_read)

    def flat_basis(self) -> Floats:
        return np.ascontiguousarray(self.projection.basis.reshape(-1, self.vectors.shape[1]))

    def projected(self) -> Floats:
        return self.projection.project_rows(self.vectors).astype(np.float32)


def make_blas(entries: Entries) -> Search:
    """The full scan by one matrix-vector product."""
    halves = np.einsum("nd,nd->n", entries.vectors, entries.vectors) / 2
    vectors = entries.vectors
    return lambda query: entries.answer(int((halves - vectors @ query).argmin()), vectors.size)


def make_component_scan(entries: Entries) -> Search:
    """The scan of the principal components, the published comparison."""
    basis, projected, mean = entries.flat_basis(), entries.projected(), entries.projection.mean
    halves = np.einsum("nd,nd->n", projected, projected) / 2

    def search(query: Floats) -> Answer:
        return entries.answer(int((halves - projected @ (basis @ (query - mean))).argmin()), projected.size)

    return search


def make_hnsw(entries: Entries, beams: Sequence[int]) -> dict[int, Search]:
    """HNSW32 of faiss over the components, the best ten measured in full; one search per width of the beam (ef)."""
    import faiss  # noqa: PLC0415  # development only

    faiss.omp_set_num_threads(1)
    basis, mean, vectors = entries.flat_basis(), entries.projection.mean, entries.vectors
    graph = faiss.IndexHNSWFlat(len(basis), 32)
    graph.hnsw.efConstruction = 100
    graph.add(entries.projected())

    def with_beam(beam: int) -> Search:
        parameters = faiss.SearchParametersHNSW(efSearch=beam)

        def search(query: Floats) -> Answer:
            _, found = graph.search((basis @ (query - mean))[None], _RERANKED, params=parameters)
            rows = found[0][found[0] >= 0]
            difference = vectors[rows] - query
            return entries.answer(int(rows[np.einsum("nd,nd->n", difference, difference).argmin()]))

        return search

    return {beam: with_beam(beam) for beam in beams}


def make_kd_tree(entries: Entries) -> Search:
    """scikit-learn's tree over the first 64 components, searched exactly there."""
    from sklearn.neighbors import KDTree  # noqa: PLC0415  # development only

    count = min(_TREE_COMPONENTS, entries.vectors.shape[1])
    basis, mean = entries.flat_basis()[:count], entries.projection.mean
    tree = KDTree(entries.projected()[:, :count], leaf_size=40)
    return lambda query: entries.answer(int(tree.query((basis @ (query - mean))[None])[1][0, 0]))


def make_perm_sort(entries: Entries, pivots: Rows) -> Search:
    """Permutation sort: entries that see the pivots in the query's order come first; the first 5 % are measured."""
    vectors = entries.vectors
    checked = max(32, round(CHECKED_SHARE * len(vectors)))
    checked = min(checked, len(vectors))
    seen = np.array([np.square(vectors - vectors[row]).sum(axis=1) for row in pivots]).T
    ranks = seen.argsort(axis=1).argsort(axis=1).astype(np.int16)

    def search(query: Floats) -> Answer:
        to_pivots = np.square(vectors[pivots] - query).sum(axis=1)
        own = to_pivots.argsort().argsort().astype(np.int16)
        unlike = np.abs(ranks - own).sum(axis=1)
        rows = np.argpartition(unlike, checked - 1)[:checked]
        difference = vectors[rows] - query
        nearest = int(rows[np.einsum("nd,nd->n", difference, difference).argmin()])
        return entries.answer(nearest, ranks.size + (checked + len(pivots)) * vectors.shape[1])

    return search


def make_linear_svm(entries: Entries) -> Search:
    """A linear support vector machine, one against the rest, on the components of at most 5,000 entries."""
    from sklearn.svm import LinearSVC  # noqa: PLC0415  # development only

    return _with_classifier(entries, LinearSVC(C=1.0, max_iter=300, random_state=0))


def make_forest(entries: Entries) -> Search:
    """A random forest of 100 trees, on the same."""
    from sklearn.ensemble import RandomForestClassifier  # noqa: PLC0415  # development only

    return _with_classifier(entries, RandomForestClassifier(100, n_jobs=1, random_state=0))


def _with_classifier(entries: Entries, classifier: object) -> Search:
    basis, mean = entries.flat_basis(), entries.projection.mean
    sample = np.random.default_rng(0).permutation(len(entries.vectors))[:_FITTED_ROWS]
    scale = np.float32(1 / np.sqrt(max(entries.projection.total_energy, 1e-12)))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that it did not converge is seen in its accuracy
        classifier.fit(entries.projected()[sample] * scale, entries.labels[sample])  # type: ignore[attr-defined]
    predict = classifier.predict  # type: ignore[attr-defined]
    return lambda query: Answer(-1, int(predict((basis @ (query - mean) * scale)[None])[0]))
