"""Hazards of searching what was seen: a stranger is called the same, a path that cannot be is hidden or a right one is
doubted for another's sake, a gallery finds what was removed.
"""

from dataclasses import replace

import numpy as np
import pytest

from vedette.core.errors import InvalidInputError
from vedette.core.messages import ObjectSeen
from vedette.core.objects import AttributeValue, PlateReading
from vedette.core.time import NS_PER_S
from vedette.search.galleries import Galleries, Likeness
from vedette.search.kernels import NumpyKernels
from vedette.search.objects import ObjectFilter, ObjectRecord, Passage
from vedette.search.ranking import Ranked, rank_by_facts, rank_by_likeness
from vedette.search.trace import make_trace
from vedette.search.travel import MIN_PASSAGES, Plausibility, TravelTerms, judge_travel, learn_travel
from vedette.search.verdict import SimilarityTerms, Verdict, find_similarities, judge_similarity
from vedette.testing.clock import SimulatedClock

TERMS = SimilarityTerms("r1", 0.42, 0.475, 1e-4)
PAIR = frozenset({"A", "B"})


def record(number: int, camera: str = "A", from_s: float = 0.0, lasts_s: float = 2.0, **known: object) -> ObjectRecord:
    from_ns = round(from_s * NS_PER_S)
    seen = ObjectSeen(
        f"id-{number}", camera, 1, "vehicle", from_ns, from_ns + round(lasts_s * NS_PER_S), from_ns, 0.9,
        (0.1, 0.1, 0.2, 0.2),
    )  # fmt: skip
    return ObjectRecord(number, replace(seen, **known), camera)


@pytest.mark.parametrize(
    ("similarity", "searched", "verdict"),
    [
        (0.41, 1, Verdict.REJECT),
        (0.42, 1, Verdict.DEFER),
        (0.474, 1, Verdict.DEFER),
        (0.475, 1, Verdict.ACCEPT),
        (0.99, 100, Verdict.ACCEPT),
        (0.99, 101, Verdict.DEFER),
    ],
)
def test_verdict_asks_a_person_where_many_were_compared(similarity: float, searched: int, verdict: Verdict) -> None:
    assert judge_similarity(similarity, TERMS, searched) is verdict


def test_without_measured_thresholds_nothing_is_said() -> None:
    assert judge_similarity(0.99, None, 1) is Verdict.NOT_CALIBRATED
    with pytest.raises(InvalidInputError):
        SimilarityTerms("r1", 0.5, 0.4, 1e-4)


def test_similarity_of_unit_vectors_follows_from_their_distance() -> None:
    assert find_similarities(np.array([], np.float32)).shape == (0,)
    assert find_similarities(np.array([0.0, 2.0, 4.0], np.float32)).tolist() == [1.0, 0.0, -1.0]


def test_likeness_leaves_strangers_out_and_rounds() -> None:
    likes = [Likeness(1, 0.87654), Likeness(2, 0.45), Likeness(3, 0.3), Likeness(4, 0.9)]
    rows = rank_by_likeness(likes, [record(1), record(2), record(3)], TERMS, 3)
    assert [(row.record.number, row.score, row.verdict) for row in rows] == [
        (1, 0.88, Verdict.ACCEPT), (2, 0.45, Verdict.DEFER),
    ]  # fmt: skip
    assert len(rank_by_likeness(likes, [record(3)], None, 1)) == 1


def test_ranking_puts_what_was_seen_surely_first() -> None:
    assert rank_by_facts([], ObjectFilter(plate="51F*")) == []
    sure = record(1, plate=PlateReading("51F12345", 0.9, "read"))
    alike = record(2, plate=PlateReading("51F1234S", 0.9, "read"))
    unsure = record(3, plate=PlateReading("51F12345", 0.9, "unsure"))
    rows = rank_by_facts([unsure, alike, sure], ObjectFilter(plate="51F12345"))
    assert [(row.record.number, row.score) for row in rows] == [(1, 0.9), (3, 0.72), (2, 0.54)]
    red = {"colour": AttributeValue("red", 0.8)}
    [row] = rank_by_facts([record(1, attributes=red)], ObjectFilter(attributes={"colour": ("red",), "type": ("car",)}))
    assert (row.score, row.doubts) == (0.4, ("attributes_unknown",))


@pytest.mark.parametrize(
    ("gap_s", "said", "reason"),
    [
        (10.0, Plausibility.PLAUSIBLE, ""),
        (9.9, Plausibility.IMPLAUSIBLE, "too_fast"),
        (-5.0, Plausibility.IMPLAUSIBLE, "too_fast"),
    ],
)
def test_declared_distance_decides_by_the_greatest_speed(gap_s: float, said: Plausibility, reason: str) -> None:
    travel = judge_travel(TravelTerms({PAIR: 600.0}, {PAIR: 1000.0}), "vehicle", "B", "A", gap_s)
    assert (travel.plausibility, travel.reason, travel.need_s, travel.distance_m) == (said, reason, 10.0, 600.0)


def test_people_are_slower_than_cars_and_views_may_overlap() -> None:
    terms = TravelTerms({PAIR: 600.0})
    assert judge_travel(terms, "person", "A", "B", 20.0).need_s == 50.0
    assert judge_travel(TravelTerms({PAIR: 0.0}), "person", "A", "B", -3.0).plausibility is Plausibility.PLAUSIBLE


def test_learned_time_decides_where_nobody_declared_and_else_nothing_is_said() -> None:
    terms = TravelTerms(least_s={PAIR: 40.0})
    assert judge_travel(terms, "vehicle", "A", "B", 20.0).plausibility is Plausibility.PLAUSIBLE
    assert judge_travel(terms, "vehicle", "A", "B", 19.0).reason == "faster_than_seen"
    assert judge_travel(terms, "vehicle", "A", "C", 0.0).plausibility is Plausibility.UNKNOWN
    assert judge_travel(terms, "vehicle", "A", "A", -1.0).reason == "two_at_once"


def test_travel_is_learned_from_enough_vehicles_and_short_ways_are_not_used() -> None:
    def pass_by(plate: int, gap_s: float) -> list[Passage]:
        later = round((10 + gap_s) * NS_PER_S)
        return [Passage(f"P{plate}", "A", 0, 10 * NS_PER_S), Passage(f"P{plate}", "B", later, later + NS_PER_S)]

    passages = [one for number in range(MIN_PASSAGES) for one in pass_by(number, 30.0 + number)]
    assert learn_travel([]) == {}
    assert learn_travel(passages[2:]) == {}
    assert learn_travel(passages) == {PAIR: 30.0}
    assert learn_travel([*passages, *pass_by(9, 4000.0)]) == {PAIR: 30.0}, "two journeys"
    near = learn_travel([one for number in range(MIN_PASSAGES) for one in pass_by(number, 1.0)])
    assert judge_travel(TravelTerms(least_s=near), "vehicle", "A", "B", 0.0).plausibility is Plausibility.PLAUSIBLE


def test_trace_judges_from_the_last_step_that_can_be() -> None:
    assert make_trace([], TravelTerms()).steps == ()
    rows = [Ranked(record(3, "A", 100)), Ranked(record(1, "A", 0)), Ranked(record(2, "B", 5))]
    trace = make_trace(rows, TravelTerms({PAIR: 6000.0}))
    assert [step.row.record.number for step in trace.steps] == [1, 2, 3]
    said = [step.travel.plausibility if step.travel else None for step in trace.steps]
    assert said == [None, Plausibility.IMPLAUSIBLE, Plausibility.PLAUSIBLE]
    assert [(visit.camera_id, visit.is_plausible) for visit in trace.visits] == [("A", True), ("B", False), ("A", True)]


def test_appearances_close_in_time_are_one_visit() -> None:
    rows = [Ranked(record(number, "A", from_s)) for number, from_s in ((1, 0), (2, 100), (3, 400))]
    visits = make_trace(rows, TravelTerms()).visits
    assert [visit.object_ids for visit in visits] == [("id-1", "id-2"), ("id-3",)]


def vector(seed: int) -> bytes:
    numbers = np.random.default_rng(seed).standard_normal(256)
    return (numbers / np.linalg.norm(numbers)).astype("<f4").tobytes()


def test_gallery_finds_replaces_and_forgets() -> None:
    galleries = Galleries(NumpyKernels(), SimulatedClock())
    assert galleries.find("face", "r1", vector(1), 3) == []
    galleries.fill("face", "r1", [1, 2], [vector(1), vector(2)])
    galleries.put(3, "face", "r1", vector(3))
    galleries.put(1, "appearance", "r9", vector(7))
    assert [one.number for one in galleries.find("face", "r1", vector(3), 1)] == [3]
    assert [one.number for one in galleries.find("face", "r1", vector(3), 5, among=[1, 2, 99])] == sorted(
        [1, 2], key=lambda number: -float(np.dot(*(np.frombuffer(vector(n), "<f4") for n in (number, 3))))
    )
    galleries.put(3, "face", "r2", vector(4))
    assert galleries.count("face", "r1") == 2, "another release replaces what was there"
    galleries.remove([1, 2, 3])
    assert galleries.count("face", "r1") == galleries.count("face", "r2") == galleries.count("appearance", "r9") == 0
    with pytest.raises(InvalidInputError):
        galleries.put(4, "face", "r1", b"\0" * 1024)
