"""The recorder's feed, as bytes: what `WS /feed` carries. Design: docs/design/contracts.md, "Feed".

Binary messages carry one packet each behind a 48-byte head; text messages carry the format, the state of the
stream and what was dropped for a slow reader. Both ends of the feed use this file and nothing else.
"""

import struct
from dataclasses import dataclass
from typing import ClassVar

import msgspec

from vedette.core.errors import InvalidInputError
from vedette.core.media import AudioFormat, Codec, Packet, StreamFormat, VideoFormat

VERSION = 1
HEAD_SIZE_BYTES = 48
_HEAD = struct.Struct(">BBHqqqqqI")
_KEY, _AUDIO, _CACHED = 1, 2, 4


class MalformedFeedError(InvalidInputError):
    """A feed message does not follow the contract."""

    code: ClassVar[str] = "malformed_feed"


@dataclass(frozen=True, slots=True)
class FeedPacket:
    """A packet and whether it comes from the GOP cache (it was received before the reader joined)."""

    packet: Packet
    is_cached: bool


class FeedState(msgspec.Struct, tag_field="type", tag="state", frozen=True, forbid_unknown_fields=True):
    """The stream entered a state (`vedette.core.media.StreamState`), and why."""

    state: str
    code: str
    reason: str
    hint: str
    at_ns: int


class FeedDropped(msgspec.Struct, tag_field="type", tag="dropped", frozen=True, forbid_unknown_fields=True):
    """The reader was too slow: this many frames were left out, up to a key frame."""

    frames: int


class _Video(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    codec: Codec
    width: int
    height: int
    codec_string: str
    parameter_sets: tuple[bytes, ...]


class _Audio(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    codec: Codec
    sample_rate_hz: int
    channels: int
    config: bytes
    codec_string: str


class _Format(msgspec.Struct, tag_field="type", tag="format", frozen=True, forbid_unknown_fields=True):
    run_id: str
    video: _Video
    audio: _Audio | None


FeedText = StreamFormat | FeedState | FeedDropped

_ENCODER = msgspec.json.Encoder()
_DECODER: msgspec.json.Decoder[_Format | FeedState | FeedDropped] = msgspec.json.Decoder(
    _Format | FeedState | FeedDropped
)


def encode_packet(packet: Packet, *, is_cached: bool = False) -> bytes:
    """Encodes one packet as a binary message."""
    flags = _KEY * packet.is_key | _AUDIO * packet.is_audio | _CACHED * is_cached
    head = _HEAD.pack(
        VERSION,
        flags,
        min(packet.lost_before, 0xFFFF),
        packet.pts_90k,
        packet.dts_90k,
        packet.captured_at_ns,
        packet.received_at_ns,
        packet.camera_utc_ns,
        packet.sequence & 0xFFFFFFFF,
    )
    return head + packet.data


def decode_packet(message: bytes) -> FeedPacket:
    """Decodes a binary message.

    Raises:
        MalformedFeedError: cut short, or of a version that we do not know.
    """
    if len(message) < HEAD_SIZE_BYTES:
        raise MalformedFeedError(f"a feed message of {len(message)} bytes")
    version, flags, lost, pts, dts, captured, received, camera, sequence = _HEAD.unpack_from(message)
    if version != VERSION:
        raise MalformedFeedError(
            f"a feed message of version {version}, we read {VERSION}", "Run the same release in every process."
        )
    packet = Packet(
        is_audio=bool(flags & _AUDIO),
        is_key=bool(flags & _KEY),
        pts_90k=pts,
        dts_90k=dts,
        captured_at_ns=captured,
        received_at_ns=received,
        camera_utc_ns=camera,
        sequence=sequence,
        lost_before=lost,
        data=message[HEAD_SIZE_BYTES:],
    )
    return FeedPacket(packet, bool(flags & _CACHED))


def encode_text(message: FeedText) -> str:
    """Encodes a format, a state or a count of dropped frames as a text message."""
    if not isinstance(message, StreamFormat):
        return _ENCODER.encode(message).decode()
    video, audio = message.video, message.audio
    wire = _Format(
        message.run_id,
        _Video(video.codec, video.width, video.height, video.codec_string, video.parameter_sets),
        None
        if audio is None
        else _Audio(audio.codec, audio.sample_rate_hz, audio.channels, audio.config, audio.codec_string),
    )
    return _ENCODER.encode(wire).decode()


def decode_text(message: str) -> FeedText:
    """Decodes a text message.

    Raises:
        MalformedFeedError: not one of the three kinds, or a field is missing, unknown or of a wrong type.
    """
    try:
        wire = _DECODER.decode(message)
    except (msgspec.MsgspecError, UnicodeDecodeError) as exc:
        raise MalformedFeedError(f"a feed text message that does not follow the contract: {exc}") from exc
    if not isinstance(wire, _Format):
        return wire
    video, audio = wire.video, wire.audio
    return StreamFormat(
        wire.run_id,
        VideoFormat(video.codec, video.width, video.height, video.parameter_sets, video.codec_string),
        None
        if audio is None
        else AudioFormat(audio.codec, audio.sample_rate_hz, audio.channels, audio.config, audio.codec_string),
    )
