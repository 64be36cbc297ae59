"""Hazards of sharing a worker: more given than there is, one camera that starves others, a cut that never ends."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vedette.vision.budget import LEAST_FPS, Allowance, CostMeter, Demand, share_worker

DEMANDS = st.lists(st.builds(Demand, st.floats(1, 60), st.floats(0, 400), st.floats(0.1, 80)), min_size=1, max_size=40)


def test_what_fits_is_given_whole() -> None:
    assert share_worker([Demand(15, 30, 8), Demand(5, 30, 8)]) == [Allowance(15), Allowance(5)]


def test_what_does_not_fit_is_cut_to_one_rate_and_the_modest_are_left_alone() -> None:
    modest, first, second = share_worker([Demand(2, 50, 10), Demand(15, 50, 40), Demand(25, 50, 40)], 850)
    assert modest.fps == 2
    assert first.fps == second.fps == pytest.approx((850 - 150 - 20) / 80)


def test_a_dear_stream_is_cut_to_key_frames_before_it_starves_the_others() -> None:
    allowed = share_worker([Demand(15, 20, 10), Demand(15, 900, 10), Demand(15, 20, 10)])
    assert [one.key_frames_only for one in allowed] == [False, True, False]
    assert allowed[0].fps == allowed[2].fps == 15


@given(DEMANDS)
def test_shares_stay_in_bounds_and_in_the_capacity(demands: list[Demand]) -> None:
    allowed = share_worker(demands, 850)
    assert len(allowed) == len(demands)
    spent_ms = 0.0
    for one, demand in zip(allowed, demands, strict=True):
        assert LEAST_FPS <= one.fps <= demand.most_fps
        if not one.key_frames_only:
            spent_ms += demand.decode_ms + (one.fps * demand.picture_ms if one.fps > LEAST_FPS else 0)
    assert spent_ms <= 850 * 1.0001


@given(DEMANDS)
def test_nobody_who_is_cut_gets_less_than_another_who_costs_the_same(demands: list[Demand]) -> None:
    whole = [one for one in share_worker(demands, 850) if not one.key_frames_only]
    highest = max((one.fps for one in whole), default=0)
    for one, demand in zip(share_worker(demands, 850), demands, strict=True):
        if not one.key_frames_only:
            assert one.fps == pytest.approx(min(max(LEAST_FPS, highest), demand.most_fps))


def test_costs_are_per_second_of_media_and_per_analysed_picture() -> None:
    meter = CostMeter()
    for number in range(50):
        meter.note(1000, 4000 if number % 2 else 0, number % 2, 0.04)
    assert meter.read(15, key_frames_only=False) == Demand(15, pytest.approx(25.0), pytest.approx(4.0))


def test_old_costs_fade() -> None:
    meter = CostMeter()
    meter.note(0, 80_000, 1, 1.0)
    meter.read(15, key_frames_only=False)
    for _ in range(8):
        for _ in range(15):
            meter.note(0, 2000, 1, 1 / 15)
        last = meter.read(15, key_frames_only=False)
    assert last.picture_ms < 3.0


def test_a_stream_cut_to_key_frames_is_tried_again_after_a_while() -> None:
    meter = CostMeter()
    meter.note(900_000, 0, 0, 1.0)
    demand = meter.read(15, key_frames_only=False)
    rounds = 0
    while share_worker([demand])[0].key_frames_only:
        meter.note(36_000, 0, 0, 1.0)
        demand = meter.read(15, key_frames_only=True)
        rounds += 1
    assert 2 < rounds < 60


def test_a_stream_that_said_nothing_yet_costs_nothing_and_gets_what_it_asks_for() -> None:
    assert share_worker([CostMeter().read(15, key_frames_only=False)]) == [Allowance(15)]
