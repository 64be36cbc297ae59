"""Lays fragments of footage end to end on one media line, and notices where the wall clock jumps. Pure.

A player wants media time without holes; a recording has gaps, restarts and clock steps. So media time goes on
and the wall time in each message's head tells the truth.
"""

from dataclasses import dataclass

from vedette.core.footage import FragmentRef
from vedette.core.time import NS_PER_S, ticks_to_ns

GAP_FROM_NS = NS_PER_S // 2
"""Less is the jitter of a camera's clock or one lost frame; more is said as a gap."""


@dataclass(frozen=True, slots=True)
class Placement:
    """Where a fragment goes.

    Attributes:
        shift_90k: Time on the run's line + this = media time.
        fill_90k: A hole of a lost frame or two before it: the first frame begins this much earlier, because
            browsers throw frames away after a hole (see `live_mux`).
        gap_ns: Wall time from and to, where footage is missing just before.
    """

    shift_90k: int
    fill_90k: int
    is_discontinuity: bool
    gap_ns: tuple[int, int] | None


class MediaLine:
    """Places fragments in order of their start."""

    def __init__(self) -> None:
        self._start_90k = 0
        self._end_90k = 0
        self._last_duration_90k = 0
        self._last: FragmentRef | None = None
        self._shift_90k = 0

    @property
    def start_90k(self) -> int:
        """Media time at which the last placed fragment starts."""
        return self._start_90k

    @property
    def end_90k(self) -> int:
        """Media time at which it ends."""
        return self._end_90k

    def follows(self, fragment: FragmentRef) -> bool:
        """True when the fragment continues the last one without anything missing: same run, next frame."""
        last = self._last
        if last is None or last.segment.run_id != fragment.segment.run_id:
            return False
        missing_90k = fragment.media_90k - (last.media_90k + self._last_duration_90k)
        return abs(ticks_to_ns(missing_90k)) < GAP_FROM_NS

    def place(self, fragment: FragmentRef, duration_90k: int) -> Placement:
        """Places the next fragment. `duration_90k` differs from its own when only key frames are shown."""
        last = self._last
        is_next = self.follows(fragment)
        gap_ns = None
        if last is not None:
            end_ns = last.start_ns + ticks_to_ns(self._last_duration_90k)
            if fragment.start_ns - end_ns >= GAP_FROM_NS:
                gap_ns = (end_ns, fragment.start_ns)
        if not is_next:
            self._shift_90k = self._end_90k - fragment.media_90k
        fill_90k = max(0, fragment.media_90k + self._shift_90k - self._end_90k)
        self._last, self._last_duration_90k = fragment, duration_90k
        self._start_90k = fragment.media_90k + self._shift_90k - fill_90k
        self._end_90k = fragment.media_90k + duration_90k + self._shift_90k
        return Placement(self._shift_90k, fill_90k, last is not None and (not is_next or gap_ns is not None), gap_ns)
