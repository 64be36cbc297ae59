"""The door of the room: a gallery that is searched by whatever the self-test found best, while it changes.

Searching and changing may happen in different threads. A refit works on a copy: searches go on meanwhile, changes wait.
"""

import threading
from dataclasses import dataclass

import numpy as np

from vedette.core.errors import ConflictError, InvalidInputError
from vedette.runtime.clock import Clock
from vedette.search.brute_force import BruteForce
from vedette.search.calibrated import CalibratedTwd
from vedette.search.cells import fit_centres
from vedette.search.decision import Decision, Outcome, Thresholds, decide, set_thresholds
from vedette.search.drift import Drift
from vedette.search.found import Found, Method
from vedette.search.gallery import Gallery, check_vectors
from vedette.search.kernels import Floats, Kernels, Rows
from vedette.search.projection import fit_projection
from vedette.search.self_test import SelfTest, make_method, run_self_test
from vedette.search.stored import GalleryDamagedError, StoredGallery, read_gallery, store_gallery

MAX_DIMENSIONS = 8192
_SEED = 20180602
_NEIGHBOURS = 8
"""Entries that a decision looks at: a rival hidden behind seven of the same label is no rival."""


@dataclass(frozen=True, slots=True)
class SearchPolicy:
    """How a gallery is prepared.

    Attributes:
        granule: Components per level.
        min_granules: Entries below which a full scan is all there is: nothing is faster there.
        min_cells: Entries from which on the search may be confined to near cells.
        exact_target: How often a calibrated search must find the nearest neighbour.
        test_queries, calibration_queries: Held out, at most a tenth of the gallery together.
    """

    granule: int = 32
    min_granules: int = 1000
    min_cells: int = 8000
    exact_target: float = 0.995
    test_queries: int = 200
    calibration_queries: int = 2000


@dataclass(frozen=True, slots=True)
class Matches:
    """Of Q queries the k nearest entries, nearest first: three (Q, k) arrays. k is at most the number of entries."""

    keys: Rows
    labels: Rows
    distances: Floats


class SearchIndex:
    """A gallery, and the way it is searched."""

    def __init__(self, dimensions: int, kernels: Kernels, clock: Clock, policy: SearchPolicy | None = None) -> None:
        if not 0 < dimensions <= MAX_DIMENSIONS:
            raise InvalidInputError(f"vectors have 1 to {MAX_DIMENSIONS} numbers, not {dimensions}")
        self._kernels = kernels
        self._clock = clock
        self._policy = policy or SearchPolicy()
        self._changing, self._serving = threading.Lock(), threading.Lock()
        self._gallery = Gallery(dimensions)
        self._method: Method = BruteForce(self._gallery, kernels)
        self._drift = Drift(self._gallery)
        self.self_test = SelfTest("brute", 1.0, 0, ())
        self.thresholds: Thresholds | None = None

    def __len__(self) -> int:
        return len(self._gallery)

    @property
    def method(self) -> str:
        return self._method.name

    @property
    def is_stale(self) -> bool:
        """Whether it has changed so much that `refit` is worth its seconds."""
        return self._drift.is_stale(self._gallery, self._policy.min_granules)

    def fit(self, vectors: Floats, keys: Rows, labels: Rows, queries: Floats | None = None) -> SelfTest:
        """Replaces the gallery and chooses how to search it.

        Args:
            vectors: (R, D) float32; R may be 0.
            keys: (R,) each once.
            labels: (R,) who or what each is.
            queries: (Q, D) real ones, from which none was enrolled. Without them a tenth of the entries stand in.
        """
        check_vectors(vectors, self._gallery.dimensions)
        if queries is not None:
            check_vectors(queries, self._gallery.dimensions)
        if keys.shape != (len(vectors),) or labels.shape != keys.shape:
            raise InvalidInputError(f"{len(vectors)} vectors need as many keys and labels")
        with self._changing:
            self._prepare(vectors, keys, labels, queries)
        return self.self_test

    def refit(self, queries: Floats | None = None) -> SelfTest:
        """The same with the entries as they are now."""
        with self._changing:
            gallery = self._gallery
            self._prepare(gallery.vectors.copy(), gallery.keys.copy(), gallery.labels.copy(), queries)
        return self.self_test

    def add(self, vectors: Floats, keys: Rows, labels: Rows) -> None:
        """Adds entries, all or none; found from the next search on."""
        with self._changing, self._serving:
            self._gallery.add(vectors, keys, labels)
            if self._gallery.granules is not None:
                self._drift.note(self._gallery.granules, vectors)

    def remove(self, key: int) -> None:
        """Takes an entry out; its vector is overwritten."""
        with self._changing, self._serving:
            self._gallery.remove(key)

    def erase(self, label: int) -> int:
        """Takes all entries of a person out; returns how many there were."""
        with self._changing, self._serving:
            keys = self._gallery.keys[self._gallery.labels == label].tolist()
            for key in keys:
                self._gallery.remove(key)
            return len(keys)

    def find(self, query: Floats) -> tuple[int | None, Found]:
        """The key of the nearest entry of one query (D,), and what it took to find it."""
        check_vectors(query[None], self._gallery.dimensions)
        with self._serving:
            found = self._method.find(query, 1)
            return (int(self._gallery.keys[found.rows[0]]) if len(found.rows) else None), found

    def search(self, queries: Floats, k: int = 1) -> Matches:
        """Finds the k nearest entries of each query (Q, D)."""
        check_vectors(queries, self._gallery.dimensions)
        if k < 1:
            raise InvalidInputError(f"k is 1 or more, not {k}")
        with self._serving:
            found = [self._method.find(query, k) for query in queries]
            width = min(k, len(self._gallery))
            rows = np.array([one.rows for one in found], np.int64).reshape(len(queries), width)
            distances = np.array([one.distances for one in found], np.float32).reshape(rows.shape)
            return Matches(self._gallery.keys[rows], self._gallery.labels[rows], distances)

    def search_among(self, query: Floats, keys: Rows, k: int) -> tuple[Rows, Floats]:
        """The k nearest of some entries to one query (D,): their keys and distances, nearest first.

        Keys (n,) that the gallery does not have are left out. Measured one by one: for questions that ask about few.
        """
        check_vectors(query[None], self._gallery.dimensions)
        with self._serving:
            places = np.flatnonzero(np.isin(self._gallery.keys, keys))
            distances = self._kernels.measure(self._gallery.vectors, query, places)
            order = np.lexsort((self._gallery.keys[places], distances))[:k]
            return self._gallery.keys[places[order]], distances[order]

    def measure_pairs(self, pairs: Rows) -> Floats:
        """(P',) squared distances between the entries of (P, 2) keys; pairs that the gallery lacks are left out."""
        with self._serving:
            order = np.argsort(self._gallery.keys)
            keys = self._gallery.keys[order]
            known = pairs[np.isin(pairs, keys).all(axis=1)]
            rows = order[np.searchsorted(keys, known)]
            differences = self._gallery.vectors[rows[:, 0]] - self._gallery.vectors[rows[:, 1]]
            return np.asarray(np.einsum("nd,nd->n", differences, differences), np.float32)

    def __contains__(self, key: int) -> bool:
        return key in self._gallery

    def classify(self, queries: Floats) -> list[Decision]:
        """Accepts, rejects or defers each query (Q, D).

        Raises:
            InvalidInputError: no thresholds were set.
        """
        check_vectors(queries, self._gallery.dimensions)
        if self.thresholds is None:
            raise InvalidInputError("No thresholds are set.", "Call calibrate_thresholds, or set `thresholds`.")
        with self._serving:
            return [self._decide(self._method.find(query, _NEIGHBOURS), self.thresholds) for query in queries]

    def calibrate_thresholds(self, queries: Floats, labels: Rows, accept_fmr: float, reject_fmr: float) -> Thresholds:
        """Sets the thresholds by queries (Q, D) of known labels: see `decision.set_thresholds`."""
        names, distances = self.class_distances(queries)
        distances[labels[:, None] == names[None]] = np.inf
        nearest = distances.min(axis=1, initial=np.inf)
        self.thresholds = set_thresholds(nearest.astype(np.float32), accept_fmr, reject_fmr)
        return self.thresholds

    def class_distances(self, queries: Floats) -> tuple[Rows, Floats]:
        """The labels (C,), and the least distance of each label to each query (Q, C)."""
        check_vectors(queries, self._gallery.dimensions)
        with self._serving:
            names, classes = np.unique(self._gallery.labels, return_inverse=True)
            rows = np.arange(len(self._gallery))
            vectors = self._gallery.vectors
            measured = (self._kernels.measure(vectors, query, rows) for query in queries)
            minima = [self._kernels.find_class_minima(classes, one, len(names)) for one in measured]
        return names, np.array(minima, np.float32).reshape(len(queries), len(names))

    def to_bytes(self) -> bytes:
        """Everything, for `from_bytes`. Whoever writes it to a disk seals it first."""
        with self._changing:
            gallery, method = self._gallery, self._method
            granules = gallery.granules
            return store_gallery(
                StoredGallery(
                    vectors=gallery.vectors,
                    keys=gallery.keys,
                    labels=gallery.labels,
                    projection=granules.projection if granules is not None else None,
                    centres=granules.cells.centres if granules is not None and granules.cells is not None else None,
                    terms=method.terms if isinstance(method, CalibratedTwd) else None,
                    thresholds=self.thresholds,
                    self_test=self.self_test,
                )
            )

    @classmethod
    def from_bytes(
        cls, data: bytes, kernels: Kernels, clock: Clock, policy: SearchPolicy | None = None
    ) -> "SearchIndex":
        """The index that was stored, with the method that was chosen then.

        Raises:
            GalleryDamagedError: the bytes are not a whole gallery of a known version.
        """
        stored = read_gallery(data)
        try:
            index = cls(stored.vectors.shape[1], kernels, clock, policy)
            gallery = Gallery(stored.vectors.shape[1], stored.projection, stored.centres)
            gallery.add(stored.vectors, stored.keys, stored.labels)
            index._method = make_method(stored.self_test.chosen, gallery, kernels, stored.terms)
        except (InvalidInputError, ConflictError) as error:
            raise GalleryDamagedError("The gallery contradicts itself.") from error
        index._gallery, index._drift = gallery, Drift(gallery)
        index.self_test, index.thresholds = stored.self_test, stored.thresholds
        return index

    def _decide(self, found: Found, thresholds: Thresholds) -> Decision:
        if not len(found.rows):
            return Decision(Outcome.REJECT, None, None, float("inf"), 0, 0)
        labels = self._gallery.labels[found.rows]
        outcome = decide(labels, found.distances, thresholds)
        key, distance = int(self._gallery.keys[found.rows[0]]), float(found.distances[0])
        return Decision(outcome, key, int(labels[0]), distance, found.level, found.survivors)

    def _prepare(self, vectors: Floats, keys: Rows, labels: Rows, queries: Floats | None) -> None:
        """Builds and tests a new gallery beside the old one, then takes it. The held-out entries come in last."""
        rest, held_out, tests = self._hold_out(vectors, queries)
        projection = centres = None
        if len(rest) >= self._policy.min_granules:
            projection = fit_projection(vectors[rest], min(self._policy.granule, vectors.shape[1]))
            centres = fit_centres(projection, vectors[rest]) if len(rest) >= self._policy.min_cells else None
        gallery = Gallery(vectors.shape[1], projection, centres)
        gallery.add(vectors[rest], keys[rest], labels[rest])
        method, self_test = run_self_test(gallery, self._kernels, self._clock, tests, self._policy.exact_target)
        gallery.add(vectors[held_out], keys[held_out], labels[held_out])
        drift = Drift(gallery)
        with self._serving:
            self._gallery, self._method, self._drift, self.self_test = gallery, method, drift, self_test

    def _hold_out(self, vectors: Floats, queries: Floats | None) -> tuple[Rows, Rows, tuple[Floats, Floats]]:
        """Rows to begin with, rows that stand in for queries, and the queries: to calibrate with and to test with."""
        order = np.random.default_rng(_SEED).permutation(len(vectors))
        policy = self._policy
        if queries is None:
            wanted = min(policy.test_queries + policy.calibration_queries, len(vectors) // 10)
            held_out = order[:wanted]
            stand_in = vectors[held_out]
        else:
            held_out, stand_in = order[:0], queries
        tested = stand_in[: policy.test_queries]
        calibration = stand_in[policy.test_queries : policy.test_queries + policy.calibration_queries]
        return np.sort(order[len(held_out) :]), np.sort(held_out), (calibration, tested)
