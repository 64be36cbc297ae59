"""Hazards of saying who it is: a rate that cannot be shown, two who are about as near, a threshold passed by chance."""

import numpy as np
import pytest

from tests.support.galleries import make_classes
from vedette.core.errors import InvalidInputError
from vedette.runtime.clock import SystemClock
from vedette.search.decision import Outcome, Thresholds, decide, set_thresholds
from vedette.search.index import SearchIndex
from vedette.search.kernels import NumpyKernels

TERMS = Thresholds(accept=0.3, reject=0.6, rival=1.5)


def say(labels: list[int], distances: list[float]) -> Outcome:
    return decide(np.array(labels, np.int64), np.array(distances, np.float32), TERMS)


def test_near_is_accepted_far_is_rejected_and_between_is_deferred() -> None:
    assert say([1, 2], [0.2, 0.5]) is Outcome.ACCEPT
    assert say([1, 2], [0.4, 0.9]) is Outcome.DEFER
    assert say([1, 2], [0.7, 0.9]) is Outcome.REJECT
    assert say([], []) is Outcome.REJECT


def test_two_about_as_near_are_deferred_however_near() -> None:
    assert say([1, 1, 2], [0.2, 0.21, 0.29]) is Outcome.DEFER
    assert say([1, 1, 1], [0.2, 0.21, 0.29]) is Outcome.ACCEPT
    assert say([1, 2], [0.0, 0.0]) is Outcome.DEFER, "the same face under two names"


def test_no_more_impostors_pass_than_was_said() -> None:
    impostors = np.round(np.random.default_rng(1).random(1000), 2).astype(np.float32)
    terms = set_thresholds(impostors, 0.01, 0.1)
    assert (impostors <= terms.accept).mean() <= 0.01
    assert 0.05 < (impostors <= terms.reject).mean() <= 0.1, "ties make it less, never more"


def test_a_rate_that_the_data_cannot_show_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="1000"):
        set_thresholds(np.ones(999, np.float32), 0.001, 0.01)
    with pytest.raises(InvalidInputError):
        set_thresholds(np.full(5000, np.inf, np.float32), 0.001, 0.01)
    for rates in ((0.0, 0.1), (0.1, 0.01), (0.1, 1.0)):
        with pytest.raises(InvalidInputError):
            set_thresholds(np.ones(5000, np.float32), *rates)


def test_thresholds_of_an_index_keep_strangers_out_and_let_its_own_in() -> None:
    vectors, labels = make_classes(2, 240, 6, 48, spread=0.25)
    known, probes = labels < 120, np.arange(len(labels)) % 6 >= 4
    index = SearchIndex(48, NumpyKernels(), SystemClock())
    own = known & ~probes
    index.fit(vectors[own], np.flatnonzero(own), labels[own])
    with pytest.raises(InvalidInputError):
        index.classify(vectors[:1])
    index.calibrate_thresholds(vectors[known & probes], labels[known & probes], 0.01, 0.05)
    strangers = [one.outcome for one in index.classify(vectors[~known])]
    mates = index.classify(vectors[known & probes])
    assert strangers.count(Outcome.ACCEPT) <= 0.03 * len(strangers)
    accepted = [one for one in mates if one.outcome is Outcome.ACCEPT]
    assert len(accepted) > 0.8 * len(mates)
    right = [one.label == label for one, label in zip(mates, labels[known & probes], strict=True)]
    assert sum(right) > 0.95 * len(mates)
    assert all(one.key is not None and one.survivors > 0 for one in accepted)
