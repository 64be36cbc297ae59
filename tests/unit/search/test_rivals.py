"""Hazards of the methods that ours are compared with: a rival that is broken makes anything look good."""

import math

import numpy as np
import pytest

from tests.support.galleries import fill_gallery, make_classes
from tests.support.slow_search import sort_slowly
from vedette.core.errors import InvalidInputError
from vedette.search.directed import DirectedEnumeration, DirectedTerms, choose_pivots
from vedette.search.gallery import Gallery
from vedette.search.kernels import Kernels, NumpyKernels
from vedette.search.pnn import VARIANCE, SequentialPnn
from vedette.search.projection import fit_projection


def test_directed_enumeration_that_looks_at_everybody_is_exact(kernels: Kernels) -> None:
    vectors, labels = make_classes(1, 20, 5, 32)
    gallery = fill_gallery(vectors, labels)
    method = DirectedEnumeration(gallery, kernels, DirectedTerms(checked_share=1.0))
    queries, _ = make_classes(2, 15, 1, 32)
    for query in queries:
        found = method.find(query, 1)
        if found.survivors == len(vectors):
            assert found.rows[0] == sort_slowly(query, vectors).argmin()
    assert any(method.find(query, 1).survivors == len(vectors) for query in queries)


def test_directed_enumeration_ends_at_the_first_that_is_near_enough(kernels: Kernels) -> None:
    vectors, labels = make_classes(3, 30, 10, 32, spread=0.3)
    gallery = fill_gallery(vectors, labels)
    method = DirectedEnumeration(gallery, kernels, DirectedTerms(false_accept_rate=0.05))
    founds = [method.find(query * np.float32(0.999), 1) for query in vectors[100:150]]
    assert all(one.distances[0] < method.stop_at for one in founds)
    assert np.mean([one.survivors for one in founds]) < 20
    assert len(method.pivots) == len(set(method.pivots.tolist())) == 5


def test_pivots_are_far_from_each_other_and_never_twice() -> None:
    vectors = np.zeros((8, 2), np.float32)
    vectors[3], vectors[6] = [10, 0], [0, 20]
    pivots = choose_pivots(vectors, NumpyKernels())
    assert pivots[:3].tolist() == [0, 6, 3]
    assert len(set(pivots.tolist())) == 5, "copies as well"


def test_methods_of_an_empty_gallery_answer_with_nothing() -> None:
    gallery = Gallery(8, fit_projection(np.eye(8, dtype=np.float32), 4, 8))
    query = np.ones(8, np.float32)
    assert SequentialPnn(gallery, NumpyKernels()).classify(query) is None
    assert not len(DirectedEnumeration(gallery, NumpyKernels()).find(query, 1).rows)


def test_parzen_sums_decide_as_written_out(kernels: Kernels) -> None:
    vectors, labels = make_classes(4, 10, 4, 24, spread=1.0)
    gallery = fill_gallery(vectors, labels, granule=24, components=24)
    queries, _ = make_classes(5, 10, 2, 24, spread=1.0)
    pnn = SequentialPnn(gallery, kernels)
    for query in queries:
        distances = sort_slowly(query, vectors)
        sums = [
            sum(math.exp(-(d - distances.min()) / (2 * VARIANCE * 24)) for d in distances[labels == c])
            for c in range(10)
        ]
        answer = pnn.classify(query)
        assert answer is not None
        assert answer.label == int(np.argmax(sums))


def test_classes_that_cannot_win_are_dropped_early() -> None:
    vectors, labels = make_classes(6, 50, 4, 64, spread=0.2)
    pnn = SequentialPnn(fill_gallery(vectors, labels, granule=8), NumpyKernels())
    answers = [pnn.classify(query) for query in vectors[::9] * np.float32(0.99)]
    assert all(one is not None and one.label == label for one, label in zip(answers, labels[::9], strict=True))
    assert np.mean([one.levels for one in answers if one is not None]) < 6
    with pytest.raises(InvalidInputError):
        SequentialPnn(fill_gallery(vectors, labels), NumpyKernels(), variance=0.0)
