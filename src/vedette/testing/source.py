"""What a simulated stream plays: a clip, packetised once and shared by every camera that shows it.

Pure, apart from reading the file.
"""

from dataclasses import dataclass, replace
from pathlib import Path

from vedette.core.media import AudioFormat, Packet, StreamFormat
from vedette.core.time import TICKS_PER_S
from vedette.media.audio_samples import packet_samples
from vedette.media.bitstream import NalFraming, split_access_unit
from vedette.media.demux import Clip, UnreadableFileError, read_clip
from vedette.testing.rtp import WireUnit, make_frame_number_sei, packetise_audio, packetise_video

_FRAMING = NalFraming(4)
_G711_PACKETS_PER_S = 50
"""20 ms a packet, the default of RFC 3551 4.2."""


@dataclass(frozen=True, slots=True)
class SourceFrame:
    """One video access unit; times count from the start of the clip. `nals`: kept only for cameras that sign."""

    dts_90k: int
    pts_90k: int
    is_key: bool
    unit: WireUnit
    nals: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True)
class SourceAudio:
    """Audio of a clip.

    Attributes:
        step_samples: Samples per packet, all the same.
    """

    format: AudioFormat
    units: tuple[WireUnit, ...]
    step_samples: int


@dataclass(frozen=True, slots=True)
class SimSource:
    """A clip ready to be played in an endless loop.

    Attributes:
        loop_90k: After this time the clip begins again.
        name: Shown in messages, usually the file name.
        path: The file it was made from, None when made from something else.
    """

    name: str
    format: StreamFormat
    frames: tuple[SourceFrame, ...]
    loop_90k: int
    audio: SourceAudio | None
    path: Path | None = None

    @property
    def fps(self) -> float:
        return len(self.frames) * TICKS_PER_S / self.loop_90k

    @property
    def bitrate_bps(self) -> float:
        size_bytes = sum(len(frame.unit.blob) for frame in self.frames)
        return size_bytes * 8 * TICKS_PER_S / self.loop_90k


@dataclass(frozen=True, slots=True)
class SourceOptions:
    """How access units go onto the wire.

    Attributes:
        number_frames: Adds an SEI message with the frame number to every access unit.
        parameter_sets_in_band: Sends the parameter sets before every key frame too, as most cameras do.
        keep_nals: Keeps the NAL units beside their packets: a camera that signs packs its key frames anew.
    """

    number_frames: bool = False
    parameter_sets_in_band: bool = True
    keep_nals: bool = False


def load_source(path: Path, options: SourceOptions | None = None) -> SimSource:
    """Reads and packetises a file.

    Raises:
        UnreadableFileError: see `vedette.media.demux.read_clip`.
    """
    return replace(make_source(path.name, read_clip(path), options or SourceOptions()), path=path)


def make_source(name: str, clip: Clip, options: SourceOptions) -> SimSource:
    """Packetises a clip."""
    if len(clip.video) < 2:
        raise UnreadableFileError(f"{name} has only {len(clip.video)} frame; a loop needs two.")
    return SimSource(
        name=name,
        format=clip.format,
        frames=tuple(_make_frame(packet, clip.format, options) for packet in clip.video),
        loop_90k=clip.duration_90k,
        audio=_make_audio(clip),
    )


def _make_frame(packet: Packet, stream_format: StreamFormat, options: SourceOptions) -> SourceFrame:
    codec = stream_format.video.codec
    nals = split_access_unit(packet.data, _FRAMING)
    if options.number_frames:
        nals = [make_frame_number_sei(codec), *nals]
    if packet.is_key and options.parameter_sets_in_band:
        nals = [*stream_format.video.parameter_sets, *nals]
    kept = tuple(nals) if options.keep_nals else ()
    return SourceFrame(packet.dts_90k, packet.pts_90k, packet.is_key, packetise_video(nals, codec), kept)


def _make_audio(clip: Clip) -> SourceAudio | None:
    audio = clip.format.audio
    if audio is None or not clip.audio:
        return None
    if not audio.codec.needs_encoding:
        payloads, step_samples = [packet.data for packet in clip.audio], packet_samples(audio, clip.audio[0].data)
    else:
        octets = b"".join(packet.data for packet in clip.audio)
        step_samples = audio.sample_rate_hz // _G711_PACKETS_PER_S
        step_bytes = step_samples * audio.channels
        payloads = [octets[start : start + step_bytes] for start in range(0, len(octets) - step_bytes + 1, step_bytes)]
    units = tuple(packetise_audio(payload, audio.codec) for payload in payloads)
    return SourceAudio(audio, units, step_samples)
