"""What waits to be sent to one viewer: bounded, and when it is full everything up to the next key frame goes.

A viewer on a slow line must neither hold up the others nor see the past: old frames are worth nothing live.
Dropping up to a key frame keeps what is sent decodable; the viewer is told how many frames are missing.
"""

import asyncio
from collections import deque
from dataclasses import dataclass

from vedette.streaming.messages import dropped_text


@dataclass(frozen=True, slots=True)
class OutboxLimits:
    """How much may wait. Three seconds of frames; 4 MiB is a second of a 32 Mb/s stream."""

    max_bytes: int = 4 << 20
    max_messages: int = 75
    max_controls: int = 200


@dataclass(frozen=True, slots=True)
class _Entry:
    """`dropped`: the message says that so many frames are missing; it is made when it is sent."""

    message: str | bytes
    frames: int = 0
    dropped: int = 0
    is_media: bool = False


class Outbox:
    """The queue of one viewer. `put_*` never waits; `get` does."""

    def __init__(self, limits: OutboxLimits | None = None) -> None:
        self._limits = limits or OutboxLimits()
        self._entries: deque[_Entry] = deque()
        self._media_bytes = 0
        self._media_messages = 0
        self._dropped = 0
        self._needs_key = False
        self._filled = asyncio.Event()

    def put_control(self, message: str | bytes) -> None:
        """Queues a text or an init segment: few (changes of state, answers), and dropped only by age."""
        self._add_control(_Entry(message))

    def put_media(self, message: bytes, *, is_key: bool, is_audio: bool, frames: int) -> None:
        """Queues a fragment, or drops: after an overflow everything until a video key frame."""
        if self._is_full(len(message)):
            self._drop_queued()
            self._needs_key = True
        if self._needs_key:
            if not is_key or is_audio:
                self._dropped += 0 if is_audio else frames
                return
            self._needs_key = False
            self._add_control(_Entry("", dropped=self._dropped))
            self._dropped = 0
        self._entries.append(_Entry(message, frames=0 if is_audio else frames, is_media=True))
        self._media_bytes += len(message)
        self._media_messages += 1
        self._filled.set()

    def restart_media(self) -> None:
        """Forgets queued media because another stream or format follows; nothing is counted as dropped."""
        self._drop_queued()
        self._dropped = 0
        self._needs_key = False

    async def get(self) -> str | bytes:
        """Waits for the next message."""
        while not self._entries:
            self._filled.clear()
            await self._filled.wait()
        entry = self._entries.popleft()
        if entry.is_media:
            self._media_bytes -= len(entry.message)
            self._media_messages -= 1
        return dropped_text(entry.dropped) if entry.dropped else entry.message

    def __len__(self) -> int:
        return len(self._entries)

    def _add_control(self, entry: _Entry) -> None:
        if len(self._entries) - self._media_messages >= self._limits.max_controls:
            oldest = next(kept for kept in self._entries if not kept.is_media)
            self._entries.remove(oldest)
        self._entries.append(entry)
        self._filled.set()

    def _is_full(self, next_bytes: int) -> bool:
        if not self._media_messages:
            return False  # the GOP cache of a long GOP may be larger than the limit
        return (
            self._media_bytes + next_bytes > self._limits.max_bytes or self._media_messages >= self._limits.max_messages
        )

    def _drop_queued(self) -> None:
        self._dropped += sum(entry.frames + entry.dropped for entry in self._entries)
        self._entries = deque(entry for entry in self._entries if not entry.is_media and not entry.dropped)
        self._media_bytes = self._media_messages = 0
