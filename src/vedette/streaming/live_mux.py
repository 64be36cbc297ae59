"""Turns the packets of one live stream into fMP4 messages, one fragment per frame.

Pure: no IO, no clock. Design: docs/design/streaming.md. Promise: on the media line the frames of a run follow
each other without a hole wider than a frame. Media Source Extensions throw away everything up to the next key
frame after a hole of more than two frame durations (W3C MSE, coded frame processing step 6), so one lost
frame would freeze the picture for seconds. Where frames are missing, the frame after the hole begins earlier and
lasts until its true end; the next one is on the camera's line again.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from vedette.core.media import Packet, StreamFormat
from vedette.core.time import TICKS_PER_S
from vedette.media.audio_samples import packet_duration_90k
from vedette.media.fmp4 import TrackFragment, make_fragment, make_init
from vedette.streaming.messages import MediaFlag, MediaHead, MediaKind, encode_media

FIRST_DURATION_90K = TICKS_PER_S // 25
"""Assumed for the first frame of a run: no delta is known yet and most cameras send 25 frames a second."""
MAX_DURATION_90K = 3600 * TICKS_PER_S


@dataclass(frozen=True, slots=True)
class LiveFragment:
    """One message for the viewers. `body` is the fMP4 part of `message`, kept to join the fragments of a GOP."""

    head: MediaHead
    body: bytes
    message: bytes
    frames: int

    @property
    def is_key(self) -> bool:
        return MediaFlag.KEY in self.head.flags

    @property
    def is_audio(self) -> bool:
        return MediaFlag.AUDIO in self.head.flags


def make_init_message(stream_format: StreamFormat, sent_at_ns: int) -> bytes:
    """Makes the binary init message of a format."""
    flags = MediaFlag.KEY | (MediaFlag.AUDIO if stream_format.audio else MediaFlag.NONE)
    head = MediaHead(MediaKind.INIT, flags, 0, 0, 0, 0, sent_at_ns)
    return encode_media(head, make_init(stream_format))


def join_fragments(fragments: Sequence[LiveFragment], sent_at_ns: int) -> LiveFragment:
    """Joins the cached fragments of one track into one message, so that a joining viewer needs one append.

    Raises:
        IndexError: the list is empty.
    """
    first, last = fragments[0], fragments[-1]
    end_90k = last.head.media_90k + last.head.duration_90k
    head = replace(
        first.head,
        flags=first.head.flags | MediaFlag.CACHED,
        duration_90k=max(0, end_90k - first.head.media_90k),
        received_at_ns=last.head.received_at_ns,
        sent_at_ns=sent_at_ns,
    )
    body = b"".join(fragment.body for fragment in fragments)
    return LiveFragment(head, body, encode_media(head, body), sum(part.frames for part in fragments))


class LiveMuxer:
    """Muxes one run of one stream."""

    def __init__(self, stream_format: StreamFormat) -> None:
        self._audio = stream_format.audio
        self._sequence = 0
        self._previous_dts_90k: int | None = None
        self._delta_90k = FIRST_DURATION_90K
        self._end_90k: int | None = None

    def push(self, packet: Packet, *, is_cached: bool, sent_at_ns: int) -> LiveFragment:
        """Makes the fragment of one packet; packets come in decoding order per track."""
        placed, duration_90k = (packet, self._audio_duration_90k(packet)) if packet.is_audio else self._place(packet)
        flags = MediaFlag.NONE
        if packet.is_key:
            flags |= MediaFlag.KEY
        if packet.is_audio:
            flags |= MediaFlag.AUDIO
        if is_cached:
            flags |= MediaFlag.CACHED
        self._sequence += 1
        track = TrackFragment((placed,), placed.dts_90k + duration_90k)
        body = b"".join(make_fragment(self._sequence, (track,)))
        head = MediaHead(
            MediaKind.FRAGMENT,
            flags,
            duration_90k,
            placed.pts_90k,
            packet.captured_at_ns,
            packet.received_at_ns,
            sent_at_ns,
        )
        return LiveFragment(head, body, encode_media(head, body), 1)

    def _place(self, packet: Packet) -> tuple[Packet, int]:
        """Decides where a frame lies on the media line and how long it is assumed to last."""
        if self._previous_dts_90k is not None:
            delta_90k = packet.dts_90k - self._previous_dts_90k
            is_hole = delta_90k > 2 * self._delta_90k
            if delta_90k > 0 and not is_hole:
                self._delta_90k = delta_90k
        else:
            is_hole = False
        self._previous_dts_90k = packet.dts_90k
        duration_90k = self._delta_90k
        if is_hole and self._end_90k is not None:
            missing_90k = packet.dts_90k - self._end_90k
            if missing_90k <= MAX_DURATION_90K:
                packet = packet.moved(-missing_90k)
                duration_90k += missing_90k
            # A frame rate that really fell must not be mistaken for a hole at every frame.
            self._delta_90k = min(2 * self._delta_90k, MAX_DURATION_90K)
        self._end_90k = packet.dts_90k + duration_90k
        return packet, duration_90k

    def _audio_duration_90k(self, packet: Packet) -> int:
        if self._audio is None:
            return 0
        return packet_duration_90k(self._audio, packet.data)
