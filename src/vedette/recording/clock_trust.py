"""Decides whether this machine's wall clock may be believed when it says that footage is too old.

Pure. A clock that jumps a year ahead would let everything expire at once. So after a step nothing expires until the
clock has run evenly for an hour, after a leap of more than a day for a whole day: time synchronisation, or a
person, mends it before. Footage deleted a day late harms nobody.
"""

from vedette.core.time import NS_PER_S

_STEP_NS = 5 * NS_PER_S
"""Less is slewing and the time between two readings."""
_LEAP_NS = 86_400 * NS_PER_S
_WAIT_AFTER_STEP_NS = 3600 * NS_PER_S


class ClockTrust:
    """Fed with both clocks once a second.

    Args:
        newest_ns: When the newest footage there is was recorded, None when there is none: a start on another day
            than that counts as a leap, for nobody can tell a long night from a wrong clock.
    """

    def __init__(self, newest_ns: int | None) -> None:
        self._newest_ns = newest_ns
        self._offset_ns: int | None = None
        self._believed_from_ns: int | None = None

    def push(self, utc_ns: int, mono_ns: int) -> bool:
        """Returns whether the wall clock may be believed now."""
        offset_ns = utc_ns - mono_ns
        if self._offset_ns is None:
            step_ns = 0 if self._newest_ns is None else abs(utc_ns - self._newest_ns)
            wait_ns = _LEAP_NS if step_ns > _LEAP_NS else 0
        else:
            step_ns = abs(offset_ns - self._offset_ns)
            wait_ns = _LEAP_NS if step_ns > _LEAP_NS else _WAIT_AFTER_STEP_NS if step_ns > _STEP_NS else 0
        self._offset_ns = offset_ns
        self._believed_from_ns = max(self._believed_from_ns or mono_ns, mono_ns + wait_ns)
        return mono_ns >= self._believed_from_ns
