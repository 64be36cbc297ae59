"""When a match is told: not twice, not for a first bad look, not never."""

from vedette.core.objects import AttributeValue, ObjectFacts, PlateReading
from vedette.core.time import NS_PER_S
from vedette.core.watchlists import ListKind, ListOrder, ListSubject, MatchState, VehicleMark, Watchlist, WatchlistEntry
from vedette.watchlists.track_watch import TrackWatch
from vedette.watchlists.vehicles import VehicleLists

NOW = 1_750_000_000 * NS_PER_S


def lists(*marks: VehicleMark, kind: ListKind = ListKind.WANTED, alarm_unlisted: bool = False) -> VehicleLists:
    watchlist = Watchlist("L", "List", kind, ListSubject.VEHICLES, "Lan", "test", alarm_unlisted=alarm_unlisted)
    entries = [WatchlistEntry(f"E{number}", "because", "Lan", vehicle=mark) for number, mark in enumerate(marks)]
    return VehicleLists([ListOrder(watchlist, tuple(entries))])


def facts(text: str = "", state: str = "read", **attributes: str) -> ObjectFacts:
    plate = PlateReading(text, 0.95, state) if text else None
    return ObjectFacts(1, {name: AttributeValue(value, 0.9) for name, value in attributes.items()}, plate)


class Looks:
    """One track's looks, a tenth of a second apart."""

    def __init__(self, wanted: VehicleLists) -> None:
        self.watch = TrackWatch("A")
        self.wanted = wanted
        self.at_ns = NOW

    def look(self, seen: ObjectFacts, *, is_over: bool = False, track_id: int = 1) -> list[tuple[MatchState, bool]]:
        self.at_ns += NS_PER_S // 10
        sightings = self.watch.look(self.wanted, track_id, "vehicle", seen, self.at_ns, is_over=is_over)
        return [(sighting.match.state, sighting.is_news) for sighting in sightings]


def test_read_plate_is_told_at_once_and_never_again_on_this_track() -> None:
    looks = Looks(lists(VehicleMark("51F12345"), VehicleMark("51F*")))
    assert looks.look(facts("51F12345")) == [(MatchState.SURE, True)] * 2
    assert looks.look(facts("51F12345")) == []
    assert looks.look(facts("51F12345"), is_over=True) == []
    assert looks.look(facts("51F12345"), track_id=2) == [(MatchState.SURE, True)] * 2


def test_unsure_plate_waits_for_a_second_look_and_becomes_sure_once() -> None:
    looks = Looks(lists(VehicleMark("51F12345")))
    assert looks.look(facts("51F12345", "unsure")) == []
    assert looks.look(facts("51F12345", "unsure")) == [(MatchState.UNSURE, True)]
    assert looks.look(facts("51F12345", "unsure")) == []
    assert looks.look(facts("51F12345")) == [(MatchState.SURE, False)]
    assert looks.look(facts("51F12345", "unsure")) == [], "what was sure once is not told as unsure"
    assert looks.look(facts("51F12345")) == []


def test_misread_first_look_is_forgotten_when_the_second_says_otherwise() -> None:
    looks = Looks(lists(VehicleMark("51F12345"), kind=ListKind.PERMITTED, alarm_unlisted=True))
    assert looks.look(facts("99Z99999")) == []
    assert looks.look(facts("51F12345")) == [(MatchState.SURE, True)]
    assert looks.look(facts("51F12345"), is_over=True) == []


def test_stranger_seen_once_is_told_when_he_is_gone() -> None:
    looks = Looks(lists(VehicleMark("51F12345"), kind=ListKind.PERMITTED, alarm_unlisted=True))
    assert looks.look(facts("99Z99999")) == []
    assert looks.look(facts("99Z99999"), is_over=True) == [(MatchState.UNLISTED, True)]


def test_what_waits_is_overdue_after_a_second_without_a_look() -> None:
    looks = Looks(lists(VehicleMark("", "car", "red")))
    assert looks.look(facts(type="car", colour="red")) == []
    assert looks.watch.find_overdue(looks.at_ns + NS_PER_S - 1) == ()
    assert looks.watch.find_overdue(looks.at_ns + NS_PER_S) == (1,)
    assert looks.look(facts(type="car", colour="red")) == [(MatchState.SURE, True)]
    assert looks.watch.find_overdue(looks.at_ns + 9 * NS_PER_S) == ()


def test_track_with_the_number_of_one_that_is_over_is_another() -> None:
    looks = Looks(lists(VehicleMark("51F12345")))
    looks.look(facts("51F12345"))
    looks.watch.forget(1)
    assert looks.look(facts("51F12345")) == [(MatchState.SURE, True)]


def test_without_lists_nothing_is_looked_at() -> None:
    looks = Looks(VehicleLists())
    assert looks.look(facts("51F12345"), is_over=True) == []


def test_entry_added_to_a_list_is_told_of_a_track_that_is_known_already() -> None:
    looks = Looks(lists(VehicleMark("30A11111")))
    assert looks.look(facts("51F12345")) == []
    looks.wanted = lists(VehicleMark("30A11111"), VehicleMark("51F12345"))
    assert looks.look(facts("51F12345")) == [(MatchState.SURE, True)]
