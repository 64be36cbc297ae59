"""The recorded video of one play with hidden parts filled, fragment by fragment, in order.

A decoder that reorders pictures (B-frames) holds some back: they come with the next fragment, and the last few of the
footage not at all. Sound passes as it is.
"""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from vedette.core.media import Packet, StreamFormat
from vedette.core.privacy import PrivacyZone, Sight
from vedette.streaming.mask_worker import Masker, MaskerOpener


class MaskedVideo:
    """Masks the video of one play. Fragments come in order, each run's first one begins with a key frame."""

    def __init__(self, masker: Masker, zones: tuple[PrivacyZone, ...]) -> None:
        self._masker = masker
        self._zones = zones
        self._source: StreamFormat | None = None

    async def mask(self, source: StreamFormat, video: Sequence[Packet]) -> tuple[StreamFormat, tuple[Packet, ...]]:
        """Returns the masked packets, possibly none yet, and their format.

        Raises:
            MaskerLostError: nobody masks any more.
        """
        known = self._source
        if known is None or (known.run_id, known.video) != (source.run_id, source.video):
            await self._masker.set_up(source.video, self._zones)
            self._source = source
        masked = [each for packet in video for each in await self._masker.push(packet)]
        return StreamFormat(source.run_id, self._masker.video or source.video, source.audio), tuple(masked)


VideoMasking = Callable[[Sight], AbstractAsyncContextManager[MaskedVideo | None]]
"""Opens what masks a play, or gives None when nothing is hidden from its viewer."""


def make_masking(open_masker: MaskerOpener) -> VideoMasking:
    """Makes the opener that playback uses: a child of its own for each play, ended with it."""

    @asynccontextmanager
    async def open_masking(sight: Sight) -> AsyncIterator[MaskedVideo | None]:
        if not sight.masked:
            yield None
            return
        async with open_masker() as masker:
            yield MaskedVideo(masker, sight.masked)

    return open_masking
