"""Decides what is deleted when space runs short: oldest first, before the space is needed.

Pure. Deleting ahead keeps the writer from ever waiting for it, and a reserve of the file system stays free
for the index and for everything else that lives there.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from vedette.recording.records import StoredSegment


@dataclass(frozen=True, slots=True)
class SpaceLimit:
    """`max_bytes` 0 means no limit of its own; `reserve_bytes` of the file system always stay free."""

    max_bytes: int
    reserve_bytes: int


def find_shortage(limit: SpaceLimit, used_bytes: int, free_bytes: int, ahead_bytes: int) -> int:
    """Returns how many bytes must go so that `ahead_bytes` more can be written; 0 when none."""
    over_limit = used_bytes + ahead_bytes - limit.max_bytes if limit.max_bytes else 0
    under_reserve = limit.reserve_bytes + ahead_bytes - free_bytes
    return max(0, over_limit, under_reserve)


def plan_deletion(shortage_bytes: int, oldest: Sequence[StoredSegment]) -> list[StoredSegment]:
    """Returns the shortest run of `oldest`, from the first, that makes up for the shortage, or all of it."""
    plan: list[StoredSegment] = []
    for segment in oldest:
        if shortage_bytes <= 0:
            break
        plan.append(segment)
        shortage_bytes -= segment.size_bytes
    return plan
