"""Settings by which nothing can be motion are refused, every change is told, and what counts less is seen by others."""

import pytest

from vedette.camera.motion_zones import (
    MAX_POINTS,
    MAX_ZONES,
    InvalidMotionZonesError,
    MotionZoneForm,
    describe_motion_changes,
    find_counted_share,
    find_weaker_motion,
    read_motion,
)
from vedette.core.motion import MotionSensitivity, MotionSettings
from vedette.identity.audit import MAX_DETAIL_CHARS

SQUARE = ((0.1, 0.1), (0.4, 0.1), (0.4, 0.4), (0.1, 0.4))
WHOLE = ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0))


def form(points=SQUARE, name: str = "Trees", kind: str = "exclude") -> MotionZoneForm:
    return MotionZoneForm(name, kind, tuple(points))


def faults_of(*forms: MotionZoneForm, sensitivity: str = "normal") -> dict[str, str]:
    with pytest.raises(InvalidMotionZonesError) as caught:
        read_motion(sensitivity, forms)
    return {fault.field: fault.message for fault in caught.value.faults}


def test_no_zones_count_everywhere() -> None:
    assert read_motion("normal", []) == MotionSettings()
    assert find_counted_share(MotionSettings()) == 1.0


def test_every_fault_is_found_at_once() -> None:
    found = faults_of(
        form(kind="hide"),
        form(name="trees", points=((0, 0), (1, 1))),
        form(name="", points=((0, 0), (1, 1), (1, 0), (0, 1))),
        form(name="Dot", points=((0, 0), (0.005, 0), (0, 0.005))),
        sensitivity="extreme",
    )
    assert set(found) == {"sensitivity", "zones", "zones.0.kind", "zones.1.polygon", "zones.2.name",
                          "zones.2.polygon", "zones.3.polygon"}  # fmt: skip
    assert "crosses" in found["zones.2.polygon"]


@pytest.mark.parametrize(
    "forms",
    [
        [form(WHOLE)],
        [form(SQUARE, kind="include"), form(SQUARE, name="Same")],
        [form(((0, 0), (1, 0), (1, 0.996), (0, 0.996)))],
    ],
)
def test_zones_that_leave_nothing_to_see_are_refused(forms: list[MotionZoneForm]) -> None:
    assert "in which motion counts" in faults_of(*forms)["zones"]


def test_include_zone_in_which_nothing_could_be_seen_is_refused_and_a_time_stamp_may_be_left_out() -> None:
    small = ((0.9, 0.0), (0.99, 0.0), (0.99, 0.05), (0.9, 0.05))
    assert "nothing would be seen" in faults_of(form(small, kind="include"))["zones.0.polygon"]
    assert find_counted_share(read_motion("normal", [form(small)])) == pytest.approx(0.9955, abs=0.002)


def test_a_seventeenth_zone_is_refused() -> None:
    many = [form(name=f"Zone {number}") for number in range(MAX_ZONES + 1)]
    assert "at most 16" in faults_of(*many)["zones"]
    assert len(read_motion("low", many[:-1]).zones) == MAX_ZONES


def test_every_change_is_told_old_and_new_in_a_row_that_the_journal_takes() -> None:
    comb = (*((i / 16, 0.15 if i % 2 else 0.1) for i in range(MAX_POINTS - 1)), (0.5, 0.9))
    moved = tuple((x, y + 0.05) for x, y in comb)
    name = "n" * 40
    before = read_motion("high", [form(comb, name=name), form(name="Road")])
    after = read_motion("low", [form(moved, name=name, kind="include"), form(name="Stamp")])
    told = describe_motion_changes(before, after)
    assert [line.split(" ")[0] for line in told] == ["sensitivity:", "removed", "added", "changed"]
    assert max(map(len, told)) <= MAX_DETAIL_CHARS
    assert describe_motion_changes(before, before) == []


def test_what_counts_less_is_a_weakening_and_what_counts_more_is_none() -> None:
    none, trees = read_motion("normal", []), read_motion("normal", [form()])
    (told,) = find_weaker_motion(none, trees)
    assert told == "motion no longer counts in 9% of the picture"
    assert find_weaker_motion(trees, none) == []
    only = read_motion("normal", [form(kind="include")])
    assert find_weaker_motion(trees, only) == ["motion no longer counts in 91% of the picture"]
    low = MotionSettings(MotionSensitivity.LOW)
    assert find_weaker_motion(none, low) == ["motion sensitivity normal -> low"]
    assert find_weaker_motion(low, none) == []
