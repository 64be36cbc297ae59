"""How a camera is to be recorded: mode by weekly calendar, pre- and post-record, and how long it is kept.

Values only. What they mean is decided in `vedette.recording.schedule`, `.trigger` and `.retention`;
design: docs/design/recording-plan.md.
"""

from dataclasses import dataclass, field
from enum import StrEnum

MINUTES_PER_DAY = 1440


class RecordingMode(StrEnum):
    """Why footage is stored. Each segment has one; retention is set per mode."""

    OFF = "off"
    CONTINUOUS = "continuous"
    MOTION = "motion"
    EVENT = "event"


@dataclass(frozen=True, slots=True)
class CalendarSpan:
    """A mode during part of the week, in local time of the plan's zone.

    Attributes:
        days: 0 Monday to 6 Sunday.
        from_minute, to_minute: Minutes after midnight, half open; `to_minute` may be 1440. A night shift is two spans.
    """

    days: tuple[int, ...]
    from_minute: int
    to_minute: int
    mode: RecordingMode


@dataclass(frozen=True, slots=True)
class MotionTrigger:
    """Which sources tell motion for recording. What motion is: `vedette.core.motion`.

    Attributes:
        use_packet_sizes: Believe the sizes of encoded pictures too: costs nothing and needs no decoder.
    """

    use_packet_sizes: bool = True


@dataclass(frozen=True, slots=True)
class RecordingPlan:
    """The mode of a stream at any time, and what surrounds a trigger.

    Attributes:
        mode: Holds wherever no span of the calendar does; a later span wins over an earlier one.
        timezone: IANA name.
        pre_s, post_s: Seconds kept before and after motion or an event.
    """

    mode: RecordingMode = RecordingMode.CONTINUOUS
    calendar: tuple[CalendarSpan, ...] = ()
    timezone: str = "UTC"
    pre_s: float = 5.0
    post_s: float = 10.0
    motion: MotionTrigger = field(default_factory=MotionTrigger)


@dataclass(frozen=True, slots=True)
class RetentionTerm:
    """How long footage of one mode is kept.

    Attributes:
        min_days: Younger footage is deleted only when nothing else is left to delete, with an alarm. 0: no promise.
        max_days: Older footage is deleted even when there is room. 0: no limit.
    """

    mode: RecordingMode
    min_days: float = 0.0
    max_days: float = 0.0


@dataclass(frozen=True, slots=True)
class Hold:
    """Footage of a camera that no deletion may touch (legal hold, evidence lock). Half open range."""

    hold_id: str
    camera_id: str
    from_ns: int
    to_ns: int
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Erasure:
    """Footage of a camera that is to go before its term (a subject's lawful request). Half open range.

    Whole segments go, those that overlap the range. What a hold covers stays.
    """

    erasure_id: str
    camera_id: str
    from_ns: int
    to_ns: int
