"""RTCP sender reports (RFC 3550 6.4.1, with the SDES packet that 6.1 demands of every compound packet)."""

import struct

from vedette.core.time import NS_PER_S

_NTP_EPOCH_OFFSET_S = 2_208_988_800
"""Seconds from 1900 (NTP) to 1970 (Unix)."""

_SENDER_REPORT = struct.Struct(">BBHIIIIII")


def make_sender_report(ssrc: int, utc_ns: int, rtp_time: int, packets: int, octets: int) -> bytes:
    """Makes a compound packet: sender report and source description, without interleave head."""
    seconds, rest_ns = divmod(utc_ns, NS_PER_S)
    report = _SENDER_REPORT.pack(
        0x80,
        200,
        6,
        ssrc,
        (seconds + _NTP_EPOCH_OFFSET_S) & 0xFFFFFFFF,
        (rest_ns << 32) // NS_PER_S,
        rtp_time & 0xFFFFFFFF,
        packets & 0xFFFFFFFF,
        octets & 0xFFFFFFFF,
    )
    name = b"vedette-sim"
    chunk = struct.pack(">IBB", ssrc, 1, len(name)) + name
    chunk += bytes(4 - len(chunk) % 4)  # at least one zero octet ends the list
    return report + struct.pack(">BBH", 0x81, 202, len(chunk) // 4) + chunk
