"""Puts appearances of one person or vehicle into a path: visits of cameras, and whether each step can be. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from vedette.core.time import NS_PER_S
from vedette.search.ranking import Ranked
from vedette.search.travel import Plausibility, Travel, TravelTerms, judge_travel

_ONE_VISIT_NS = 120 * NS_PER_S
"""Appearances on one camera with less between them are one visit."""


@dataclass(frozen=True, slots=True)
class Step:
    """One appearance on the path. `travel`: from the last believable one before it; None: it is the first."""

    row: Ranked
    travel: Travel | None


@dataclass(frozen=True, slots=True)
class Visit:
    """Appearances on one camera, one after the other: a stay in front of it, for timeline and map."""

    camera_id: str
    camera_name: str
    from_ns: int
    to_ns: int
    object_ids: tuple[str, ...]
    is_plausible: bool


@dataclass(frozen=True, slots=True)
class Trace:
    """Steps by time, and the visits that they make."""

    steps: tuple[Step, ...]
    visits: tuple[Visit, ...]


def make_trace(rows: Sequence[Ranked], terms: TravelTerms) -> Trace:
    """Orders appearances by time and judges each step from the last one that is believable.

    An implausible step is kept and marked, and the next is judged from before it: one wrong match does not make all
    later ones look wrong. The first appearance is believed. What a file showed of which nobody said the camera and the
    time is last and not judged.
    """
    steps: list[Step] = []
    last: Ranked | None = None
    placed = [row for row in rows if _is_placed(row)]
    for row in sorted(placed, key=_moment):
        travel = None if last is None else _judge(last, row, terms)
        steps.append(Step(row, travel))
        if travel is None or travel.plausibility is not Plausibility.IMPLAUSIBLE:
            last = row
    lost = sorted((row for row in rows if not _is_placed(row)), key=_moment)
    steps += [Step(row, None) for row in lost]
    return Trace(tuple(steps), tuple(_find_visits(steps)))


def _is_placed(row: Ranked) -> bool:
    """Whether it is known where and when it was; of most files it is not."""
    seen = row.record.seen
    return seen.file is None or (seen.file.is_dated and seen.camera_id != "")


def _moment(row: Ranked) -> tuple[int, int]:
    return row.record.seen.from_ns, row.record.number


def _judge(before: Ranked, after: Ranked, terms: TravelTerms) -> Travel:
    left, came = before.record.seen, after.record.seen
    gap_s = (came.from_ns - left.to_ns) / NS_PER_S
    return judge_travel(terms, came.object_class, left.camera_id, came.camera_id, gap_s)


def _find_visits(steps: Sequence[Step]) -> list[Visit]:
    visits: list[Visit] = []
    for step in steps:
        seen, name = step.row.record.seen, step.row.record.place_name
        is_plausible = step.travel is None or step.travel.plausibility is not Plausibility.IMPLAUSIBLE
        last = visits[-1] if visits else None
        if (
            last is not None
            and (last.camera_id, last.camera_name, last.is_plausible) == (seen.camera_id, name, is_plausible)
            and seen.from_ns - last.to_ns <= _ONE_VISIT_NS
        ):
            to_ns, ids = max(last.to_ns, seen.to_ns), (*last.object_ids, seen.object_id)
            visits[-1] = Visit(last.camera_id, last.camera_name, last.from_ns, to_ns, ids, is_plausible)
        else:
            visits.append(Visit(seen.camera_id, name, seen.from_ns, seen.to_ns, (seen.object_id,), is_plausible))
    return visits
