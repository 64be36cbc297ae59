"""Hazards of setting thresholds by strangers: one person is taken for two, a crowd or one couple speaks for all, too
few set anything, a threshold lets more strangers pass than it says.
"""

import numpy as np
import pytest

from tests.unit.search.test_trace_parts import record
from vedette.core.time import NS_PER_S
from vedette.search.galleries import Galleries, Likeness
from vedette.search.kernels import NumpyKernels
from vedette.search.ranking import SHOWN_UNLIKE, rank_by_likeness
from vedette.search.strangers import (
    ACCEPT_FMR,
    NEEDED_PAIRS,
    NEEDED_PEOPLE,
    REJECT_FMR,
    Evidence,
    Span,
    find_together,
    make_terms,
)
from vedette.search.verdict import SimilarityTerms, Verdict, find_similarities, is_just_under, judge_similarity
from vedette.testing.clock import SimulatedClock

ENOUGH = Evidence(NEEDED_PAIRS, NEEDED_PEOPLE)


def span(number: int, from_s: float, to_s: float, place: str = "A") -> Span:
    return Span(number, place, round(from_s * NS_PER_S), round(to_s * NS_PER_S))


def test_only_who_was_at_one_place_at_once_for_a_second_is_surely_somebody_else() -> None:
    assert find_together([]).shape == (0, 2)
    spans = [span(1, 0, 10), span(2, 8, 20), span(3, 9.5, 20), span(4, 11, 30), span(5, 5, 6, "B"), span(6, 3, 3.5)]
    assert sorted(map(tuple, find_together(spans).tolist())) == [(1, 2), (2, 3), (2, 4), (3, 4)]


def test_nobody_is_in_more_than_twenty_pairs_as_the_earlier_one() -> None:
    pairs = find_together([span(number, 0, 10) for number in range(100)])
    assert np.unique(pairs[:, 0], return_counts=True)[1].max() == 20
    assert (pairs[:, 0] != pairs[:, 1]).all()


@pytest.mark.parametrize("evidence", [Evidence(NEEDED_PAIRS - 1, 10_000), Evidence(10_000, NEEDED_PEOPLE - 1)])
def test_too_few_set_nothing(evidence: Evidence) -> None:
    assert make_terms("r1", np.ones(NEEDED_PAIRS - 1, np.float32), evidence) is None


@pytest.mark.parametrize("seed", range(5))
def test_no_more_strangers_pass_than_the_rates_say(seed: int) -> None:
    cosines = np.random.default_rng(seed).normal(0.4, 0.1, 5000).clip(-1, 0.95)
    terms = make_terms("r1", (2 - 2 * cosines).astype(np.float32), ENOUGH)
    assert terms is not None
    likes = find_similarities((2 - 2 * cosines).astype(np.float32))
    assert 0 < (likes >= terms.sure).mean() <= ACCEPT_FMR
    assert ACCEPT_FMR < (likes >= terms.unsure).mean() <= REJECT_FMR
    assert judge_similarity(0.99, terms, 1000) is Verdict.ACCEPT, "it says very like, not who it is"
    assert judge_similarity(0.99, terms, 1001) is Verdict.DEFER


def test_strangers_that_all_look_the_same_set_nothing() -> None:
    assert make_terms("r1", np.zeros(NEEDED_PAIRS, np.float32), ENOUGH) is None
    assert make_terms("r1", np.full(NEEDED_PAIRS, 4.0, np.float32), ENOUGH) is None


def test_pairs_are_measured_by_number_and_what_is_gone_is_left_out() -> None:
    galleries = Galleries(NumpyKernels(), SimulatedClock())
    axes = np.eye(256, dtype=np.float32)
    for number, row in ((9, 0), (3, 1), (5, 0)):
        galleries.put(number, "appearance", "r1", axes[row].tobytes())
    pairs = np.array([[3, 9], [9, 5], [3, 77]], np.int64)
    assert galleries.measure_pairs("appearance", "r1", pairs).tolist() == [2.0, 0.0]
    assert galleries.measure_pairs("appearance", "r2", pairs).shape == (0,)
    assert galleries.measure_pairs("appearance", "r1", pairs[:0]).shape == (0,)


def test_who_looks_unlike_is_shown_at_the_end_and_only_a_few() -> None:
    looks = SimilarityTerms("r1", 0.6, 0.8, 1e-3, 1.0)
    likes = [Likeness(1, 0.9), Likeness(2, 0.7), *(Likeness(number, 0.3) for number in range(3, 40))]
    rows = rank_by_likeness(likes, [record(number) for number in range(1, 40)], looks, 100, SHOWN_UNLIKE)
    assert [row.verdict for row in rows[:3]] == [Verdict.ACCEPT, Verdict.DEFER, Verdict.REJECT]
    assert len(rows) == 14


def test_just_under_is_near_below_either_threshold() -> None:
    terms = SimilarityTerms("r1", 0.4, 0.6, 1e-4)
    assert [is_just_under(one, terms) for one in (0.34, 0.36, 0.4, 0.5, 0.56, 0.6)] == [
        False,
        True,
        False,
        False,
        True,
        False,
    ]
    assert not is_just_under(0.39, None)
