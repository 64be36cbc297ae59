"""Hazards of the published three-way decisions: a fast loop that decides otherwise than the formulas."""

import numpy as np
import pytest

from tests.support.galleries import fill_gallery, make_classes
from tests.support.slow_search import decide_slowly
from vedette.core.errors import InvalidInputError
from vedette.search.gallery import Gallery
from vedette.search.kernels import LANES, MAX_SUM, Kernels, NumpyKernels
from vedette.search.projection import Projection, fit_projection
from vedette.search.twd import DELTA, PublishedTwd, Variant


def read_parts(gallery: Gallery, query: np.ndarray) -> tuple[list[np.ndarray], list[np.ndarray]]:
    granules, count = gallery.granules, len(gallery)
    assert granules is not None
    centred = granules.projection.centre(query)
    parts = [granules.projection.project(centred, level) for level in range(granules.projection.levels)]
    return parts, [granules.first[:, :count].T, *(block[:count] for block in granules.later)]


@pytest.mark.parametrize("variant", list(Variant))
@pytest.mark.parametrize(("granule", "spread"), [(8, 0.5), (8, 1.5), (5, 1.0), (1, 0.5)])
def test_decides_bit_for_bit_as_the_formulas(kernels: Kernels, variant: Variant, granule: int, spread: float) -> None:
    vectors, labels = make_classes(3, classes=12, each=4, dimensions=24, spread=spread)
    gallery = fill_gallery(vectors, labels, granule, components=24)
    queries, _ = make_classes(4, classes=12, each=2, dimensions=24, spread=spread)
    twd = PublishedTwd(gallery, kernels, variant)
    visited = set()
    for query in np.concatenate([queries, vectors[:6]]):
        fast = twd.classify(query)
        slow = decide_slowly(*read_parts(gallery, query), labels.tolist(), DELTA, variant.value)
        assert fast is not None
        assert (fast.label, fast.row, fast.levels, fast.survivors.tolist(), fast.is_committed) == (
            (slow.label, slow.row, slow.levels, slow.survivors, slow.is_committed)
        )
        assert fast.distance == slow.distance, "to the last bit"
        visited.add(fast.levels)
    assert len(visited) > 1, "the test is worth nothing unless queries end at different levels"


def test_variants_disagree_where_the_paper_and_the_program_do(kernels: Kernels) -> None:
    """m = 1: a dropped entry would have become its class's nearest later."""
    basis = np.eye(2, dtype=np.float32).reshape(2, 1, 2)
    gallery = Gallery(2, Projection(np.zeros(2, np.float32), basis, np.ones(2), 2.0, 0.0))
    rows = np.sqrt(np.array([[1, 10], [1.5, 0], [1.2, 5]], np.float32))
    gallery.add(rows, np.arange(3), np.array([1, 1, 2]))
    query = np.zeros(2, np.float32)
    by_class = PublishedTwd(gallery, kernels, Variant.PER_CLASS).classify(query)
    by_instance = PublishedTwd(gallery, kernels, Variant.PER_INSTANCE).classify(query)
    assert by_class is not None
    assert by_instance is not None
    assert (by_class.label, by_instance.label) == (1, 2)


def test_both_loops_are_equal_to_the_last_bit(compiled: Kernels) -> None:
    rng = np.random.default_rng(5)
    plain, rows = NumpyKernels(), np.sort(rng.choice(2500, 1003, replace=False))
    block = (rng.standard_normal((2500, 33)) * 1e3).astype(np.float32)
    part, so_far = rng.standard_normal(33).astype(np.float32), rng.random(1003).astype(np.float32)
    columns = np.ascontiguousarray(block.T)
    np.testing.assert_array_equal(compiled.scan(columns, part, 2499), plain.scan(columns, part, 2499))
    coarse = rng.integers(0, 256, (33, 2500), dtype=np.uint8)
    coarse[:, 7] = 255 - coarse[:, 3] // 128 * 255
    whole = compiled.scan_coarse(coarse, coarse[:, 3].copy(), 2499)
    np.testing.assert_array_equal(whole, plain.scan_coarse(coarse, coarse[:, 3].copy(), 2499))
    expected = np.square(coarse[:, :2499].astype(np.int64) - coarse[:, 3:4]).sum(axis=0)
    np.testing.assert_array_equal(whole, expected)
    blocks, used = rng.integers(0, 256, (9, 33, LANES), dtype=np.uint8), rng.integers(-3, 99, (9, LANES))
    which, asked = np.array([8, 0, 3]), blocks[3, :, 5].copy()
    whole = compiled.scan_blocks(blocks, used, asked, which)
    np.testing.assert_array_equal(whole, plain.scan_blocks(blocks, used, asked, which))
    expected = np.square(blocks[which].astype(np.int64) - asked[:, None]).sum(axis=1)
    np.testing.assert_array_equal(whole, np.where(used[which] < 0, MAX_SUM, expected))
    assert compiled.scan_blocks(blocks, used, asked, which[:0]).shape == (0, LANES)
    one, other = so_far.copy(), so_far.copy()
    plain.advance(block, part, rows, one)
    compiled.advance(block, part, rows, other)
    np.testing.assert_array_equal(one, other)
    classes = rng.integers(0, 40, 1003)
    minima = (kernel.find_class_minima(classes, so_far, 41) for kernel in (plain, compiled))
    np.testing.assert_array_equal(*minima)
    np.testing.assert_allclose(compiled.measure(block, block[7], rows), plain.measure(block, block[7], rows), rtol=1e-5)


def test_measured_distance_does_not_depend_on_the_place(kernels: Kernels) -> None:
    """SafeTwd is equal to the full scan only because of this."""
    row = np.random.default_rng(6).standard_normal(1393).astype(np.float32)
    vectors, query = np.zeros((300, 1393), np.float32), np.ones(1393, np.float32)
    vectors[:] = row
    alone = kernels.measure(np.ascontiguousarray(vectors[5:6]), query, np.array([0]))
    assert set(kernels.measure(vectors, query, np.arange(300)).tolist()) == set(alone.tolist())


def test_copies_in_the_gallery_end_the_search_at_once(kernels: Kernels) -> None:
    vectors, labels = make_classes(8, classes=6, each=5, dimensions=16)
    vectors[7] = vectors[5]
    gallery = fill_gallery(vectors, labels, granule=4, components=16)
    query = vectors[5]
    answer = PublishedTwd(gallery, kernels, Variant.PER_CLASS).classify(query)
    assert answer is not None
    assert (answer.label, answer.row) == (1, 5)


def test_empty_gallery_has_no_answer_and_one_entry_is_it(kernels: Kernels) -> None:
    vectors, _ = make_classes(9, classes=1, each=1, dimensions=16)
    gallery = Gallery(16, fit_projection(vectors, 4, 16))
    twd = PublishedTwd(gallery, kernels, Variant.PER_INSTANCE)
    assert twd.classify(vectors[0]) is None
    gallery.add(vectors, np.array([77]), np.array([42]))
    answer = twd.classify(-vectors[0])
    assert answer is not None
    assert (answer.label, answer.levels, answer.is_committed) == (42, 1, True)


def test_delta_under_one_would_reject_the_nearest() -> None:
    vectors, labels = make_classes(1, classes=2, each=2, dimensions=8)
    with pytest.raises(InvalidInputError):
        PublishedTwd(fill_gallery(vectors, labels, 4, 8), NumpyKernels(), Variant.PER_CLASS, delta=0.9)
