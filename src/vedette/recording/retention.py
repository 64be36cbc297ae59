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


def describe_full(limit: SpaceLimit, used_bytes: int, free_bytes: int) -> str:
    """Says in words what is full, the disk or the volume's own limit, and what to do."""
    is_limited = limit.max_bytes and limit.max_bytes - used_bytes < free_bytes - limit.reserve_bytes
    if is_limited:
        why, advice = f"the limit is {limit.max_bytes / 1e9:.3g} GB", "raise the limit of this volume"
    else:
        why = f"{limit.reserve_bytes / 1e9:.1f} GB of the disk stay in reserve"
        advice = "free space on this disk or use a larger one"
    return f"no space is left ({why}) and no footage can be deleted: {advice}"
