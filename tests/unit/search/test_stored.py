"""Hazards of a stored gallery: a flipped bit, a cut, another version, a head that lies."""

import hashlib

import numpy as np
import pytest

from tests.support.galleries import make_classes
from vedette.runtime.clock import SystemClock
from vedette.search.decision import Thresholds
from vedette.search.index import SearchIndex, SearchPolicy
from vedette.search.kernels import Kernels, NumpyKernels
from vedette.search.stored import GalleryDamagedError, read_gallery

POLICY = SearchPolicy(granule=8, min_granules=100, min_cells=200, test_queries=20, calibration_queries=400)


def make(rows: int, kernels: Kernels) -> tuple[SearchIndex, np.ndarray]:
    vectors, labels = make_classes(1, 60, 5, 24)
    queries, _ = make_classes(1, 60, 8, 24)
    index = SearchIndex(24, kernels, SystemClock(), POLICY)
    index.fit(vectors[:rows], np.arange(rows) * 3, labels[:rows], queries)
    index.thresholds = Thresholds(0.1, 0.2)
    return index, queries


@pytest.mark.parametrize("rows", [0, 1, 50, 150, 300])
def test_what_was_stored_answers_as_before(kernels: Kernels, rows: int) -> None:
    index, queries = make(rows, kernels)
    again = SearchIndex.from_bytes(index.to_bytes(), kernels, SystemClock(), POLICY)
    for before, after in zip((index.search(queries, 3),), (again.search(queries, 3),), strict=True):
        np.testing.assert_array_equal(before.keys, after.keys)
        np.testing.assert_array_equal(before.distances, after.distances)
    assert index.classify(queries) == again.classify(queries)
    assert (again.method, again.self_test, again.is_stale) == (index.method, index.self_test, index.is_stale)
    again.add(queries[:1], np.array([1]), np.array([1]))
    assert again.to_bytes() != index.to_bytes()


def test_any_flipped_byte_or_cut_is_noticed() -> None:
    data = make(50, NumpyKernels())[0].to_bytes()
    rng = np.random.default_rng(2)
    for place in [0, 6, 8, 12, *rng.integers(0, len(data), 200).tolist(), len(data) - 1]:
        changed = bytearray(data)
        changed[place] ^= 1 << int(rng.integers(8))
        with pytest.raises(GalleryDamagedError):
            read_gallery(bytes(changed))
    for length in (0, 5, 44, len(data) // 2, len(data) - 1):
        with pytest.raises(GalleryDamagedError):
            read_gallery(data[:length])


def test_a_head_that_lies_is_refused_though_its_hash_is_right() -> None:
    data = make(300, NumpyKernels())[0].to_bytes()
    for true, lie in (
        (b'"shape":[300,24]', b'"shape":[999,24]'),
        (b'"shape":[300,24]', b'"shape":[24,300]'),
        (b'"type":"<i8"', b'"type":"<O8"'),
        (b'"total_energy"', b'"total_enurgy"'),
        (b'"shape":[24]', b'"shape":[-4]'),
    ):
        assert true in data
        body = data[:-32].replace(true, lie)
        with pytest.raises(GalleryDamagedError):
            read_gallery(body + hashlib.sha256(body).digest())


@pytest.mark.parametrize("lie", ["method without its terms", "centres of another granule"])
def test_cells_that_do_not_belong_are_refused_though_the_hash_is_right(lie: str) -> None:
    index, _ = make(300, NumpyKernels())
    data = index.to_bytes()
    centres = read_gallery(data).centres
    assert centres is not None
    assert centres.shape[1] == POLICY.granule
    true, false = f'"chosen":"{index.method}"', '"chosen":"cells"'
    if lie == "centres of another granule":
        true, false = f'"shape":[{len(centres)},8]', f'"shape":[{len(centres) * 2},4]'
    body = data[:-32].replace(true.encode(), false.encode())
    head_bytes = int.from_bytes(data[8:12], "little") + len(false) - len(true)
    body = body[:8] + head_bytes.to_bytes(4, "little") + body[12:]
    with pytest.raises(GalleryDamagedError):
        SearchIndex.from_bytes(body + hashlib.sha256(body).digest(), NumpyKernels(), SystemClock(), POLICY)


def test_numbers_that_are_none_are_refused_though_the_hash_is_right() -> None:
    data = make(1, NumpyKernels())[0].to_bytes()
    at = len(data) - 32 - 24 * 4 - 16
    body = data[:at] + np.float32(np.nan).tobytes() + data[at + 4 : -32]
    with pytest.raises(GalleryDamagedError):
        SearchIndex.from_bytes(body + hashlib.sha256(body).digest(), NumpyKernels(), SystemClock())
