"""Hazards of reading near cells alone: an entry that is in no cell or in two, one that left and is still found."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.galleries import fill_gallery, make_classes
from tests.support.slow_cells import find_near_slowly
from tests.unit.search.test_exactness import KINDS, make_hard
from vedette.core.errors import InvalidInputError
from vedette.search.brute_force import BruteForce
from vedette.search.calibrated import CalibratedTerms, CalibratedTwd, find_ratios
from vedette.search.cells import NOBODY, Cells, fit_centres
from vedette.search.gallery import Gallery
from vedette.search.kernels import LANES, Kernels, NumpyKernels
from vedette.search.projection import fit_projection

DIMENSIONS, GRANULE, FEW = 16, 4, 8


def make_gallery(vectors: np.ndarray, cells: int, rng: np.random.Generator) -> Gallery:
    """Cells of so many of the entries as centres, and of one so far away that it stays empty."""
    projection = fit_projection(vectors, GRANULE, DIMENSIONS)
    parts = projection.project_rows(vectors)[:, :GRANULE].astype(np.float32)
    centres = np.concatenate([parts[rng.integers(0, len(parts), cells)], np.full((1, GRANULE), 1e8, np.float32)])
    return Gallery(DIMENSIONS, projection, centres)


def change(gallery: Gallery, vectors: np.ndarray, rng: np.random.Generator) -> None:
    """Adds all by and by, and removes about a third on the way."""
    for first in range(0, len(vectors), 97):
        some = np.arange(first, min(first + 97, len(vectors)))
        gallery.add(vectors[some], some * 3, some)
        for key in rng.choice(gallery.keys, len(gallery) // 5, replace=False).tolist():
            gallery.remove(key)


def check_cells(gallery: Gallery) -> None:
    """Every entry lies in one place of its own cell; all blocks of a cell are full but one; the rest is wiped."""
    granules, count = gallery.granules, len(gallery)
    assert granules is not None
    cells = granules.cells
    assert cells is not None
    used = cells.rows >= 0
    assert sorted(cells.rows[used].tolist()) == list(range(count))
    assert cells.block_count == int(np.ceil(cells.sizes / LANES).sum())
    assert not used[cells.block_count :].any()
    assert not cells.blocks.transpose(0, 2, 1)[~used].any()
    assert (cells.rows[~used] == NOBODY).all()
    blocks, lanes = np.nonzero(used)
    np.testing.assert_array_equal(cells.blocks[blocks, :, lanes].T, granules.coarse[:, cells.rows[used]])
    owners, _ = cells.find_cells(granules.first[:, :count].T)
    assert [cells.find_cell(row) for row in range(count)] == owners.tolist()
    assert np.bincount(owners, minlength=len(cells)).tolist() == cells.sizes.tolist()


@given(
    kind=st.sampled_from(KINDS),
    seed=st.integers(0, 2**31),
    rows=st.integers(1, 400),
    cells=st.sampled_from([1, 2, 7, 40]),
    slack=st.sampled_from([0.0, 0.3, 3.0]),
    delta=st.sampled_from([1.0, 1.5, 20.0]),
    k=st.sampled_from([1, 2, 7, 500]),
)
@settings(max_examples=120, deadline=None, derandomize=True, database=None)
def test_equals_the_search_written_out(
    compiled: Kernels, kind: str, seed: int, rows: int, cells: int, slack: float, delta: float, k: int
) -> None:
    rng = np.random.default_rng(seed)
    vectors = make_hard(kind, rng, rows, DIMENSIONS)
    gallery = make_gallery(vectors, cells, rng)
    change(gallery, vectors, rng)
    check_cells(gallery)
    granules, count = gallery.granules, len(gallery)
    assert granules is not None
    assert granules.cells is not None
    projection = granules.projection
    scale = float(np.sqrt(projection.energies[0])) or 1.0
    terms = CalibratedTerms((delta,) * projection.levels, 1e-6 * scale**2, 0.01, 500, slack * scale)
    entry_parts = [granules.first[:, :count].T, *(block[:count] for block in granules.later)]
    near = vectors[rng.integers(rows)] + rng.standard_normal(DIMENSIONS) * np.abs(vectors).max() * 1e-2
    for query in (vectors[0], near.astype(np.float32), make_hard(kind, rng, 1, DIMENSIONS)[0]):
        parts = [projection.project(projection.centre(query), level) for level in range(projection.levels)]
        levels, survivors = find_near_slowly(parts, entry_parts, granules.cells.centres, terms, projection.step, FEW, k)
        for kernels in (NumpyKernels(), compiled):
            found = CalibratedTwd(gallery, kernels, terms, FEW).find(query, k)
            distances = kernels.measure(gallery.vectors, query, np.array(survivors))
            order = np.lexsort((gallery.keys[survivors], distances))[:k]
            assert found.rows.tolist() == np.array(survivors)[order].tolist()
            assert found.distances.tolist() == distances[order].tolist()
            assert (found.level, found.survivors) == (levels, len(survivors))


def test_everybody_is_asked_for_and_found_though_one_cell_is_near(kernels: Kernels) -> None:
    rng = np.random.default_rng(1)
    vectors = make_hard("random", rng, 300, DIMENSIONS)
    gallery = make_gallery(vectors, 30, rng)
    gallery.add(vectors, np.arange(300), np.arange(300))
    levels = gallery.granules.projection.levels if gallery.granules else 0
    narrow = CalibratedTwd(gallery, kernels, CalibratedTerms((1e6,) * levels, 1.0, 0.01, 500, 0.0))
    expected = BruteForce(gallery, kernels)
    for query in vectors[:10] * np.float32(3):
        assert narrow.find(query, 500).rows.tolist() == expected.find(query, 500).rows.tolist()


def test_a_gallery_that_lost_everybody_and_fills_again(kernels: Kernels) -> None:
    rng = np.random.default_rng(2)
    vectors = make_hard("clustered", rng, 200, DIMENSIONS)
    gallery = make_gallery(vectors, 10, rng)
    gallery.add(vectors, np.arange(200), np.arange(200))
    levels = gallery.granules.projection.levels if gallery.granules else 0
    method = CalibratedTwd(gallery, kernels, CalibratedTerms((2.0,) * levels, 1e-6, 0.01, 500, 0.0))
    for key in rng.permutation(200).tolist():
        assert len(method.find(vectors[0], 3).rows) == min(3, len(gallery))
        gallery.remove(key)
    check_cells(gallery)
    assert not len(method.find(vectors[0], 1).rows)
    gallery.add(-vectors[:1], np.array([5]), np.array([5]))
    check_cells(gallery)
    assert method.find(vectors[0], 1).rows.tolist() == [0], "the only one, in however far a cell"


def test_an_entry_lies_in_the_same_cell_whatever_it_is_added_with() -> None:
    rng = np.random.default_rng(3)
    parts = np.round(rng.standard_normal((500, 5)) * 2).astype(np.float32)
    cells = Cells(parts[:40], 5)
    together, far = cells.find_cells(parts)
    alone = [cells.find_cells(parts[row : row + 1])[0][0] for row in range(500)]
    assert together.tolist() == alone
    slow = np.sqrt(np.square(parts[:, None].astype(np.float64) - parts[:40]).sum(axis=2))
    np.testing.assert_allclose(far, slow.min(axis=1), rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(slow[np.arange(500), together], slow.min(axis=1))


def test_centres_are_those_of_the_clusters_and_none_is_without_rows() -> None:
    rng = np.random.default_rng(4)
    middles = rng.standard_normal((9, DIMENSIONS)).astype(np.float32) * 10
    vectors = (middles[rng.integers(0, 9, 400)] + rng.standard_normal((400, DIMENSIONS)) * 0.01).astype(np.float32)
    projection = fit_projection(vectors, GRANULE, DIMENSIONS)
    centres = fit_centres(projection, vectors)
    assert 9 <= len(centres) <= 40
    np.testing.assert_array_equal(centres, fit_centres(projection, vectors))
    cells = Cells(centres, GRANULE)
    owners, far = cells.find_cells(projection.project_rows(vectors)[:, :GRANULE].astype(np.float32))
    assert len(np.unique(owners)) == len(centres)
    assert far.max() < 0.2
    copies = np.repeat(vectors[:1], 100, axis=0)
    assert len(fit_centres(fit_projection(copies, GRANULE, DIMENSIONS), copies)) == 1
    with pytest.raises(InvalidInputError):
        fit_centres(projection, vectors[:0])
    with pytest.raises(InvalidInputError):
        Cells(centres[:, 1:], GRANULE)


def test_slack_is_learnt_so_that_true_neighbours_are_in_near_cells(compiled: Kernels) -> None:
    vectors, _ = make_classes(9, 400, 11, 96, spread=0.4)
    order = np.random.default_rng(9).permutation(len(vectors))
    rows, queries = vectors[order[:3000]], vectors[order[3000:]]
    projection = fit_projection(rows, 16)
    gallery = Gallery(96, projection, fit_centres(projection, rows))
    gallery.add(rows, np.arange(3000), np.arange(3000))
    brute = BruteForce(gallery, compiled)
    ratios = find_ratios(gallery, compiled, queries[:700])
    shares_read = []
    for share, least in ((0.002, 0.98), (0.05, 0.8)):
        near, everybody = (
            CalibratedTwd(gallery, compiled, terms) for terms in (ratios.terms_with_cells(share), ratios.terms(share))
        )
        answers = [(near.find(query, 1), brute.find(query, 1)) for query in queries[700:]]
        rate = np.mean([one.rows[0] == true.rows[0] for one, true in answers])
        assert rate >= least
        shares_read.append(np.mean([one.numbers_read for one, _ in answers]) / rows.size)
        assert shares_read[-1] < np.mean([everybody.find(query, 1).numbers_read for query in queries[700:]]) / rows.size
    assert shares_read[1] < shares_read[0]


def test_terms_of_cells_are_refused_where_there_are_none() -> None:
    vectors, _ = make_classes(5, 20, 10, DIMENSIONS)
    gallery = fill_gallery(vectors, granule=GRANULE, components=DIMENSIONS)
    with pytest.raises(InvalidInputError):
        CalibratedTwd(gallery, NumpyKernels(), CalibratedTerms((2.0,) * 4, 0.0, 0.01, 500, 0.1))
    with pytest.raises(InvalidInputError):
        find_ratios(gallery, NumpyKernels(), vectors[:5] * np.float32(0.9)).terms_with_cells(0.01)
    for wrong in (-0.1, float("nan"), float("inf")):
        with pytest.raises(InvalidInputError):
            CalibratedTerms((2.0,) * 4, 0.0, 0.01, 500, wrong)
