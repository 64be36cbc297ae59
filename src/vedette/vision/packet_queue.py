"""The bounded queue of packets before a worker, and what it drops.

Drop policy: when more than the limit waits, everything before the newest key frame in the queue goes; without a
key frame everything goes, and packets are refused until the next one, because P frames without their references
decode to garbage. What was dropped is counted, and the next packet taken says that the decoder must start anew.
"""

import asyncio
from collections import deque
from dataclasses import dataclass

from vedette.core.media import Packet

_PAST_WAITING = 4
"""The past is read as fast as it is analysed and no faster: it must not look like a backlog."""


@dataclass(frozen=True, slots=True)
class QueueLimits:
    """How much may wait. Two seconds of a 25 fps stream, or one large key frame and its followers."""

    packets: int = 60
    size_bytes: int = 24 << 20


@dataclass(frozen=True, slots=True)
class QueuedPacket:
    """A packet; `is_reset`: there is a hole before it."""

    packet: Packet
    is_reset: bool


class PacketQueue:
    """One producer, one consumer."""

    def __init__(self, limits: QueueLimits | None = None) -> None:
        self._limits = limits or QueueLimits()
        self._waiting: deque[Packet] = deque()
        self._size_bytes = 0
        self._needs_key = True
        self._has_hole = True
        self._changed = asyncio.Event()
        self.dropped = 0

    def __len__(self) -> int:
        return len(self._waiting)

    def put_nowait(self, packet: Packet) -> None:
        """Adds a packet, dropping older ones or this one by the policy."""
        if self._needs_key and not packet.is_key:
            self.dropped += 1
            return
        self._needs_key = False
        self._waiting.append(packet)
        self._size_bytes += len(packet.data)
        if len(self._waiting) > self._limits.packets or self._size_bytes > self._limits.size_bytes:
            self._drop_to_key()
        self._changed.set()

    async def put(self, packet: Packet) -> None:
        """Adds a packet of the past (the cache on join), waiting for room instead of dropping."""
        while len(self._waiting) >= min(_PAST_WAITING, self._limits.packets):
            self._changed.clear()
            await self._changed.wait()
        self.put_nowait(packet)

    async def get(self) -> QueuedPacket:
        """Waits for the next packet."""
        while not self._waiting:
            self._changed.clear()
            await self._changed.wait()
        packet = self._waiting.popleft()
        self._size_bytes -= len(packet.data)
        self._changed.set()
        is_reset, self._has_hole = self._has_hole, False
        return QueuedPacket(packet, is_reset)

    def restart(self) -> None:
        """Forgets what waits up to the next key frame: the decoder is new."""
        self._drop_to_key(keep_first=True)
        self._changed.set()  # there is room now: who waits to put must hear of it

    def _drop_to_key(self, *, keep_first: bool = False) -> None:
        keys = [index for index, packet in enumerate(self._waiting) if packet.is_key and (index or keep_first)]
        count = (keys[0] if keep_first else keys[-1]) if keys else len(self._waiting)
        for _ in range(count):
            self._size_bytes -= len(self._waiting.popleft().data)
        self.dropped += count
        self._needs_key = not self._waiting
        self._has_hole = True
