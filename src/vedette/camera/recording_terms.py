"""How a camera is recorded and kept, as an administrator sets it: reads it, finds every fault, shows it.

Pure but for the question whether a time zone exists, which is asked of the zone data of this machine: the recorder
must be able to follow it. Meaning of the values: `vedette.core.recording_plan`, docs/design/recording-plan.md.
"""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from vedette.camera.faults import InvalidCameraError
from vedette.core.faults import Fault
from vedette.core.recording_plan import (
    MINUTES_PER_DAY,
    CalendarSpan,
    MotionTrigger,
    RecordingMode,
    RecordingPlan,
    RetentionTerm,
)

MAX_SPANS = 200
MAX_DAYS = 36_500
MAX_PRE_S = 60.0
MAX_POST_S = 3600.0
_MODES = tuple(mode.value for mode in RecordingMode)
_CLOCK = re.compile(r"([01]\d|2[0-3]):([0-5]\d)|24:00")


@dataclass(frozen=True, slots=True)
class RecordingTerms:
    """Everything about the recording of one camera; see `vedette.core.assignment.CameraAssignment`."""

    plan: RecordingPlan = field(default_factory=RecordingPlan)
    retention: tuple[RetentionTerm, ...] = ()
    volumes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SpanForm:
    """A span of the calendar as people write it: `from_` and `to` like 08:00 and 24:00."""

    days: Sequence[int]
    from_: str
    to: str
    mode: str


@dataclass(frozen=True, slots=True)
class RetentionForm:
    mode: str
    min_days: float
    max_days: float


@dataclass(frozen=True, slots=True)
class TermsForm:
    """Terms as they come from outside, unchecked. A mode is a word, a time of day is a text."""

    mode: str = RecordingMode.CONTINUOUS.value
    calendar: Sequence[SpanForm] = ()
    timezone: str = "UTC"
    pre_s: float = 5.0
    post_s: float = 10.0
    use_packet_sizes: bool = True
    retention: Sequence[RetentionForm] = ()
    volumes: Sequence[str] = ()


def read_terms(form: TermsForm, known_volumes: Sequence[str]) -> RecordingTerms:
    """Checks a form and returns what it means.

    Raises:
        InvalidCameraError: with every fault.
    """
    faults = [
        *_find_mode_faults("mode", form.mode),
        *_find_calendar_faults(form.calendar),
        *_find_timezone_faults(form.timezone),
        *_find_number_faults("pre_s", form.pre_s, MAX_PRE_S),
        *_find_number_faults("post_s", form.post_s, MAX_POST_S),
        *_find_retention_faults(form.retention),
        *_find_volume_faults(form.volumes, known_volumes),
    ]
    if faults:
        raise InvalidCameraError(tuple(faults))
    plan = RecordingPlan(
        mode=RecordingMode(form.mode),
        calendar=tuple(_read_span(span) for span in form.calendar),
        timezone=form.timezone,
        pre_s=form.pre_s,
        post_s=form.post_s,
        motion=MotionTrigger(form.use_packet_sizes),
    )
    terms = tuple(RetentionTerm(RecordingMode(one.mode), one.min_days, one.max_days) for one in form.retention)
    return RecordingTerms(plan, terms, tuple(form.volumes))


def show_terms(terms: RecordingTerms) -> TermsForm:
    """Writes terms as people do. What is shown can be sent back."""
    plan = terms.plan
    return TermsForm(
        mode=plan.mode.value,
        calendar=[
            SpanForm(span.days, format_clock(span.from_minute), format_clock(span.to_minute), span.mode.value)
            for span in plan.calendar
        ],
        timezone=plan.timezone,
        pre_s=plan.pre_s,
        post_s=plan.post_s,
        use_packet_sizes=plan.motion.use_packet_sizes,
        retention=[RetentionForm(one.mode.value, one.min_days, one.max_days) for one in terms.retention],
        volumes=terms.volumes,
    )


def format_clock(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"


def _read_clock(text: str) -> int:
    return int(text[:2]) * 60 + int(text[3:])


def _read_span(span: SpanForm) -> CalendarSpan:
    return CalendarSpan(
        tuple(sorted(span.days)), _read_clock(span.from_), _read_clock(span.to), RecordingMode(span.mode)
    )


def _find_mode_faults(name: str, mode: str) -> list[Fault]:
    return [] if mode in _MODES else [Fault(name, f"must be one of {', '.join(_MODES)}")]


def _find_number_faults(name: str, value: float, most: float) -> list[Fault]:
    if math.isfinite(value) and 0 <= value <= most:
        return []
    return [Fault(name, f"must be from 0 to {most:g}")]


def _find_timezone_faults(name: str) -> list[Fault]:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # OSError: a name that is a folder of zones
        return [Fault("timezone", "is no time zone of the IANA list; write it like Asia/Ho_Chi_Minh or UTC")]
    return []


def _find_calendar_faults(calendar: Sequence[SpanForm]) -> list[Fault]:
    if len(calendar) > MAX_SPANS:
        return [Fault("calendar", f"has more than {MAX_SPANS} spans")]
    return [fault for number, span in enumerate(calendar) for fault in _find_span_faults(f"calendar.{number}", span)]


def _find_span_faults(name: str, span: SpanForm) -> list[Fault]:
    faults = _find_mode_faults(f"{name}.mode", span.mode)
    if not span.days or len(set(span.days)) < len(span.days) or not all(0 <= day <= 6 for day in span.days):
        faults.append(Fault(f"{name}.days", "must name days from 0 (Monday) to 6 (Sunday), each once"))
    clocks = {"from": span.from_, "to": span.to}
    wrong = [key for key, text in clocks.items() if not _CLOCK.fullmatch(text)]
    faults += [Fault(f"{name}.{key}", "must be a time of day like 08:00, at most 24:00") for key in wrong]
    if not wrong and not _read_clock(span.from_) < _read_clock(span.to) <= MINUTES_PER_DAY:
        faults.append(Fault(f"{name}.to", "must be later than 'from'; a night shift is two spans"))
    return faults


def _find_retention_faults(retention: Sequence[RetentionForm]) -> list[Fault]:
    faults: list[Fault] = []
    seen: set[str] = set()
    for number, one in enumerate(retention):
        name = f"retention.{number}"
        faults += _find_mode_faults(f"{name}.mode", one.mode)
        if one.mode == RecordingMode.OFF.value:
            faults.append(Fault(f"{name}.mode", "must not be off: nothing is stored then"))
        if one.mode in seen:
            faults.append(Fault(f"{name}.mode", f"names {one.mode} a second time"))
        seen.add(one.mode)
        wrong = _find_number_faults(f"{name}.min_days", one.min_days, MAX_DAYS)
        wrong += _find_number_faults(f"{name}.max_days", one.max_days, MAX_DAYS)
        if not wrong and 0 < one.max_days < one.min_days:
            wrong.append(Fault(f"{name}.max_days", "must not be less than min_days; 0 is no limit"))
        faults += wrong
    return faults


def _find_volume_faults(volumes: Sequence[str], known: Sequence[str]) -> list[Fault]:
    faults = [
        Fault(f"volumes.{number}", f"{name!r} is no volume; there are: {', '.join(known)}")
        for number, name in enumerate(volumes)
        if name not in known
    ]
    if len(set(volumes)) < len(volumes):
        faults.append(Fault("volumes", "names one twice"))
    return faults
