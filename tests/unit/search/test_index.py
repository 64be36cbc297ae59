"""Hazards of a gallery that serves: wrong input, too few entries, change under way, drift, trust in a calibration."""

from dataclasses import replace

import numpy as np
import pytest

from tests.support.galleries import fill_gallery, make_classes, make_flat
from vedette.core.errors import ConflictError, InvalidInputError, NotFoundError
from vedette.runtime.clock import SystemClock
from vedette.search.brute_force import BruteForce
from vedette.search.calibrated import CalibratedTerms, CalibratedTwd, find_nearest_rows, find_ratios
from vedette.search.decision import Outcome, Thresholds
from vedette.search.index import SearchIndex, SearchPolicy
from vedette.search.kernels import Kernels, NumpyKernels
from vedette.search.projection import fit_projection
from vedette.search.self_test import MethodFigures, choose, choose_held, find_exact_rate, is_flat, make_method

SMALL = SearchPolicy(granule=8, min_granules=200, test_queries=60, calibration_queries=0)


class CountingClock(SystemClock):
    """Each look at the clock is a microsecond: times are equal, whatever the machine does."""

    def __init__(self) -> None:
        self._now_ns = 0

    def mono_ns(self) -> int:  # type: ignore[override]
        self._now_ns += 1000
        return self._now_ns


def make_index(vectors: np.ndarray, labels: np.ndarray | None = None, policy: SearchPolicy = SMALL) -> SearchIndex:
    index = SearchIndex(vectors.shape[1], NumpyKernels(), CountingClock(), policy)
    keys = np.arange(len(vectors)) + 1000
    index.fit(vectors, keys, keys if labels is None else labels)
    return index


@pytest.mark.parametrize("hazard", ["nan", "infinite", "huge", "shape", "double", "k"])
def test_input_that_means_nothing_is_refused_whole(hazard: str) -> None:
    vectors, labels = make_classes(1, 5, 4, 16)
    index = make_index(vectors, labels)
    bad = vectors[:3].copy()
    if hazard == "k":
        with pytest.raises(InvalidInputError):
            index.search(bad, k=0)
        return
    if hazard in {"nan", "infinite", "huge"}:
        bad[2, 5] = {"nan": np.nan, "infinite": -np.inf, "huge": 1e30}[hazard]
    bad = bad[:, :15] if hazard == "shape" else bad.astype(np.float64) if hazard == "double" else bad
    for use in (index.search, lambda rows: index.add(rows, np.arange(3), np.arange(3))):
        with pytest.raises(InvalidInputError):
            use(bad)
    with pytest.raises(InvalidInputError):
        SearchIndex(16, NumpyKernels(), SystemClock()).fit(bad, np.arange(3), np.arange(3))
    assert len(index) == 20


def test_empty_gallery_answers_with_nothing_and_rejects() -> None:
    index = make_index(np.zeros((0, 16), np.float32))
    index.thresholds = Thresholds(0.1, 0.2)
    query = np.ones((2, 16), np.float32)
    assert index.search(query, k=3).keys.shape == (2, 0)
    assert [one.outcome for one in index.classify(query)] == [Outcome.REJECT] * 2
    assert index.search(query[:0], k=3).keys.shape == (0, 0)


def test_one_entry_and_more_asked_for_than_there_are() -> None:
    vectors, _ = make_classes(2, 3, 1, 16)
    index = make_index(vectors[:1])
    assert index.search(vectors, k=5).keys.tolist() == [[1000]] * 3
    index.add(vectors[1:], np.array([7, 8]), np.array([7, 8]))
    assert sorted(index.search(vectors[2:], k=99).keys[0].tolist()) == [7, 8, 1000]


def test_copies_are_told_apart_by_the_smaller_key_whatever_came_first() -> None:
    vectors, _ = make_classes(3, 2, 3, 16)
    index = make_index(vectors)
    index.add(vectors[4:5], np.array([5]), np.array([5]))
    assert index.search(vectors[4:5], k=2).keys.tolist() == [[5, 1004]]
    assert index.search(vectors[4:5]).distances.tolist() == [[0.0]]


def test_a_taken_key_adds_nothing() -> None:
    vectors, _ = make_classes(4, 4, 2, 16)
    index = make_index(vectors[:6])
    for keys in (np.array([1, 1003]), np.array([1, 1])):
        with pytest.raises(ConflictError):
            index.add(vectors[6:], keys, keys)
    assert len(index) == 6


@pytest.mark.parametrize("method", ["brute", "safe", "calibrated", "cells"])
def test_a_changing_gallery_answers_as_one_made_anew(method: str, compiled: Kernels) -> None:
    rng = np.random.default_rng(5)
    vectors, labels = make_classes(5, 60, 12, 48, spread=0.4)
    policy = replace(SMALL, min_granules=10**6 if method == "brute" else 100, min_cells=100)
    index = SearchIndex(48, compiled, CountingClock(), policy)
    keys = np.arange(len(vectors))
    index.fit(vectors[:500], keys[:500], labels[:500])
    force(index, method)
    alive = set(range(500))
    for step in range(500, 720, 20):
        index.add(vectors[step : step + 20], keys[step : step + 20], labels[step : step + 20])
        alive |= set(range(step, step + 20))
        for key in rng.choice(sorted(alive), 25, replace=False).tolist():
            index.remove(key)
            alive.discard(key)
    rest = np.array(sorted(alive))
    queries = vectors[::7] + np.float32(1e-3)
    expected = make_anew(vectors, labels, rest).search(queries)
    found = index.search(queries)
    np.testing.assert_array_equal(found.keys, expected.keys)
    np.testing.assert_array_equal(found.labels, labels[found.keys])
    with pytest.raises(NotFoundError):
        index.remove(next(iter(set(range(720)) - alive)))


def make_anew(vectors: np.ndarray, labels: np.ndarray, rest: np.ndarray) -> SearchIndex:
    anew = SearchIndex(vectors.shape[1], NumpyKernels(), CountingClock())
    anew.fit(vectors[rest], rest, labels[rest])
    return anew


def force(index: SearchIndex, method: str) -> None:
    """Lets the index search by one method, whatever the self-test found; calibrated ones with wide factors."""
    gallery, levels = index._gallery, 1
    if gallery.granules is not None:
        levels = gallery.granules.projection.levels
    terms = CalibratedTerms((10.0,) * levels, 1e-6, 0.001, 1000, 0.5 if method == "cells" else None)
    index._method = make_method(method, gallery, index._kernels, terms)


def test_an_erased_person_is_wiped_from_memory() -> None:
    vectors, labels = make_classes(6, 40, 10, 32)
    index = make_index(vectors, labels, replace(SMALL, min_cells=200))
    gone = vectors[labels == 11]
    assert index.erase(11) == 10
    assert index.erase(11) == 0
    assert 11 not in index.search(gone, k=50).labels
    gallery = index._gallery
    assert gallery.granules is not None
    assert not gallery._vectors[len(gallery) :].any()
    for array in (gallery.granules.first.T, gallery.granules.tails.T, *gallery.granules.later):
        assert not array[len(gallery) :].any()
    assert not gallery.granules.coarse[:, len(gallery) :].any()
    cells = gallery.granules.cells
    assert cells is not None
    assert not cells.blocks.transpose(0, 2, 1)[cells.rows < 0].any()
    assert (cells.rows >= 0).sum() == len(gallery)
    assert not any((gallery._vectors == row).all(axis=1).any() for row in gone)


def test_flat_gallery_is_searched_in_full(compiled: Kernels) -> None:
    index = SearchIndex(64, compiled, SystemClock(), SearchPolicy(granule=16, min_cells=1000))
    flat = make_flat(7, 3000)
    test = index.fit(flat, np.arange(3000), np.arange(3000), make_flat(8, 700))
    assert index.method == "brute"
    assert is_flat(test.flatness, 3000, 64)
    assert {one.name for one in test.figures} == {"brute", "safe"}, "calibrations are not even asked"


def test_few_rows_of_noise_are_flat_though_they_lie_in_some_direction() -> None:
    for rows, dimensions in ((300, 600), (1000, 200)):
        assert is_flat(fit_projection(make_flat(1, rows, dimensions), 16).flatness(), rows, dimensions)
    vectors, _ = make_classes(2, 100, 10, 200)
    assert not is_flat(fit_projection(vectors, 16).flatness(), 1000, 200)


def test_calibration_holds_on_queries_it_has_not_seen(compiled: Kernels) -> None:
    vectors, labels = make_classes(9, 400, 11, 96, spread=0.4)
    order = np.random.default_rng(9).permutation(len(vectors))
    gallery, queries = vectors[order[:3000]], vectors[order[3000:]]
    index = SearchIndex(96, compiled, SystemClock(), SearchPolicy(granule=16, min_cells=3000))
    test = index.fit(gallery, np.arange(3000), labels[order[:3000]], queries[:800])
    calibrated = [one for one in test.figures if one.name == "calibrated"]
    assert len(calibrated) == 4
    confined = [one for one in test.figures if one.name == "cells"]
    assert [one.miss_share for one in confined] == [one.miss_share for one in calibrated]
    assert max(one.exact_rate for one in confined) >= 0.99
    assert all(one.read_share < other.read_share for one, other in zip(confined, calibrated, strict=True))
    assert max(one.exact_rate for one in calibrated) >= 0.99
    assert all(one.read_share < 0.5 for one in calibrated)
    brute = BruteForce(index._gallery, compiled)
    terms = find_ratios(index._gallery, compiled, queries[200:800]).terms(0.005)
    method = CalibratedTwd(index._gallery, compiled, terms)
    found = [method.find(query, 1).rows[0] == brute.find(query, 1).rows[0] for query in queries[800:]]
    assert np.mean(found) >= 0.98


def test_a_method_that_is_slower_or_misses_too_often_is_not_taken() -> None:
    brute = MethodFigures("brute", 1.0, 100.0, 1.0)
    fast_but_wrong = MethodFigures("calibrated", 0.98, 5.0, 0.05, 0.01)
    broken_safe = MethodFigures("safe", 0.999, 10.0, 0.1)
    hardly_faster = MethodFigures("safe", 1.0, 95.0, 0.1)
    good = MethodFigures("calibrated", 0.995, 9.0, 0.05, 0.005)
    assert choose([brute, broken_safe, fast_but_wrong, hardly_faster], 0.995) == 0
    assert choose([brute, hardly_faster, fast_but_wrong, good], 0.995) == 3


def test_a_calibration_that_lost_too_many_of_its_own_queries_is_not_taken() -> None:
    """Two hundred test queries may all be lucky."""
    brute = MethodFigures("brute", 1.0, 100.0, 1.0)
    safe = MethodFigures("safe", 1.0, 50.0, 0.1)
    lucky = MethodFigures("cells", 1.0, 5.0, 0.01, 0.01)
    good = MethodFigures("cells", 0.995, 9.0, 0.02, 0.002)
    asked = []

    def find_rate(place: int) -> float:
        asked.append(place)
        return {2: 0.99, 3: 0.996}[place]

    assert choose_held([brute, safe, lucky, good], 0.995, find_rate) == (
        3,
        [brute, safe, replace(lucky, exact_rate=0.99), good],
    )
    assert asked == [2, 3]
    assert choose_held([brute, safe, lucky], 0.995, find_rate)[0] == 1, "what is exact by proof is asked nothing"


def test_rate_of_a_method_is_that_of_finding_something_as_near(kernels: Kernels) -> None:
    vectors, _ = make_classes(14, 30, 10, 32)
    gallery = fill_gallery(np.concatenate([vectors[:200], vectors[:1]]))
    queries = vectors[200:]
    nearest = find_nearest_rows(gallery, queries)
    method = BruteForce(gallery, kernels)
    assert find_exact_rate(method, gallery, kernels, queries, nearest) == 1.0
    assert find_exact_rate(method, gallery, kernels, vectors[:1], np.array([200])) == 1.0, "a copy is as near"
    levels = gallery.granules.projection.levels if gallery.granules else 0
    narrow = CalibratedTwd(gallery, kernels, CalibratedTerms((1.0,) * levels, 0.0, 0.01, 500), few=1)
    found = [narrow.find(query, 1).rows[0] for query in queries]
    rate = find_exact_rate(narrow, gallery, kernels, queries, nearest)
    assert rate == np.mean(np.array(found) == nearest)
    assert rate < 1


def test_drift_is_told_and_a_refit_ends_it() -> None:
    vectors, _ = make_classes(10, 100, 4, 300)
    index = make_index(vectors)
    assert not index.is_stale
    index.add(vectors[:50] * np.float32(0.9), np.arange(50), np.arange(50))
    assert not index.is_stale, "more of the same"
    strange = make_flat(11, 150, 300)
    index.add(strange, np.arange(100, 250), np.arange(150))
    assert index.is_stale
    index.refit()
    assert not index.is_stale
    assert len(index) == 600
    assert index.search(strange[3:4]).keys[0, 0] == 103


@pytest.mark.parametrize("hazard", ["far from centres", "all in one cell"])
def test_entries_that_the_cells_were_not_made_for_are_told_and_a_refit_ends_it(hazard: str) -> None:
    vectors, labels = make_classes(15, 60, 12, 40)
    index = make_index(vectors[:600], labels[:600], replace(SMALL, min_cells=200))
    index.add(vectors[600:], np.arange(120), labels[600:])
    assert not index.is_stale, "more of the same"
    granules = index._gallery.granules
    assert granules is not None
    assert granules.cells is not None
    before, crowd = len(granules.cells), granules.cells.crowd
    if hazard == "far from centres":
        others = vectors[:600:4] * np.float32(4)
    else:
        others = np.repeat(vectors[:1], 160, axis=0) + np.float32(1e-3) * make_flat(16, 160, 40)
    keys = np.arange(5000, 5000 + len(others))
    index.add(others.astype(np.float32), keys, keys)
    assert index.is_stale
    assert (granules.cells.crowd < 1.5 * crowd) == (hazard == "far from centres"), "each is told by itself"
    index.refit()
    assert not index.is_stale
    assert index._gallery.granules is not None
    assert index._gallery.granules.cells is not None
    assert len(index._gallery.granules.cells) != before, "clustered anew"
    assert index.search(others[9:10].astype(np.float32)).distances[0, 0] == 0


def test_a_small_gallery_has_no_cells_until_it_has_grown_and_is_fitted_again() -> None:
    vectors, labels = make_classes(17, 60, 10, 24)
    index = make_index(vectors[:300], labels[:300], replace(SMALL, min_cells=500))
    index.add(vectors[300:], np.arange(300), labels[300:])
    assert index._gallery.granules is not None
    assert index._gallery.granules.cells is None
    assert index.is_stale
    index.refit()
    assert index._gallery.granules.cells is not None


def test_a_gallery_that_outgrew_the_full_scan_is_told() -> None:
    vectors, _ = make_classes(12, 100, 4, 24)
    index = make_index(vectors[:150])
    assert index._gallery.granules is None
    index.add(vectors[150:], np.arange(250), np.arange(250))
    assert index.is_stale
    index.refit()
    assert index._gallery.granules is not None
