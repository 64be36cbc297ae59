"""What the parameter sets of H.264 and H.265 say: picture size, codec string, reorder depth.

Pure Python on purpose: these bytes come from a camera, and no C parser touches a camera's bytes in the
recorder (docs/design/ingest.md). Every length is bounded; bytes that break the syntax (ITU-T H.264 section
7.3.2.1, H.265 section 7.3.2.2) raise `MalformedMediaError`, nothing else.
"""

from dataclasses import dataclass

from vedette.core.media import Codec, VideoFormat
from vedette.media.bits import BitReader, unescape
from vedette.media.codec_strings import avc_codec_string, hevc_codec_string
from vedette.media.errors import MalformedMediaError

MAX_SET_BYTES = 4096
"""Longest parameter set taken from a camera. Real ones have 10 to 200 bytes."""
MAX_SETS = 32
MAX_SIDE_PX = 16_384

H264_SPS, H264_PPS = 7, 8
H265_VPS, H265_SPS, H265_PPS = 32, 33, 34

_CHROMA_PROFILES = frozenset({100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135})


@dataclass(frozen=True, slots=True)
class SpsInfo:
    """The fields of a sequence parameter set that the house uses.

    Attributes:
        max_reorder: Pictures that may precede another in decoding order and follow it in output order; None
            when the set does not say.
        fps: From the timing information, 0 when absent.
        profile_tier_level: The 12 bytes `general_profile_space` .. `general_level_idc` of H.265, as hvcC
            stores them; for H.264 the 3 bytes profile, constraints, level.
        temporal_layers: H.265 `sps_max_sub_layers_minus1` + 1, for H.264 1.
    """

    codec: Codec
    width: int
    height: int
    codec_string: str
    chroma_format_idc: int
    bit_depth_luma: int
    bit_depth_chroma: int
    max_reorder: int | None
    fps: float
    profile_tier_level: bytes
    temporal_layers: int = 1
    temporal_id_nested: bool = True


def nal_type(codec: Codec, nal: bytes) -> int:
    """Returns `nal_unit_type` of a NAL unit of at least one byte."""
    return nal[0] & 0x1F if codec is Codec.H264 else (nal[0] >> 1) & 0x3F


def set_key(codec: Codec, nal: bytes) -> tuple[int, int]:
    """Returns type and id of a parameter set: a later set with the same key replaces the earlier one.

    Raises:
        MalformedMediaError: too short, too long, or the id is out of range.
    """
    header = 1 if codec is Codec.H264 else 2
    if not header < len(nal) <= MAX_SET_BYTES:
        raise MalformedMediaError(f"a parameter set has {len(nal)} bytes")
    kind = nal_type(codec, nal)
    if kind == H265_VPS and codec is Codec.H265:
        return kind, nal[2] >> 4
    if kind == H265_SPS and codec is Codec.H265:
        return kind, _parse_h265_head(nal)[0]
    bits = BitReader(unescape(nal[header : header + 16]))
    if kind == H264_SPS and codec is Codec.H264:
        bits.read(24)
    set_id = bits.read_ue()
    if set_id > 255:
        raise MalformedMediaError(f"a parameter set has the id {set_id}")
    return kind, set_id


def parse_sps(codec: Codec, nal: bytes) -> SpsInfo:
    """Parses a sequence parameter set.

    Raises:
        MalformedMediaError: it breaks the syntax or describes an impossible picture.
    """
    if len(nal) > MAX_SET_BYTES:
        raise MalformedMediaError(f"a parameter set has {len(nal)} bytes, more than {MAX_SET_BYTES}")
    if len(nal) < 4:
        raise MalformedMediaError("a parameter set ends too early")
    info = _parse_h264_sps(nal) if codec is Codec.H264 else _parse_h265_sps(nal)
    if not (16 <= info.width <= MAX_SIDE_PX and 16 <= info.height <= MAX_SIDE_PX):
        raise MalformedMediaError(f"the camera describes a picture of {info.width}x{info.height}")
    return info


def make_video_format(codec: Codec, parameter_sets: tuple[bytes, ...]) -> VideoFormat:
    """Makes the format from parameter sets in any order; they are sorted into decoding order.

    Raises:
        MalformedMediaError: no SPS or no PPS among them, or one is broken.
    """
    order = (H264_SPS, H264_PPS) if codec is Codec.H264 else (H265_VPS, H265_SPS, H265_PPS)
    known = [nal for nal in parameter_sets if nal and nal_type(codec, nal) in order]
    known.sort(key=lambda nal: order.index(nal_type(codec, nal)))
    by_type = {nal_type(codec, nal) for nal in known}
    if not set(order) <= by_type:
        raise MalformedMediaError("the camera does not tell all parameter sets of its video")
    first_sps = next(nal for nal in known if nal_type(codec, nal) in {H264_SPS, H265_SPS})
    info = parse_sps(codec, first_sps)
    return VideoFormat(codec, info.width, info.height, tuple(known), info.codec_string)


def _parse_h264_sps(nal: bytes) -> SpsInfo:
    rbsp = unescape(nal[1:])
    if len(rbsp) < 4:
        raise MalformedMediaError("a parameter set ends too early")
    bits = BitReader(rbsp[3:])
    profile = rbsp[0]
    _below(bits.read_ue(), 32, "the id of a sequence parameter set")
    chroma, depth_luma, depth_chroma = _read_h264_chroma(bits, profile)
    _below(bits.read_ue(), 13, "log2_max_frame_num")
    poc_type = _read_h264_poc(bits)
    _below(bits.read_ue(), 17, "max_num_ref_frames")
    bits.read(1)
    width = (bits.read_ue() + 1) * 16
    map_units = bits.read_ue() + 1
    frame_only = bits.read(1)
    if not frame_only:
        bits.read(1)
    bits.read(1)
    height = (2 - frame_only) * map_units * 16
    crop = [0, 0, 0, 0]
    if bits.read(1):
        crop = [bits.read_ue() for _ in range(4)]
    step_x = 2 if chroma in {1, 2} else 1
    step_y = (2 if chroma == 1 else 1) * (2 - frame_only)
    reorder, fps = _read_h264_vui(bits) if bits.read(1) else (None, 0.0)
    if poc_type == 2 or profile == 66:
        reorder = 0  # output order is decoding order (H.264 section 8.2.1.3; Baseline has no B slices)
    return SpsInfo(
        codec=Codec.H264,
        width=width - step_x * (crop[0] + crop[1]),
        height=height - step_y * (crop[2] + crop[3]),
        codec_string=avc_codec_string(nal),
        chroma_format_idc=chroma,
        bit_depth_luma=depth_luma,
        bit_depth_chroma=depth_chroma,
        max_reorder=reorder,
        fps=fps,
        profile_tier_level=bytes(rbsp[:3]),
    )


def _read_se(bits: BitReader) -> int:
    """Reads a signed Exp-Golomb number (H.264 section 9.1.1)."""
    code = bits.read_ue()
    return (code + 1) // 2 if code & 1 else -(code // 2)


def _below(value: int, limit: int, what: str) -> int:
    if value >= limit:
        raise MalformedMediaError(f"{what} is {value}")
    return value


def _read_h264_chroma(bits: BitReader, profile: int) -> tuple[int, int, int]:
    if profile not in _CHROMA_PROFILES:
        return 1, 8, 8
    chroma = _below(bits.read_ue(), 4, "chroma_format_idc")
    if chroma == 3:
        bits.read(1)
    luma = 8 + _below(bits.read_ue(), 7, "bit_depth_luma")
    depth_chroma = 8 + _below(bits.read_ue(), 7, "bit_depth_chroma")
    bits.read(1)
    if bits.read(1):
        for index in range(8 if chroma != 3 else 12):
            if bits.read(1):
                _skip_scaling_list(bits, 16 if index < 6 else 64)
    return chroma, luma, depth_chroma


def _skip_scaling_list(bits: BitReader, size: int) -> None:
    last, following = 8, 8
    for _ in range(size):
        if following != 0:
            following = (last + _read_se(bits) + 256) % 256
        last = following or last


def _read_h264_poc(bits: BitReader) -> int:
    poc_type = _below(bits.read_ue(), 3, "pic_order_cnt_type")
    if poc_type == 0:
        _below(bits.read_ue(), 13, "log2_max_pic_order_cnt_lsb")
    elif poc_type == 1:
        bits.read(1)
        _read_se(bits)
        _read_se(bits)
        for _ in range(_below(bits.read_ue(), 256, "num_ref_frames_in_pic_order_cnt_cycle")):
            _read_se(bits)
    return poc_type


def _read_h264_vui(bits: BitReader) -> tuple[int | None, float]:
    """Reads the usability information (H.264 annex E). A broken one only loses what it would have told."""
    fps, reorder = 0.0, None
    try:
        _skip_h264_display(bits)
        fps = _read_h264_timing(bits)
        has_hrd = False
        for _ in range(2):
            if bits.read(1):
                _skip_hrd(bits)
                has_hrd = True
        bits.read(2 if has_hrd else 1)  # low_delay_hrd_flag, pic_struct_present_flag
        if bits.read(1):
            bits.read(1)
            for _ in range(4):
                bits.read_ue()
            reorder = min(bits.read_ue(), 16)
    except MalformedMediaError:
        return None, fps
    return reorder, fps


def _skip_h264_display(bits: BitReader) -> None:
    """Aspect ratio, overscan, video signal type and chroma location."""
    if bits.read(1) and bits.read(8) == 255:
        bits.read(32)
    if bits.read(1):
        bits.read(1)
    if bits.read(1):
        bits.read(4)
        if bits.read(1):
            bits.read(24)
    if bits.read(1):
        bits.read_ue()
        bits.read_ue()


def _read_h264_timing(bits: BitReader) -> float:
    if not bits.read(1):
        return 0.0
    units, scale = bits.read(32), bits.read(32)
    bits.read(1)
    fps = scale / (2 * units) if units else 0.0
    return fps if 0.1 <= fps <= 240 else 0.0


def _skip_hrd(bits: BitReader) -> None:
    count = _below(bits.read_ue(), 32, "cpb_cnt") + 1
    bits.read(8)
    for _ in range(count):
        bits.read_ue()
        bits.read_ue()
        bits.read(1)
    bits.read(20)


def _parse_h265_head(nal: bytes) -> tuple[int, int, bool, bytes, BitReader]:
    """Reads up to and with `sps_seq_parameter_set_id`: id, layers, nested, profile_tier_level, the rest."""
    rbsp = unescape(nal[2:])
    if len(rbsp) < 13:
        raise MalformedMediaError("a parameter set ends too early")
    layers = ((rbsp[0] >> 1) & 7) + 1
    nested = bool(rbsp[0] & 1)
    bits = BitReader(rbsp[13:])
    present = [(bits.read(1), bits.read(1)) for _ in range(layers - 1)]
    if layers > 1:
        bits.read(2 * (9 - layers))
    for has_profile, has_level in present:
        bits.read(88 * has_profile + 8 * has_level)
    return _below(bits.read_ue(), 16, "the id of a parameter set"), layers, nested, bytes(rbsp[1:13]), bits


def _parse_h265_sps(nal: bytes) -> SpsInfo:
    _, layers, nested, ptl, bits = _parse_h265_head(nal)
    chroma = _below(bits.read_ue(), 4, "chroma_format_idc")
    if chroma == 3:
        bits.read(1)
    width, height = bits.read_ue(), bits.read_ue()
    crop = [0, 0, 0, 0]
    if bits.read(1):
        crop = [bits.read_ue() for _ in range(4)]
    depth_luma = 8 + _below(bits.read_ue(), 9, "bit_depth_luma")
    depth_chroma = 8 + _below(bits.read_ue(), 9, "bit_depth_chroma")
    _below(bits.read_ue(), 13, "log2_max_pic_order_cnt_lsb")
    reorder = 0
    for _ in range(layers if bits.read(1) else 1):
        bits.read_ue()
        reorder = max(reorder, _below(bits.read_ue(), 17, "max_num_reorder_pics"))
        bits.read_ue()
    step_x, step_y = {0: (1, 1), 1: (2, 2), 2: (2, 1), 3: (1, 1)}[chroma]
    return SpsInfo(
        codec=Codec.H265,
        width=width - step_x * (crop[0] + crop[1]),
        height=height - step_y * (crop[2] + crop[3]),
        codec_string=hevc_codec_string(nal),
        chroma_format_idc=chroma,
        bit_depth_luma=depth_luma,
        bit_depth_chroma=depth_chroma,
        max_reorder=reorder,
        fps=0.0,
        profile_tier_level=ptl,
        temporal_layers=layers,
        temporal_id_nested=nested,
    )
