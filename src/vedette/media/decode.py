"""Decodes access units and files into planes of pixels. Runs in a jailed worker only: here C code meets foreign bytes.

Only the decoders that cameras use are ever opened by packet, with one thread each (a thread cannot be started
inside the jail, and per-camera threads only cost: media.md section 6). The size that the parameter sets announce
is limited before a decoder sees them. Damaged packets give no frame and a count, never an exception.
"""

import io
from collections.abc import Iterator

import av
import av.subtitles.codeccontext  # PyAV imports these at the first subtitle track: in the jail the worker would end
import av.subtitles.stream
import numpy as np
from av.error import FFmpegError
from av.video.frame import VideoFrame
from av.video.reformatter import ColorRange

from vedette.core.errors import InvalidInputError
from vedette.core.media import Codec, VideoFormat
from vedette.core.time import TICKS_PER_S
from vedette.media.planes import MAX_AREA_PX, MAX_SIDE_PX, PlanarFrame, Plane

_DECODERS = {Codec.H264: "h264", Codec.H265: "hevc"}
_PLANAR = frozenset({"yuv420p", "yuvj420p"})
_START_CODE = b"\0\0\0\1"


class UndecodableError(InvalidInputError):
    """The stream or file cannot be decoded at all: unknown codec, impossible size, no picture in it."""

    code = "undecodable"


class UnseekableError(InvalidInputError):
    """The file cannot be read from the middle: it must be read from its start."""

    code = "unseekable"


def check_picture_size(width: int, height: int) -> None:
    """Raises UndecodableError for a size no camera sends."""
    if not (0 < width <= MAX_SIDE_PX and 0 < height <= MAX_SIDE_PX and width * height <= MAX_AREA_PX):
        raise UndecodableError(f"a picture of {width} x {height} pixels is not accepted")


class PacketDecoder:
    """Decodes one stream, packet by packet."""

    def __init__(self, video: VideoFormat) -> None:
        check_picture_size(video.width, video.height)
        if video.codec not in _DECODERS:
            raise UndecodableError(f"{video.codec} is no video codec")
        self._video = video
        self.damaged = 0
        """Packets that the decoder refused or could decode in part only."""
        self._context = self._open()

    def decode(self, data: bytes, pts_90k: int, *, is_key: bool) -> list[PlanarFrame]:
        """Decodes one access unit (4-byte lengths). Gives the pictures that are complete, often one.

        Garbage counts as damaged and gives nothing.
        """
        head = b"".join(_START_CODE + nal for nal in self._video.parameter_sets) if is_key else b""
        packet = av.Packet(head + to_annex_b(data))
        packet.pts = packet.dts = pts_90k
        try:
            frames = self._context.decode(packet)
        except (FFmpegError, ValueError):
            self.damaged += 1
            return []
        return self._planes(frames)

    def flush(self) -> list[PlanarFrame]:
        """Gives the pictures that were held back for reordering, and makes the decoder ready for a key frame."""
        try:
            frames = self._context.decode(None)
        except (FFmpegError, ValueError):
            frames = []
        self._context = self._open()
        return self._planes(frames)

    def _open(self) -> av.VideoCodecContext:
        context = av.VideoCodecContext.create(_DECODERS[self._video.codec], "r")
        assert isinstance(context, av.VideoCodecContext)
        context.thread_count = 1
        return context

    def _planes(self, frames: list[VideoFrame]) -> list[PlanarFrame]:
        planar = []
        for frame in frames:
            self.damaged += bool(frame.is_corrupt)
            check_picture_size(frame.width, frame.height)
            planar.append(to_planar(frame, frame.pts or 0))
        return planar


class FileFrames:
    """Decodes the first video track of an open file. The container is parsed here too, so: in the jail only.

    Args:
        key_frames_only: The others are not even decoded.
    """

    def __init__(self, file: io.BufferedIOBase, *, key_frames_only: bool = False) -> None:
        try:
            self._container = av.open(file, "r", metadata_errors="ignore")
        except (FFmpegError, ValueError, EOFError) as error:
            raise UndecodableError(
                f"this is no video file that can be read ({_reason(error)})",
                "Play it with another player: if that fails too, the file is damaged.",
            ) from error
        if not self._container.streams.video:
            raise UndecodableError("there is no video in this file")
        self._stream = self._container.streams.video[0]
        if self._stream.codec_context is None:
            raise UndecodableError("the codec of this video is not known")
        if 0 in self.size_px:
            raise UndecodableError(
                "no picture in this file could be decoded",
                "Play it with another player: if that fails too, the file is damaged.",
            )
        check_picture_size(*self.size_px)
        self._stream.thread_count = 1
        if key_frames_only:
            self._stream.codec_context.skip_frame = "NONKEY"
        self.damaged = 0
        self._times = _FrameTimes()
        self._first_90k: int | None = None

    @property
    def size_px(self) -> tuple[int, int]:
        return self._stream.codec_context.width, self._stream.codec_context.height

    @property
    def is_full_range(self) -> bool:
        """Whether the planes that come use 0 to 255, as those of JPEG do; others use 16 to 235."""
        context = self._stream.codec_context
        full = context.pix_fmt == "yuvj420p" or context.color_range == ColorRange.JPEG
        return context.pix_fmt in _PLANAR and full

    @property
    def duration_s(self) -> float:
        """As the container says, 0 when it does not."""
        return max(0.0, (self._container.duration or 0) / 1_000_000)

    @property
    def fps(self) -> float:
        """As the container says, 0 when it does not."""
        return float(self._stream.average_rate or self._stream.guessed_rate or 0)

    @property
    def time_faults(self) -> tuple[int, int]:
        """How often each of the two times of a picture went back so far: by it the better one is chosen."""
        return self._times.faults

    def recall_faults(self, faults: tuple[int, int]) -> None:
        """Goes on choosing as a reader that had come this far."""
        self._times.faults = faults

    def frames(self) -> Iterator[PlanarFrame]:
        """Yields every picture with its time from the first one. Damaged packets are counted and skipped."""
        return self._timed(self._decoded())

    def frames_from(self, pts_90k: int, faults: tuple[int, int]) -> Iterator[PlanarFrame]:
        """Yields pictures from the key frame at or before a time on, with the times that `frames` gives them.

        Containers lie about where things are: whoever needs a certain picture looks at what comes.

        Args:
            pts_90k: As `frames` counts.
            faults: `time_faults` of a reader that had come there.

        Raises:
            UnseekableError: the container cannot tell where that is.
        """
        next(self.frames(), None)  # times count from the first picture
        base = self._stream.time_base
        if self._first_90k is None or not base:
            raise UnseekableError("this file has no times to go by")
        try:
            self._container.seek(round((pts_90k + self._first_90k) / TICKS_PER_S / base), stream=self._stream)
        except (FFmpegError, ValueError) as error:
            raise UnseekableError(f"this file cannot be read from the middle ({_reason(error)})") from error
        self._times = _FrameTimes(faults)
        return self._timed(self._decoded(from_key=True))

    def _timed(self, frames: Iterator[VideoFrame]) -> Iterator[PlanarFrame]:
        fallback_90k = 0
        step_90k = int(TICKS_PER_S / self.fps) if self.fps else TICKS_PER_S // 25
        for frame in frames:
            at = self._times.choose(frame.pts, frame.dts)
            if at is None or frame.time_base is None:
                pts_90k = fallback_90k
            else:
                pts_90k = round(at * frame.time_base * TICKS_PER_S)
                self._first_90k = pts_90k if self._first_90k is None else self._first_90k
                pts_90k -= self._first_90k
            fallback_90k = pts_90k + step_90k
            check_picture_size(frame.width, frame.height)
            yield to_planar(frame, pts_90k)

    def _decoded(self, *, from_key: bool = False) -> Iterator[VideoFrame]:
        """`from_key`: packets before the first key frame are left out."""
        packets = self._container.demux(self._stream)
        is_begun = not from_key
        while True:
            try:
                packet = next(packets)
            except StopIteration:
                return
            except (FFmpegError, ValueError):
                self.damaged += 1  # the demuxer cannot go on: what was read so far counts
                return
            is_begun = is_begun or bool(packet.is_keyframe)
            if not is_begun:
                continue
            try:
                yield from packet.decode()
            except (FFmpegError, ValueError):
                self.damaged += 1


class _FrameTimes:
    """Chooses between the two times of a decoded frame: the one that went back less often.

    AVI keeps no presentation times: with B-frames in it the decoder reports the packets' order instead, and the
    analysed times jumped back and forth by 0.3 s. FFmpeg's own players choose in this way.
    """

    def __init__(self, faults: tuple[int, int] = (0, 0)) -> None:
        self._last: list[int | None] = [None, None]
        self.faults = faults
        """How often each went back."""

    def choose(self, pts: int | None, dts: int | None) -> int | None:
        """The time to use, in the frame's time base; None when there is none: the last pictures have no `dts`."""
        went_back = [
            value is not None and last is not None and value <= last
            for value, last in zip((pts, dts), self._last, strict=True)
        ]
        self.faults = self.faults[0] + went_back[0], self.faults[1] + went_back[1]
        self._last = [last if value is None else value for value, last in zip((pts, dts), self._last, strict=True)]
        prefers_pts = self.faults[0] <= self.faults[1] or self._last[1] is None
        return pts if pts is not None and prefers_pts else dts


def to_annex_b(data: bytes) -> bytes:
    """Turns 4-byte lengths into start codes. Same size; a length that runs past the end cuts the rest off."""
    out = bytearray(data)
    position = 0
    while position + 4 <= len(out):
        size = int.from_bytes(out[position : position + 4], "big")
        if size == 0 or position + 4 + size > len(out):
            break
        out[position : position + 4] = _START_CODE
        position += 4 + size
    return bytes(out[:position])


def to_planar(frame: VideoFrame, pts_90k: int) -> PlanarFrame:
    """Views the planes of a frame, converting rarer pixel formats to 4:2:0 first."""
    if frame.format.name not in _PLANAR:
        frame = frame.reformat(format="yuv420p", threads=1)
    width, height = frame.width, frame.height
    half_width, half_height = (width + 1) // 2, (height + 1) // 2
    return PlanarFrame(
        pts_90k,
        _plane(frame, 0, width, height),
        _plane(frame, 1, half_width, half_height),
        _plane(frame, 2, half_width, half_height),
    )


def _plane(frame: VideoFrame, index: int, width: int, height: int) -> Plane:
    plane = frame.planes[index]
    rows: Plane = np.frombuffer(memoryview(plane), np.uint8)[: plane.line_size * height]
    return rows.reshape(height, plane.line_size)[:, :width]


def _reason(error: Exception) -> str:
    """The library's reason without the path it quotes."""
    return (getattr(error, "strerror", None) or str(error)).split(":")[0].strip().lower()
