"""Keeps the last seconds of a stream in memory, in whole GOPs, until a trigger wants them or time passes them by.

Pure. Only streams that wait for a trigger have one. Bounded in bytes: what does not fit is the oldest, and goes first;
a GOP that is larger than the bound alone (a "smart" camera with a key frame a minute) is given up, and the next
key frame begins anew. Whatever leaves the memory without being recorded is handed back, so that the account holds.
"""

from collections import deque
from dataclasses import dataclass, field

from vedette.core.media import Packet

MAX_BYTES = 32 << 20


@dataclass(slots=True)
class _Gop:
    start_ns: int
    packets: list[Packet] = field(default_factory=list)
    size_bytes: int = 0


class PreRecord:
    """The GOPs of one stream that nobody has wanted yet.

    Attributes:
        keep_ns: At least this much is kept, as far as `max_bytes` allows.
    """

    def __init__(self, keep_ns: int, max_bytes: int = MAX_BYTES) -> None:
        self.keep_ns = keep_ns
        self._max_bytes = max_bytes
        self._gops: deque[_Gop] = deque()
        self.size_bytes = 0

    def push(self, packet: Packet) -> list[Packet]:
        """Takes a packet; returns those that are given up for it, in their order."""
        size_bytes = len(packet.data)
        if packet.is_key and not packet.is_audio:
            self._gops.append(_Gop(packet.captured_at_ns))
        elif not self._gops:
            return [packet]
        newest = self._gops[-1]
        newest.packets.append(packet)
        newest.size_bytes += size_bytes
        self.size_bytes += size_bytes
        if self.size_bytes <= self._max_bytes and not (packet.is_key and self._is_passed(packet.captured_at_ns)):
            return []
        return self._trim(packet.captured_at_ns)

    def take(self, from_ns: int) -> tuple[list[Packet], list[Packet]]:
        """Empties the memory. Returns what a recording from `from_ns` on does not need, and what it does."""
        gops, self._gops, self.size_bytes = list(self._gops), deque(), 0
        first = 0
        while first + 1 < len(gops) and gops[first + 1].start_ns <= from_ns:
            first += 1
        unwanted = [packet for gop in gops[:first] for packet in gop.packets]
        return unwanted, [packet for gop in gops[first:] for packet in gop.packets]

    def clear(self) -> list[Packet]:
        """Gives everything up."""
        gops, self._gops, self.size_bytes = self._gops, deque(), 0
        return [packet for gop in gops for packet in gop.packets]

    def _is_passed(self, now_ns: int) -> bool:
        return len(self._gops) > 1 and self._gops[1].start_ns <= now_ns - self.keep_ns

    def _trim(self, now_ns: int) -> list[Packet]:
        given_up: list[Packet] = []
        while self._gops and (self.size_bytes > self._max_bytes or self._is_passed(now_ns)):
            gop = self._gops.popleft()
            self.size_bytes -= gop.size_bytes
            given_up += gop.packets
        return given_up
