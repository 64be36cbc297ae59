"""Works out how long a volume's room lasts, honestly: with its quota, with what expires and with what is held. Pure."""

from dataclasses import dataclass

HOLD_WARN_DAYS = 3.0
_HOLD_CALM_DAYS = 3.5
"""A warning ends a little above where it begins, so that it is said once."""
_DAY_S = 86_400


@dataclass(frozen=True, slots=True)
class Room:
    """What a volume has and gets.

    Attributes:
        room_bytes: May be written before something must be deleted.
        used_bytes, held_bytes: Footage stored, and the part of it under hold.
        inflow_bps: Average of what is written, in bits a second.
        longest_days: After so many days all footage has expired by itself; 0: not all of it expires.
        oldest_days: Age of the oldest footage.
    """

    room_bytes: int
    used_bytes: int
    held_bytes: int
    inflow_bps: float
    longest_days: float = 0.0
    oldest_days: float = 0.0


def find_room(free_bytes: int, used_bytes: int, max_bytes: int, reserve_bytes: int) -> int:
    """What may still be written: the smaller of quota and disk."""
    room = max(0, free_bytes - reserve_bytes)
    return min(room, max(0, max_bytes - used_bytes)) if max_bytes else room


def find_days_left(room: Room) -> float | None:
    """Days until footage must be deleted for its space; None: never at this rate, or nothing is written."""
    bytes_per_day = room.inflow_bps * _DAY_S / 8
    if bytes_per_day <= 0:
        return None
    days_left = room.room_bytes / bytes_per_day
    if room.longest_days and days_left + room.oldest_days > room.longest_days:
        return None  # by then as much expires as comes in
    return days_left


def is_hold_pressing(room: Room, *, was_pressing: bool) -> bool:
    """Whether holds leave less than some days' footage of room to record in circles."""
    bytes_per_day = room.inflow_bps * _DAY_S / 8
    if room.held_bytes <= 0 or bytes_per_day <= 0:
        return False
    circling_days = (room.room_bytes + room.used_bytes - room.held_bytes) / bytes_per_day
    return circling_days < (_HOLD_CALM_DAYS if was_pressing else HOLD_WARN_DAYS)
