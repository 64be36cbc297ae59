"""A masked stream has nothing of the hidden parts in any picture, and the child's word is checked before it counts."""

from itertools import pairwise
from pathlib import Path

import msgspec
import numpy as np
import pytest

from tests.support.clips import make_clip
from vedette.core.media import Codec, VideoFormat
from vedette.core.time import NS_PER_S
from vedette.media.codec_strings import avc_codec_string
from vedette.media.decode import PacketDecoder
from vedette.media.demux import FileReader
from vedette.media.mask_codec import MaskingTranscoder
from vedette.media.mask_raster import rasterize
from vedette.media.mask_wire import (
    KEY_EVERY_90K,
    MaskedPicture,
    MaskSetup,
    MaskWireError,
    Pictures,
    decode_pictures,
)
from vedette.media.planes import PlanarFrame

SQUARE = [(0.2, 0.2), (0.6, 0.2), (0.6, 0.6), (0.2, 0.6)]
SPS, PPS = b"\x67\x64\x00\x0c\xac", b"\x68\xeb\xe3\xcb"


def mask_clip(path: Path, *, decode_only: int = 0) -> tuple[list[MaskedPicture], VideoFormat, int]:
    """Returns the masked pictures of a clip, their format, and how many pictures it had."""
    with FileReader(path, "run", NS_PER_S) as reader:
        source = reader.format.video
        packets = [packet for packet in reader.packets() if not packet.is_audio]
    transcoder = MaskingTranscoder(
        MaskSetup(source.codec.value, source.width, source.height, list(source.parameter_sets), [SQUARE])
    )
    found: list[MaskedPicture] = []
    video: VideoFormat | None = None
    for index, packet in enumerate(packets):
        reply = transcoder.push(packet.pts_90k, packet.data, is_key=packet.is_key, decode_only=index < decode_only)
        pictures, fresh = decode_pictures(msgspec.msgpack.encode(reply))
        found += pictures
        video = fresh or video
    assert video is not None
    return found, video, len(packets)


def decode(pictures: list[MaskedPicture], video: VideoFormat) -> list[PlanarFrame]:
    decoder = PacketDecoder(video)
    frames = [f for p in pictures for f in decoder.decode(p.data, p.pts_90k, is_key=p.is_key)] + decoder.flush()
    assert decoder.damaged == 0
    return frames


@pytest.mark.parametrize("codec", [Codec.H264, Codec.H265])
@pytest.mark.parametrize("b_frames", [0, 2])
def test_every_picture_is_masked_in_order_and_has_no_b_frames(tmp_path: Path, codec: Codec, b_frames: int) -> None:
    pictures, video, count = mask_clip(make_clip(tmp_path, codec=codec, frames=60, b_frames=b_frames))
    assert count - 4 <= len(pictures) <= count
    assert (video.codec, video.codec_string[:5]) == (Codec.H264, "avc1.")
    times = [picture.pts_90k for picture in pictures]
    assert times == sorted(set(times))
    frames = decode(pictures, video)
    assert len(frames) == len(pictures)
    for frame in frames:
        assert frame.y[36:108, 64:192].max() <= 60
        assert np.abs(frame.u[18:54, 32:96].astype(int) - 128).max() <= 8
    assert max(frame.y[120:].max() for frame in frames) > 100  # the bar outside is still there


def test_pictures_of_before_somebody_joined_are_decoded_only_and_the_first_shown_is_a_key_frame(
    tmp_path: Path,
) -> None:
    pictures, video, count = mask_clip(make_clip(tmp_path, frames=60, gop_frames=60), decode_only=40)
    assert len(pictures) == count - 40
    assert pictures[0].is_key
    assert len(decode(pictures, video)) == len(pictures)


def test_camera_without_key_frames_still_gives_one_every_two_seconds(tmp_path: Path) -> None:
    pictures, _, _ = mask_clip(make_clip(tmp_path, frames=150, gop_frames=150))
    keys = [picture.pts_90k for picture in pictures if picture.is_key]
    assert len(keys) == 3
    assert all(later - earlier <= KEY_EVERY_90K for earlier, later in pairwise(keys))


def test_masks_reach_the_edges_and_a_rim_beyond_the_outline() -> None:
    luma, chroma = rasterize([[(0, 0), (1, 0), (1, 1), (0, 1)]], 98, 54)
    assert luma.all()
    assert chroma.all()
    luma, chroma = rasterize([SQUARE], 100, 100)
    assert luma.shape == (100, 100)
    assert luma[20:60, 20:60].all()
    assert luma[18:62, 30].all()
    assert not luma[:14].any()
    assert not luma[:, 66:].any()


def test_nothing_to_hide_hides_nothing_and_odd_sizes_are_fine() -> None:
    luma, chroma = rasterize([], 33, 19)
    assert (luma.shape, chroma.shape) == ((19, 33), (10, 17))
    assert not luma.any()


@pytest.mark.parametrize(
    "reply",
    [
        b"",
        b"\xc1",
        msgspec.msgpack.encode({"pictures": 3}),
        msgspec.msgpack.encode(Pictures([MaskedPicture(0, True, b"")])),
        msgspec.msgpack.encode(Pictures([MaskedPicture(0, True, b"x")] * 65)),
        msgspec.msgpack.encode(Pictures([], (0, 48), [SPS, PPS])),
        msgspec.msgpack.encode(Pictures([], (64, 99_999), [SPS, PPS])),
        msgspec.msgpack.encode(Pictures([], (64, 48), [SPS])),
        msgspec.msgpack.encode(Pictures([], (64, 48), [SPS, b"x" * 5000])),
    ],
)
def test_child_that_was_taken_over_is_not_believed(reply: bytes) -> None:
    with pytest.raises(MaskWireError):
        decode_pictures(reply)


def test_format_of_the_child_becomes_that_of_the_viewers() -> None:
    pictures, video = decode_pictures(msgspec.msgpack.encode(Pictures([], (64, 48), [SPS, PPS])))
    assert pictures == []
    assert video == VideoFormat(Codec.H264, 64, 48, (SPS, PPS), avc_codec_string(SPS))
