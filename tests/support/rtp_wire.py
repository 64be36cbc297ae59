"""Builds RTP packets by hand, and a receiver that keeps what comes out."""

import struct
from dataclasses import dataclass, field


def rtp(
    payload: bytes,
    sequence: int,
    rtp_time: int = 0,
    *,
    marker: bool = False,
    payload_type: int = 96,
    ssrc: int = 7,
    extension: bytes = b"",
    padding: int = 0,
) -> bytes:
    first = 0x80 | (0x10 if extension else 0) | (0x20 if padding else 0)
    head = struct.pack(">BBHII", first, payload_type | (0x80 if marker else 0), sequence & 0xFFFF, rtp_time, ssrc)
    if extension:
        head += struct.pack(">HH", 0xBEDE, len(extension) // 4) + extension
    tail = bytes(padding - 1) + bytes([padding]) if padding else b""
    return head + payload + tail


def interleaved(packet: bytes, channel: int = 0) -> bytes:
    return struct.pack(">BBH", 0x24, channel, len(packet)) + packet


@dataclass
class UnitLog:
    """A UnitReceiver that keeps everything."""

    units: list[tuple[int, bool, bytes, int]] = field(default_factory=list)
    sets: list[bytes] = field(default_factory=list)

    def on_unit(self, rtp: int, is_key: bool, data: bytes, lost: int) -> None:  # noqa: FBT001 -- the port
        self.units.append((rtp, is_key, data, lost))

    def on_parameter_set(self, nal: bytes) -> None:
        self.sets.append(nal)


def nals_of(data: bytes) -> list[bytes]:
    """Splits an access unit of the house's framing; raises when the lengths do not fit."""
    found, position = [], 0
    while position < len(data):
        size = int.from_bytes(data[position : position + 4], "big")
        assert size
        assert position + 4 + size <= len(data)
        found.append(data[position + 4 : position + 4 + size])
        position += 4 + size
    return found


def fragments_h264(nal: bytes, step: int) -> list[bytes]:
    body = nal[1:]
    pieces = [body[at : at + step] for at in range(0, len(body), step)]
    out = []
    for index, piece in enumerate(pieces):
        flags = (0x80 if index == 0 else 0) | (0x40 if index == len(pieces) - 1 else 0)
        out.append(bytes([nal[0] & 0xE0 | 28, flags | nal[0] & 0x1F]) + piece)
    return out


def fragments_h265(nal: bytes, step: int) -> list[bytes]:
    body = nal[2:]
    pieces = [body[at : at + step] for at in range(0, len(body), step)]
    out = []
    for index, piece in enumerate(pieces):
        flags = (0x80 if index == 0 else 0) | (0x40 if index == len(pieces) - 1 else 0)
        out.append(bytes([nal[0] & 0x81 | 49 << 1, nal[1], flags | (nal[0] >> 1) & 0x3F]) + piece)
    return out
