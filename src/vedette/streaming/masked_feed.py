"""The live feed of a camera with its privacy zones hidden: a `FeedSource` on top of the real one.

The zones are read when the feed is opened, and whoever changes zones ends the fan-outs of that camera
(`LiveHub.drop`). One child per camera and stream serves all its masked viewers, because one fan-out does.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from vedette.core.media import StreamFormat, StreamRole
from vedette.core.privacy import PrivacyZone
from vedette.media.feed import FeedPacket
from vedette.streaming.mask_worker import Masker, MaskerOpener
from vedette.streaming.ports import FeedItem, FeedSource

ZoneFinder = Callable[[str], Awaitable[tuple[PrivacyZone, ...]]]


class MaskedFeedSource:
    """See the module's head. Sound passes as it is: zones are parts of the picture."""

    def __init__(self, source: FeedSource, find_zones: ZoneFinder, open_masker: MaskerOpener) -> None:
        self._source = source
        self._find_zones = find_zones
        self._open_masker = open_masker

    @asynccontextmanager
    async def open(self, camera_id: str, role: StreamRole) -> AsyncIterator[AsyncIterator[FeedItem]]:
        """See `FeedSource.open`. Raises MaskerLostError, a kind of UnavailableError, too."""
        zones = await self._find_zones(camera_id)
        async with self._open_masker() as masker, self._source.open(camera_id, role) as items:
            yield _mask(items, masker, zones)


async def _mask(
    items: AsyncIterator[FeedItem], masker: Masker, zones: tuple[PrivacyZone, ...]
) -> AsyncIterator[FeedItem]:
    """Packets before the first format or of an unknown kind are never passed on."""
    source: StreamFormat | None = None
    told: StreamFormat | None = None
    async for item in items:
        if isinstance(item, StreamFormat):
            source, told = item, None
            await masker.set_up(item.video, zones)
        elif not isinstance(item, FeedPacket):
            yield item
        elif item.packet.is_audio:
            if told is not None:
                yield item
        elif source is not None:
            # What was received before somebody joined is decoded, because later pictures need it, and not encoded.
            for packet in await masker.push(item.packet, decode_only=item.is_cached):
                video = masker.video
                if video is not None and (told is None or told.video != video):
                    told = StreamFormat(source.run_id, video, source.audio)
                    yield told
                if told is not None:
                    yield FeedPacket(packet, is_cached=False)
