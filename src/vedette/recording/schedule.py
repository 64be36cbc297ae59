"""Decides which mode a plan wants at a time. Pure: no IO but the system's time zone data, no clock.

The calendar is in local time, because people's working hours are. When the clock goes back an hour, a span holds in
both of the hours that are called the same; when it goes forward, what lies in the missing hour does not happen. The
mode is looked up for each moment anew, never counted on, so a step of our own clock needs no care.
Design: docs/design/recording-plan.md.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from vedette.core.errors import InvalidInputError
from vedette.core.recording_plan import RecordingMode, RecordingPlan
from vedette.core.time import NS_PER_S

_DAYS_AHEAD = 15
"""A week, and another in case the only span of this one lies in an hour that the clock passes over."""
_PROBE_S = 6 * 3600


class UnknownZoneError(InvalidInputError):
    """This machine's time zone data has no such zone."""

    code = "unknown_timezone"


class Schedule:
    """A plan's calendar in its zone.

    Raises:
        UnknownZoneError: there is no such zone; the caller records meanwhile.
    """

    def __init__(self, plan: RecordingPlan) -> None:
        self._plan = plan
        try:
            self._zone = ZoneInfo(plan.timezone)
        except (ZoneInfoNotFoundError, ValueError, OSError) as exc:
            raise UnknownZoneError(
                f"this machine knows no time zone {plan.timezone!r}", "Install tzdata, or correct the recording plan."
            ) from exc

    def find_mode(self, at_ns: int) -> RecordingMode:
        """The mode at a UTC time: that of the last span which holds then, else the plan's own."""
        local = datetime.fromtimestamp(at_ns // NS_PER_S, self._zone)
        day, minute = local.weekday(), local.hour * 60 + local.minute
        for span in reversed(self._plan.calendar):
            if day in span.days and span.from_minute <= minute < span.to_minute:
                return span.mode
        return self._plan.mode

    def find_next_change(self, at_ns: int) -> int | None:
        """The first time after `at_ns` at which the mode is another one; None when it never is."""
        if not self._plan.calendar:
            return None
        present, at_s = self.find_mode(at_ns), at_ns // NS_PER_S
        for second in sorted(set(self._borders(at_s)) | set(self._clock_changes(at_s))):
            if second > at_s and self.find_mode(second * NS_PER_S) != present:
                return second * NS_PER_S
        return None

    def _borders(self, at_s: int) -> Iterator[int]:
        """Seconds at which a span may begin or end, in both hours where the clock goes back."""
        spans = self._plan.calendar
        minutes = {0} | {m % 1440 for span in spans for m in (span.from_minute, span.to_minute)}
        first = datetime.fromtimestamp(at_s, self._zone).date()
        for ahead in range(_DAYS_AHEAD):
            for minute in minutes:
                for fold in (0, 1):
                    yield self._to_second(first + timedelta(days=ahead), minute, fold)

    def _to_second(self, day: date, minute: int, fold: int) -> int:
        local = datetime(day.year, day.month, day.day, minute // 60, minute % 60, fold=fold, tzinfo=self._zone)
        return int(local.timestamp())

    def _clock_changes(self, at_s: int) -> Iterator[int]:
        """Seconds at which the zone's offset changes: local time jumps into or out of a span."""
        for low in range(at_s, at_s + _DAYS_AHEAD * 86_400, _PROBE_S):
            before, high = self._offset(low), low + _PROBE_S
            if self._offset(high) == before:
                continue
            start = low
            while high - start > 1:
                middle = (start + high) // 2
                start, high = (middle, high) if self._offset(middle) == before else (start, middle)
            yield high

    def _offset(self, second: int) -> timedelta | None:
        return datetime.fromtimestamp(second, UTC).astimezone(self._zone).utcoffset()
