"""Times of requests into nanoseconds, exactly."""

from datetime import UTC, datetime, timedelta

from vedette.core.errors import InvalidInputError

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class InvalidRangeError(InvalidInputError):
    """A time range that ends before it begins, or is longer than this route serves."""

    code = "invalid_range"


def to_ns(moment: datetime) -> int:
    """Converts a time with offset to UTC nanoseconds since 1970."""
    return (moment - _EPOCH) // timedelta(microseconds=1) * 1000


def check_range(from_ns: int, to_ns_: int) -> None:
    """Refuses a range that is empty or backwards."""
    if to_ns_ <= from_ns:
        raise InvalidRangeError("the range ends before it begins", "Give a 'to' that is later than 'from'.")
