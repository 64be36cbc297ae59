"""Time units and their conversions.

Three times are never mixed: `captured_at` (the camera's media clock laid onto our UTC line), `received_at`
(ours, when the last byte arrived) and monotonic nanoseconds for durations. Media time is counted in 90 kHz
ticks (RFC 3551 section 5, the video clock of RTP), unwrapped to 64 bit.
"""

from datetime import UTC, datetime, timedelta

TICKS_PER_S = 90_000
NS_PER_S = 1_000_000_000
NS_PER_MS = 1_000_000

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def ticks_to_ns(ticks_90k: int) -> int:
    """Converts 90 kHz ticks to nanoseconds, rounding to the nearest (a tick is 11,111.1 ns)."""
    return (ticks_90k * 100_000 + (4 if ticks_90k >= 0 else -4)) // 9


def ns_to_ticks(duration_ns: int) -> int:
    """Converts nanoseconds to 90 kHz ticks, rounding to the nearest."""
    return (duration_ns * 9 + 50_000) // 100_000


def format_utc(at_ns: int) -> str:
    """Formats nanoseconds since 1970 as RFC 3339 in UTC with microseconds: `2026-11-21T10:15:39.000000Z`."""
    moment = _EPOCH + timedelta(microseconds=at_ns // 1000)
    return moment.isoformat(timespec="microseconds").replace("+00:00", "Z")


def parse_utc(text: str) -> int:
    """Parses an RFC 3339 time with offset into nanoseconds since 1970.

    Raises:
        ValueError: not a time, or a time without an offset (which instant it means would be a guess).
    """
    moment = datetime.fromisoformat(text.strip())
    if moment.tzinfo is None:
        raise ValueError(f"the time {text!r} has no offset; write it like 2026-11-21T10:15:39Z or +07:00")
    return round((moment - _EPOCH) / timedelta(microseconds=1)) * 1000
