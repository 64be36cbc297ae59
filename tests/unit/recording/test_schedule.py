"""The calendar holds in local time, through nights and clock changes."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vedette.core.recording_plan import CalendarSpan, RecordingMode, RecordingPlan
from vedette.core.time import NS_PER_S
from vedette.recording.schedule import Schedule, UnknownZoneError

OFF, MOTION, EVENT = RecordingMode.OFF, RecordingMode.MOTION, RecordingMode.EVENT
EVERY_DAY = tuple(range(7))
ZONES = ("UTC", "Asia/Ho_Chi_Minh", "Europe/Berlin", "America/St_Johns", "Australia/Lord_Howe", "Africa/Casablanca")


def utc(*when: int) -> int:
    return int(datetime(*when, tzinfo=UTC).timestamp()) * NS_PER_S


def schedule(*spans: CalendarSpan, zone: str = "UTC") -> Schedule:
    return Schedule(RecordingPlan(mode=OFF, calendar=spans, timezone=zone))


spans = st.builds(
    lambda days, cut, mode: CalendarSpan(tuple(days), *sorted(cut), mode),
    st.sets(st.integers(0, 6), min_size=1),
    st.tuples(st.integers(0, 1440), st.integers(0, 1440)).filter(lambda cut: cut[0] != cut[1]),
    st.sampled_from(RecordingMode),
)


@given(st.lists(spans, max_size=4), st.sampled_from(ZONES), st.integers(1_700_000_000, 1_900_000_000))
def test_mode_is_constant_up_to_the_next_change_and_another_after_it(found, zone, second) -> None:
    plan = Schedule(RecordingPlan(calendar=tuple(found), timezone=zone))
    at_ns = second * NS_PER_S
    mode, change_ns = plan.find_mode(at_ns), plan.find_next_change(at_ns)
    end_ns = at_ns + 7 * 86_400 * NS_PER_S if change_ns is None else change_ns
    for step in range(50):
        assert plan.find_mode(at_ns + (end_ns - 1 - at_ns) * step // 50) == mode
    assert plan.find_mode(end_ns - 1) == mode
    assert change_ns is None or plan.find_mode(change_ns) != mode


def test_later_span_wins_and_the_border_is_half_open() -> None:
    plan = schedule(CalendarSpan(EVERY_DAY, 480, 1080, MOTION), CalendarSpan(EVERY_DAY, 720, 780, EVENT))
    found = [plan.find_mode(utc(2026, 6, 1, *at)) for at in ((7, 59), (8, 0), (12, 0), (12, 59), (13, 0), (18, 0))]
    assert found == [OFF, MOTION, EVENT, EVENT, MOTION, OFF]


def test_night_shift_is_two_spans_without_a_hole_at_midnight() -> None:
    plan = schedule(CalendarSpan((0,), 1320, 1440, MOTION), CalendarSpan((1,), 0, 360, MOTION))
    assert plan.find_next_change(utc(2026, 6, 1, 23)) == utc(2026, 6, 2, 6)  # Monday night


def test_hour_that_comes_twice_holds_twice_and_the_missing_one_never() -> None:
    plan = schedule(CalendarSpan(EVERY_DAY, 120, 180, MOTION), zone="Europe/Berlin")
    assert plan.find_mode(utc(2026, 10, 25, 0, 30)) == MOTION  # 02:30 summer time
    assert plan.find_mode(utc(2026, 10, 25, 1, 30)) == MOTION  # 02:30 again
    assert plan.find_next_change(utc(2026, 10, 25, 0, 30)) == utc(2026, 10, 25, 2)
    assert plan.find_next_change(utc(2026, 3, 28, 3)) == utc(2026, 3, 30, 0)  # nothing on the 29th


def test_unknown_zone_is_told_not_taken_for_utc() -> None:
    for zone in ("Mars/Olympus", "../etc/passwd", ""):
        with pytest.raises(UnknownZoneError):
            Schedule(RecordingPlan(timezone=zone))
