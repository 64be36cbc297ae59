"""Hazards of matching: a wanted plate missed for a hyphen or a misjudged colour, a permitted one alarmed for a misread
sign, an entry that matches after its time, a hundred thousand of them in the way.
"""

import pytest

from vedette.core.faults import FaultyInputError
from vedette.core.objects import AttributeValue, ObjectFacts, PlateReading
from vedette.core.plates import read_plate
from vedette.core.time import NS_PER_S
from vedette.core.watchlists import (
    Doubt,
    DoubtKind,
    ListKind,
    ListOrder,
    ListSubject,
    MatchState,
    Severity,
    VehicleMark,
    Watchlist,
    WatchlistEntry,
)
from vedette.watchlists.forms import VehicleForm, read_vehicle
from vedette.watchlists.vehicles import VehicleLists, VehicleMatch, VehicleSeen, see_vehicle

NOW = 1_750_000_000 * NS_PER_S


def listed(*marks: VehicleMark, kind: ListKind = ListKind.WANTED, **settings: object) -> ListOrder:
    watchlist = Watchlist("L", "List", kind, ListSubject.VEHICLES, "Lan", "test", **settings)  # type: ignore[arg-type]
    entries = [WatchlistEntry(f"E{number}", "because", "Lan", vehicle=mark) for number, mark in enumerate(marks)]
    return ListOrder(watchlist, tuple(entries))


def seen(text: str = "", state: str = "read", kind: str = "", colour: str = "") -> VehicleSeen:
    return VehicleSeen(PlateReading(text, 0.97, state), kind, colour)


def find(order: ListOrder, vehicle: VehicleSeen, camera: str = "A", at_ns: int = NOW) -> list[VehicleMatch]:
    return VehicleLists([order]).find(camera, vehicle, at_ns)


def state_of(order: ListOrder, vehicle: VehicleSeen) -> MatchState | None:
    matches = find(order, vehicle)
    assert len(matches) <= 1
    return matches[0].state if matches else None


@pytest.mark.parametrize("written", ["51F-123.45", "51f 12345", "51F12345", " 51F\u2013123·45 ", "51F/123_45"])
def test_plate_is_matched_on_letters_and_figures_alone(written: str) -> None:
    assert state_of(listed(VehicleMark(read_plate(written))), seen("51F12345")) is MatchState.SURE


def test_vietnamese_d_with_stroke_is_the_d_that_is_read() -> None:
    assert read_plate("29-MĐ1 234.56") == "29MD123456"


@pytest.mark.parametrize("written", ["51F#123", "51F=cmd()", "Ж123", "51F\n123", "٣٤٥"])
def test_strange_signs_are_refused_and_not_left_out(written: str) -> None:
    with pytest.raises(ValueError, match="A-Z, 0-9"):
        read_plate(written)


def test_long_and_starry_plates_are_refused() -> None:
    with pytest.raises(ValueError, match="at most 20"):
        read_plate("A" * 21)
    with pytest.raises(ValueError, match="more than 3"):
        read_plate("*1*2*3*4")
    assert read_plate("51***F") == "51*F"


@pytest.mark.parametrize(
    ("pattern", "text", "is_fit"),
    [
        ("51F?2345", "51F12345", True),
        ("51F?2345", "51F2345", False),
        ("51F?2345", "51F112345", False),
        ("51F*", "51F", True),
        ("51F*", "51F99999", True),
        ("*345", "51F12345", True),
        ("*345", "51F12346", False),
        ("51*45", "51F12345", True),
        ("51*45", "51F123456", False),
        ("51.12345", "51F12345", False),
    ],
)
def test_wildcards_stand_for_what_they_should(pattern: str, text: str, *, is_fit: bool) -> None:
    assert bool(find(listed(VehicleMark(read_plate(pattern))), seen(text))) is is_fit


def test_many_stars_take_no_long_time() -> None:
    hostile = listed(*(VehicleMark(read_plate(f"*A*A*A{number:04d}")) for number in range(2000)))
    assert find(hostile, seen("A" * 16)) == []


@pytest.mark.parametrize("text", ["51F1Z345", "S1F12345", "51FI2345"])
@pytest.mark.parametrize("plate", ["51F12345", "51F1234?"])
def test_signs_that_look_alike_match_as_unsure_and_say_so(plate: str, text: str) -> None:
    [match] = find(listed(VehicleMark(plate)), seen(text))
    assert (match.state, match.severity) == (MatchState.UNSURE, Severity.WARNING)
    assert match.doubts == (Doubt(DoubtKind.SIGNS_ALIKE, text, plate),)


def test_sign_that_looks_like_no_other_is_another_plate() -> None:
    assert find(listed(VehicleMark("51F12345")), seen("51F12347")) == []
    assert find(listed(VehicleMark("51F12345")), seen("51K12345")) == []


def test_unsure_plate_matches_as_unsure_with_less_severity() -> None:
    [match] = find(listed(VehicleMark("51F12345")), seen("51F12345", "unsure"))
    assert (match.state, match.severity) == (MatchState.UNSURE, Severity.WARNING)
    assert match.doubts == (Doubt(DoubtKind.PLATE_UNSURE, "51F12345", "51F12345"),)


def test_entry_counts_from_its_begin_until_before_its_end() -> None:
    entry = WatchlistEntry("E", "because", "Lan", from_ns=NOW, to_ns=NOW + 10, vehicle=VehicleMark("51F12345"))
    order = ListOrder(listed().watchlist, (entry,))
    answers = [bool(find(order, seen("51F12345"), at_ns=at_ns)) for at_ns in (NOW - 1, NOW, NOW + 9, NOW + 10)]
    assert answers == [False, True, True, False]


def test_lists_that_are_off_or_look_at_other_cameras_say_nothing() -> None:
    mark = VehicleMark("51F12345")
    assert find(listed(mark, enabled=False), seen("51F12345")) == []
    assert find(listed(mark, cameras=("B",)), seen("51F12345"), "A") == []
    assert find(listed(mark, cameras=("B",)), seen("51F12345"), "B")


def test_whole_plate_is_never_lost_to_a_colour_and_the_match_says_what_differs() -> None:
    order = listed(VehicleMark("51F12345", "car", "red"))
    assert state_of(order, seen("51F12345", kind="car", colour="red")) is MatchState.SURE
    [match] = find(order, seen("51F12345", kind="car", colour="blue"))
    assert match.state is MatchState.UNSURE
    assert match.doubts == (Doubt(DoubtKind.COLOUR, "blue", "red"),)
    assert match.doubts[0].describe() == "listed with colour red, seen: blue"
    assert find(order, seen("51F12345"))[0].doubts == (
        Doubt(DoubtKind.TYPE, "", "car"),
        Doubt(DoubtKind.COLOUR, "", "red"),
    )


def test_wildcards_and_bare_entries_need_their_type_and_colour_seen() -> None:
    for plate, text in (("51F*", "51F12345"), ("", "")):
        order = listed(VehicleMark(plate, "car", "red"))
        assert state_of(order, seen(text, kind="car", colour="red")) is MatchState.SURE
        assert find(order, seen(text, kind="car", colour="blue")) == []
        assert find(order, seen(text, kind="car")) == []


def test_two_wheeler_is_the_detectors_class_and_people_are_no_vehicles() -> None:
    order = listed(VehicleMark("", "two_wheeler", ""), VehicleMark("", "", "red"))
    red = {"colour": AttributeValue("red", 0.9), "type": AttributeValue("car", 0.9)}
    vehicles = VehicleLists([order])
    by_class = {
        name: [
            match.entry.entry_id
            for match in vehicles.find("A", see_vehicle(name, ObjectFacts(1, red)), NOW)
            if match.entry
        ]
        for name in ("two_wheeler", "vehicle", "person")
    }
    assert by_class == {"two_wheeler": ["E0", "E1"], "vehicle": ["E1"], "person": []}


def test_unknown_attributes_are_not_the_value_unknown() -> None:
    assert see_vehicle("vehicle", ObjectFacts(1, {"colour": AttributeValue("unknown", 0.5)})).colour == ""


def closed(*marks: VehicleMark) -> ListOrder:
    return listed(*marks, kind=ListKind.PERMITTED, alarm_unlisted=True)


def test_read_plate_on_no_entry_of_a_closed_list_is_an_alarm() -> None:
    order = closed(VehicleMark("51F12345"), VehicleMark("30A*"))
    [stranger] = find(order, seen("99Z99999"))
    assert (stranger.state, stranger.severity, stranger.entry) == (MatchState.UNLISTED, Severity.ALARM, None)
    assert find(order, seen("99Z99999", "unsure")) == [], "half a plate is nobody's"
    assert find(order, seen()) == []
    [friend] = find(order, seen("30A11111"))
    assert (friend.state, friend.severity) == (MatchState.SURE, Severity.INFORMATION)


def test_misread_sign_of_a_permitted_plate_is_a_warning_and_no_alarm() -> None:
    [match] = find(closed(VehicleMark("51F12345")), seen("S1F12345"))
    assert (match.state, match.severity) == (MatchState.UNSURE, Severity.WARNING)


def test_permitted_plate_on_another_car_is_a_warning() -> None:
    [match] = find(closed(VehicleMark("51F12345", "", "red")), seen("51F12345", colour="blue"))
    assert (match.state, match.severity) == (MatchState.UNSURE, Severity.WARNING)


def test_expired_permission_is_none() -> None:
    entry = WatchlistEntry("E", "guest", "Lan", to_ns=NOW, vehicle=VehicleMark("51F12345"))
    [match] = find(ListOrder(closed().watchlist, (entry,)), seen("51F12345"))
    assert match.state is MatchState.UNLISTED


def test_known_list_informs() -> None:
    [match] = find(listed(VehicleMark("51F12345"), kind=ListKind.KNOWN), seen("51F12345"))
    assert match.severity is Severity.INFORMATION


def test_hundred_thousand_plates_are_found_each_and_no_other() -> None:
    vehicles = VehicleLists([listed(*(VehicleMark(f"{10 + n % 90}F{n:05d}") for n in range(100_000)))])
    for number in (0, 1, 54_321, 99_999):
        found = vehicles.find("A", seen(f"{10 + number % 90}F{number:05d}"), NOW)
        assert [match.entry.entry_id for match in found if match.state is MatchState.SURE and match.entry] == [
            f"E{number}"
        ]
    assert vehicles.find("A", seen("99Z999999"), NOW) == []


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"plate": "*"}, "plate"),
        ({"plate": "?*"}, "plate"),
        ({"plate": "51#"}, "plate"),
        ({"type": "tank"}, "type"),
        ({"colour": "mauve"}, "colour"),
        ({"reason": " "}, "reason"),
        ({"owner": ""}, "owner"),
        ({"note": "x" * 501}, "note"),
        ({"reason": "line\nbreak"}, "reason"),
        ({"from_ns": 5, "to_ns": 5}, "to"),
    ],
)
def test_entry_that_breaks_a_rule_is_refused_by_name(change: dict[str, object], field: str) -> None:
    good = {"plate": "51F12345", "type": "car", "colour": "red", "reason": "stolen", "owner": "Lan"}
    assert read_vehicle(VehicleForm(**good), "E").vehicle == VehicleMark("51F12345", "car", "red")  # type: ignore[arg-type]
    wrong = good | ({"type": "", "colour": ""} if "plate" in change else {}) | change
    with pytest.raises(FaultyInputError) as caught:
        read_vehicle(VehicleForm(**wrong), "E")  # type: ignore[arg-type]
    assert [fault.field for fault in caught.value.faults] == [field]
