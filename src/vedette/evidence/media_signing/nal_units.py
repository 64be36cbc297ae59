"""What media signing must know of a NAL unit: is it a picture, does a GOP begin, where does an SEI's payload lie.

Pure. Emulation prevention is the trap: reference files hold SEIs without it, so an SEI is un-escaped only when its
declared size does not fit otherwise; trailing zero bytes, which multiplexers add, belong to nothing.
"""

from dataclasses import dataclass
from enum import StrEnum

from vedette.core.media import Codec

USER_DATA_UNREGISTERED = 5
UUID_BYTES = 16
MAX_SEI_BYTES = 1 << 20


class NalKind(StrEnum):
    """`slice` is hashed by every signer, `other_slice` (data partitions, leading and sublayer pictures) by some."""

    SLICE = "slice"
    OTHER_SLICE = "other_slice"
    SEI = "sei"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class NalInfo:
    """`is_key`: part of a key picture. `starts_gop`: its first slice."""

    kind: NalKind
    starts_gop: bool
    is_key: bool = False


def header_bytes(codec: Codec) -> int:
    return 1 if codec is Codec.H264 else 2


def classify(nal: bytes, codec: Codec) -> NalInfo:
    """Returns what a NAL unit (without start code or length) is."""
    head = header_bytes(codec)
    if len(nal) <= head or nal[0] & 0x80:
        return NalInfo(NalKind.OTHER, starts_gop=False)
    is_first_slice = bool(nal[head] & 0x80)  # first_mb_in_slice = 0, or first_slice_segment_in_pic_flag
    if codec is Codec.H264:
        number = nal[0] & 0x1F
        kind = _KINDS_H264.get(number, NalKind.OTHER)
        return NalInfo(kind, number == 5 and is_first_slice, number == 5)
    number = nal[0] >> 1 & 0x3F
    kind = _kind_h265(number)
    is_key = 16 <= number <= 21
    return NalInfo(kind, is_key and is_first_slice, is_key)


_KINDS_H264 = {
    1: NalKind.SLICE,
    2: NalKind.OTHER_SLICE,
    3: NalKind.OTHER_SLICE,
    4: NalKind.OTHER_SLICE,
    5: NalKind.SLICE,
    6: NalKind.SEI,
}


def _kind_h265(number: int) -> NalKind:
    if number in {0, 1} or 16 <= number <= 21:
        return NalKind.SLICE
    if number < 32:
        return NalKind.OTHER_SLICE
    return NalKind.SEI if number in {39, 40} else NalKind.OTHER


def strip_trailing_zeros(nal: bytes) -> bytes:
    return nal.rstrip(b"\0")


def unescape(data: bytes) -> bytes:
    """Takes emulation prevention bytes out (ITU-T H.264 section 7.4.1)."""
    parts, start = [], 0
    while (found := data.find(b"\0\0\x03", start)) >= 0:
        parts.append(data[start : found + 2])
        start = found + 3
    parts.append(data[start:])
    return b"".join(parts)


def escape(data: bytes) -> bytes:
    """Puts emulation prevention bytes in."""
    out, zeros = bytearray(), 0
    for octet in data:
        if zeros >= 2 and octet <= 3:
            out.append(3)
            zeros = 0
        out.append(octet)
        zeros = zeros + 1 if octet == 0 else 0
    return bytes(out)


def escaped_offset(data: bytes, offset: int) -> int:
    """Where byte `offset` of the un-escaped NAL unit lies in the escaped one."""
    at, start = offset, 0
    while (found := data.find(b"\0\0\x03", start)) >= 0 and found + 2 < at + 1:
        at += 1
        start = found + 3
    return at


@dataclass(frozen=True, slots=True)
class UserData:
    """An SEI with unregistered user data.

    Attributes:
        plain: The NAL unit without emulation prevention and trailing zeros.
        start: Where in `plain` the payload behind the UUID begins.
        stop: Where it ends.
    """

    uuid: bytes
    plain: bytes
    start: int
    stop: int


def read_user_data(nal: bytes, codec: Codec) -> UserData | None:
    """Reads an SEI whose first message is unregistered user data; None when it is none."""
    head = header_bytes(codec)
    nal = strip_trailing_zeros(nal)
    if not head + 2 + UUID_BYTES < len(nal) <= MAX_SEI_BYTES or nal[head] != USER_DATA_UNREGISTERED:
        return None
    size, at = 0, head + 1
    while at < len(nal) and nal[at] == 0xFF:
        size, at = size + 255, at + 1
    if at >= len(nal):
        return None
    size, at = size + nal[at], at + 1
    plain = nal if at + size + 1 == len(nal) else unescape(nal)
    if at + size > len(plain) or size < UUID_BYTES:
        return None
    return UserData(plain[at : at + UUID_BYTES], plain, at + UUID_BYTES, at + size)
