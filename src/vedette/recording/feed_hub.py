"""Hands the packets of one stream to live readers, beside the recording and never in its way.

A reader that joins gets the current GOP first, so it has a picture at once. Each reader has a bounded queue;
when it overflows everything up to the next key frame is dropped and said (docs/design/contracts.md, "Feed").
All of it runs on one event loop; `write_*` never wait.
"""

import asyncio
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

from vedette.core.media import Packet, StreamFormat
from vedette.core.messages import StreamStateChanged
from vedette.media.feed import FeedDropped, FeedState, encode_packet, encode_text

MAX_CACHED_BYTES = 24 << 20
"""A GOP larger than this (a "smart" camera at 4K) is not kept: its readers wait for the next key frame."""
MAX_QUEUED_BYTES = MAX_CACHED_BYTES + (8 << 20)
_MESSAGE_OVERHEAD_BYTES = 200


class FeedReader:
    """One reader's queue. `next_message` waits; `None` means that the feed has ended.

    Args:
        key_frames_only: Other pictures and sound are not for this reader.
    """

    def __init__(self, *, key_frames_only: bool = False) -> None:
        self._key_frames_only = key_frames_only
        self._queue: deque[tuple[str | bytes | None, bool]] = deque()
        self._queued_bytes = 0
        self._filled = asyncio.Event()
        self._dropped = 0
        self._waits_for_key = True

    async def next_message(self) -> str | bytes | None:
        while not self._queue:
            self._filled.clear()
            await self._filled.wait()
        message, _ = self._queue.popleft()
        if isinstance(message, bytes):
            self._queued_bytes -= len(message) + _MESSAGE_OVERHEAD_BYTES
        return message

    def wants(self, packet: Packet) -> bool:
        """Whether a packet is for this reader."""
        return not self._key_frames_only or (packet.is_key and not packet.is_audio)

    def put_text(self, text: str) -> None:
        """Texts are rare and small; they are never dropped."""
        self._queue.append((text, False))
        self._filled.set()

    def put_packet(self, message: bytes, packet: Packet) -> None:
        size_bytes = len(message) + _MESSAGE_OVERHEAD_BYTES
        if self._queued_bytes + size_bytes > MAX_QUEUED_BYTES:
            self._drop_queued()
        if self._waits_for_key:
            if packet.is_audio or not packet.is_key:
                self._dropped += not packet.is_audio and self._dropped > 0
                return
            self._waits_for_key = False
            if self._dropped:
                self.put_text(encode_text(FeedDropped(self._dropped)))
                self._dropped = 0
        self._queue.append((message, not packet.is_audio))
        self._queued_bytes += size_bytes
        self._filled.set()

    def end(self) -> None:
        self._queue.append((None, False))
        self._filled.set()

    def restart(self) -> None:
        """A new format: nothing decodes before the next key frame, but nothing was dropped either."""
        self._waits_for_key = True

    def _drop_queued(self) -> None:
        kept = [item for item in self._queue if not isinstance(item[0], bytes)]
        self._dropped += sum(is_picture for _, is_picture in self._queue)
        self._queue = deque(kept)
        self._queued_bytes = 0
        self._waits_for_key = True


class FeedHub:
    """The feed of one stream."""

    def __init__(self) -> None:
        self._readers: set[FeedReader] = set()
        self._format: StreamFormat | None = None
        self._state: FeedState | None = None
        self._gop: list[Packet] = []
        self._gop_bytes = 0

    @property
    def readers(self) -> int:
        return len(self._readers)

    def write_format(self, stream_format: StreamFormat) -> None:
        self._format = stream_format
        self._forget_gop()
        text = encode_text(stream_format)
        for reader in self._readers:
            reader.restart()
            reader.put_text(text)

    def write_state(self, state: StreamStateChanged) -> None:
        self._state = FeedState(state.state, state.code, state.reason, state.hint, state.at_ns)
        text = encode_text(self._state)
        for reader in self._readers:
            reader.put_text(text)

    def write_packet(self, packet: Packet) -> None:
        if packet.is_key and not packet.is_audio:
            self._gop = [packet]
            self._gop_bytes = len(packet.data)
        elif self._gop:
            self._gop.append(packet)
            self._gop_bytes += len(packet.data)
            if self._gop_bytes > MAX_CACHED_BYTES:
                self._forget_gop()
        if not self._readers:
            return
        wanting = [reader for reader in self._readers if reader.wants(packet)]
        if wanting:
            message = encode_packet(packet)
            for reader in wanting:
                reader.put_packet(message, packet)

    @contextmanager
    def join(self, *, key_frames_only: bool = False) -> Iterator[FeedReader]:
        """Gives a reader the format, the state and the current GOP, then everything that comes and that it wants."""
        reader = FeedReader(key_frames_only=key_frames_only)
        if self._format is not None:
            reader.put_text(encode_text(self._format))
        if self._state is not None:
            reader.put_text(encode_text(self._state))
        for packet in filter(reader.wants, self._gop):
            reader.put_packet(encode_packet(packet, is_cached=True), packet)
        self._readers.add(reader)
        try:
            yield reader
        finally:
            self._readers.discard(reader)

    def close(self) -> None:
        """The stream is gone from the assignment; its readers are told by the end of the feed."""
        for reader in self._readers:
            reader.end()

    def _forget_gop(self) -> None:
        self._gop = []
        self._gop_bytes = 0
