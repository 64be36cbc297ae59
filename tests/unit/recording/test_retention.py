"""What is deleted, and what never is. Pains 8 (too much), 9 (too little) and 10 (rows without files)."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.recording import KEY
from vedette.core.ids import find_id_ns, make_id
from vedette.core.recording_plan import Hold, RecordingMode, RetentionTerm
from vedette.core.time import NS_PER_S
from vedette.recording.clock_trust import ClockTrust
from vedette.recording.records import StoredSegment
from vedette.recording.retention import (
    DAY_NS,
    KeepRules,
    SpaceLimit,
    find_age_ns,
    find_expired_below,
    find_shortage,
    plan_expiry,
    plan_space,
)

NOW_NS = 1_800_000_000 * NS_PER_S
MODES = [RecordingMode.CONTINUOUS, RecordingMode.MOTION]
YEAR_2099_NS = 4_070_908_800 * NS_PER_S


def segment(recorded_ns: int, captured_ns: int | None = None, mode=RecordingMode.CONTINUOUS, size=10) -> StoredSegment:
    start_ns = recorded_ns if captured_ns is None else captured_ns
    return StoredSegment(make_id(recorded_ns, bytes(10)), start_ns, size, start_ns + 60 * NS_PER_S, KEY, mode)


def rules(min_days=0.0, max_days=0.0, holds=(), mode=RecordingMode.CONTINUOUS) -> KeepRules:
    return KeepRules({(KEY.camera_id, mode): RetentionTerm(mode, min_days, max_days)}, tuple(holds))


def hold(from_ns: int, to_ns: int) -> Hold:
    return Hold("h", KEY.camera_id, from_ns, to_ns)


@pytest.mark.parametrize("captured_ns", [0, YEAR_2099_NS])
def test_pain_08_a_camera_with_a_wrong_clock_loses_nothing_before_its_time(captured_ns) -> None:
    """Pain 8: retention deletes too much."""
    fresh = segment(NOW_NS - DAY_NS, captured_ns)
    assert plan_expiry(rules(max_days=7), [fresh], NOW_NS) == []
    old = segment(NOW_NS - 9 * DAY_NS, captured_ns)
    assert [one.segment for one in plan_expiry(rules(max_days=7), [old], NOW_NS)] == [old]  # nor is it kept for ever


def test_pain_08_footage_of_a_recorder_without_a_clock_never_expires_by_it() -> None:
    """Pain 8: a recorder that started in 1970 and was set later."""
    assert find_age_ns(segment(1000 * NS_PER_S), NOW_NS) is None
    assert plan_expiry(rules(max_days=1), [segment(1000 * NS_PER_S)], NOW_NS) == []


def test_pain_08_after_a_step_of_our_clock_nothing_expires_for_an_hour() -> None:
    """Pain 8: the clock goes an hour on, and back again."""
    trust = ClockTrust(NOW_NS)
    assert trust.push(NOW_NS, 0)
    for step_ns in (3600 * NS_PER_S, -3600 * NS_PER_S):
        trust = ClockTrust(NOW_NS)
        trust.push(NOW_NS, 0)
        assert not trust.push(NOW_NS + step_ns + NS_PER_S, NS_PER_S)
        assert not trust.push(NOW_NS + step_ns + 3600 * NS_PER_S, 3600 * NS_PER_S)
        assert trust.push(NOW_NS + step_ns + 3602 * NS_PER_S, 3602 * NS_PER_S)


@pytest.mark.parametrize("now_ns", [YEAR_2099_NS, 0])
def test_pain_08_a_start_in_another_year_waits_a_day(now_ns) -> None:
    """Pain 8: the battery of the clock is empty."""
    trust = ClockTrust(NOW_NS)
    assert not trust.push(now_ns, 0)
    assert not trust.push(now_ns + DAY_NS - NS_PER_S, DAY_NS - NS_PER_S)
    assert trust.push(now_ns + DAY_NS, DAY_NS)


def test_slewing_is_no_step() -> None:
    trust = ClockTrust(NOW_NS)
    assert all(trust.push(NOW_NS + second * 1_000_500_000, second * NS_PER_S) for second in range(100))


ages = st.integers(0, 40 * 86_400)
segments = st.lists(
    st.tuples(ages, st.integers(-60, 60), st.sampled_from(MODES)).map(
        lambda one: segment(NOW_NS - one[0] * NS_PER_S, NOW_NS - (one[0] + one[1] * 3600) * NS_PER_S, one[2])
    ),
    max_size=30,
    unique_by=lambda one: one.segment_id,
).map(lambda found: sorted(found, key=lambda one: one.segment_id))
terms = st.builds(
    lambda low, high, a, b: KeepRules(
        {(KEY.camera_id, mode): RetentionTerm(mode, low, high) for mode in MODES},
        (hold(NOW_NS - max(a, b) * NS_PER_S, NOW_NS - min(a, b) * NS_PER_S),),
    ),
    st.floats(0, 30),
    st.floats(0, 30),
    ages,
    ages,
)


@given(segments, terms, st.integers(1, 400))
def test_held_footage_is_in_no_plan_and_minimum_goes_last(found, keep, shortage) -> None:
    plan = plan_space(keep, shortage, found, found, NOW_NS)
    assert not any(keep.is_held(one.segment) for one in plan)
    free = [one for one in found if not keep.is_held(one)]
    if plan and plan[0].reason == "space_below_minimum":
        ages = [find_age_ns(one, NOW_NS) for one in free]
        assert all(age is None or age < keep.find_term(free[0]).min_days * DAY_NS for age in ages)
    assert bool(plan) is bool(free)  # what may go does go: a volume is full only when all of it is held
    taken = sum(one.segment.size_bytes for one in plan)
    assert taken < shortage + 10  # not one segment more than needed


@given(segments, terms)
def test_expired_is_only_what_is_too_old_by_every_clock(found, keep) -> None:
    for one in plan_expiry(keep, found, NOW_NS):
        max_ns = keep.find_term(one.segment).max_days * DAY_NS
        assert NOW_NS - find_id_ns(one.segment.segment_id) > max_ns - NS_PER_S
        assert not keep.is_held(one.segment)


@given(segments, terms)
def test_candidates_by_id_hold_everything_that_expires(found, keep) -> None:
    planned = {one.segment.segment_id for one in plan_expiry(keep, found, NOW_NS)}
    low, high = find_expired_below(keep.terms[KEY.camera_id, RecordingMode.CONTINUOUS], NOW_NS)
    assert all(low <= segment_id <= high for segment_id in planned)


def test_oldest_past_its_minimum_goes_before_an_older_one_below_it() -> None:
    young = segment(NOW_NS - 2 * DAY_NS)
    other = segment(NOW_NS - DAY_NS, mode=RecordingMode.MOTION)
    keep = rules(min_days=7)
    plan = plan_space(keep, 5, [young], [young, other], NOW_NS)
    assert [(one.segment, one.reason) for one in plan] == [(other, "space")]
    plan = plan_space(keep, 5, [young], [young], NOW_NS)
    assert [(one.segment, one.reason) for one in plan] == [(young, "space_below_minimum")]


def test_a_hold_covers_a_segment_that_it_only_touches() -> None:
    one = segment(NOW_NS - DAY_NS)
    assert rules(holds=[hold(one.end_ns - 1, one.end_ns + 1)]).is_held(one)
    assert not rules(holds=[hold(one.end_ns, one.end_ns + 1)]).is_held(one)
    other = replace(one, key=replace(KEY, camera_id=make_id(5_000_000, bytes(10))))
    assert not rules(holds=[hold(one.start_ns, one.end_ns)]).is_held(other)


@pytest.mark.parametrize(
    ("limit", "used", "free", "short"),
    [
        (SpaceLimit(0, 0), 5, 100, 0),
        (SpaceLimit(100, 0), 95, 1000, 5),
        (SpaceLimit(0, 50), 0, 55, 5),
    ],
)
def test_shortage_counts_quota_and_reserve(limit, used, free, short) -> None:
    assert find_shortage(limit, used, free, 10) == short
