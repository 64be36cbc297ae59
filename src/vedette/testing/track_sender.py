"""Sends one media track to one client: RTP numbering, spoiling on purpose, counting, sender reports."""

import asyncio
import random
import struct
from dataclasses import dataclass
from typing import Protocol

from vedette.testing.faults import Spoiling, spoil_packets
from vedette.testing.rtcp import make_sender_report
from vedette.testing.rtp import (
    HEAD_BYTES,
    INTERLEAVE_BYTES,
    RTP_HEADER_BYTES,
    WireUnit,
    split_packets,
    stamp,
    write_frame_number,
)

MAX_BACKLOG_BYTES = 8 << 20
"""A client that lets this much pile up gets no more pictures until the next key frame after it has caught
up: what a camera with a small memory does, and what keeps the simulator's own memory bounded."""


class PacketWriter(Protocol):
    """Where packets go. They come with their interleave head."""

    channel: int

    def write_unit(self, buffer: bytearray, unit: WireUnit) -> None: ...

    def write_packets(self, packets: list[bytes]) -> None: ...

    def write_report(self, report: bytes) -> None: ...

    def write_garbage(self, octets: bytes) -> None: ...

    def is_congested(self) -> bool: ...


class InterleavedWriter:
    """Packets inside the RTSP connection (RFC 2326 10.12): one write per access unit."""

    def __init__(self, transport: asyncio.Transport, channels: tuple[int, int]) -> None:
        self.channel, self._report_channel = channels
        self._transport = transport

    def write_unit(self, buffer: bytearray, unit: WireUnit) -> None:
        del unit
        self._transport.write(buffer)

    def write_packets(self, packets: list[bytes]) -> None:
        self._transport.write(b"".join(packets))

    def write_report(self, report: bytes) -> None:
        self._transport.write(struct.pack(">BBH", 0x24, self._report_channel, len(report)) + report)

    def write_garbage(self, octets: bytes) -> None:
        self._transport.write(octets)

    def is_congested(self) -> bool:
        return self._transport.get_write_buffer_size() > MAX_BACKLOG_BYTES


@dataclass(frozen=True, slots=True)
class UdpSockets:
    """The server's pair of sockets: RTP on an even port, RTCP on the next one (RFC 3550 11)."""

    rtp: asyncio.DatagramTransport
    rtcp: asyncio.DatagramTransport
    ports: tuple[int, int]


class DatagramWriter:
    """Packets as UDP datagrams to the client's pair of ports."""

    channel = 0

    def __init__(self, sockets: UdpSockets, host: str, ports: tuple[int, int]) -> None:
        self._sockets = sockets
        self._rtp_address = (host, ports[0])
        self._rtcp_address = (host, ports[1])

    def write_unit(self, buffer: bytearray, unit: WireUnit) -> None:
        self.write_packets(split_packets(buffer, unit))

    def write_packets(self, packets: list[bytes]) -> None:
        for packet in packets:
            self._sockets.rtp.sendto(packet[INTERLEAVE_BYTES:], self._rtp_address)

    def write_report(self, report: bytes) -> None:
        self._sockets.rtcp.sendto(report, self._rtcp_address)

    def write_garbage(self, octets: bytes) -> None:
        for start in range(0, len(octets), 1400):
            self._sockets.rtp.sendto(octets[start : start + 1400], self._rtp_address)

    def is_congested(self) -> bool:
        return False  # a datagram that finds no room is lost, as on any network


class TrackSender:
    """One track of one session.

    Attributes:
        clock_rate_hz: RTP clock: 90000 for video, the sample rate for audio.
    """

    def __init__(self, writer: PacketWriter, clock_rate_hz: int, rng: random.Random) -> None:
        self.writer = writer
        self.clock_rate_hz = clock_rate_hz
        # RFC 3550 5.1: all three start at random, and clients must stand a wrap at any time.
        self.ssrc = rng.getrandbits(32)
        self.sequence = rng.getrandbits(16)
        self._base_time = rng.getrandbits(32)
        self._rng = rng
        self._packets = 0
        self._octets = 0

    def rtp_time(self, media_ticks: int) -> int:
        """Returns the RTP time of a media time, given in this track's own clock."""
        return (self._base_time + media_ticks) & 0xFFFFFFFF

    def send(self, unit: WireUnit, media_ticks: int, spoiling: Spoiling, number: int = 0) -> None:
        """Sends one access unit."""
        buffer = stamp(unit, self.writer.channel, self.sequence, self.rtp_time(media_ticks), self.ssrc)
        write_frame_number(buffer, unit, number)
        self.sequence = (self.sequence + len(unit.starts)) & 0xFFFF
        self._packets += len(unit.starts)
        self._octets += len(buffer) - len(unit.starts) * HEAD_BYTES
        if not spoiling.is_active:
            self.writer.write_unit(buffer, unit)
            return
        packets = split_packets(buffer, unit)
        keep_bytes = INTERLEAVE_BYTES + RTP_HEADER_BYTES
        self.writer.write_packets(spoil_packets(packets, spoiling, self._rng, keep_bytes))

    def report(self, utc_ns: int, media_ticks: int) -> None:
        """Sends a sender report: this RTP time is this moment on the camera's wall clock."""
        rtp_time = self.rtp_time(media_ticks)
        self.writer.write_report(make_sender_report(self.ssrc, utc_ns, rtp_time, self._packets, self._octets))
