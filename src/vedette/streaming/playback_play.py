"""One play: from a time on, fragment by fragment, paced by how far the client is. Ends, or is cancelled by a seek."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace

from vedette.core.errors import NotFoundError, StorageError
from vedette.core.footage import FragmentRef, SegmentInit
from vedette.core.media import AudioFormat, Packet, StreamFormat
from vedette.core.time import NS_PER_S, TICKS_PER_S, ns_to_ticks
from vedette.media.audio_samples import packet_duration_90k
from vedette.media.fmp4 import MalformedMediaError
from vedette.runtime.clock import Clock
from vedette.streaming.channel import MessageChannel
from vedette.streaming.footage_walk import WalkStart, walk
from vedette.streaming.live_mux import make_init_message
from vedette.streaming.live_start import describe_init
from vedette.streaming.masked_play import MaskedVideo
from vedette.streaming.media_line import MediaLine, Placement
from vedette.streaming.messages import end_text, gap_text, position_text
from vedette.streaming.pacing import Pacing
from vedette.streaming.playback_mux import make_media_message
from vedette.streaming.playback_ops import PlayRequest
from vedette.streaming.ports import FootageReader
from vedette.streaming.sound import AudioEncoder, EncoderFactory, open_if_needed
from vedette.streaming.stored import StoredPackets, unpack_fragment

Numbered = Callable[[str], str]
"""Adds the number of the play to a text message, so that the client tells old answers from new ones."""


class Play:
    """Sends one answer to a `play` request."""

    def __init__(
        self,
        request: PlayRequest,
        start: WalkStart,
        *,
        reader: FootageReader,
        channel: MessageChannel,
        pacing: Pacing,
        open_encoder: EncoderFactory,
        clock: Clock,
        numbered: Numbered,
        masked: MaskedVideo | None = None,
    ) -> None:
        self._request = request
        self._start = start
        self._reader = reader
        self._channel = channel
        self._pacing = pacing
        self._open_encoder = open_encoder
        self._clock = clock
        self._numbered = numbered
        self._masked = masked
        self._line = MediaLine()
        self._format: StreamFormat | None = None
        self._encoder: AudioEncoder | None = None
        self._audio: AudioFormat | None = None
        self._count = 0
        self._needs_key = False

    async def run(self) -> None:
        """Sends until the footage ends."""
        if self._start.gap_ns is not None:
            await self._say_gap(*self._start.gap_ns)
        held: FragmentRef | None = None
        async for fragment in walk(self._reader, self._start.first, self._clock):
            if not self._request.keys_only:
                await self._send(fragment, fragment.duration_90k)
            elif fragment.is_key:
                if held is not None:
                    await self._send(held, self._span_90k(held, fragment))
                held = fragment
        if held is not None:
            await self._send(held, held.duration_90k)
        await self._channel.send(self._numbered(end_text()))

    @staticmethod
    def _span_90k(held: FragmentRef, following: FragmentRef) -> int:
        """How long a key frame stands: until the next one, but not over a gap."""
        if held.segment.run_id != following.segment.run_id:
            return held.duration_90k
        return max(held.duration_90k, following.media_90k - held.media_90k)

    async def _send(self, fragment: FragmentRef, duration_90k: int) -> None:
        """Reads and sends one fragment. What cannot be read is a gap; the rest goes on at the next key frame."""
        if self._needs_key and not fragment.is_key:
            return
        try:
            init, packets = await asyncio.to_thread(self._read, fragment)
        except (NotFoundError, StorageError, MalformedMediaError) as exc:
            self._needs_key = True
            reason = "policy" if isinstance(exc, NotFoundError) else "disk"
            await self._say_gap(fragment.start_ns, fragment.end_ns, reason)
            return
        self._needs_key = False
        found, packets = await self._mask(init.format, packets)
        if not packets.video:
            self._line.place(fragment, duration_90k)
            return
        audio = self._encode(packets.audio)
        if self._is_new_format(found):
            await self._begin(found, packets)
            audio = self._encode(packets.audio)
        placement = self._line.place(fragment, duration_90k)
        if placement.gap_ns is not None:
            await self._say_gap(*placement.gap_ns)
        await self._pacing.wait_for_room(self._line.start_90k / TICKS_PER_S)
        await self._channel.send(self._make_message(packets, audio, placement, duration_90k))
        if self._count == 1:
            await self._say_position(fragment, packets.video[0].pts_90k + placement.shift_90k)

    async def _mask(self, found: StreamFormat, packets: StoredPackets) -> tuple[StreamFormat, StoredPackets]:
        """Fills what is hidden from this viewer, if anything is."""
        if self._masked is None or not packets.video:
            return found, packets
        found, video = await self._masked.mask(found, packets.video)
        return found, replace(packets, video=video)

    def _read(self, fragment: FragmentRef) -> tuple[SegmentInit, StoredPackets]:
        init = self._reader.read_init(fragment.segment)
        if self._request.keys_only:
            stored_90k = fragment.media_90k - fragment.segment.start_90k
            data = self._reader.read_key_picture(fragment, stored_90k)
        else:
            data = self._reader.read_fragment(fragment)
        return init, unpack_fragment(fragment, data)

    def _is_new_format(self, found: StreamFormat) -> bool:
        known = self._format
        return known is None or known.video != found.video or known.audio != found.audio

    async def _begin(self, found: StreamFormat, first: StoredPackets) -> None:
        """Sends the init segment. A track that brings nothing would stop a browser, so silence has none."""
        self._format = found
        self._encoder, self._audio = None, None
        has_sound = self._request.wants_audio and not self._request.keys_only and bool(first.audio)
        if found.audio is not None and has_sound:
            self._encoder = open_if_needed(found.audio, self._open_encoder)
            self._audio = found.audio if self._encoder is None else self._encoder.format
        shown = StreamFormat(found.run_id, found.video, self._audio)
        role = self._start.first.segment.role
        await self._channel.send(self._numbered(describe_init(shown, role)))
        await self._channel.send(make_init_message(shown, self._clock.utc_ns()))

    def _encode(self, audio: Sequence[Packet]) -> list[Packet]:
        if self._audio is None:
            return []
        if self._encoder is None:
            return list(audio)
        return [ready for packet in audio for ready in self._encoder.push(packet)]

    def _make_message(
        self, packets: StoredPackets, audio: Sequence[Packet], placement: Placement, duration_90k: int
    ) -> bytes:
        self._count += 1
        return make_media_message(
            packets.video,
            packets.video[0].dts_90k + duration_90k,
            audio,
            placement=placement,
            audio_step_90k=packet_duration_90k(self._audio, audio[-1].data) if self._audio and audio else 0,
            number=self._count,
            sent_at_ns=self._clock.utc_ns(),
        )

    async def _say_position(self, first: FragmentRef, first_90k: int) -> None:
        """Which media time the asked wall time is: inside the first fragments, or their start after a gap."""
        wall_ns = max(self._request.at_ns, first.start_ns)
        media_90k = first_90k + ns_to_ticks(wall_ns - first.start_ns)
        await self._channel.send(self._numbered(position_text(wall_ns, media_90k)))

    async def _say_gap(self, from_ns: int, to_ns: int, reason: str = "") -> None:
        if not reason:
            reason = await asyncio.to_thread(self._find_reason, from_ns, to_ns)
        await self._channel.send(self._numbered(gap_text(from_ns, to_ns, reason)))

    def _find_reason(self, from_ns: int, to_ns: int) -> str:
        segment = self._start.first.segment
        middle_ns = (from_ns + to_ns) // 2
        gaps = self._reader.find_gaps(segment.camera_id, segment.role, middle_ns, middle_ns + NS_PER_S // 1000)
        return gaps[0].reason if gaps else "unknown"
