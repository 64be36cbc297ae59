"""Which use of the search by face or appearance is odd (M12): told to others, never blocked. Pure.

Every rule looks at the searches of one user as the audit trail has them, at the moment of the newest. Limits of how
many may be asked are elsewhere (`search_limits`). Thresholds and why: docs/design/trace.md.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from vedette.core.time import NS_PER_S

_HOUR_NS = 3600 * NS_PER_S
_DAY_NS = 24 * _HOUR_NS
_HOURS = 24


@dataclass(frozen=True, slots=True)
class AskedSearch:
    """One search by face or appearance.

    Attributes:
        like: The seen object that it began with, empty: a picture.
        nearest: The most alike of what was found and may be the same, the most alike first; not `like` itself.
        found: How many were found.
        is_near: The most alike was just under a threshold.
    """

    at_ns: int
    purpose: str
    like: str = ""
    nearest: tuple[str, ...] = ()
    found: int = 0
    is_near: bool = False

    @property
    def ids(self) -> frozenset[str]:
        """Objects of whoever was asked for."""
        return frozenset((self.like, *self.nearest)) - {""}

    @property
    def head(self) -> str:
        return self.like or next(iter(self.nearest), "")


@dataclass(frozen=True, slots=True)
class WatchTerms:
    """What is odd. Each is several times what a day of searching for one case after the other was made up of.

    Attributes:
        same_person, same_days: Searches for one person outside a case, in a week, and on how many days of it.
        faces: Different people in an hour.
        odd_hours: Searches in three hours, all at times of day at which the user never searched before.
        known_searches, known_days: What of the user has to be known to say so.
        purpose: Searches in 30 days for one purpose, word for word.
        sweep: Searches one after the other, each for somebody new who was like the last.
        near, near_of: Of the last pictures so many were just under a threshold.
        strangers: Pictures in an hour of which at most one in ten found anybody: faces of no people from here.
    """

    same_person: int = 10
    same_days: int = 3
    faces: int = 25
    odd_hours: int = 3
    known_searches: int = 50
    known_days: int = 10
    purpose: int = 200
    sweep: int = 15
    near: int = 8
    near_of: int = 10
    strangers: int = 20


@dataclass(frozen=True, slots=True)
class OddUse:
    """Attributes: a stable word of the rule, and what was seen, in words."""

    rule: str
    detail: str


def find_odd_use(history: Sequence[AskedSearch], cases: Sequence[str], terms: WatchTerms | None = None) -> list[OddUse]:
    """What is odd about the newest search of a user.

    Args:
        history: His searches, the oldest first.
        cases: Reasons of the holds in force: a purpose that has one in it is about a case.
        terms: None: those of the product.
    """
    if not history:
        return []
    terms = terms or WatchTerms()
    outside = [one for one in history if not _is_in_case(one.purpose, cases)]
    told = [
        OddUse(rule, detail)
        for rule, judge in _RULES.items()
        if (detail := judge(outside if rule == "same_person" else history, terms))
    ]
    is_outside = bool(outside) and outside[-1] is history[-1]
    return [one for one in told if one.rule != "same_person" or is_outside]


def _is_in_case(purpose: str, cases: Sequence[str]) -> bool:
    words = _fold(purpose)
    return any(_fold(case) in words for case in cases if case.strip())


def _fold(text: str) -> str:
    return " ".join(text.casefold().split())


def _since(history: Sequence[AskedSearch], length_ns: int) -> list[AskedSearch]:
    from_ns = history[-1].at_ns - length_ns
    return [one for one in history if one.at_ns > from_ns]


def _find_same_person(history: Sequence[AskedSearch], terms: WatchTerms) -> str:
    if not history:
        return ""
    last = history[-1].ids
    alike = [one for one in _since(history, 7 * _DAY_NS) if one.ids & last]
    days = {one.at_ns // _DAY_NS for one in alike}
    if len(alike) < terms.same_person or len(days) < terms.same_days:
        return ""
    return f"one person was searched {len(alike)} times on {len(days)} days of a week, outside a case"


def _count_faces(history: Sequence[AskedSearch], terms: WatchTerms) -> str:
    seen, people = set[str](), 0
    for one in _since(history, _HOUR_NS):
        people += not one.ids & seen
        seen |= one.ids
    return f"{people} different people were searched within an hour" if people >= terms.faces else ""


def _find_odd_hours(history: Sequence[AskedSearch], terms: WatchTerms) -> str:
    now_ns = history[-1].at_ns
    past = [one for one in history if one.at_ns <= now_ns - _DAY_NS]
    if len(past) < terms.known_searches or len({one.at_ns // _DAY_NS for one in past}) < terms.known_days:
        return ""
    usual = {_hour(one) for one in past}
    known = {(hour + shift) % _HOURS for hour in usual for shift in (-2, -1, 0, 1, 2)}
    odd = [one for one in _since(history, 3 * _HOUR_NS) if _hour(one) not in known]
    if _hour(history[-1]) in known or len(odd) < terms.odd_hours:
        return ""
    return f"{len(odd)} searches at a time of day at which this user never searched before"


def _hour(one: AskedSearch) -> int:
    return one.at_ns % _DAY_NS // _HOUR_NS


def _find_purpose(history: Sequence[AskedSearch], terms: WatchTerms) -> str:
    purpose = _fold(history[-1].purpose)
    count = sum(_fold(one.purpose) == purpose for one in _since(history, 30 * _DAY_NS))
    return f"one purpose was given word for word for {count} searches" if count >= terms.purpose else ""


def _find_sweep(history: Sequence[AskedSearch], terms: WatchTerms) -> str:
    """Walking from neighbour to neighbour: how a gallery is listed, or its members guessed."""
    heads, length = {history[-1].head}, 1
    for before, after in zip(reversed(history[:-1]), reversed(history), strict=False):
        is_step = bool(after.head) and bool(before.head) and before.head not in heads and bool(before.ids & after.ids)
        if not is_step or after.at_ns - before.at_ns > _HOUR_NS // 6:
            break
        heads.add(before.head)
        length += 1
    return f"{length} searches in a row, each for somebody like the last" if length >= terms.sweep else ""


def _find_climb(history: Sequence[AskedSearch], terms: WatchTerms) -> str:
    """A picture changed again and again until it passes."""
    pictures = [one for one in _since(history, _HOUR_NS) if not one.like][-terms.near_of :]
    near = sum(one.is_near for one in pictures)
    if near < terms.near or not history[-1].is_near:
        return ""
    return f"{near} of the last {len(pictures)} pictures were just under a threshold"


def _find_strangers(history: Sequence[AskedSearch], terms: WatchTerms) -> str:
    pictures = [one for one in _since(history, _HOUR_NS) if not one.like]
    nobody = sum(not one.found for one in pictures)
    if len(pictures) < terms.strangers or 10 * nobody < 9 * len(pictures):
        return ""
    return f"{nobody} of {len(pictures)} pictures within an hour are like nobody who was seen here"


_RULES: dict[str, Callable[[Sequence[AskedSearch], WatchTerms], str]] = {
    "same_person": _find_same_person,
    "many_faces": _count_faces,
    "odd_hours": _find_odd_hours,
    "purpose_reused": _find_purpose,
    "sweep": _find_sweep,
    "hill_climbing": _find_climb,
    "off_distribution": _find_strangers,
}
