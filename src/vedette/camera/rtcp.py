"""RTCP (RFC 3550 section 6): reads sender reports and BYE, writes receiver reports. Pure.

Cameras break compound rules freely; every packet of a compound is looked at on its own and a broken one ends
the compound without an error: nothing here is worth losing a stream for.
"""

import struct
from dataclasses import dataclass

from vedette.camera.time_mapping import SenderReport
from vedette.core.time import NS_PER_S

NTP_TO_UNIX_S = 2_208_988_800
MAX_COMPOUND = 16
_SR, _RR, _SDES, _BYE = 200, 201, 202, 203


@dataclass(frozen=True, slots=True)
class RtcpFacts:
    """What a compound packet tells. `middle_ntp` is echoed in receiver reports (LSR)."""

    report: SenderReport | None
    ssrc: int
    middle_ntp: int
    is_bye: bool


def parse_rtcp(data: bytes) -> RtcpFacts:
    """Reads a compound RTCP packet. Never raises."""
    report: SenderReport | None = None
    ssrc = middle = 0
    is_bye = False
    pos = 0
    for _ in range(MAX_COMPOUND):
        if pos + 8 > len(data) or data[pos] >> 6 != 2:
            break
        kind, words = data[pos + 1], int.from_bytes(data[pos + 2 : pos + 4], "big")
        stop = pos + 4 + 4 * words
        if kind == _SR and words >= 6 and pos + 20 <= len(data):
            ssrc, seconds, fraction, rtp = struct.unpack_from(">IIII", data, pos + 4)
            utc_ns = (seconds - NTP_TO_UNIX_S) * NS_PER_S + (fraction * NS_PER_S >> 32)
            middle = (seconds & 0xFFFF) << 16 | fraction >> 16
            report = SenderReport(utc_ns, rtp) if utc_ns > 0 else None
        elif kind == _BYE:
            is_bye = True
        pos = stop
    return RtcpFacts(report, ssrc, middle, is_bye)


@dataclass(frozen=True, slots=True)
class ReceptionReport:
    """One report block (RFC 3550 section 6.4.1)."""

    ssrc: int
    fraction_lost: int
    lost: int
    highest_sequence: int
    jitter: int
    last_report: int
    delay_since_65536: int


def write_receiver_report(own_ssrc: int, blocks: list[ReceptionReport], name: str) -> bytes:
    """Writes RR + SDES CNAME: the least that a compound must hold (RFC 3550 section 6.1)."""
    out = bytearray(struct.pack(">BBHI", 0x80 | len(blocks), _RR, 1 + 6 * len(blocks), own_ssrc))
    for block in blocks:
        lost = max(-(1 << 23), min((1 << 23) - 1, block.lost)) & 0xFFFFFF
        out += struct.pack(
            ">IIIIII",
            block.ssrc,
            (block.fraction_lost & 0xFF) << 24 | lost,
            block.highest_sequence & 0xFFFFFFFF,
            block.jitter & 0xFFFFFFFF,
            block.last_report,
            block.delay_since_65536 & 0xFFFFFFFF,
        )
    cname = name.encode()[:64]
    item = struct.pack(">IBB", own_ssrc, 1, len(cname)) + cname
    item += bytes(4 - len(item) % 4)
    out += struct.pack(">BBH", 0x81, _SDES, len(item) // 4) + item
    return bytes(out)
