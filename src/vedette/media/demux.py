"""Reads a media file into the house's own packets: no decoding, no re-encoding.

Promise: what comes out has the framing of `vedette.core.media` whatever the container was: NAL units with
4-byte lengths, parameter sets only in the format, media time from 0 at the first video access unit. Files from
outside go through here only inside a jailed process: libav parses them in C.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import ClassVar, Self

import av
from av.audio.stream import AudioStream
from av.stream import Stream
from av.video.stream import VideoStream

from vedette.core.errors import InvalidInputError
from vedette.core.media import AudioFormat, Codec, Packet, StreamFormat, VideoFormat
from vedette.core.time import TICKS_PER_S, ticks_to_ns
from vedette.media.bitstream import (
    NalFraming,
    codec_string,
    is_random_access,
    parse_extradata,
    split_access_unit,
    strip_access_unit,
)
from vedette.media.opus_config import read_opus_head

_VIDEO_CODECS = {"h264": Codec.H264, "hevc": Codec.H265}
_AUDIO_CODECS = {"aac": Codec.AAC, "opus": Codec.OPUS, "pcm_alaw": Codec.PCMA, "pcm_mulaw": Codec.PCMU}
_MAX_OPEN_ENDED = 32
"""More frames than any codec reorders (H.265 allows 16)."""
_AUDIO_CODEC_STRINGS = {Codec.AAC: "mp4a.40.2", Codec.PCMA: "alaw", Codec.PCMU: "ulaw"}


class UnreadableFileError(InvalidInputError):
    """The file cannot be read as media, or carries nothing we know how to pass on."""

    code: ClassVar[str] = "unreadable_file"


class FileReader:
    """Reads one file. Use as a context manager; `packets` may be walked once.

    Attributes:
        format: What the file carries. Audio in a codec that we do not store is left out.

    Raises:
        UnreadableFileError: no media file, no H.264 or H.265 video, or missing parameter sets.
    """

    def __init__(self, path: Path, run_id: str = "file", start_utc_ns: int = 0) -> None:
        self._path = path
        self._start_utc_ns = start_utc_ns
        try:
            self._container = av.open(str(path))
        except (av.error.FFmpegError, OSError) as exc:
            raise UnreadableFileError(
                f"{path.name} cannot be opened as a media file: {type(exc).__name__}.",
                "Give an MP4, MOV, MKV, TS or AVI file with H.264 or H.265 video.",
            ) from exc
        try:
            self._video = self._find_video()
            self._audio = self._find_audio()
            self._framing, video_format = self._read_video_format()
            self.format = StreamFormat(run_id, video_format, self._read_audio_format())
        except BaseException:
            self._container.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._container.close()

    def packets(self) -> Iterator[Packet]:
        """Yields the packets in the order of the file.

        Audio before the first video access unit is skipped: media time starts there.
        """
        zero: Fraction | None = None
        counts = [0, 0]
        for timed in self._timed():
            if zero is None:
                if timed.is_audio:
                    continue
                zero = timed.dts_s
            if timed.dts_s < zero:
                continue
            yield self._make_packet(timed, zero, counts[timed.is_audio])
            counts[timed.is_audio] += 1

    def _make_packet(self, timed: "_TimedPayload", zero: Fraction, sequence: int) -> Packet:
        data, is_key = timed.data, True
        if not timed.is_audio:
            codec = self.format.video.codec
            nals = split_access_unit(data, self._framing)
            is_key = is_random_access(nals, codec)
            data = strip_access_unit(nals, codec)
        dts_90k = round((timed.dts_s - zero) * TICKS_PER_S)
        captured_at_ns = self._start_utc_ns + ticks_to_ns(dts_90k)
        return Packet(
            is_audio=timed.is_audio,
            is_key=is_key,
            pts_90k=round((timed.pts_s - zero) * TICKS_PER_S),
            dts_90k=dts_90k,
            captured_at_ns=captured_at_ns,
            received_at_ns=captured_at_ns,
            camera_utc_ns=0,
            sequence=sequence,
            lost_before=0,
            data=data,
        )

    def _timed(self) -> Iterator["_TimedPayload"]:
        """Gives every payload a time.

        Matroska has no decoding times: libav leaves the first ones of a stream with B-frames open, and they
        are counted back from the first known one. Raw elementary streams have no times at all: then every
        frame lasts as long as the stream's rate says.
        """
        rate = self._video.average_rate or self._video.guessed_rate or Fraction(25)
        step_s = 1 / Fraction(rate)
        open_ended: list[tuple[bytes, Fraction | None]] = []
        next_dts_s: Fraction | None = None
        for packet in self._demux():
            if not packet.size:
                continue
            dts_s = None if packet.dts is None else packet.dts * packet.time_base
            pts_s = None if packet.pts is None else packet.pts * packet.time_base
            data = bytes(packet)
            if packet.stream.type == "audio":
                if dts_s is not None:
                    yield _TimedPayload(True, data, dts_s, dts_s)
                continue
            if dts_s is None and next_dts_s is None and len(open_ended) < _MAX_OPEN_ENDED:
                open_ended.append((data, pts_s))
                continue
            if next_dts_s is None:
                known_s = dts_s if dts_s is not None else len(open_ended) * step_s
                yield from _close(open_ended, known_s, step_s)
                next_dts_s = known_s
            dts_s = next_dts_s if dts_s is None else dts_s
            yield _TimedPayload(False, data, dts_s, dts_s if pts_s is None else pts_s)
            next_dts_s = dts_s + step_s
        if next_dts_s is None:
            yield from _close(open_ended, len(open_ended) * step_s, step_s)

    def _demux(self) -> Iterator["av.Packet[Stream]"]:
        streams: list[Stream] = [self._video]
        if self._audio is not None:
            streams.append(self._audio)
        try:
            yield from self._container.demux(streams)
        except av.error.FFmpegError as exc:
            raise UnreadableFileError(f"{self._path.name} is damaged: {type(exc).__name__}.") from exc

    def _find_video(self) -> VideoStream:
        for stream in self._container.streams.video:
            if stream.codec_context.name in _VIDEO_CODECS or stream.codec_context.codec.name in _VIDEO_CODECS:
                return stream
        found = sorted({stream.codec_context.name for stream in self._container.streams.video})
        raise UnreadableFileError(
            f"{self._path.name} has no H.264 or H.265 video (video found: {', '.join(found) or 'none'}).",
            "Convert it first, for example: ffmpeg -i IN -c:v libx264 -bf 0 -g 50 OUT.mp4",
        )

    def _find_audio(self) -> AudioStream | None:
        for stream in self._container.streams.audio:
            if stream.codec_context.codec.canonical_name in _AUDIO_CODECS:
                return stream
        return None

    def _read_video_format(self) -> tuple[NalFraming, VideoFormat]:
        context = self._video.codec_context
        codec = _VIDEO_CODECS[context.name]
        framing, parameter_sets = parse_extradata(context.extradata or b"", codec)
        if not parameter_sets:
            raise UnreadableFileError(
                f"{self._path.name} has no parameter sets, so its video cannot be decoded.",
                "Re-mux it with ffmpeg -i IN -c copy OUT.mp4",
            )
        video = VideoFormat(
            codec=codec,
            width=context.width,
            height=context.height,
            parameter_sets=parameter_sets,
            codec_string=codec_string(parameter_sets, codec),
        )
        return framing, video

    def _read_audio_format(self) -> AudioFormat | None:
        if self._audio is None:
            return None
        context = self._audio.codec_context
        codec = _AUDIO_CODECS[context.codec.canonical_name]
        if codec is Codec.OPUS:
            return read_opus_head(bytes(context.extradata or b""))
        config = bytes(context.extradata or b"") if codec is Codec.AAC else b""
        if codec is Codec.AAC and not config:
            return None  # ADTS: the configuration is in every frame's own header, which we do not carry
        return AudioFormat(
            codec=codec,
            sample_rate_hz=context.sample_rate,
            channels=context.layout.nb_channels,
            config=config,
            codec_string=_AUDIO_CODEC_STRINGS[codec],
        )


@dataclass(frozen=True, slots=True)
class _TimedPayload:
    is_audio: bool
    data: bytes
    dts_s: Fraction
    pts_s: Fraction


def _close(
    open_ended: list[tuple[bytes, Fraction | None]], end_s: Fraction, step_s: Fraction
) -> Iterator[_TimedPayload]:
    for index, (data, pts_s) in enumerate(open_ended):
        dts_s = end_s - (len(open_ended) - index) * step_s
        yield _TimedPayload(False, data, dts_s, dts_s if pts_s is None else pts_s)


@dataclass(frozen=True, slots=True)
class Clip:
    """A whole file in memory: for simulators and tests, not for long recordings.

    Attributes:
        duration_90k: Length of the video track; the last frame counts as long as the one before it.
    """

    format: StreamFormat
    video: tuple[Packet, ...]
    audio: tuple[Packet, ...]
    duration_90k: int


def read_clip(path: Path) -> Clip:
    """Reads a file into memory, from its first random access point.

    Raises:
        UnreadableFileError: as `FileReader`, or the video has no random access point.
    """
    with FileReader(path) as reader:
        packets = list(reader.packets())
        stream_format = reader.format
    video = [packet for packet in packets if not packet.is_audio]
    first = next((index for index, packet in enumerate(video) if packet.is_key), None)
    if first is None:
        raise UnreadableFileError(f"{path.name} has no key frame, so nothing of it can be decoded.")
    zero_90k = video[first].dts_90k
    video = [_shift(packet, zero_90k) for packet in video[first:]]
    audio = [_shift(packet, zero_90k) for packet in packets if packet.is_audio and packet.dts_90k >= zero_90k]
    step_90k = video[-1].dts_90k - video[-2].dts_90k if len(video) > 1 else TICKS_PER_S
    return Clip(stream_format, tuple(video), tuple(audio), video[-1].dts_90k + step_90k)


def _shift(packet: Packet, zero_90k: int) -> Packet:
    return packet.moved(-zero_90k)
