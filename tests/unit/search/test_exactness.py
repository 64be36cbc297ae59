"""Hazards of rejecting early: the nearest neighbour among the rejected, by wrong bounds, rounding or ties."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.galleries import fill_gallery, make_classes, make_flat
from tests.support.slow_search import sort_slowly
from vedette.search.brute_force import BruteForce
from vedette.search.kernels import Kernels, NumpyKernels
from vedette.search.safe import SafeTwd

KINDS = ["random", "clustered", "duplicates", "flat", "far_away", "one_giant", "tiny", "grid", "tail_only", "rank_one"]


def make_hard(kind: str, rng: np.random.Generator, rows: int, dimensions: int) -> np.ndarray:
    """Galleries made to break a bound: rounding (far_away, one_giant, tiny), ties (duplicates, grid), tails."""
    base = rng.standard_normal((rows, dimensions))
    if kind == "clustered":
        base = base[rng.integers(0, max(1, rows // 10), rows)] + 1e-3 * base
    elif kind == "duplicates":
        base = base[rng.integers(0, max(1, rows // 5), rows)]
    elif kind == "flat":
        base /= np.linalg.norm(base, axis=1, keepdims=True)
    elif kind == "far_away":
        base = base * 1e-2 + 1e4
    elif kind == "one_giant":
        base[rng.integers(rows)] *= 1e7
    elif kind == "tiny":
        base *= 1e-20
    elif kind == "grid":
        base = np.round(base)
    elif kind == "tail_only":
        base[:, 0] *= 1e3
        base[:, 0] = np.round(base[:, 0], -3)
    elif kind == "rank_one":
        base = base[:, :1] * base[:1]
    return base.astype(np.float32)


@given(
    kind=st.sampled_from(KINDS),
    seed=st.integers(0, 2**31),
    rows=st.integers(1, 300),
    dimensions=st.sampled_from([1, 3, 16, 65]),
    granule=st.sampled_from([1, 4, 16]),
    k=st.sampled_from([1, 2, 7, 400]),
)
@settings(max_examples=150, deadline=None, derandomize=True, database=None)
def test_safe_equals_the_full_scan(kind: str, seed: int, rows: int, dimensions: int, granule: int, k: int) -> None:
    rng = np.random.default_rng(seed)
    vectors = make_hard(kind, rng, rows, dimensions)
    gallery = fill_gallery(vectors, granule=granule, components=max(granule, 24))
    kernels = NumpyKernels()
    brute, safe = BruteForce(gallery, kernels), SafeTwd(gallery, kernels)
    near = vectors[rng.integers(rows)] + (rng.standard_normal(dimensions) * np.abs(vectors).max() * 1e-3)
    away = make_hard(kind, rng, 1, dimensions)[0]
    for query in (vectors[rng.integers(rows)], near.astype(np.float32), away, -away, np.zeros(dimensions, np.float32)):
        expected, found = brute.find(query, k), safe.find(query, k)
        np.testing.assert_array_equal(found.rows, expected.rows)
        np.testing.assert_array_equal(found.distances, expected.distances)
        everything = kernels.measure(vectors, query, np.arange(rows))
        order = np.lexsort((np.arange(rows), everything))[:k]
        np.testing.assert_array_equal(expected.rows, order, "the full scan is checked against all distances")


@pytest.mark.parametrize("kind", KINDS)
def test_safe_equals_the_full_scan_compiled(compiled: Kernels, kind: str) -> None:
    rng = np.random.default_rng(17)
    vectors = make_hard(kind, rng, 1200, 96)
    gallery = fill_gallery(vectors, granule=16, components=48)
    brute, safe = BruteForce(gallery, compiled), SafeTwd(gallery, compiled)
    for query in np.concatenate([vectors[:20], make_hard(kind, rng, 20, 96)]):
        for k in (1, 5):
            expected, found = brute.find(query, k), safe.find(query, k)
            np.testing.assert_array_equal(found.rows, expected.rows)
            np.testing.assert_array_equal(found.distances, expected.distances)


def test_full_scan_agrees_with_double_precision(kernels: Kernels) -> None:
    vectors, _ = make_classes(11, classes=40, each=3, dimensions=32)
    queries, _ = make_classes(12, classes=10, each=1, dimensions=32)
    brute = BruteForce(fill_gallery(vectors), kernels)
    for query in queries:
        exact = sort_slowly(query, vectors)
        found = brute.find(query, 3)
        assert found.rows.tolist() == np.argsort(exact)[:3].tolist()
        np.testing.assert_allclose(found.distances, np.sort(exact)[:3], rtol=1e-5)


def test_bounds_save_reading_where_there_are_directions_and_not_where_there_are_none(compiled: Kernels) -> None:
    classes, _ = make_classes(13, classes=100, each=20, dimensions=128, spread=0.3)
    flat = make_flat(14, 2000, 128)
    shares = []
    for vectors in (classes, flat):
        safe = SafeTwd(fill_gallery(vectors[50:], granule=16, components=64), compiled)
        shares.append(np.mean([safe.find(query, 1).numbers_read for query in vectors[:50]]) / vectors.size)
    assert shares[0] < 0.3
    assert shares[1] > 0.9
