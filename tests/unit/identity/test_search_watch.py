"""Hazards of watching how people are searched: a misuse is not told, or an honest day's work is."""

import random
from collections.abc import Callable
from dataclasses import replace

import pytest

from vedette.core.time import NS_PER_S
from vedette.identity.audit import AuditEntry, Outcome
from vedette.identity.search_trail import read_searches, say_detail, say_result
from vedette.identity.search_watch import AskedSearch, WatchTerms, find_odd_use

HOUR_NS = 3600 * NS_PER_S
DAY_NS = 24 * HOUR_NS
TERMS = WatchTerms()
SEEDS = range(20)


def work(seed: int, days: int = 20) -> list[AskedSearch]:
    """Honest days: in working hours some cases a day, each about one or two people, looked at from a few sides."""
    chance, history = random.Random(seed), list[AskedSearch]()
    for day in range(days):
        at_ns = day * DAY_NS + 8 * HOUR_NS
        for case in range(chance.randint(1, 5)):
            purpose = f"report {day}-{case}"
            for person in range(chance.randint(1, 2)):
                seen = [f"d{day}c{case}p{person}o{number}" for number in range(5)]
                for step in range(chance.randint(1, 6)):
                    at_ns += chance.randint(30, 900) * NS_PER_S
                    like = "" if step == 0 or chance.random() < 0.3 else chance.choice(seen)
                    nearest = tuple(chance.sample([one for one in seen if one != like], 3))
                    found = 0 if not like and chance.random() < 0.3 else 3
                    near = not like and chance.random() < 0.2
                    history.append(AskedSearch(at_ns, purpose, like, nearest if found else (), found, near))
            at_ns += chance.randint(600, 3600) * NS_PER_S
    return history


def rules(history: list[AskedSearch], *cases: str) -> set[str]:
    """Every rule that fires at any moment of a history."""
    return {odd.rule for end in range(1, len(history) + 1) for odd in find_odd_use(history[:end], cases)}


def after(seed: int, make: Callable[[int], list[AskedSearch]]) -> list[AskedSearch]:
    """Honest days, and then something else two days later at noon."""
    honest = work(seed)
    return honest + make((honest[-1].at_ns // DAY_NS + 2) * DAY_NS + 12 * HOUR_NS)


def stalk(at_ns: int) -> list[AskedSearch]:
    days = [at_ns + number // 3 * DAY_NS + number % 3 * HOUR_NS // 2 for number in range(12)]
    return [AskedSearch(day, f"check {number}", "", ("her1", "her2"), 4) for number, day in enumerate(days)]


def collect(at_ns: int) -> list[AskedSearch]:
    return [AskedSearch(at_ns + n * 100 * NS_PER_S, f"why {n}", "", (f"face{n}",), 1) for n in range(30)]


def nightly(at_ns: int) -> list[AskedSearch]:
    return [AskedSearch(at_ns - 10 * HOUR_NS + n * 600 * NS_PER_S, "x", "", (f"n{n}",), 1) for n in range(4)]


def reuse(at_ns: int) -> list[AskedSearch]:
    """Ten a day, for three weeks: the same words, but for spaces and capitals."""
    said = (" Security  check", "security check")
    times = [at_ns + number // 10 * DAY_NS + number % 10 * HOUR_NS // 3 for number in range(200)]
    return [AskedSearch(when, said[number % 2], f"o{number}") for number, when in enumerate(times)]


def sweep(at_ns: int) -> list[AskedSearch]:
    return [AskedSearch(at_ns + n * 90 * NS_PER_S, f"w{n}", f"g{n}", (f"g{n + 1}", f"g{n + 2}"), 3) for n in range(16)]


def climb(at_ns: int) -> list[AskedSearch]:
    return [AskedSearch(at_ns + n * 80 * NS_PER_S, f"v{n}", found=0, is_near=True) for n in range(9)]


def extract(at_ns: int) -> list[AskedSearch]:
    """A client inside its share that asks with faces that a program made."""
    return [AskedSearch(at_ns + n * 90 * NS_PER_S, f"t{n}") for n in range(22)]


CASES = {
    "same_person": stalk,
    "many_faces": collect,
    "odd_hours": nightly,
    "purpose_reused": reuse,
    "sweep": sweep,
    "hill_climbing": climb,
    "off_distribution": extract,
}


def test_no_search_is_nothing_odd() -> None:
    assert find_odd_use([], ()) == []


@pytest.mark.parametrize("seed", SEEDS)
def test_honest_days_are_never_told(seed: int) -> None:
    assert rules(work(seed)) == set()


@pytest.mark.parametrize("rule", CASES)
@pytest.mark.parametrize("seed", SEEDS[:4])
def test_each_rule_fires_on_its_own_case_and_no_other_does(rule: str, seed: int) -> None:
    history = after(seed, CASES[rule])
    start = len(work(seed))
    told = {odd.rule for end in range(start + 1, len(history) + 1) for odd in find_odd_use(history[:end], ())}
    assert told == {rule}


@pytest.mark.parametrize("rule", ["same_person", "many_faces", "odd_hours", "purpose_reused", "sweep", "hill_climbing"])
def test_one_less_than_the_threshold_is_not_told(rule: str) -> None:
    made = CASES[rule](100 * DAY_NS + 12 * HOUR_NS)
    least = {
        "same_person": TERMS.same_person, "many_faces": TERMS.faces, "odd_hours": TERMS.odd_hours,
        "purpose_reused": TERMS.purpose, "sweep": TERMS.sweep, "hill_climbing": TERMS.near,
    }[rule]  # fmt: skip
    before = work(3) if rule == "odd_hours" else []
    assert rule not in {odd.rule for odd in find_odd_use([*before, *made[: least - 1]], ())}
    assert rule in {odd.rule for odd in find_odd_use([*before, *made[:least]], ())}


def test_person_of_a_case_may_be_searched_as_often_as_needed() -> None:
    about = [replace(one, purpose="Theft of 3 May, shop") for one in stalk(100 * DAY_NS)]
    assert rules(about) == {"same_person"}
    assert rules(about, "theft of  3 may") == set()
    assert rules(about, "", "another") == {"same_person"}, "an empty reason is no case"


def row(action: str, detail: str, resource: str = "", outcome: Outcome = Outcome.DONE) -> AuditEntry:
    return AuditEntry(5, "anna", action, resource, "", outcome, detail)


def test_what_is_written_of_a_search_is_read_again_whatever_the_words_are() -> None:
    result = say_result(4, ["A", "B", "C", "D"], is_near=True)
    detail = say_detail("plate 1; 2, everything", result, "why; not: because")
    assert detail == "plate 1, 2, everything; 4 found, nearest A B C, just under: why; not: because"
    asked = AskedSearch(5, "why; not: because", "L", ("A", "B", "C"), 4, is_near=True)
    assert read_searches([row("search.face", detail, "L")]) == [asked]
    trace = say_detail("like L", say_result(2, [], by="face"), "x")
    assert [one.found for one in read_searches([row("search.trace", trace)])] == [2]
    assert read_searches([row("search.trace", say_detail("like L", say_result(2, [], by="plate"), "x"))]) == []
    assert read_searches([row("search.plate", say_detail("", say_result(2, []), "x"))]) == []
    assert read_searches([row("search.picture", "everything; no_face: x", outcome=Outcome.FAILED)]) == [
        AskedSearch(5, "x")
    ]
    assert read_searches([row("search.picture", "everything; 1 found: x", outcome=Outcome.REFUSED)]) == []
