"""Masked parts of HLS playlists: made when they are asked for, by a child of their own, and kept for a while.

A part is a function of its address and of the zones of now: every part begins with a key frame, and the encoder
chooses its parameter sets by the picture's size alone, so one init segment fits all parts of a format.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable, Sequence
from dataclasses import replace

from vedette.core.errors import TooManyRequestsError
from vedette.core.media import Packet, StreamFormat, VideoFormat
from vedette.core.privacy import Sight
from vedette.media.fmp4 import make_init
from vedette.streaming.hls import make_part
from vedette.streaming.mask_worker import MaskerOpener
from vedette.streaming.masked_footage import NotDecodableError
from vedette.streaming.stored import StoredPackets

MAX_KEPT_BYTES = 64 << 20
AT_ONCE = 2
MAX_WAITING = 16


class PartsQueueFullError(TooManyRequestsError):
    """Too many parts wait to be masked."""

    code = "masking_busy"


class PartCache:
    """Keeps what was made last, up to so many bytes."""

    def __init__(self, max_bytes: int = MAX_KEPT_BYTES) -> None:
        self._max_bytes = max_bytes
        self._kept: OrderedDict[Hashable, bytes] = OrderedDict()
        self._size_bytes = 0

    def find(self, key: Hashable) -> bytes | None:
        found = self._kept.get(key)
        if found is not None:
            self._kept.move_to_end(key)
        return found

    def keep(self, key: Hashable, data: bytes) -> None:
        if key in self._kept or len(data) > self._max_bytes:
            return
        self._kept[key] = data
        self._size_bytes += len(data)
        while self._size_bytes > self._max_bytes:
            _, dropped = self._kept.popitem(last=False)
            self._size_bytes -= len(dropped)


class MaskedParts:
    """See the module's head."""

    def __init__(self, open_masker: MaskerOpener, cache: PartCache | None = None) -> None:
        self._open_masker = open_masker
        self._cache = cache or PartCache()
        self._turn = asyncio.Semaphore(AT_ONCE)
        self._waiting = 0

    async def make_init(self, sight: Sight, address: Hashable, found: StreamFormat, first: Packet) -> bytes:
        """Makes the init segment of a format, of its first picture; the sound's is the one that goes out."""

        async def make() -> bytes:
            video, _ = await self._mask(sight, found.video, [first])
            return make_init(replace(found, video=video))

        return await self._once((sight.camera_id, sight.masked_parts, address), make)

    async def make_part(
        self, sight: Sight, address: Hashable, number: int, packets: Sequence[StoredPackets], found: StreamFormat
    ) -> bytes:
        """Makes a part of stored packets that begin with a key frame."""

        async def make() -> bytes:
            source = [packet for stored in packets for packet in stored.video]
            _, video = await self._mask(sight, found.video, source)
            # Masked pictures are decoded when they are shown; stored ones of B-frames some time before.
            end_90k = packets[-1].end_90k + source[0].pts_90k - source[0].dts_90k
            audio = tuple(packet for stored in packets for packet in stored.audio)
            return make_part(number, [StoredPackets(tuple(video), audio, end_90k)], found)

        return await self._once((sight.camera_id, sight.masked_parts, address), make)

    async def _once(self, key: Hashable, make: Callable[[], Awaitable[bytes]]) -> bytes:
        if (known := self._cache.find(key)) is not None:
            return known
        if self._waiting >= MAX_WAITING:
            raise PartsQueueFullError("too many parts wait to be masked", "Play fewer recordings at once.", 2.0)
        self._waiting += 1
        try:
            async with self._turn:
                if (known := self._cache.find(key)) is None:  # made while this one waited
                    known = await make()
                    self._cache.keep(key, known)
                return known
        finally:
            self._waiting -= 1

    async def _mask(
        self, sight: Sight, source: VideoFormat, packets: Sequence[Packet]
    ) -> tuple[VideoFormat, list[Packet]]:
        async with self._open_masker() as masker:
            await masker.set_up(source, sight.masked)
            masked = [each for packet in packets for each in await masker.push(packet)]
            masked += await masker.flush()
            video = masker.video
        if video is None or not masked:
            raise NotDecodableError("no picture of this part can be decoded")
        return video, masked
