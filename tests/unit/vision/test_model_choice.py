"""Hazards of choosing a detector: one that does not fit when another does, workers restarted for nothing."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vedette.vision.model_choice import CHOSEN, KEPT, RAISED, SAME_QUALITY, Candidate, Machine, Stream, fits, plan_model
from vedette.vision.models.sized import SizedModel

STREAMS = st.lists(st.builds(Stream, st.floats(1, 30), st.floats(0, 200), st.sampled_from([0.0, 1.0])), max_size=20)
CANDIDATES = st.lists(
    st.tuples(st.floats(0, 1), st.floats(0.5, 80)).map(lambda pair: ("", *pair)), min_size=1, max_size=6
).map(lambda rows: [Candidate(SizedModel(f"m{i}"), row[1], row[2]) for i, row in enumerate(rows)])
MACHINES = st.builds(Machine, st.integers(1, 8), st.floats(0.1, 5))

GOOD = Candidate(SizedModel("good"), 1.0, 20.0)
MIDDLE = Candidate(SizedModel("own"), 0.8, 8.0)
SMALL = Candidate(SizedModel("own", (384, 224)), 0.7, 3.0)
ALL = [SMALL, GOOD, MIDDLE]
TWO = Machine(workers=2, base_ms=1.0)


def streams(count: int, fps: float = 10.0) -> list[Stream]:
    return [Stream(fps)] * count


@pytest.mark.parametrize(
    ("count", "chosen", "reason"),
    [(0, GOOD, "fits"), (6, GOOD, "fits"), (7, MIDDLE, "fits"), (16, MIDDLE, "fits"), (17, SMALL, "fits"),
     (36, SMALL, "fits"), (37, SMALL, "cheapest")],
)  # fmt: skip
def test_best_is_taken_with_which_all_streams_reach_their_rates(count: int, chosen: Candidate, reason: str) -> None:
    plan = plan_model(streams(count), ALL, TWO)
    assert (plan.candidate, plan.reason, plan.streams, plan.room_ms) == (chosen, reason, count, 1700.0)
    assert plan.asked_ms == count * 10 * (1 + chosen.cost_ms)
    assert plan.possible_streams == ({GOOD: 6, MIDDLE: 16, SMALL: 36}[chosen] if count else None)


def test_one_stream_that_no_single_worker_has_time_for_fits_nobody() -> None:
    assert not fits([Stream(60.0)], GOOD, Machine(8, 1.0), KEPT)
    assert plan_model([Stream(60.0)], ALL, Machine(8, 1.0)).candidate == MIDDLE


def test_motion_alone_asks_no_detector() -> None:
    assert plan_model([Stream(25.0, looks=0.0)] * 40, ALL, TWO).candidate == GOOD


def test_of_detectors_that_are_as_good_the_cheapest_is_taken() -> None:
    twin = Candidate(SizedModel("int8"), MIDDLE.quality - SAME_QUALITY / 2, 3.5)
    assert plan_model(streams(2), [MIDDLE, twin], TWO).candidate == twin


@pytest.mark.parametrize(
    ("count", "used", "chosen"),
    [
        (7, GOOD, GOOD),  # just over what would be chosen now: no restart for one camera more
        (9, GOOD, MIDDLE),  # does not fit any more
        (6, MIDDLE, MIDDLE),  # the better one would fit, but for how long
        (5, MIDDLE, GOOD),
        (50, SMALL, SMALL),
        (50, GOOD, SMALL),  # nothing fits: all get more pictures with the cheapest
    ],
)
def test_workers_are_restarted_only_where_it_is_worth_it(count: int, used: Candidate, chosen: Candidate) -> None:
    plan = plan_model(streams(count), ALL, TWO, used.model)
    assert plan.candidate == chosen
    assert (plan.reason == "kept") == (chosen == used and count != 50)


def test_one_in_use_that_is_gone_is_forgotten() -> None:
    assert plan_model(streams(1), [SMALL], TWO, GOOD.model).candidate == SMALL


@given(STREAMS, CANDIDATES, MACHINES)
def test_never_takes_one_that_does_not_fit_when_another_does(
    wanted: list[Stream], candidates: list[Candidate], machine: Machine
) -> None:
    plan = plan_model(wanted, candidates, machine)
    for share in (CHOSEN, KEPT):
        if any(fits(wanted, one, machine, share) for one in candidates):
            assert fits(wanted, plan.candidate, machine, share)
    assert (plan.reason == "fits") == any(fits(wanted, one, machine, CHOSEN) for one in candidates)


@given(STREAMS, CANDIDATES, MACHINES, st.integers(0, 5))
def test_never_goes_on_with_one_that_does_not_fit_when_another_does(
    wanted: list[Stream], candidates: list[Candidate], machine: Machine, used: int
) -> None:
    plan = plan_model(wanted, candidates, machine, candidates[used % len(candidates)].model)
    if any(fits(wanted, one, machine, KEPT) for one in candidates):
        assert fits(wanted, plan.candidate, machine, KEPT)


@given(STREAMS, CANDIDATES, MACHINES, st.integers(0, 5))
def test_what_was_chosen_stays_when_nothing_changes(
    wanted: list[Stream], candidates: list[Candidate], machine: Machine, used: int
) -> None:
    once = plan_model(wanted, candidates, machine, candidates[used % len(candidates)].model)
    again = plan_model(wanted, candidates, machine, once.candidate.model)
    assert again.candidate == once.candidate


def slower(machine: Machine, candidates: list[Candidate], factor: float) -> tuple[Machine, list[Candidate]]:
    costs = [replace(one, cost_ms=one.cost_ms * factor) for one in candidates]
    return replace(machine, base_ms=machine.base_ms * factor), costs


@given(STREAMS, CANDIDATES, MACHINES, st.floats(1, 4))
def test_a_slower_processor_never_gets_a_better_detector(
    wanted: list[Stream], candidates: list[Candidate], machine: Machine, factor: float
) -> None:
    here = plan_model(wanted, candidates, machine)
    there = plan_model(wanted, slower(machine, candidates, factor)[1], slower(machine, candidates, factor)[0])
    if there.reason == "fits":
        assert here.reason == "fits"
        assert here.candidate.quality >= there.candidate.quality


@given(STREAMS, CANDIDATES, MACHINES, STREAMS)
def test_more_streams_never_get_a_better_detector(
    wanted: list[Stream], candidates: list[Candidate], machine: Machine, more: list[Stream]
) -> None:
    few, many = plan_model(wanted, candidates, machine), plan_model(wanted + more, candidates, machine)
    if many.reason == "fits":
        assert few.reason == "fits"
        assert few.candidate.quality >= many.candidate.quality
    else:
        assert many.candidate.cost_ms <= min(one.cost_ms for one in candidates)


@given(STREAMS, CANDIDATES, MACHINES)
def test_a_camera_that_comes_and_goes_restarts_workers_once_at_most(
    wanted: list[Stream], candidates: list[Candidate], machine: Machine
) -> None:
    """The distance of the shares is more than one of many like streams."""
    like = [Stream(5.0)] * (len(wanted) + 8)
    used, changes = plan_model(like, candidates, machine).candidate, 0
    for step in range(6):
        plan = plan_model(like[step % 2 :], candidates, machine, used.model)
        changes += plan.candidate != used
        used = plan.candidate
    assert changes <= 1
    assert RAISED < CHOSEN < KEPT
