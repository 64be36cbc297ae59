"""Whether something can have come from one camera to another in the time between. Pure.

Two sources: metres between two cameras, as an administrator declared them, against the greatest speed of what was
seen; else the least time that vehicles with a surely read plate were seen to take, learned from enough of them. Without
either nothing is said. What cannot be is marked with the reason and stays in the answer: the clock may be wrong, or the
match.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import groupby, pairwise

from vedette.core.time import NS_PER_S
from vedette.search.objects import Passage

MAX_SPEED_M_S: Mapping[str, float] = {"person": 12.0, "vehicle": 60.0, "two_wheeler": 50.0}
"""No sprinter is faster for long; 60 m/s are 216 km/h."""
_ANY_SPEED_M_S = 60.0
MIN_PASSAGES = 5
"""Fewer say little about who is fastest."""
_FASTER = 0.5
"""Share of the least time seen so far below which a journey is not believed."""
_LEAST_LEARNED_S = 4.0
"""Cameras whose views follow each other closer than this teach nothing: clocks differ by a second or two."""
_JOURNEY_NS = 3600 * NS_PER_S
"""Between two passages of one vehicle; more is two journeys."""


class Plausibility(StrEnum):
    PLAUSIBLE = "plausible"
    IMPLAUSIBLE = "implausible"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Travel:
    """What is said of one journey.

    Attributes:
        gap_s: From when it was last seen there to when it was first seen here; negative: seen at both at once.
        reason: A stable word: `too_fast`, `faster_than_seen`, `two_at_once`; empty when nothing speaks against it.
        need_s: Least time that it takes, 0 when nobody knows.
        distance_m: As declared, None when nobody did.
    """

    plausibility: Plausibility
    gap_s: float
    reason: str = ""
    need_s: float = 0.0
    distance_m: float | None = None


@dataclass(frozen=True, slots=True)
class TravelTerms:
    """What is known of the ways between cameras; the order of a pair does not count.

    Attributes:
        distances_m: Declared. 0: their views overlap.
        least_s: Learned from `MIN_PASSAGES` or more.
    """

    distances_m: Mapping[frozenset[str], float] = field(default_factory=dict)
    least_s: Mapping[frozenset[str], float] = field(default_factory=dict)


def judge_travel(terms: TravelTerms, object_class: str, from_camera: str, to_camera: str, gap_s: float) -> Travel:
    """Judges one journey; `gap_s` as in `Travel`."""
    gap_s = round(gap_s, 1)
    if from_camera == to_camera:
        if gap_s < 0:
            return Travel(Plausibility.IMPLAUSIBLE, gap_s, "two_at_once", distance_m=0.0)
        return Travel(Plausibility.PLAUSIBLE, gap_s, distance_m=0.0)
    pair = frozenset({from_camera, to_camera})
    if (distance_m := terms.distances_m.get(pair)) is not None:
        need_s = round(distance_m / MAX_SPEED_M_S.get(object_class, _ANY_SPEED_M_S), 1)
        is_so = max(gap_s, 0.0) >= need_s
        found = Plausibility.PLAUSIBLE if is_so else Plausibility.IMPLAUSIBLE
        return Travel(found, gap_s, "" if is_so else "too_fast", need_s, distance_m)
    if (least_s := terms.least_s.get(pair)) is not None:
        need_s = round(least_s * _FASTER, 1) if least_s >= _LEAST_LEARNED_S else 0.0
        is_so = max(gap_s, 0.0) >= need_s
        found = Plausibility.PLAUSIBLE if is_so else Plausibility.IMPLAUSIBLE
        return Travel(found, gap_s, "" if is_so else "faster_than_seen", need_s)
    return Travel(Plausibility.UNKNOWN, gap_s)


def learn_travel(passages: Sequence[Passage]) -> dict[frozenset[str], float]:
    """The least time that vehicles took between two cameras, in seconds, for pairs of which enough are known.

    `passages` come by plate and time. A vehicle seen at both at once took 0 s.
    """
    taken: dict[frozenset[str], list[float]] = defaultdict(list)
    for _, group in groupby(passages, key=lambda one: one.plate):
        for before, after in pairwise(group):
            gap_ns = max(after.from_ns - before.to_ns, 0)
            if before.camera_id != after.camera_id and gap_ns <= _JOURNEY_NS:
                taken[frozenset({before.camera_id, after.camera_id})].append(gap_ns / NS_PER_S)
    return {pair: min(gaps) for pair, gaps in taken.items() if len(gaps) >= MIN_PASSAGES}
