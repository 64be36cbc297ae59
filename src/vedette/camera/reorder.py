"""Puts RTP packets that came over UDP back into order. Pure: the time is an argument.

A packet that is missing is waited for until `DEPTH` later ones have come or the oldest of them has waited
`HOLD_NS`; then it is given up, and the receiver sees the gap in the sequence numbers and counts the loss.
"""

from vedette.camera.counters import StreamCounters

DEPTH = 64
HOLD_NS = 80_000_000
_RESTART = 3000


class ReorderBuffer:
    """Holds packets of one track that came too early."""

    def __init__(self, counters: StreamCounters) -> None:
        self._counters = counters
        self._expected: int | None = None
        self._held: dict[int, bytes] = {}
        self._held_since_ns = 0
        self._highest = 0

    def push(self, data: bytes, mono_ns: int) -> list[bytes]:
        """Takes a packet; returns those that may go on, in order. Too short ones are dropped and counted."""
        if len(data) < 12:
            self._counters.damaged += 1
            return []
        sequence = int.from_bytes(data[2:4], "big")
        if self._expected is None:
            self._expected = self._highest = sequence
        step = (sequence - self._expected) & 0xFFFF
        if step >= 0x10000 - _RESTART or sequence in self._held:
            self._counters.duplicates += 1  # there already, or given up before
            return []
        if step >= _RESTART:
            return self._restart(sequence, data)
        if step == 0 and not self._held:
            self._expected = self._highest = (sequence + 1) & 0xFFFF
            return [data]
        if (self._highest - sequence) & 0xFFFF < 0x8000 and self._highest != sequence:
            self._counters.reordered += 1
        else:
            self._highest = (sequence + 1) & 0xFFFF
        if not self._held:
            self._held_since_ns = mono_ns
        self._held[sequence] = data
        return self._release(mono_ns)

    def expire(self, mono_ns: int) -> list[bytes]:
        """Gives up what has been waited for too long; called now and then when nothing comes."""
        return self._release(mono_ns) if self._held else []

    def _restart(self, sequence: int, data: bytes) -> list[bytes]:
        """The camera began to count anew: what was held is given out as it is."""
        ready = [self._held[key] for key in sorted(self._held, key=self._distance)]
        self._held.clear()
        self._expected = self._highest = (sequence + 1) & 0xFFFF
        return [*ready, data]

    def _release(self, mono_ns: int) -> list[bytes]:
        assert self._expected is not None
        ready: list[bytes] = []
        while self._held:
            found = self._held.pop(self._expected, None)
            if found is not None:
                ready.append(found)
                self._expected = (self._expected + 1) & 0xFFFF
                self._held_since_ns = mono_ns
            elif len(self._held) >= DEPTH or mono_ns - self._held_since_ns > HOLD_NS:
                self._expected = min(self._held, key=self._distance)
            else:
                break
        return ready

    def _distance(self, sequence: int) -> int:
        assert self._expected is not None
        return (sequence - self._expected) & 0xFFFF
