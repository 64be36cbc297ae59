"""What parameter sets say, checked against what ffprobe and the encoders say of the same streams."""

import pytest

from tests.support.media import H264, H265
from vedette.camera.parameter_sets import make_video_format, parse_sps, set_key
from vedette.core.media import Codec
from vedette.media.errors import MalformedMediaError

BASELINE = bytes.fromhex("6742c00bd902c4ec0440000003004000000f03c50a92")
CROPPED_1080 = bytes.fromhex("67640028acd940780227e5c044000003000400000300f03c60c658")
PAL = bytes.fromhex("674d401feca05a09360220000003002000000781e30632c0")
HEVC_1080 = bytes.fromhex("420101016000000300900000030000030078a003c08010e596566924caf0168080000003008000000f04")
LAPTOP = bytes.fromhex("67640020acd94056061e6f0110000003001000000303c0f1831960")
INTERLACED = bytes.fromhex("67640028acd94078044fde0220000003002000000643e2c5b2c0")
HEVC_ODD = bytes.fromhex("420101016000000300900000030000030078a002ac80309d4996566924caf0168080000003008000000f04")
"""Made with x264 and x265 from test pictures of the sizes below."""


def test_h264_size_depth_rate() -> None:
    info = parse_sps(Codec.H264, H264.parameter_sets[0])
    assert (info.width, info.height, info.codec_string) == (640, 360, "avc1.64001e")
    assert info.fps == 25
    assert info.max_reorder == 2


def test_h265_size_and_codec_string() -> None:
    info = parse_sps(Codec.H265, H265.parameter_sets[1])
    assert (info.width, info.height, info.codec_string) == (640, 360, "hvc1.1.6.L63.90")


def test_baseline_has_no_reordering() -> None:
    info = parse_sps(Codec.H264, BASELINE)
    assert (info.width, info.height, info.fps) == (176, 144, 30)
    assert info.max_reorder == 0


@pytest.mark.parametrize(
    ("codec", "sps", "size"),
    [
        (Codec.H264, CROPPED_1080, (1920, 1080)),
        (Codec.H264, PAL, (720, 576)),
        (Codec.H264, LAPTOP, (1366, 768)),
        (Codec.H264, INTERLACED, (1920, 1080)),
        (Codec.H265, HEVC_1080, (1920, 1080)),
        (Codec.H265, HEVC_ODD, (1366, 770)),
    ],
)
def test_cropping_is_applied(codec: Codec, sps: bytes, size: tuple[int, int]) -> None:
    info = parse_sps(codec, sps)
    assert (info.width, info.height) == size


def test_format_sorts_sets_into_decoding_order() -> None:
    made = make_video_format(Codec.H265, tuple(reversed(H265.parameter_sets)))
    assert made.parameter_sets == H265.parameter_sets
    assert (made.width, made.height) == (640, 360)


@pytest.mark.parametrize("missing", [0, 1])
def test_a_missing_set_is_refused(missing: int) -> None:
    sets = tuple(nal for index, nal in enumerate(H264.parameter_sets) if index != missing)
    with pytest.raises(MalformedMediaError):
        make_video_format(Codec.H264, sets)


@pytest.mark.parametrize("length", range(1, 10))
def test_a_truncated_set_is_refused(length: int) -> None:
    with pytest.raises(MalformedMediaError):
        parse_sps(Codec.H264, H264.parameter_sets[0][:length])


def test_a_set_is_known_by_type_and_id() -> None:
    assert set_key(Codec.H264, H264.parameter_sets[0]) == (7, 0)
    assert set_key(Codec.H264, H264.parameter_sets[1]) == (8, 0)
    assert [set_key(Codec.H265, nal)[0] for nal in H265.parameter_sets] == [32, 33, 34]


def test_an_endless_set_is_refused() -> None:
    with pytest.raises(MalformedMediaError):
        set_key(Codec.H264, b"\x67" + bytes(10_000))
