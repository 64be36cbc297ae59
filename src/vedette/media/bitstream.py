"""How NAL units are framed and named: from Annex B or avcC/hvcC files to the house's framing.

Pure. Knows H.264 (ITU-T H.264 7.4.1) and H.265 (ITU-T H.265 7.4.2) NAL types and the two framings of
ISO/IEC 14496-10/-15; parses no slices.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from vedette.core.errors import InvalidInputError
from vedette.core.media import Codec
from vedette.media.codec_strings import avc_codec_string, hevc_codec_string

_H264_IDR = 5
_H264_OUT_OF_BAND = frozenset({7, 8, 9, 12, 13})  # SPS, PPS, access unit delimiter, filler, SPS extension
_H264_PARAMETER_SETS = (7, 8)
_H265_IRAP = range(16, 24)
_H265_OUT_OF_BAND = frozenset({32, 33, 34, 35, 38})  # VPS, SPS, PPS, access unit delimiter, filler
_H265_PARAMETER_SETS = (32, 33, 34)


@dataclass(frozen=True, slots=True)
class NalFraming:
    """How a file frames NAL units. `length_size` 0 means Annex B start codes."""

    length_size: int


ANNEX_B = NalFraming(0)


def nal_type(nal: bytes, codec: Codec) -> int:
    """Returns the NAL unit type, of a NAL unit without start code or length."""
    return (nal[0] >> 1) & 0x3F if codec is Codec.H265 else nal[0] & 0x1F


def split_access_unit(data: bytes, framing: NalFraming) -> list[bytes]:
    """Splits one access unit into NAL units. A length that runs past the end ends the list: what is left
    of a damaged access unit is kept.
    """
    return _split_annex_b(data) if framing.length_size == 0 else _split_lengths(data, framing.length_size)


def strip_access_unit(nals: Iterable[bytes], codec: Codec) -> bytes:
    """Joins NAL units with 4-byte lengths, without those that live in the format."""
    unwanted = _H265_OUT_OF_BAND if codec is Codec.H265 else _H264_OUT_OF_BAND
    return b"".join(len(nal).to_bytes(4, "big") + nal for nal in nals if nal_type(nal, codec) not in unwanted)


def is_random_access(nals: Iterable[bytes], codec: Codec) -> bool:
    """Tells whether decoding can start here: IDR, or IRAP for H.265."""
    if codec is Codec.H265:
        return any(nal_type(nal, codec) in _H265_IRAP for nal in nals)
    return any(nal_type(nal, codec) == _H264_IDR for nal in nals)


def parse_extradata(extradata: bytes, codec: Codec) -> tuple[NalFraming, tuple[bytes, ...]]:
    """Reads a container's codec configuration: framing of the samples and the parameter sets.

    Accepts avcC and hvcC (first octet 1) and Annex B (start codes). The parameter sets come in decoding
    order; there are none when the container has none.
    """
    if not extradata:
        return ANNEX_B, ()
    if extradata[0] != 1:
        return ANNEX_B, _parameter_sets(_split_annex_b(extradata), codec)
    try:
        nals, length_size = _read_hvcc(extradata) if codec is Codec.H265 else _read_avcc(extradata)
    except IndexError as exc:
        raise InvalidInputError("the codec configuration of the file is cut off") from exc
    return NalFraming(length_size), _parameter_sets(nals, codec)


def codec_string(parameter_sets: tuple[bytes, ...], codec: Codec) -> str:
    """Makes the RFC 6381 codec string: `avc1.64001f`, `hvc1.1.6.L93.B0`."""
    sps_type = 33 if codec is Codec.H265 else 7
    sps = next((nal for nal in parameter_sets if nal_type(nal, codec) == sps_type), b"")
    return hevc_codec_string(sps) if codec is Codec.H265 else avc_codec_string(sps)


def _parameter_sets(nals: Iterable[bytes], codec: Codec) -> tuple[bytes, ...]:
    order = _H265_PARAMETER_SETS if codec is Codec.H265 else _H264_PARAMETER_SETS
    wanted = [nal for nal in nals if nal and nal_type(nal, codec) in order]
    return tuple(sorted(wanted, key=lambda nal: order.index(nal_type(nal, codec))))


def _read_avcc(data: bytes) -> tuple[list[bytes], int]:
    nals: list[bytes] = []
    position, sps_count = 6, data[5] & 0x1F
    for _ in range(sps_count):
        position = _read_nal16(data, position, nals)
    pps_count = data[position]
    position += 1
    for _ in range(pps_count):
        position = _read_nal16(data, position, nals)
    return nals, (data[4] & 3) + 1


def _read_hvcc(data: bytes) -> tuple[list[bytes], int]:
    nals: list[bytes] = []
    position = 23
    for _ in range(data[22]):
        count = int.from_bytes(data[position + 1 : position + 3], "big")
        position += 3
        for _ in range(count):
            position = _read_nal16(data, position, nals)
    return nals, (data[21] & 3) + 1


def _read_nal16(data: bytes, position: int, nals: list[bytes]) -> int:
    end = position + 2 + (data[position] << 8 | data[position + 1])
    if end > len(data):
        raise IndexError(end)
    nals.append(data[position + 2 : end])
    return end


def _split_lengths(data: bytes, length_size: int) -> list[bytes]:
    nals = []
    position = 0
    while position + length_size <= len(data):
        length = int.from_bytes(data[position : position + length_size], "big")
        position += length_size
        if length == 0 or position + length > len(data):
            break
        nals.append(data[position : position + length])
        position += length
    return nals


def _split_annex_b(data: bytes) -> list[bytes]:
    pieces = data.split(b"\x00\x00\x01")[1:]
    last = len(pieces) - 1
    # A zero octet before the next start code belongs to it (zero_byte, trailing_zero_8bits), not to the NAL.
    return [nal for index, piece in enumerate(pieces) if (nal := piece.rstrip(b"\0") if index < last else piece)]
