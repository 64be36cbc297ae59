"""Decides whether a stream is recorded now, by its mode, its triggers and how far those can be trusted.

Pure: times are arguments. Durations run on the monotonic clock: a wall clock that steps neither ends nor prolongs a
recording. **A trigger that cannot be trusted records**: in mode motion while neither packet sizes nor the analyzer
could tell of motion, in mode event while the analyzer is not alive. A fact that comes later than memory reaches
back is such a failure too: its beginning is lost, and so would the next one's be.
Design: docs/design/recording-plan.md.
"""

from dataclasses import dataclass
from enum import StrEnum

from vedette.core.recording_plan import RecordingMode
from vedette.core.time import NS_PER_S

LATE_NS = 5 * NS_PER_S
"""Motion of the analyzer comes in spans of two seconds, after decoding; memory reaches this much further back."""
SILENT_AFTER_NS = 10 * NS_PER_S
"""An analyzer whose count of pictures stands still this long is not there."""
UNNOTICED_NS = SILENT_AFTER_NS + 3 * NS_PER_S
"""So long it may be gone before it is missed: it is asked every two seconds, and decided upon once a second."""
STALE_NS = 60 * NS_PER_S
"""A fact this old is from before we started, not from an analyzer that is slow now."""
_CONFIRM_NS = 2 * LATE_NS
"""Within this time an analyzer that works must have seen what sizes tell of, or it was rain, noise or an encoder's own
affair: a span of two seconds, told at most `LATE_NS` later (or it is not trusted), and some reserve."""
_DISTRUST_NS = 60 * NS_PER_S
_LONGEST_OPEN_NS = 600 * NS_PER_S
"""An event whose end is never told does not record for ever."""


class Trigger(StrEnum):
    """Why it is recorded or not."""

    OFF = "off"
    CONTINUOUS = "continuous"
    WAITING = "waiting"
    MOTION = "motion"
    EVENT = "event"
    UNTRUSTED = "untrusted"


@dataclass(frozen=True, slots=True)
class Sources:
    """Which sources of triggers would tell now."""

    packet_sizes: bool
    analyzer: bool


@dataclass(frozen=True, slots=True)
class Verdict:
    """What to do now.

    Attributes:
        mode: The mode by the plan; footage is stored under it.
        from_ns: Recording is wanted from here on, by `captured_at`, as far as memory reaches back; None: from now on.
    """

    mode: RecordingMode
    is_recording: bool
    trigger: Trigger
    from_ns: int | None = None


class RecordingGate:
    """The triggers of one stream."""

    def __init__(self, pre_s: float, post_s: float) -> None:
        self._pre_ns = round(pre_s * NS_PER_S)
        self._post_ns = round(post_s * NS_PER_S)
        self._until_ns = {Trigger.MOTION: -1, Trigger.EVENT: -1}
        self._sizes_since_ns = self._sizes_until_ns = -1
        self._sizes_told_ns: int | None = None
        self._was_checked = False
        self._open_events: dict[str, int] = {}
        self._distrust_until_ns = -1
        self._from_ns: int | None = None

    def adopt(self, previous: "RecordingGate") -> None:
        """Goes on where the gate of another plan was: an edit does not end a recording."""
        self._until_ns = dict(previous._until_ns)  # noqa: SLF001 -- the same class
        self._sizes_since_ns = previous._sizes_since_ns  # noqa: SLF001 -- as above
        self._sizes_until_ns = previous._sizes_until_ns  # noqa: SLF001 -- as above
        self._sizes_told_ns = previous._sizes_told_ns  # noqa: SLF001 -- as above
        self._was_checked = previous._was_checked  # noqa: SLF001 -- as above
        self._open_events = dict(previous._open_events)  # noqa: SLF001 -- as above
        self._distrust_until_ns = previous._distrust_until_ns  # noqa: SLF001 -- as above
        self._from_ns = previous._from_ns  # noqa: SLF001 -- as above

    def on_packet_motion(self, began_ns: int, mono_ns: int) -> None:
        """Sizes of pictures tell of motion up to now."""
        if mono_ns >= self._sizes_until_ns:
            self._sizes_since_ns = mono_ns
        self._sizes_told_ns = mono_ns
        self._sizes_until_ns = max(self._sizes_until_ns, mono_ns + self._post_ns)
        self._begin(began_ns)

    def on_motion(self, from_ns: int, to_ns: int, now_ns: int, mono_ns: int) -> None:
        """The analyzer saw motion during a span of `captured_at`, told at `now_ns`."""
        age_ns = self._take_age(to_ns, now_ns, mono_ns)
        if age_ns is not None:
            self._open(Trigger.MOTION, from_ns, mono_ns + max(0, self._post_ns - age_ns))

    def on_event(self, event_id: str, from_ns: int, to_ns: int | None, now_ns: int, mono_ns: int) -> None:
        """An event began (`to_ns` None: it goes on) or ended."""
        was_open = self._open_events.pop(event_id, None) is not None
        age_ns = self._take_age(now_ns if to_ns is None or was_open else to_ns, now_ns, mono_ns)
        if age_ns is None or (to_ns is None and now_ns - from_ns > STALE_NS + _LONGEST_OPEN_NS):
            return
        if to_ns is None:
            self._open_events[event_id] = mono_ns + _LONGEST_OPEN_NS
        self._open(Trigger.EVENT, from_ns, mono_ns + max(0, self._post_ns - age_ns))

    def decide(self, mode: RecordingMode, sources: Sources, mono_ns: int) -> Verdict:
        """Returns what to do now. Asked at least once a second and after each fact."""
        if mode is RecordingMode.OFF:
            return Verdict(mode, is_recording=False, trigger=Trigger.OFF)
        if mode is RecordingMode.CONTINUOUS:
            return Verdict(mode, is_recording=True, trigger=Trigger.CONTINUOUS)
        self._end_overlong(mono_ns)
        can_tell = sources.analyzer and mono_ns > self._distrust_until_ns
        if self._was_checked and not can_tell:
            self._reconsider(mono_ns)
        self._was_checked = can_tell
        trigger = self._find_trigger(mode, mono_ns, is_checked=can_tell)
        if trigger is not None:
            from_ns = None if self._from_ns is None else self._from_ns - self._pre_ns
            return Verdict(mode, is_recording=True, trigger=trigger, from_ns=from_ns)
        if mode is RecordingMode.MOTION:
            can_tell = can_tell or sources.packet_sizes
        self._from_ns = None
        if can_tell:
            return Verdict(mode, is_recording=False, trigger=Trigger.WAITING)
        return Verdict(mode, is_recording=True, trigger=Trigger.UNTRUSTED, from_ns=0)

    def _find_trigger(self, mode: RecordingMode, mono_ns: int, *, is_checked: bool) -> Trigger | None:
        """What wants it recorded now. `is_checked`: an analyzer that works would confirm what sizes tell of."""
        if self._open_events or mono_ns < self._until_ns[Trigger.EVENT]:
            return Trigger.EVENT
        if mode is not RecordingMode.MOTION:
            return None
        by_sizes = mono_ns < self._sizes_until_ns
        if by_sizes and is_checked:
            by_sizes = mono_ns - self._sizes_since_ns < _CONFIRM_NS
        return Trigger.MOTION if by_sizes or mono_ns < self._until_ns[Trigger.MOTION] else None

    def _reconsider(self, mono_ns: int) -> None:
        """The analyzer is found gone: what it did not confirm since it may have died, sizes alone decide."""
        if self._sizes_told_ns is not None and mono_ns - self._sizes_told_ns <= UNNOTICED_NS:
            self._sizes_since_ns = mono_ns
            self._sizes_until_ns = max(self._sizes_until_ns, mono_ns + self._post_ns)
            self._begin(0)

    def _open(self, trigger: Trigger, from_ns: int, until_ns: int) -> None:
        self._until_ns[trigger] = max(self._until_ns[trigger], until_ns)
        self._begin(from_ns)

    def _begin(self, from_ns: int) -> None:
        self._from_ns = from_ns if self._from_ns is None else min(self._from_ns, from_ns)

    def _take_age(self, at_ns: int, now_ns: int, mono_ns: int) -> int | None:
        """How late a fact is, None when it is history; 0 when the wall clock went back meanwhile."""
        age_ns = max(0, now_ns - at_ns)
        if age_ns > STALE_NS:
            return None
        if age_ns > LATE_NS:
            self._distrust_until_ns = mono_ns + _DISTRUST_NS
        return age_ns

    def _end_overlong(self, mono_ns: int) -> None:
        for event_id in [one for one, end_ns in self._open_events.items() if end_ns <= mono_ns]:
            del self._open_events[event_id]
