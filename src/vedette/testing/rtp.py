"""Turns access units into RTP packets, once, for all clients that will ever watch.

Pure. A `WireUnit` holds all packets of one access unit as they go onto an RTSP connection (RFC 2326 10.12:
`$`, channel, length, RTP packet). Between clients and loops only sequence number, time stamp and SSRC differ,
ten octets per packet, and so does the frame number when numbering is on. Everything else is shared:
that is why 60 cameras cost a few per cent of a core. Formats: RFC 6184 (H.264), RFC 7798 (H.265), RFC 3640
(AAC-hbr), RFC 3551 (G.711).
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass

from vedette.core.media import Codec

MAX_PAYLOAD_BYTES = 1400
"""With RTP, UDP and IP headers below the 1500 octets of an Ethernet frame."""

VIDEO_PAYLOAD_TYPE = 96
AUDIO_PAYLOAD_TYPES = {Codec.AAC: 97, Codec.OPUS: 98, Codec.PCMU: 0, Codec.PCMA: 8}
INTERLEAVE_BYTES = 4
RTP_HEADER_BYTES = 12
HEAD_BYTES = INTERLEAVE_BYTES + RTP_HEADER_BYTES

FRAME_NUMBER_UUID = bytes.fromhex("7be1c6b19a524d0d8e7f5c3a2b91d4e6")
"""Names our SEI message (H.264 D.1.7 user data unregistered, H.265 D.2.7)."""
_FRAME_NUMBER_DIGITS = 16

_INTERLEAVE = struct.Struct(">BBHBBHII")
_STAMP = struct.Struct(">HII")
_STAMP_OFFSET = INTERLEAVE_BYTES + 2


@dataclass(frozen=True, slots=True)
class WireUnit:
    """The packets of one access unit, headers included, sequence number, time stamp and SSRC zero.

    Attributes:
        blob: All packets, each with its interleave head.
        starts: Where each packet begins in `blob`.
        number_at: Where the digits of the frame number begin in `blob`, -1 without numbering.
    """

    blob: bytes
    starts: tuple[int, ...]
    number_at: int = -1


def stamp(unit: WireUnit, channel: int, sequence: int, rtp_time: int, ssrc: int) -> bytearray:
    """Copies a unit and fills in what belongs to one client. Numbers wrap as RTP's do."""
    buffer = bytearray(unit.blob)
    rtp_time &= 0xFFFFFFFF
    pack_into = _STAMP.pack_into
    for start in unit.starts:
        buffer[start + 1] = channel
        pack_into(buffer, start + _STAMP_OFFSET, sequence & 0xFFFF, rtp_time, ssrc)
        sequence += 1
    return buffer


def write_frame_number(buffer: bytearray, unit: WireUnit, number: int) -> None:
    """Writes the frame number into a stamped unit that has a place for it."""
    if unit.number_at >= 0:
        end = unit.number_at + _FRAME_NUMBER_DIGITS
        buffer[unit.number_at : end] = b"%0*X" % (_FRAME_NUMBER_DIGITS, number)


def split_packets(buffer: bytearray, unit: WireUnit) -> list[bytes]:
    """Cuts a stamped unit into its packets, interleave heads included."""
    ends = (*unit.starts[1:], len(buffer))
    return [bytes(buffer[start:end]) for start, end in zip(unit.starts, ends, strict=True)]


def read_frame_number(access_unit: bytes) -> int | None:
    """Finds the frame number in an access unit of NAL units with 4-byte lengths, or in any bytes of it.

    The digits are ASCII, so no emulation prevention octet can ever fall into them.
    """
    at = access_unit.find(FRAME_NUMBER_UUID)
    if at < 0:
        return None
    digits = access_unit[at + 16 : at + 16 + _FRAME_NUMBER_DIGITS]
    try:
        return int(digits, 16)
    except ValueError:
        return None


def make_frame_number_sei(codec: Codec) -> bytes:
    """Makes the SEI NAL unit that carries a frame number, with the number zero."""
    head = b"\x4e\x01" if codec is Codec.H265 else b"\x06"
    payload = FRAME_NUMBER_UUID + b"0" * _FRAME_NUMBER_DIGITS
    return head + bytes([5, len(payload)]) + payload + b"\x80"


def packetise_video(nals: Sequence[bytes], codec: Codec, max_payload_bytes: int = MAX_PAYLOAD_BYTES) -> WireUnit:
    """Packs NAL units: small ones alone, large ones in fragments; the marker ends the access unit."""
    payloads: list[bytes] = []
    number_payload = -1
    for nal in nals:
        if FRAME_NUMBER_UUID in nal[:24]:
            number_payload = len(payloads)
        if len(nal) <= max_payload_bytes:
            payloads.append(nal)
        elif codec is Codec.H265:
            payloads += _fragment_h265(nal, max_payload_bytes)
        else:
            payloads += _fragment_h264(nal, max_payload_bytes)
    unit = _join(payloads, VIDEO_PAYLOAD_TYPE)
    if number_payload < 0:
        return unit
    in_payload = payloads[number_payload].index(FRAME_NUMBER_UUID) + 16
    return WireUnit(unit.blob, unit.starts, unit.starts[number_payload] + HEAD_BYTES + in_payload)


def packetise_audio(payload: bytes, codec: Codec) -> WireUnit:
    """Packs one audio access unit into one packet; AAC gets the AU header section of RFC 3640 3.2.1."""
    if codec is Codec.AAC:
        payload = struct.pack(">HH", 16, len(payload) << 3) + payload
        return _join([payload], AUDIO_PAYLOAD_TYPES[codec])
    return _join([payload], AUDIO_PAYLOAD_TYPES[codec], last_marker=0)  # set only after silence: RFC 3551 4.1


def _join(payloads: Sequence[bytes], payload_type: int, last_marker: int = 0x80) -> WireUnit:
    pieces: list[bytes] = []
    starts: list[int] = []
    position = 0
    for index, payload in enumerate(payloads):
        marker = last_marker if index == len(payloads) - 1 else 0
        size = RTP_HEADER_BYTES + len(payload)
        pieces += [_INTERLEAVE.pack(0x24, 0, size, 0x80, marker | payload_type, 0, 0, 0), payload]
        starts.append(position)
        position += INTERLEAVE_BYTES + size
    return WireUnit(b"".join(pieces), tuple(starts))


def _fragment_h264(nal: bytes, max_payload_bytes: int) -> list[bytes]:
    """FU-A, RFC 6184 5.8."""
    indicator, kind = (nal[0] & 0xE0) | 28, nal[0] & 0x1F
    return [bytes([indicator, edge | kind]) + piece for edge, piece in _cut(nal[1:], max_payload_bytes - 2)]


def _fragment_h265(nal: bytes, max_payload_bytes: int) -> list[bytes]:
    """FU, RFC 7798 4.4.3."""
    head, kind = bytes([(nal[0] & 0x81) | 49 << 1, nal[1]]), (nal[0] >> 1) & 0x3F
    return [head + bytes([edge | kind]) + piece for edge, piece in _cut(nal[2:], max_payload_bytes - 3)]


def _cut(body: bytes, step: int) -> list[tuple[int, bytes]]:
    """Cuts into pieces, each with its S and E bits."""
    pieces = [body[start : start + step] for start in range(0, len(body), step)]
    edges = [0] * len(pieces)
    edges[0] |= 0x80
    edges[-1] |= 0x40
    return list(zip(edges, pieces, strict=True))
