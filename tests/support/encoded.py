"""Small encoded streams made on the spot: a bright square that moves over a dark, slightly noisy ground."""

import io
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from itertools import chain

import av
import numpy as np

from vedette.core.media import Codec, VideoFormat
from vedette.media.bitstream import ANNEX_B, nal_type, split_access_unit, strip_access_unit

_ENCODERS = {Codec.H264: "libx264", Codec.H265: "libx265"}


@dataclass(frozen=True)
class EncodedStream:
    video: VideoFormat
    packets: list[tuple[bytes, int, bool]]
    """Access unit with 4-byte lengths, pts_90k, is_key."""


def draw_square(step: int, width: int, height: int, *, square: bool = True) -> np.ndarray:
    """(height, width, 3) uint8 BGR: the square enters from the left and moves 2 % of the width per step."""
    image = np.random.default_rng(step).integers(38, 44, (height, width, 3), np.uint8)
    if square:
        side = height // 4
        left = int(step * width * 0.02) - side
        top = height // 2 - side // 2
        image[top : top + side, max(left, 0) : max(left + side, 0)] = 220
    return image


def encode_square(
    codec: Codec = Codec.H264, frames: int = 30, width: int = 320, height: int = 180, fps: int = 10, gop: int = 10
) -> EncodedStream:
    """Encodes the moving square; no B-frames, a key frame every `gop`."""
    return encode_pictures((draw_square(step, width, height) for step in range(frames)), codec, fps=fps, gop=gop)


def encode_pictures(
    pictures: Iterable[np.ndarray], codec: Codec = Codec.H264, *, fps: int = 10, gop: int = 10
) -> EncodedStream:
    """Encodes (height, width, 3) uint8 BGR pictures of one size; no B-frames, a key frame every `gop`."""
    pictures = iter(pictures)
    first = next(pictures)
    height, width = first.shape[:2]
    context = av.VideoCodecContext.create(_ENCODERS[codec], "w")
    context.width, context.height, context.pix_fmt = width, height, "yuv420p"
    context.time_base, context.framerate = Fraction(1, 90_000), Fraction(fps)
    context.gop_size, context.max_b_frames, context.thread_count = gop, 0, 1
    context.options = {"preset": "ultrafast", "x265-params": "log-level=none:repeat-headers=1:bframes=0"}
    units: list[tuple[list[bytes], int]] = []
    for step, picture in enumerate(chain([first], pictures)):
        frame = av.VideoFrame.from_ndarray(picture, format="bgr24")
        frame.pts, frame.time_base = step * 90_000 // fps, Fraction(1, 90_000)
        units += [(split_access_unit(bytes(p), ANNEX_B), p.pts) for p in context.encode(frame)]
    units += [(split_access_unit(bytes(p), ANNEX_B), p.pts) for p in context.encode(None)]
    wanted = (7, 8) if codec is Codec.H264 else (32, 33, 34)
    parameter_sets = tuple(nal for nal in units[0][0] if nal_type(nal, codec) in wanted)
    keys = {5} if codec is Codec.H264 else set(range(16, 24))
    packets = [
        (strip_access_unit(nals, codec), pts, any(nal_type(nal, codec) in keys for nal in nals)) for nals, pts in units
    ]
    return EncodedStream(VideoFormat(codec, width, height, parameter_sets, ""), packets)


def write_square_file(frames: int = 30, fps: int = 10, width: int = 320, height: int = 180) -> bytes:
    """The moving square as a small MP4 file."""
    return write_film((draw_square(step, width, height) for step in range(frames)), fps)


def write_film(pictures: Iterable[np.ndarray], fps: int = 10) -> bytes:
    """(height, width, 3) uint8 BGR pictures of one size as a small MP4 file."""
    pictures = iter(pictures)
    first = next(pictures)
    out = io.BytesIO()
    with av.open(out, "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=fps)
        (stream.height, stream.width), stream.pix_fmt = first.shape[:2], "yuv420p"
        stream.options = {"preset": "ultrafast"}
        for picture in chain([first], pictures):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="bgr24")))
        container.mux(stream.encode(None))
    return out.getvalue()


def write_reordered_avi(frames: int = 30, width: int = 320, height: int = 180) -> bytes:
    """The moving square as H.264 with B-frames in an AVI file, which keeps no presentation times."""
    out = io.BytesIO()
    with av.open(out, "w", format="avi") as container:
        stream = container.add_stream("libx264", rate=10)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.options = {"preset": "medium", "bf": "3", "x264-params": "b-adapt=0:bframes=3:b-pyramid=normal"}
        for step in range(frames):
            frame = av.VideoFrame.from_ndarray(draw_square(step, width, height), format="bgr24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return out.getvalue()
