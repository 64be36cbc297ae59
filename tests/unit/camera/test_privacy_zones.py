"""A privacy zone that would hide less than it seems to is refused; every change is told, old and new."""

import pytest

from vedette.camera.privacy_zones import (
    MAX_POINTS,
    MAX_ZONES,
    InvalidPrivacyZonesError,
    ZoneForm,
    describe_zone_changes,
    find_uncovered,
    read_zones,
)
from vedette.core.privacy import MaskedUnavailableError, PrivacyZone, Sight, WholeCamera
from vedette.identity.audit import MAX_DETAIL_CHARS

SQUARE = ((0.1, 0.1), (0.4, 0.1), (0.4, 0.4), (0.1, 0.4))
COMB = (*((i / 16, 0.15 if i % 2 else 0.1) for i in range(15)), (0.5, 0.9))


def form(points=SQUARE, name: str = "Window", zone_id: str = "") -> ZoneForm:
    return ZoneForm(zone_id, name, tuple(points))


def read(*forms: ZoneForm) -> tuple[PrivacyZone, ...]:
    return read_zones(forms, [f"new-{number}" for number in range(len(forms))])


def faults_of(*forms: ZoneForm) -> dict[str, str]:
    with pytest.raises(InvalidPrivacyZonesError) as caught:
        read(*forms)
    return {fault.field: fault.message for fault in caught.value.faults}


def test_no_zones_are_valid_and_an_id_is_given_only_where_none_was() -> None:
    assert read() == ()
    first, second = read(form(), form(name="Door", zone_id="kept"))
    assert (first.id, second.id) == ("new-0", "kept")


def test_whole_picture_and_a_comb_shape_can_be_hidden() -> None:
    assert len(read(form(((0, 0), (1, 0), (1, 1), (0, 1))), form(COMB, "Comb"))) == 2


@pytest.mark.parametrize(
    ("points", "word"),
    [
        (((0.1, 0.1), (0.4, 0.4), (0.4, 0.1), (0.1, 0.4)), "crosses"),  # bow tie: a hole in some fillers
        (((0.1, 0.1), (0.4, 0.1), (0.4, 0.4), (0.25, 0.1), (0.1, 0.4)), "crosses"),  # touches its own edge
        (((0.1, 0.1), (0.1, 0.1), (0.4, 0.1), (0.4, 0.4)), "crosses"),  # a corner twice
        (((0.1, 0.1), (0.5, 0.5), (0.9, 0.9)), "encloses"),  # a line hides nothing
        (((0.1, 0.1), (0.105, 0.1), (0.105, 0.105)), "encloses"),
        (((0.1, 0.1), (1.1, 0.1), (0.4, 0.4)), "leaves the picture"),
        (((0.1, 0.1), (float("nan"), 0.1), (0.4, 0.4)), "leaves the picture"),
        (((0.1, 0.1), (float("inf"), 0.1), (0.4, 0.4)), "leaves the picture"),
        (((0.1, 0.1), (0.4, 0.1)), "2 points"),
        ((), "0 points"),
        (((*COMB, (0.4, 0.9))), "17 points"),
    ],
)
def test_outline_that_would_not_hide_is_refused(points, word: str) -> None:
    assert word in faults_of(form(points))["zones.0.polygon"]


def test_all_faults_are_told_at_once() -> None:
    faults = faults_of(form(name=""), form(SQUARE[:2], "a" * 41), *(form(name=f"{i}") for i in range(MAX_ZONES)))
    assert set(faults) == {"zones", "zones.0.name", "zones.1.name", "zones.1.polygon"}


def test_same_name_or_id_twice_is_refused() -> None:
    assert "name" in faults_of(form(), form(name="WINDOW"))["zones"]
    assert "id" in faults_of(form(zone_id="a"), form(name="b", zone_id="a"))["zones"]


def test_journal_tells_old_and_new_of_each_zone() -> None:
    before = read(form(zone_id="a"), form(name="Door", zone_id="b"), form(name="Roof", zone_id="c"))
    moved = form(((0.2, 0.2), *SQUARE[1:]), zone_id="a")
    after = read(moved, form(name="Gate", zone_id="b"), form(name="Bed", zone_id="d"))
    assert describe_zone_changes(before, before) == []
    lines = describe_zone_changes(before, after)
    square = "0.100,0.100 0.400,0.100 0.400,0.400 0.100,0.400"
    assert lines == [
        f"removed Roof: {square}",
        f"added Bed: {square}",
        f"changed Window: {square} -> 0.200,0.200 0.400,0.100 0.400,0.400 0.100,0.400",
        "renamed Door -> Gate",
    ]
    assert find_uncovered(before, after) == [
        "privacy zone Roof removed",
        "privacy zone Window has another outline",
    ]


def test_longest_change_fits_into_one_row_of_the_audit_trail() -> None:
    (before,) = read(form(COMB, "n" * 40, "a"))
    (after,) = read(form(((0.01, 0.11), *COMB[1:]), "n" * 40, "a"))
    assert len(COMB) == MAX_POINTS
    (line,) = describe_zone_changes([before], [after])
    assert len(line) <= MAX_DETAIL_CHARS


def test_masked_sight_gives_no_key_to_footage() -> None:
    assert Sight("cam").whole() == WholeCamera("cam")
    with pytest.raises(MaskedUnavailableError):
        Sight("cam", read(form())).whole()
