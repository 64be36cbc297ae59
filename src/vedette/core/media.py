"""The vocabulary of encoded media: formats, packets, stream roles.

`Packet` is encoded, `Frame` decoded, `Sample` stored (docs/glossary.md). A packet's payload is kept exactly
as the camera sent it, in the framing that ISO BMFF stores: video as one access unit of NAL units with
4-byte big-endian lengths (ISO/IEC 14496-15), without parameter sets, access unit delimiters and filler, which
live in the format; audio as one raw access unit (AAC) or a run of G.711 octets.
"""

from dataclasses import dataclass
from enum import StrEnum

import msgspec


class Codec(StrEnum):
    """Codecs that the house stores by packet copy."""

    H264 = "h264"
    H265 = "h265"
    AAC = "aac"
    PCMA = "pcma"
    PCMU = "pcmu"
    OPUS = "opus"

    @property
    def is_video(self) -> bool:
        return self in {Codec.H264, Codec.H265}

    @property
    def needs_encoding(self) -> bool:
        """Sound that browsers and players of MP4 do not take as it is: G.711."""
        return self in {Codec.PCMA, Codec.PCMU}


class StreamRole(StrEnum):
    """Which of a camera's media profiles a stream is."""

    MAIN = "main"
    SUB = "sub"


class StreamState(StrEnum):
    """What a tile says of a stream. `stalled`: connected, but no packet for longer than expected."""

    CONNECTING = "connecting"
    ONLINE = "online"
    STALLED = "stalled"
    OFFLINE = "offline"


@dataclass(frozen=True, slots=True)
class VideoFormat:
    """What a decoder must know before the first packet.

    Attributes:
        parameter_sets: NAL units without start code or length, in decoding order: SPS, PPS (H.264) or
            VPS, SPS, PPS (H.265).
        codec_string: RFC 6381 codec string, `avc1.64001f` or `hvc1.1.6.L93.B0`.
        width: Displayed width in pixels, cropping applied.
        height: Displayed height in pixels.
    """

    codec: Codec
    width: int
    height: int
    parameter_sets: tuple[bytes, ...]
    codec_string: str


@dataclass(frozen=True, slots=True)
class AudioFormat:
    """Audio of a stream.

    Attributes:
        config: AudioSpecificConfig (ISO/IEC 14496-3) for AAC, the body of `dOps` for Opus, empty for G.711.
        codec_string: RFC 6381 codec string, `mp4a.40.2`, `opus`, `alaw` or `ulaw`.
    """

    codec: Codec
    sample_rate_hz: int
    channels: int
    config: bytes
    codec_string: str


@dataclass(frozen=True, slots=True)
class StreamFormat:
    """All media tracks of one stream. A new value mid-stream means: from here on everything is new.

    `run_id` names one unbroken connection (a Run): media time is continuous within a run and means nothing
    across runs.
    """

    run_id: str
    video: VideoFormat
    audio: AudioFormat | None = None


class Packet(msgspec.Struct, frozen=True, gc=False):
    """One access unit of one media track.

    A struct and no dataclass: it is made 1,500 times a second for 60 cameras, six times as fast, and the garbage
    collector need not look at it (it holds no references that could make a cycle).

    Attributes:
        is_audio: False for the video track, True for the audio track.
        is_key: Video: a random access point (IDR; H.265 IRAP). Audio: always True.
        pts_90k: Presentation time since the start of the run, unwrapped; both tracks on one clock.
        dts_90k: Decoding time, same clock; equals `pts_90k` when there are no B-frames. Never decreases
            within a track of a run.
        captured_at_ns: UTC of this access unit: the camera's media clock laid onto our UTC line, steered so
            that it never strays more than a second from `received_at_ns`. Never decreases within a run.
        received_at_ns: UTC when the last byte arrived.
        camera_utc_ns: What the camera's own clock says (RTCP sender report, RFC 3550), or 0 when unknown.
        sequence: Counts the access units of this track in this run from 0, lost ones not counted.
        lost_before: RTP packets of this track known to be lost since the access unit before.
        data: The payload as described in this module's head.
    """

    is_audio: bool
    is_key: bool
    pts_90k: int
    dts_90k: int
    captured_at_ns: int
    received_at_ns: int
    camera_utc_ns: int
    sequence: int
    lost_before: int
    data: bytes

    def moved(self, shift_90k: int) -> "Packet":
        """The same access unit at another place of the media line."""
        return msgspec.structs.replace(self, pts_90k=self.pts_90k + shift_90k, dts_90k=self.dts_90k + shift_90k)
