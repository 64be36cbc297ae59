"""Counts the completeness ledger: frames expected and stored in each slot of a range. Pure.

expected = stored + missing, and every missing frame has the reason of its gap; what nobody wanted (`policy`) is
expected by nobody. A gap's frames are spread over its time so that the sum over all slots is exact.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from vedette.core.errors import InvalidInputError
from vedette.core.footage import FootageGap
from vedette.recording.records import Stretch


@dataclass(frozen=True, slots=True)
class MinuteCount:
    """One slot. `reasons`: missing frames by reason."""

    at_ns: int
    stored: int = 0
    reasons: dict[str, int] = field(default_factory=dict)

    @property
    def expected(self) -> int:
        return self.stored + sum(self.reasons.values())


def count_minutes(
    stored: Iterable[tuple[int, int]], gaps: Iterable[FootageGap], from_ns: int, to_ns: int, step_ns: int
) -> list[MinuteCount]:
    """Counts a range in slots of `step_ns` from its start; slots without any expectation are left out.

    `stored` are pieces of footage, each with its start and its frames. A piece counts where it begins, so it is
    counted once however a range is cut.
    """
    if step_ns <= 0 or to_ns <= from_ns:
        raise InvalidInputError(f"need from < to and a step above 0, got {from_ns}, {to_ns}, {step_ns}")
    counts: dict[int, int] = {}
    reasons: dict[int, dict[str, int]] = {}
    for start_ns, frames in stored:
        if from_ns <= start_ns < to_ns:
            number = (start_ns - from_ns) // step_ns
            counts[number] = counts.get(number, 0) + frames
    for gap in gaps:
        for number, frames in _spread(gap, from_ns, to_ns, step_ns):
            slot = reasons.setdefault(number, {})
            slot[gap.reason] = slot.get(gap.reason, 0) + frames
    slots = [
        MinuteCount(from_ns + number * step_ns, counts.get(number, 0), reasons.get(number, {}))
        for number in sorted(counts.keys() | reasons.keys())
    ]
    return [slot for slot in slots if slot.expected]


def estimate_holes(holes: Iterable[FootageGap], stretches: Iterable[Stretch]) -> list[FootageGap]:
    """Gives holes that nothing explains as many frames as the stream's other footage has in that time.

    A segment that somebody took away must not look complete because nobody counted what it held.
    """
    frames = length_ns = 0
    for stretch in stretches:
        frames += stretch.frames
        length_ns += stretch.to_ns - stretch.from_ns
    if length_ns <= 0:
        return []
    return [
        replace(hole, frames_missing=max(1, round(frames * (hole.to_ns - hole.from_ns) / length_ns)))
        for hole in holes
        if hole.frames_missing == 0
    ]


def _spread(gap: FootageGap, from_ns: int, to_ns: int, step_ns: int) -> Iterable[tuple[int, int]]:
    """Yields slot and frames. Rounding is cumulative: what one slot loses by it the next one gets."""
    start_ns, end_ns = max(gap.from_ns, from_ns), min(gap.to_ns, to_ns)
    length_ns = gap.to_ns - gap.from_ns
    if gap.frames_missing <= 0 or length_ns <= 0:
        return
    while start_ns < end_ns:
        number = (start_ns - from_ns) // step_ns
        until_ns = min(end_ns, from_ns + (number + 1) * step_ns)
        before = gap.frames_missing * (start_ns - gap.from_ns) // length_ns
        frames = gap.frames_missing * (until_ns - gap.from_ns) // length_ns - before
        if frames:
            yield number, frames
        start_ns = until_ns
