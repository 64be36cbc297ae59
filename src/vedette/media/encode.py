"""Encodes pictures and sound into files: generated scenes, and variants of a clip for fault tests.

The only place in the house that encodes video into files; recordings are always packet copies. Settings are
those of a usual camera: no B-frames, one slice, key frames at a fixed distance (or at given frames,
as "smart" codecs do).
"""

import contextlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import ClassVar, Self

import av
import cv2
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.container.output import OutputContainer
from av.video.frame import PictureType, VideoFrame
from av.video.stream import VideoStream
from numpy.typing import NDArray

from vedette.core.errors import InvalidInputError, StorageError
from vedette.core.media import Codec

_VIDEO_ENCODERS = {Codec.H264: "libx264", Codec.H265: "libx265"}
_AUDIO_ENCODERS = {Codec.AAC: "aac", Codec.OPUS: "libopus", Codec.PCMA: "pcm_alaw", Codec.PCMU: "pcm_mulaw"}


class EncodeError(StorageError):
    """A file could not be encoded."""

    code: ClassVar[str] = "encode_failed"


@dataclass(frozen=True, slots=True)
class VideoEncoding:
    """How pictures are encoded.

    Attributes:
        gop_frames: Distance of key frames.
        key_frames: When given, only these frames (and the first) are key frames: irregular GOPs.
        bitrate_bps: 0 encodes at constant quality `crf`.
        b_frames: B-frames between two others; cameras send none.
    """

    codec: Codec = Codec.H264
    width: int = 1280
    height: int = 720
    fps: int = 15
    gop_frames: int = 30
    key_frames: frozenset[int] | None = None
    bitrate_bps: int = 0
    crf: int = 23
    preset: str = "veryfast"
    b_frames: int = 0

    def __post_init__(self) -> None:
        if self.codec not in _VIDEO_ENCODERS or self.width % 2 or self.height % 2 or self.fps < 1:
            raise InvalidInputError(
                f"cannot encode {self.codec} at {self.width}x{self.height}, {self.fps} fps",
                "Use h264 or h265 and even sizes.",
            )


@dataclass(frozen=True, slots=True)
class AudioEncoding:
    """How sound is encoded.

    Attributes:
        samples: (N,) int16, mono.
    """

    samples: NDArray[np.int16] = field(repr=False)
    codec: Codec = Codec.AAC
    sample_rate_hz: int = 16_000
    bitrate_bps: int = 32_000


class ClipWriter:
    """Encodes pictures one by one into a file. Use as a context manager.

    The container follows from the name: `.mp4`, or `.mov` when the sound is G.711, which MP4 cannot carry.

    Raises:
        EncodeError: the encoder or the disk refused. When the body fails, no half file is left.
    """

    def __init__(self, path: Path, video: VideoEncoding, audio: AudioEncoding | None = None) -> None:
        self._path = path
        self._video = video
        self._audio = audio
        self._count = 0
        with _translated(path):
            self._container = av.open(str(path), "w")
            self._stream = _add_video(self._container, video)
            self._sound = None if audio is None else _add_audio(self._container, audio)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        if exc is not None:
            self._container.close()
            self._path.unlink(missing_ok=True)
            return
        with _translated(self._path):
            self._container.mux(self._stream.encode(None))
            if self._audio is not None and self._sound is not None:
                for frame in _audio_frames(self._audio, self._sound):
                    self._container.mux(self._sound.encode(frame))
                self._container.mux(self._sound.encode(None))
            self._container.close()

    def write(self, image_bgr: NDArray[np.uint8]) -> None:
        """Encodes the next picture, (H, W, 3) uint8 BGR."""
        with _translated(self._path):
            self._container.mux(self._stream.encode(_make_frame(image_bgr, self._count, self._video)))
        self._count += 1


def encode_clip(
    path: Path,
    images_bgr: Iterable[NDArray[np.uint8]],
    video: VideoEncoding,
    audio: AudioEncoding | None = None,
) -> None:
    """Encodes pictures and sound into a file, as `ClipWriter` does."""
    with ClipWriter(path, video, audio) as writer:
        for image_bgr in images_bgr:
            writer.write(image_bgr)


@contextlib.contextmanager
def _translated(path: Path) -> Iterator[None]:
    try:
        yield
    except (av.error.FFmpegError, OSError) as exc:
        path.unlink(missing_ok=True)
        raise EncodeError(f"{path.name} could not be encoded: {exc}.") from exc


def reencode_clip(source: Path, path: Path, video: VideoEncoding, max_frames: int = 0) -> None:
    """Encodes the pictures of a file again in another way, without its sound. `max_frames` 0: all."""
    encode_clip(path, _read_images(source, (video.width, video.height), max_frames), video)


def _read_images(source: Path, size: tuple[int, int], max_frames: int) -> Iterator[NDArray[np.uint8]]:
    with av.open(str(source)) as container:
        for index, frame in enumerate(container.decode(video=0)):
            if max_frames and index >= max_frames:
                return
            image_bgr = frame.to_ndarray(format="bgr24")
            yield np.asarray(cv2.resize(image_bgr, size, interpolation=cv2.INTER_AREA), np.uint8)


def _add_video(container: OutputContainer, video: VideoEncoding) -> VideoStream:
    options = {"preset": video.preset, "bf": str(video.b_frames), "forced-idr": "1"}
    gop = 100_000 if video.key_frames is not None else video.gop_frames
    parameters = {"keyint": gop, "min-keyint": 1, "scenecut": 0, "bframes": video.b_frames}
    if video.codec is Codec.H265:
        parameters |= {"pools": 1, "frame-threads": 1, "open-gop": 0}
    else:
        parameters |= {"threads": 1, "sliced-threads": 0}
    pairs = [f"{name}={value}" for name, value in parameters.items()]
    if video.codec is Codec.H265:
        pairs.append("log-level=error")
    options["x265-params" if video.codec is Codec.H265 else "x264-params"] = ":".join(pairs)
    if not video.bitrate_bps:
        options["crf"] = str(video.crf)
    stream = container.add_stream(_VIDEO_ENCODERS[video.codec], rate=video.fps, options=options)
    assert isinstance(stream, VideoStream)
    stream.width, stream.height, stream.pix_fmt = video.width, video.height, "yuv420p"
    if video.bitrate_bps:
        stream.bit_rate = video.bitrate_bps
    stream.codec_context.thread_count = 1
    stream.codec_context.color_range = 1
    if video.codec is Codec.H265:
        stream.codec_context.codec_tag = "hvc1"
    return stream


def _make_frame(image_bgr: NDArray[np.uint8], index: int, video: VideoEncoding) -> VideoFrame:
    planes = np.asarray(cv2.cvtColor(image_bgr, cv2.COLOR_BGR2YUV_I420), np.uint8)
    frame = VideoFrame.from_ndarray(planes, format="yuv420p")
    frame.pts, frame.time_base = index, Fraction(1, video.fps)
    if video.key_frames is not None and (index == 0 or index in video.key_frames):
        frame.pict_type = PictureType.I
    return frame


def _add_audio(container: OutputContainer, audio: AudioEncoding) -> AudioStream:
    stream = container.add_stream(_AUDIO_ENCODERS[audio.codec], rate=audio.sample_rate_hz, layout="mono")
    assert isinstance(stream, AudioStream)
    if audio.codec is Codec.AAC:
        stream.bit_rate = audio.bitrate_bps
    return stream


def _audio_frames(audio: AudioEncoding, stream: AudioStream) -> Iterator[AudioFrame]:
    """Cuts the samples into frames of the encoder's size, padded with silence at the end."""
    size = stream.codec_context.frame_size or (960 if audio.codec is Codec.OPUS else 1024)
    is_aac = audio.codec is Codec.AAC
    for start in range(0, len(audio.samples), size):
        piece = np.zeros(size, np.int16)
        piece[: len(audio.samples) - start] = audio.samples[start : start + size]
        data = (piece.astype(np.float32) / 32768.0) if is_aac else piece
        frame = AudioFrame.from_ndarray(data[None, :], format="fltp" if is_aac else "s16", layout="mono")
        frame.sample_rate, frame.pts = audio.sample_rate_hz, start
        frame.time_base = Fraction(1, audio.sample_rate_hz)
        yield frame
