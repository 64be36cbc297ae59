import struct

import pytest

from tests.support.rtsp_client import RtpPacket, join_h264, join_h265
from vedette.core.media import Codec
from vedette.testing.rtcp import make_sender_report
from vedette.testing.rtp import (
    WireUnit,
    make_frame_number_sei,
    packetise_audio,
    packetise_video,
    read_frame_number,
    split_packets,
    stamp,
    write_frame_number,
)


def parse(buffer: bytearray, unit: WireUnit) -> list[RtpPacket]:
    packets = []
    for data in split_packets(buffer, unit):
        dollar, channel, size = struct.unpack(">BBH", data[:4])
        assert dollar == 0x24
        assert size == len(data) - 4
        version, marker_type, sequence, rtp_time, ssrc = struct.unpack(">BBHII", data[4:16])
        assert version == 0x80
        packets.append(
            RtpPacket(channel, bool(marker_type & 0x80), marker_type & 0x7F, sequence, rtp_time, ssrc, data[16:])
        )
    return packets


@pytest.mark.parametrize("size_bytes", [1, 1399, 1400, 1401, 1402, 2797, 2798, 50_000])
def test_h264_fragments_join_to_the_same_nal(size_bytes: int) -> None:
    nals = [b"\x06\x05", b"\x65" + bytes(index % 251 for index in range(size_bytes))]
    unit = packetise_video(nals, Codec.H264)
    packets = parse(stamp(unit, 0, 0, 0, 0), unit)
    assert join_h264(packets) == nals
    assert all(len(packet.payload) <= 1400 for packet in packets)
    assert [packet.marker for packet in packets] == [False] * (len(packets) - 1) + [True]


@pytest.mark.parametrize("size_bytes", [1, 1398, 1399, 1400, 4191, 50_000])
def test_h265_fragments_join_to_the_same_nal(size_bytes: int) -> None:
    nals = [b"\x26\x01" + bytes(index % 251 for index in range(size_bytes))]
    unit = packetise_video(nals, Codec.H265)
    packets = parse(stamp(unit, 0, 0, 0, 0), unit)
    assert join_h265(packets) == nals
    assert all(len(packet.payload) <= 1400 for packet in packets)


def test_stamp_wraps_sequence_and_time_and_leaves_the_shared_unit_alone() -> None:
    unit = packetise_video([b"\x65" + bytes(5000)], Codec.H264)
    before = unit.blob
    packets = parse(stamp(unit, 6, 65_534, 2**32 + 5, 0xDEADBEEF), unit)
    assert [packet.sequence for packet in packets] == [65_534, 65_535, 0, 1]
    assert {packet.rtp_time for packet in packets} == {5}
    assert {packet.channel for packet in packets} == {6}
    assert {packet.ssrc for packet in packets} == {0xDEADBEEF}
    assert unit.blob == before


@pytest.mark.parametrize("codec", [Codec.H264, Codec.H265])
@pytest.mark.parametrize("number", [0, 1, 2**63])
def test_frame_number_is_found_again(codec: Codec, number: int) -> None:
    sei = make_frame_number_sei(codec)
    body = b"\x26\x01abc" if codec is Codec.H265 else b"\x65abc"
    unit = packetise_video([b"\x67xyz", sei, body], codec)
    buffer = stamp(unit, 0, 0, 0, 0)
    write_frame_number(buffer, unit, number)
    packets = parse(buffer, unit)
    assert [read_frame_number(packet.payload) for packet in packets] == [None, number, None]
    assert len(packets[1].payload) == len(sei)


def test_damaged_frame_number_is_no_number() -> None:
    sei = bytearray(make_frame_number_sei(Codec.H264))
    sei[-3] = ord("?")
    assert read_frame_number(bytes(sei)) is None


def test_unit_without_a_place_for_the_number_is_unchanged() -> None:
    unit = packetise_video([b"\x65abc"], Codec.H264)
    buffer = stamp(unit, 0, 0, 0, 0)
    before = bytes(buffer)
    write_frame_number(buffer, unit, 7)
    assert bytes(buffer) == before


def test_aac_carries_the_au_header_of_rfc_3640() -> None:
    unit = packetise_audio(b"x" * 300, Codec.AAC)
    (packet,) = parse(stamp(unit, 2, 0, 0, 0), unit)
    assert packet.payload[:4] == bytes([0, 16, 300 >> 5, 300 << 3 & 0xFF])
    assert (packet.payload_type, packet.marker) == (97, True)


def test_g711_is_bare() -> None:
    unit = packetise_audio(b"y" * 160, Codec.PCMA)
    (packet,) = parse(stamp(unit, 2, 0, 0, 0), unit)
    assert (packet.payload, packet.payload_type, packet.marker) == (b"y" * 160, 8, False)


def test_sender_report_by_the_letter() -> None:
    report = make_sender_report(0x01020304, 1_500_000_000, 2**32 + 9, 10, 2000)
    assert len(report) % 4 == 0
    head, kind, length, ssrc, seconds, fraction, rtp_time, packets, octets = struct.unpack(">BBHIIIIII", report[:28])
    assert (head, kind, length, ssrc) == (0x80, 200, 6, 0x01020304)
    assert (seconds, fraction) == (2_208_988_801, 1 << 31)
    assert (rtp_time, packets, octets) == (9, 10, 2000)
    assert report[29] == 202
    assert 4 * (int.from_bytes(report[30:32], "big") + 1) == len(report) - 28
