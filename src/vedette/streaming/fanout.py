"""One upstream feed of one stream, handed to any number of viewers.

Every frame is muxed once and every viewer gets the same bytes object. The fragments since the last key frame
are kept, so that a viewer who joins sees a picture at once. Design: docs/design/streaming.md.
"""

from dataclasses import replace
from typing import Protocol

from vedette.core.errors import NotFoundError, UnavailableError
from vedette.core.media import Packet, StreamFormat, StreamRole
from vedette.media.feed import FeedDropped, FeedPacket, FeedState
from vedette.media.fmp4 import MalformedMediaError
from vedette.runtime.clock import Clock
from vedette.streaming import tile_state
from vedette.streaming.gop_cache import GopCache
from vedette.streaming.live_mux import LiveFragment, LiveMuxer, make_init_message
from vedette.streaming.live_start import LiveInit, LiveStart, describe_init
from vedette.streaming.mask_worker import MaskerLostError
from vedette.streaming.ports import FeedItem, FeedSource
from vedette.streaming.sound import EncoderFactory, Sound
from vedette.streaming.tile_state import TileState

_DELAYS_S = (0.2, 0.5, 1.0, 2.0)


class FanoutViewer(Protocol):
    """What a fan-out gives to a viewer. None of it may wait or raise."""

    @property
    def wants_audio(self) -> bool: ...
    def take_state(self, role: StreamRole, state: TileState) -> None: ...
    def take_start(self, start: LiveStart) -> None: ...
    def take_fragment(self, role: StreamRole, fragment: LiveFragment) -> None: ...


class StreamFanout:
    """Owned by `LiveHub`, which runs it while anybody watches."""

    def __init__(
        self, camera_id: str, role: StreamRole, source: FeedSource, clock: Clock, open_encoder: EncoderFactory
    ) -> None:
        self._camera_id = camera_id
        self._role = role
        self._source = source
        self._clock = clock
        self._open_encoder = open_encoder
        self._viewers: dict[FanoutViewer, None] = {}
        self._state = tile_state.connecting(clock.utc_ns())
        self._format: StreamFormat | None = None
        self._muxer: LiveMuxer | None = None
        self._silent: LiveInit | None = None
        self._sound = Sound(None, open_encoder)
        self._gop = GopCache()
        self._is_started = False

    @property
    def viewer_count(self) -> int:
        return len(self._viewers)

    def join(self, viewer: FanoutViewer) -> None:
        self._viewers[viewer] = None
        viewer.take_state(self._role, self._state)
        self.restart(viewer)

    def leave(self, viewer: FanoutViewer) -> None:
        self._viewers.pop(viewer, None)
        if not self._has_listener():
            self._sound.rest()
            self._gop.audio.clear()

    def restart(self, viewer: FanoutViewer) -> None:
        """Gives a viewer init segment and current GOP (again), when there are any."""
        if self._is_started and self._format is not None and self._silent is not None:
            viewer.take_start(self._make_start(self._format, self._silent))

    async def run(self) -> None:
        """Follows the feed until cancelled. The recorder may come and go; viewers stay and are told."""
        failures = 0
        while True:
            try:
                async with self._source.open(self._camera_id, self._role) as items:
                    async for item in items:
                        failures = 0
                        self._take(item)
                away = tile_state.recorder_away("the feed ended", self._clock.utc_ns())
            except MaskerLostError as exc:
                away = tile_state.masker_away(exc.message, exc.hint, self._clock.utc_ns())
            except UnavailableError as exc:
                away = tile_state.recorder_away(exc.message, self._clock.utc_ns())
            except NotFoundError as exc:
                away = tile_state.not_assigned(exc.message, self._clock.utc_ns())
            self._enter(away)
            await self._clock.sleep(_DELAYS_S[min(failures, len(_DELAYS_S) - 1)])
            failures += 1

    def fail(self) -> None:
        """Says that this stream cannot be shown now, because of a mistake of ours."""
        self._is_started = False
        self._gop.clear()
        self._enter(tile_state.failed(self._clock.utc_ns()))

    def _take(self, item: FeedItem) -> None:
        match item:
            case StreamFormat():
                self._begin(item)
            case FeedPacket(packet=packet, is_cached=is_cached):
                if packet.is_audio:
                    self._take_audio(packet, is_cached=is_cached)
                else:
                    self._take_video(packet, is_cached=is_cached)
            case FeedState():
                self._enter(tile_state.read_feed_state(item))
            case FeedDropped():
                self._gop.clear()  # the recorder goes on with a key frame

    def _begin(self, stream_format: StreamFormat) -> None:
        self._format = stream_format
        try:
            self._silent = self._make_init(replace(stream_format, audio=None))
            self._muxer = LiveMuxer(stream_format)
        except MalformedMediaError as exc:  # a camera's parameter sets are foreign bytes
            self._muxer = None
            self._enter(tile_state.undecodable(exc.message, self._clock.utc_ns()))
        self._sound = Sound(stream_format.audio, self._open_encoder)
        self._gop.clear()
        self._is_started = False

    def _take_video(self, packet: Packet, *, is_cached: bool) -> None:
        """Viewers begin with the first live frame and get the recorder's cache joined: one append, no flood."""
        if self._muxer is None or not self._gop.accepts(packet):
            return
        fragment = self._muxer.push(packet, is_cached=is_cached, sent_at_ns=self._clock.utc_ns())
        self._gop.add_video(fragment)
        if is_cached:
            return
        if self._state.state != "live":
            self._enter(tile_state.live(self._clock.utc_ns()))
        if self._is_started:
            self._send(fragment)
        else:
            self._is_started = True
            self._restart_viewers(listeners_only=False)
        was_sounding = self._sound.is_live
        self._sound.note_video(packet)
        if was_sounding and not self._sound.is_live:
            self._restart_viewers(listeners_only=True)

    def _take_audio(self, packet: Packet, *, is_cached: bool) -> None:
        if self._muxer is None or not self._has_listener():
            return
        was_sounding = self._sound.is_live
        for ready in self._sound.push(packet):
            fragment = self._muxer.push(ready, is_cached=is_cached, sent_at_ns=self._clock.utc_ns())
            self._gop.add_audio(fragment)
            if was_sounding and self._is_started:
                self._send(fragment)
        if self._sound.is_live and not was_sounding and self._is_started:
            self._restart_viewers(listeners_only=True)

    def _make_start(self, stream_format: StreamFormat, silent: LiveInit) -> LiveStart:
        sounding = replace(stream_format, audio=self._sound.format)
        return LiveStart(
            role=self._role,
            codec=stream_format.video.codec,
            silent=silent,
            sounding=self._make_init(sounding) if sounding.audio else None,
            video=tuple(self._gop.video),
            audio=tuple(self._gop.audio),
        )

    def _make_init(self, stream_format: StreamFormat) -> LiveInit:
        message = make_init_message(stream_format, self._clock.utc_ns())
        return LiveInit(describe_init(stream_format, self._role), message, stream_format.audio is not None)

    def _enter(self, state: TileState) -> None:
        before = self._state
        if (state.state, state.code, state.reason) == (before.state, before.code, before.reason):
            return
        self._state = state
        for viewer in tuple(self._viewers):
            viewer.take_state(self._role, state)

    def _send(self, fragment: LiveFragment) -> None:
        for viewer in tuple(self._viewers):
            viewer.take_fragment(self._role, fragment)

    def _restart_viewers(self, *, listeners_only: bool) -> None:
        for viewer in tuple(self._viewers):
            if viewer.wants_audio or not listeners_only:
                self.restart(viewer)

    def _has_listener(self) -> bool:
        return any(viewer.wants_audio for viewer in self._viewers)
