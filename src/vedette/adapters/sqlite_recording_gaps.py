"""Finds the recorded gaps that overlap a range, by an index over how long they are.

A gap may last a second or a year. By their begin alone a question would have to start at a stream's first gap; so gaps
are indexed by class of length and begin, and within a class the longest one bounds how far to the left it must look.
Gaps of one stream hardly overlap, so there are few in each class that end before the range: at most about as many as
the class is wide. Those of over a day are walked from the first: there can only be as many as there were days.
"""

from vedette.core.time import NS_PER_S

_CLASSES_NS = tuple(seconds * NS_PER_S for seconds in (10, 100, 1_000, 10_000, 86_400))
_CLASS = " + ".join(f"(to_ns - from_ns > {limit_ns})" for limit_ns in _CLASSES_NS)

SCHEMA = f"""
CREATE INDEX IF NOT EXISTS gaps_by_length ON gaps (stream_id, ({_CLASS}), from_ns);
"""
_STREAM = "stream_id = (SELECT stream_id FROM streams WHERE camera_id = :camera_id AND role = :role)"


def _find_in_class(number: int) -> str:
    since = f" AND from_ns > :from_ns - {_CLASSES_NS[number] + 1}" if number < len(_CLASSES_NS) else ""
    return (
        f"SELECT from_ns, to_ns, reason, frames_missing FROM gaps INDEXED BY gaps_by_length"  # noqa: S608 -- constants
        f" WHERE {_STREAM} AND ({_CLASS}) = {number}"
        f" AND from_ns < :to_ns{since} AND to_ns > :from_ns"
    )


FIND_GAPS = " UNION ALL ".join(map(_find_in_class, range(len(_CLASSES_NS) + 1))) + " ORDER BY 1"
"""Parameters: `camera_id`, `role`, `from_ns`, `to_ns`. The planner would take the primary key if it were not told."""
FIND_GAPS_BEFORE = (
    f"SELECT from_ns, to_ns, reason, frames_missing FROM gaps WHERE {_STREAM} AND from_ns < :to_ns"  # noqa: S608 -- constants
    " AND to_ns > :from_ns ORDER BY 1"
)
"""The same for an index of an earlier release, until its writer's next start."""
IS_THERE = "SELECT EXISTS (SELECT 1 FROM sqlite_master WHERE name = 'gaps_by_length')"
