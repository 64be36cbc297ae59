"""Builds what the gateway streams with: live view over the recorder's feed, playback and files from the volumes."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

from vedette.adapters.feed_client import UnixFeedSource
from vedette.adapters.thumbnail_client import UnixThumbnailer
from vedette.api.still_desk import StillDesk
from vedette.api.streaming_ports import StreamingPorts
from vedette.camera.privacy import PrivacyAdministration
from vedette.core.time import TICKS_PER_S
from vedette.node.late_media import open_mkv_writer, open_sound_encoder
from vedette.node.stills import WorkerStillMaker
from vedette.recording.reader import FootageReader
from vedette.runtime.clock import Clock
from vedette.runtime.settings import NodeSettings
from vedette.streaming.footage_service import FootageService
from vedette.streaming.live_hub import LiveHub
from vedette.streaming.live_service import LiveService
from vedette.streaming.mask_worker import MaskNursery, MaskPolicy
from vedette.streaming.masked_feed import MaskedFeedSource
from vedette.streaming.masked_play import make_masking
from vedette.streaming.playback_service import PlaybackService
from vedette.streaming.ports import StreamDirectory
from vedette.streaming.still_service import StillService

FILE_MASKING = MaskPolicy(most_children=6, reply_timeout_s=30.0, niceness=5, key_every_90k=TICKS_PER_S)
"""For downloads and the parts of playlists, beside the 16 of live pictures and playback, which go first."""


@contextlib.asynccontextmanager
async def open_streaming(
    settings: NodeSettings,
    reader: FootageReader,
    directory: StreamDirectory,
    zones: PrivacyAdministration,
    clock: Clock,
) -> AsyncIterator[StreamingPorts]:
    """Runs the fan-out of live streams while the context is open."""
    feed = UnixFeedSource(settings.paths.socket("recorder"))
    nursery = MaskNursery()
    hub = LiveHub(feed, clock, open_sound_encoder)
    masked = LiveHub(MaskedFeedSource(feed, zones.find_zones, nursery.open), clock, open_sound_encoder)
    thumbnailer = UnixThumbnailer(settings.paths.socket("analyzer"))
    running = [asyncio.create_task(each.run(), name="live hub") for each in (hub, masked)]
    try:
        yield StreamingPorts(
            masked=masked,
            live=LiveService(hub, masked, directory, clock),
            playback=PlaybackService(reader, directory, open_sound_encoder, make_masking(nursery.open), clock),
            footage=FootageService(
                reader, directory, open_sound_encoder, open_mkv_writer, thumbnailer, MaskNursery(FILE_MASKING).open
            ),
            stills=StillDesk(StillService(reader, directory, WorkerStillMaker()), clock),
        )
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        await thumbnailer.close()
