"""Demuxes foreign containers and turns JPEG pictures into H.264, with libav. Runs only inside the jailed child.

H.264 and H.265 pass through unchanged; Motion JPEG is encoded because the house stores only H.264 and H.265.
"""

import contextlib
import importlib
import io
from collections.abc import Callable, Iterator
from fractions import Fraction

import av
from av.audio.stream import AudioStream
from av.packet import Packet as AvPacket
from av.stream import Stream
from av.video.stream import VideoStream

from vedette.core.errors import InvalidInputError
from vedette.core.media import Codec
from vedette.core.time import TICKS_PER_S
from vedette.media.bitstream import (
    ANNEX_B,
    NalFraming,
    is_random_access,
    nal_type,
    parse_extradata,
    split_access_unit,
    strip_access_unit,
)
from vedette.media.compat_wire import Tracks, Unit
from vedette.media.opus_config import read_opus_head

KEY_EVERY_90K = 2 * TICKS_PER_S
MAX_PICTURE_SIDE_PX = 8192
_VIDEO = {"h264": Codec.H264, "hevc": Codec.H265}
_AUDIO = {"aac": Codec.AAC, "opus": Codec.OPUS, "pcm_alaw": Codec.PCMA, "pcm_mulaw": Codec.PCMU}
_SETS = {Codec.H264: frozenset({7, 8}), Codec.H265: frozenset({32, 33, 34})}
_ADTS_RATES_HZ = (96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350)


class ForeignMediaError(InvalidInputError):
    """The bytes are no media that we can pass on."""

    code = "foreign_media"


class ForeignCodecError(ForeignMediaError):
    """The container is fine, but its video is in a codec that the house does not store. The message names it."""

    code = "foreign_codec"


class ByteSource(io.RawIOBase):
    """A file object over a function that gives the next bytes (b"" at the end); libav reads from it."""

    def __init__(self, more: Callable[[], bytes]) -> None:
        super().__init__()
        self._more = more
        self._rest = b""
        self._is_ended = False

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        while not self._rest and not self._is_ended:
            self._rest = self._more()
            self._is_ended = not self._rest
        taken, self._rest = self._rest[:size], self._rest[size:]
        return taken


class ForeignReader:
    """Reads one container; yields units with the framing of the house.

    Args:
        file: Readable; seekable for local files.
        container_format: libav's name, or None to find out.
        on_set: Is given every parameter set, before the unit it is valid for.
    """

    def __init__(self, file: io.IOBase, container_format: str | None, on_set: Callable[[bytes], None]) -> None:
        self._on_set = on_set
        try:
            self._container = av.open(file, mode="r", format=container_format)
        except (av.error.FFmpegError, OSError, ValueError) as exc:
            raise ForeignMediaError(f"not readable as media ({type(exc).__name__})") from exc
        videos = [each for each in self._container.streams.video if each.codec_context.name in {*_VIDEO, "mjpeg"}]
        if not videos:
            found = {each.codec_context.name for each in self._container.streams.video}
            raise ForeignCodecError(", ".join(sorted(found)) or "nothing (no video track)")
        self._video: VideoStream = videos[0]
        self._audio = next((each for each in self._container.streams.audio if each.codec_context.name in _AUDIO), None)
        self._jpeg = JpegEncoder(on_set) if self._video.codec_context.name == "mjpeg" else None
        self._codec = _VIDEO.get(self._video.codec_context.name, Codec.H264)
        self._framing: NalFraming = ANNEX_B
        self._adts = self._audio is not None and not self._audio.codec_context.extradata

    def tracks(self) -> Tracks:
        """What there is. ADTS audio tells its configuration in its packets: see `units`."""
        audio = self._audio
        if audio is None or (self._adts and audio.codec_context.name == "aac" and not self._adts_config()):
            return Tracks(self._codec.value)
        context = audio.codec_context
        codec = _AUDIO[context.name]
        config = bytes(context.extradata or b"")
        if codec is Codec.AAC:
            config = config or self._adts_config()
        elif codec is Codec.OPUS:
            opus = read_opus_head(config)
            if opus is None:
                return Tracks(self._codec.value)
            config = opus.config
        else:
            config = b""
        return Tracks(
            video_codec=self._codec.value,
            audio_codec=codec.value,
            audio_rate_hz=context.sample_rate,
            audio_channels=context.layout.nb_channels,
            audio_config=config.hex(),
        )

    def units(self) -> Iterator[Unit]:
        """Yields units until the source ends."""
        if self._jpeg is None:
            extradata = bytes(self._video.codec_context.extradata or b"")
            self._framing, sets = parse_extradata(extradata, self._codec)
            for nal in sets:
                self._on_set(nal)
        streams: list[Stream] = [self._video, *([self._audio] if self._audio is not None else [])]
        try:
            for packet in self._container.demux(streams):
                if packet.size and packet.pts is not None and packet.time_base is not None:
                    yield from self._convert(packet)
        except av.error.FFmpegError as exc:
            raise ForeignMediaError(f"damaged ({type(exc).__name__})") from exc

    def _convert(self, packet: "AvPacket[Stream]") -> Iterator[Unit]:
        assert packet.pts is not None
        assert packet.time_base is not None
        pts_90k = round(packet.pts * packet.time_base * TICKS_PER_S)
        data = bytes(packet)
        if isinstance(packet.stream, AudioStream):
            payload = _strip_adts(data) if packet.stream.codec_context.name == "aac" else data
            if payload:
                yield Unit(True, True, pts_90k, payload)
        elif self._jpeg is not None:
            yield from self._jpeg.encode(pts_90k, data)
        else:
            nals = split_access_unit(data, self._framing)
            for nal in nals:
                if nal_type(nal, self._codec) in _SETS[self._codec]:
                    self._on_set(nal)
            payload = strip_access_unit(nals, self._codec)
            if payload:
                yield Unit(False, is_random_access(nals, self._codec), pts_90k, payload)

    def _adts_config(self) -> bytes:
        """Makes the AudioSpecificConfig of AAC-LC from what libav found out."""
        audio = self._audio
        if audio is None or audio.codec_context.sample_rate not in _ADTS_RATES_HZ:
            return b""
        index = _ADTS_RATES_HZ.index(audio.codec_context.sample_rate)
        return (2 << 11 | index << 7 | audio.codec_context.layout.nb_channels << 3).to_bytes(2, "big")


class JpegEncoder:
    """Encodes JPEG pictures as H.264, one at a time, without delay; a key frame every two seconds."""

    def __init__(self, on_set: Callable[[bytes], None]) -> None:
        self._on_set = on_set
        self._decoder = av.VideoCodecContext.create("mjpeg", "r")
        self._decoder.thread_count = 1
        self._encoder: av.VideoCodecContext | None = None
        self._size = (0, 0)
        self._key_at_90k: int | None = None

    def encode(self, pts_90k: int, jpeg: bytes) -> Iterator[Unit]:
        """Yields the unit of one picture; nothing for a picture that cannot be decoded."""
        try:
            frames = self._decoder.decode(AvPacket(jpeg))
        except av.error.FFmpegError:
            return  # one broken picture; the next one stands alone
        for frame in frames:
            if max(frame.width, frame.height) > MAX_PICTURE_SIDE_PX:
                raise ForeignMediaError(f"a picture of {frame.width}x{frame.height} is too large")
            yield from self._encode(frame, pts_90k)

    def _encode(self, frame: av.VideoFrame, pts_90k: int) -> Iterator[Unit]:
        width, height = frame.width & ~1, frame.height & ~1
        if (width, height) != self._size or self._encoder is None:
            self._encoder = _make_encoder(width, height)
            self._size = (width, height)
            self._key_at_90k = None
        picture = frame.reformat(width, height, "yuv420p", threads=1)
        picture.pts, picture.time_base = pts_90k, Fraction(1, TICKS_PER_S)
        is_due = self._key_at_90k is None or pts_90k - self._key_at_90k >= KEY_EVERY_90K
        picture.pict_type = av.video.frame.PictureType.I if is_due else av.video.frame.PictureType.NONE
        if is_due:
            self._key_at_90k = pts_90k
        for packet in self._encoder.encode(picture):
            nals = split_access_unit(bytes(packet), ANNEX_B)
            for nal in nals:
                if nal_type(nal, Codec.H264) in _SETS[Codec.H264]:
                    self._on_set(nal)
            payload = strip_access_unit(nals, Codec.H264)
            yield Unit(False, is_random_access(nals, Codec.H264), pts_90k, payload)


def _make_encoder(width: int, height: int) -> av.VideoCodecContext:
    encoder = av.VideoCodecContext.create("libx264", "w")
    encoder.width, encoder.height, encoder.pix_fmt = width, height, "yuv420p"
    encoder.time_base, encoder.framerate = Fraction(1, TICKS_PER_S), Fraction(25)
    encoder.gop_size, encoder.max_b_frames, encoder.thread_count = 250, 0, 1
    encoder.options = {"preset": "veryfast", "tune": "zerolatency", "crf": "23", "forced-idr": "1"}
    return encoder


def _strip_adts(data: bytes) -> bytes:
    """Takes the ADTS header away (ISO/IEC 13818-7 section 6.2); without one the data stays."""
    if len(data) > 9 and data[0] == 0xFF and data[1] & 0xF6 == 0xF0:
        return data[7 if data[1] & 1 else 9 :]
    return data


def warm_up() -> None:
    """Runs demuxers, decoder and encoder once, while files can still be read: libav's Python side imports its
    own modules only when they are first needed.
    """
    for name in ("subtitles.stream", "data.stream", "attachments.stream", "audio.stream", "video.stream"):
        with contextlib.suppress(ModuleNotFoundError):
            importlib.import_module(f"av.{name}")
    encoder = av.VideoCodecContext.create("mjpeg", "w")
    encoder.width, encoder.height, encoder.pix_fmt = 64, 48, "yuvj420p"
    encoder.time_base, encoder.thread_count = Fraction(1, 25), 1
    frame = av.VideoFrame(64, 48, "yuvj420p")
    frame.pts = 0
    jpegs = [bytes(packet) for packet in [*encoder.encode(frame), *encoder.encode(None)]]
    for jpeg in jpegs:
        for _ in JpegEncoder(lambda _nal: None).encode(0, jpeg):
            pass
    clip = io.BytesIO()
    with av.open(clip, "w", format="mpegts") as container:
        stream = container.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt, stream.thread_count = 64, 48, "yuv420p", 1
        for packet in [*stream.encode(av.VideoFrame(64, 48, "yuv420p")), *stream.encode(None)]:
            container.mux(packet)
    clip.seek(0)
    for _ in ForeignReader(clip, None, lambda _nal: None).units():
        pass
