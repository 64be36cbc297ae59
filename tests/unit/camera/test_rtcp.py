"""RTCP in and out."""

import struct

from vedette.camera.rtcp import NTP_TO_UNIX_S, ReceptionReport, parse_rtcp, write_receiver_report
from vedette.testing.rtcp import make_sender_report

S = 1_000_000_000


def test_a_sender_report_is_read() -> None:
    utc_ns = 1_795_000_000 * S + S // 4
    facts = parse_rtcp(make_sender_report(ssrc=9, utc_ns=utc_ns, rtp_time=123456, packets=5, octets=6))
    assert facts.report is not None
    assert abs(facts.report.utc_ns - utc_ns) < 2
    assert (facts.report.rtp, facts.ssrc, facts.is_bye) == (123456, 9, False)


def test_a_clock_before_1970_is_no_clock() -> None:
    data = struct.pack(">BBHIIIIII", 0x80, 200, 6, 9, 1000, 0, 5, 0, 0)
    assert parse_rtcp(data).report is None


def test_bye_in_a_compound_is_seen() -> None:
    report = make_sender_report(9, 1_795_000_000 * S, 0, 0, 0)
    assert parse_rtcp(report + struct.pack(">BBHI", 0x81, 203, 1, 9)).is_bye


def test_a_receiver_report_has_the_layout_of_rfc_3550() -> None:
    block = ReceptionReport(9, 64, -5, 0x0001_0005, 33, 0xAABBCCDD, 65536)
    data = write_receiver_report(7, [block], "name")
    assert len(data) % 4 == 0
    head = struct.unpack_from(">BBHI", data)
    assert head == (0x81, 201, 7, 7)
    ssrc, lost, highest, jitter, last, delay = struct.unpack_from(">IIIIII", data, 8)
    assert (ssrc, lost >> 24, lost & 0xFFFFFF) == (9, 64, 0xFFFFFB)
    assert (highest, jitter, last, delay) == (0x10005, 33, 0xAABBCCDD, 65536)
    assert data[32:34] == b"\x81\xca"
    assert struct.unpack_from(">H", data, 34)[0] * 4 + 4 == len(data) - 32


def test_middle_of_ntp_is_what_is_echoed() -> None:
    seconds = NTP_TO_UNIX_S + 1_795_000_000
    data = struct.pack(">BBHIIIIII", 0x80, 200, 6, 9, seconds, 0x12345678, 5, 0, 0)
    assert parse_rtcp(data).middle_ntp == (seconds & 0xFFFF) << 16 | 0x1234
