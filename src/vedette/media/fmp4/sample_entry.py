"""Sample entries: what a decoder must know, in the form that MP4 stores it.

H.264 as `avc1` + `avcC` and H.265 as `hvc1` + `hvcC` (ISO/IEC 14496-15; parameter sets live here and never in
the samples), AAC as `mp4a` + `esds` (ISO/IEC 14496-14), G.711 as `alaw` and `ulaw` (QuickTime's codes: no ISO
entry exists; ffmpeg, VLC and GStreamer read them).
"""

import struct

from vedette.core.media import AudioFormat, Codec, VideoFormat
from vedette.media.bits import BitReader, unescape
from vedette.media.errors import MalformedMediaError
from vedette.media.fmp4.boxes import box, full_box

_SHORT_RECORD_PROFILES = frozenset({66, 77, 88})
"""Baseline, Main, Extended: always 4:2:0 in 8 bits, so the record does not say it."""
_HEVC_PARAMETER_TYPES = (32, 33, 34)  # VPS, SPS, PPS


def video_sample_entry(video: VideoFormat) -> bytes:
    """Makes the `avc1` or `hvc1` box of a video format."""
    if video.codec is Codec.H264:
        kind, record = b"avc1", box(b"avcC", avc_decoder_record(video.parameter_sets))
    elif video.codec is Codec.H265:
        kind, record = b"hvc1", box(b"hvcC", hevc_decoder_record(video.parameter_sets))
    else:
        raise MalformedMediaError(f"{video.codec} is no video codec")
    head = struct.pack(
        ">6xH16xHHIIIH32sHh",
        1,  # data_reference_index
        video.width,
        video.height,
        0x00480000,  # 72 dpi
        0x00480000,
        0,
        1,  # frame_count
        bytes(32),  # compressor name
        0x0018,  # depth: colour without alpha
        -1,
    )
    return box(kind, head, record)


def audio_sample_entry(audio: AudioFormat) -> bytes:
    """Makes the `mp4a`, `Opus`, `alaw` or `ulaw` box of an audio format."""
    rate = min(audio.sample_rate_hz, 0xFFFF)  # 16.16; AAC's real rate is in its configuration
    head = struct.pack(">6xH8xHHHHI", 1, audio.channels, 16, 0, 0, rate << 16)
    if audio.codec is Codec.AAC:
        return box(b"mp4a", head, _esds(audio.config))
    if audio.codec is Codec.OPUS:
        return box(b"Opus", head, box(b"dOps", audio.config))
    if audio.codec in {Codec.PCMA, Codec.PCMU}:
        return box(b"alaw" if audio.codec is Codec.PCMA else b"ulaw", head)
    raise MalformedMediaError(f"{audio.codec} is no audio codec")


def avc_decoder_record(parameter_sets: tuple[bytes, ...]) -> bytes:
    """Makes an AVCDecoderConfigurationRecord (ISO/IEC 14496-15 section 5.3.3.1)."""
    sps = [unit for unit in parameter_sets if unit and unit[0] & 31 == 7]
    pps = [unit for unit in parameter_sets if unit and unit[0] & 31 == 8]
    if not sps or not pps or len(sps[0]) < 4:
        raise MalformedMediaError("H.264 needs a sequence and a picture parameter set")
    record = bytearray((1, *sps[0][1:4], 0xFF, 0xE0 | len(sps)))  # 4-byte lengths
    for unit in sps:
        record += len(unit).to_bytes(2, "big") + unit
    record.append(len(pps))
    for unit in pps:
        record += len(unit).to_bytes(2, "big") + unit
    if sps[0][1] not in _SHORT_RECORD_PROFILES:
        record += _high_profile_tail(sps[0])
    return bytes(record)


def _high_profile_tail(sps: bytes) -> bytes:
    bits = BitReader(unescape(sps)[4:])
    bits.read_ue()  # seq_parameter_set_id
    chroma = bits.read_ue()
    if chroma == 3:
        bits.read(1)
    luma_depth, chroma_depth = bits.read_ue(), bits.read_ue()
    if chroma > 3 or max(luma_depth, chroma_depth) > 6:
        raise MalformedMediaError("an H.264 sequence parameter set names an unknown sampling")
    return bytes((0xFC | chroma, 0xF8 | luma_depth, 0xF8 | chroma_depth, 0))


def hevc_decoder_record(parameter_sets: tuple[bytes, ...]) -> bytes:
    """Makes an HEVCDecoderConfigurationRecord (ISO/IEC 14496-15 section 8.3.3.1)."""
    by_type = {
        kind: [unit for unit in parameter_sets if len(unit) > 2 and unit[0] >> 1 & 63 == kind]
        for kind in _HEVC_PARAMETER_TYPES
    }
    if not all(by_type.values()):
        raise MalformedMediaError("H.265 needs a video, a sequence and a picture parameter set")
    sps = unescape(by_type[33][0])
    if len(sps) < 15:
        raise MalformedMediaError("an H.265 sequence parameter set ends too early")
    layers, nested = (sps[2] >> 1 & 7) + 1, sps[2] & 1
    chroma, luma_depth, chroma_depth = _hevc_sampling(sps, layers - 1)
    record = bytearray(b"\x01" + sps[3:15])  # profile, tier, level as they stand in the SPS
    record += bytes((0xF0, 0, 0xFC, 0xFC | chroma, 0xF8 | luma_depth, 0xF8 | chroma_depth, 0, 0))
    record += bytes((layers << 3 | nested << 2 | 3, len(_HEVC_PARAMETER_TYPES)))
    for kind, units in by_type.items():
        record += bytes((0x80 | kind,)) + len(units).to_bytes(2, "big")
        for unit in units:
            record += len(unit).to_bytes(2, "big") + unit
    return bytes(record)


def _hevc_sampling(sps: bytes, sub_layers: int) -> tuple[int, int, int]:
    """Returns chroma_format_idc and both bit depths minus 8 (ITU-T H.265 section 7.3.2.2)."""
    bits = BitReader(sps[15:])
    present = [(bits.read(1), bits.read(1)) for _ in range(sub_layers)]
    if sub_layers:
        bits.read(2 * (8 - sub_layers))
    for has_profile, has_level in present:
        bits.read(88 * has_profile + 8 * has_level)
    bits.read_ue()  # sps_seq_parameter_set_id
    chroma = bits.read_ue()
    if chroma == 3:
        bits.read(1)
    bits.read_ue()  # width
    bits.read_ue()  # height
    if bits.read(1):
        for _ in range(4):
            bits.read_ue()
    luma_depth, chroma_depth = bits.read_ue(), bits.read_ue()
    if chroma > 3 or max(luma_depth, chroma_depth) > 7:
        raise MalformedMediaError("an H.265 sequence parameter set names an unknown sampling")
    return chroma, luma_depth, chroma_depth


def _esds(config: bytes) -> bytes:
    """Makes the elementary stream descriptor (ISO/IEC 14496-1 section 7.2.6)."""
    if not 2 <= len(config) <= 64:
        raise MalformedMediaError(f"an AAC configuration of {len(config)} bytes")
    specific = _descriptor(5, config)
    decoder = _descriptor(4, struct.pack(">BB3xII", 0x40, 0x15, 0, 0), specific)  # AAC, audio stream
    stream = _descriptor(3, b"\x00\x00\x00", decoder, _descriptor(6, b"\x02"))
    return full_box(b"esds", 0, 0, stream)


def _descriptor(tag: int, *parts: bytes) -> bytes:
    content = b"".join(parts)
    if len(content) > 127:
        raise MalformedMediaError("a descriptor beyond 127 bytes")
    return bytes((tag, len(content))) + content
