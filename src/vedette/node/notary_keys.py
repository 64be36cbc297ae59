"""Decides when the notary changes the log's key by itself. Pure: fed with both clocks once a second.

A key that is due is changed at most once a day, and never by a clock that is not believed (`ClockTrust`): after a
start or a step it must have run evenly for an hour, after a leap of more than a day for a day; so too where the key
is of days ahead, for then one of the two clocks was wrong. A log that still signs with
Ed25519 alone is left to people: its next key signs twice, which older witnesses refuse.
Design: docs/design/evidence.md.
"""

from vedette.core.time import NS_PER_S
from vedette.evidence.keys import LogKey
from vedette.evidence.offline_verify import PAIR_BYTES
from vedette.recording.clock_trust import ClockTrust

HOUR_NS, DAY_NS = 3600 * NS_PER_S, 86_400 * NS_PER_S


class KeyChanges:
    """When the present key is due.

    Args:
        every_days: Age of a key at which it is changed; 0: only by hand.
        newest_ns: When the log signed last, before this start: its clock is held against that.
    """

    def __init__(self, every_days: int, newest_ns: int) -> None:
        self._every_ns = every_days * DAY_NS
        self._trust = ClockTrust(newest_ns)
        self._is_believed = False
        self._began_mono_ns: int | None = None
        self._next_mono_ns = 0

    def push(self, utc_ns: int, mono_ns: int) -> None:
        """Takes both clocks, once a second."""
        self._is_believed = self._trust.push(utc_ns, mono_ns)
        if self._began_mono_ns is None:
            self._began_mono_ns = mono_ns

    def take_due(self, key: LogKey, utc_ns: int, mono_ns: int) -> bool:
        """Whether this key is to be changed now. After a yes there is none for a day, also where the change fails."""
        due_ns = find_due(key, self._every_ns)
        if due_ns is None or key.from_ns - DAY_NS < utc_ns < due_ns or not self._is_believed:
            return False
        # A key of days ahead was made by a wrong clock. Its age cannot be told: it would be due years too late.
        wait_ns = HOUR_NS if key.from_ns <= utc_ns else DAY_NS
        began_ns = mono_ns if self._began_mono_ns is None else self._began_mono_ns
        if mono_ns < max(self._next_mono_ns, began_ns + wait_ns):
            return False
        self._next_mono_ns = mono_ns + DAY_NS
        return True


def find_due(key: LogKey, every_ns: int) -> int | None:
    """From when on a key is to be changed; None: by hand alone."""
    return key.from_ns + every_ns if every_ns and len(key.public) == PAIR_BYTES else None
