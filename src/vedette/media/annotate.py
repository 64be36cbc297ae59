"""Writes pictures as H.264 in fragmented MP4 or Matroska into memory. In the jail: its parent puts them on disk."""

import io
from fractions import Fraction
from typing import Literal

import av
import numpy as np
from numpy.typing import NDArray

from vedette.core.errors import UnavailableError
from vedette.core.time import TICKS_PER_S
from vedette.media.planes import PlanarFrame

VideoContainer = Literal["mp4", "mkv"]
_MUXERS = {"mp4": "mp4", "mkv": "matroska"}
_OPTIONS: dict[str, dict[str, str]] = {"mp4": {"movflags": "frag_keyframe+empty_moov+default_base_moof"}, "mkv": {}}
_ENCODERS = ("libx264", "libopenh264", "mpeg4")


class _Pipe(io.RawIOBase):
    """Collects what the muxer writes. Fragmented MP4 is never sought back into."""

    def __init__(self) -> None:
        super().__init__()
        self.data = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: "bytes | bytearray | memoryview") -> int:  # type: ignore[override] # narrower buffer
        self.data += data
        return len(data)


class VideoWriter:
    """Encodes pictures of one size. Take the bytes as they come, and `finish` at the end.

    Args:
        comment: Kept in the file, for whoever looks at its properties.
        crf: Quality of the encoder, 0 to 51; less is better.
    """

    def __init__(
        self, width: int, height: int, comment: str = "", crf: int = 23, container: VideoContainer = "mp4"
    ) -> None:
        self._pipe = _Pipe()
        self._container = av.open(self._pipe, "w", format=_MUXERS[container], options=_OPTIONS[container])
        if comment:
            self._container.metadata["comment"] = comment
        name = next((name for name in _ENCODERS if name in av.codecs_available), None)
        if name is None:
            raise UnavailableError("this build of PyAV has no H.264 encoder")
        stream = self._container.add_stream(name, rate=25)
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.thread_count = 1
        stream.time_base = stream.codec_context.time_base = Fraction(1, TICKS_PER_S)
        stream.options = {"preset": "veryfast", "crf": str(crf), "threads": "1", "x264-params": "threads=1"}
        stream.codec_context.gop_size = 50
        self._stream = stream
        self._size = (width, height)
        self._last_90k = -1

    def write(self, image_bgr: NDArray[np.uint8], at_s: float) -> None:
        """Adds one (H, W, 3) uint8 picture. A picture of another size or not after the last one is left out."""
        pts_90k = round(at_s * TICKS_PER_S)
        if image_bgr.shape[1::-1] != self._size or pts_90k <= self._last_90k:
            return
        frame = av.VideoFrame.from_ndarray(image_bgr, format="bgr24").reformat(format="yuv420p", threads=1)
        self._encode(frame, pts_90k)

    def write_planes(self, picture: PlanarFrame) -> None:
        """Adds one picture of even sides as it is, at its own time. The same ones are left out."""
        if picture.size_px != self._size or picture.pts_90k <= self._last_90k:
            return
        i420 = np.concatenate([plane.reshape(-1) for plane in (picture.y, picture.u, picture.v)])
        rows = i420.reshape(picture.y.shape[0] * 3 // 2, picture.y.shape[1])
        self._encode(av.VideoFrame.from_ndarray(rows, format="yuv420p"), picture.pts_90k)

    def _encode(self, frame: av.VideoFrame, pts_90k: int) -> None:
        self._last_90k = pts_90k
        frame.pts, frame.time_base = pts_90k, Fraction(1, TICKS_PER_S)
        self._container.mux(self._stream.encode(frame))

    def take(self) -> bytes:
        """Gives the bytes written since the last time."""
        data = bytes(self._pipe.data)
        self._pipe.data.clear()
        return data

    def finish(self) -> bytes:
        """Ends the file and gives the rest of it."""
        self._container.mux(self._stream.encode(None))
        self._container.close()
        return self.take()
