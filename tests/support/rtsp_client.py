"""A small RTSP client for judging the simulator: it shows everything, hides nothing and forgives nothing."""

import asyncio
import contextlib
import hashlib
import ssl
import struct
from collections.abc import AsyncIterator
from dataclasses import dataclass
from urllib.parse import urlsplit

LIMIT_S = 10.0


@dataclass(frozen=True)
class Reply:
    status: int
    headers: list[tuple[str, str]]
    body: bytes

    def header(self, name: str) -> str:
        return next((value for key, value in self.headers if key.lower() == name.lower()), "")

    def all(self, name: str) -> list[str]:
        return [value for key, value in self.headers if key.lower() == name.lower()]


@dataclass(frozen=True)
class RtpPacket:
    channel: int
    marker: bool
    payload_type: int
    sequence: int
    rtp_time: int
    ssrc: int
    payload: bytes


class RtspClient:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, url: str) -> None:
        self.reader, self.writer, self.url = reader, writer, url
        self.session = ""
        self.reports: list[bytes] = []
        self._cseq = 0
        self._early: list[tuple[int, bytes]] = []

    async def send(self, method: str, url: str = "", **headers: str) -> None:
        self._cseq += 1
        lines = [f"{method} {url or self.url} RTSP/1.0", f"CSeq: {self._cseq}"]
        if self.session:
            lines.append(f"Session: {self.session}")
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        self.writer.write("\r\n".join([*lines, "", ""]).encode())

    async def ask(self, method: str, url: str = "", **headers: str) -> Reply:
        await self.send(method, url, **headers)
        return await asyncio.wait_for(self._reply(), LIMIT_S)

    async def _reply(self) -> Reply:
        while True:
            first = await self.reader.readexactly(1)
            if first != b"$":
                break
            self._early.append(await self._frame())
        head = (first + await self.reader.readuntil(b"\r\n\r\n")).decode()
        lines = head.rstrip().split("\r\n")
        headers = [(name, value.strip()) for name, _, value in (line.partition(":") for line in lines[1:])]
        reply = Reply(int(lines[0].split()[1]), headers, b"")
        length = int(reply.header("Content-Length") or 0)
        assert int(reply.header("CSeq")) == self._cseq
        return Reply(reply.status, headers, await self.reader.readexactly(length))

    async def _frame(self) -> tuple[int, bytes]:
        channel, size = struct.unpack(">BH", await self.reader.readexactly(3))
        return channel, await self.reader.readexactly(size)

    async def play(self, *tracks: str) -> Reply:
        for index, track in enumerate(tracks or ("trackID=0",)):
            reply = await self.ask(
                "SETUP",
                f"{self.url}/{track}",
                Transport=f"RTP/AVP/TCP;unicast;interleaved={2 * index}-{2 * index + 1}",
            )
            assert reply.status == 200, reply
            self.session = reply.header("Session").partition(";")[0]
        reply = await self.ask("PLAY")
        assert reply.status == 200, reply
        return reply

    async def sync(self) -> list[RtpPacket]:
        """Asks the server something and returns the packets that came before its answer.

        All that the server sent before it read the question is among them.
        """
        assert (await self.ask("GET_PARAMETER")).status == 200
        packets = self.packets()
        return [await anext(packets) for channel, _ in list(self._early) if channel % 2 == 0]

    async def packets(self) -> AsyncIterator[RtpPacket]:
        """Yields RTP packets until the connection ends; sender reports go to `reports`."""
        while True:
            if self._early:
                channel, data = self._early.pop(0)
            else:
                try:
                    first = await self.reader.readexactly(1)
                except (asyncio.IncompleteReadError, ConnectionError):
                    return
                assert first == b"$", first
                channel, data = await self._frame()
            if channel % 2:
                self.reports.append(data)
                continue
            marker_type, sequence, rtp_time, ssrc = struct.unpack(">xBHII", data[:12])
            yield RtpPacket(channel, bool(marker_type & 0x80), marker_type & 0x7F, sequence, rtp_time, ssrc, data[12:])


@contextlib.asynccontextmanager
async def open_client(url: str, tls: ssl.SSLContext | None = None) -> AsyncIterator[RtspClient]:
    parts = urlsplit(url)
    reader, writer = await asyncio.wait_for(asyncio.open_connection(parts.hostname, parts.port, ssl=tls), LIMIT_S)
    try:
        yield RtspClient(reader, writer, url)
    finally:
        writer.transport.abort()


async def take(packets: AsyncIterator[RtpPacket], count: int) -> list[RtpPacket]:
    """Takes the next `count` packets."""
    taken: list[RtpPacket] = []

    async def collect() -> None:
        async for packet in packets:
            taken.append(packet)
            if len(taken) == count:
                return

    await asyncio.wait_for(collect(), LIMIT_S)
    return taken


async def take_units(packets: AsyncIterator[RtpPacket], count: int, channel: int = 0) -> list[list[RtpPacket]]:
    """Takes the next access units of a track: packets up to and with the marker."""
    units: list[list[RtpPacket]] = [[]]

    async def collect() -> None:
        async for packet in packets:
            if packet.channel != channel:
                continue
            units[-1].append(packet)
            if packet.marker:
                if len(units) == count:
                    return
                units.append([])

    await asyncio.wait_for(collect(), LIMIT_S)
    return units


async def take_units_through_now(client: RtspClient, count: int) -> list[list[RtpPacket]]:
    """Takes all video access units on the way, and `count` more that were sent after this call."""
    packets = await client.sync()
    while packets and not packets[-1].marker:
        packets += await take(client.packets(), 1)
    units: list[list[RtpPacket]] = [[]]
    for packet in packets:
        units[-1].append(packet)
        if packet.marker:
            units.append([])
    return units[:-1] + await take_units(client.packets(), count)


def join_h264(unit: list[RtpPacket]) -> list[bytes]:
    """Joins the packets of an H.264 access unit into NAL units (RFC 6184 5.6, 5.8)."""
    nals: list[bytes] = []
    for packet in unit:
        payload = packet.payload
        if payload[0] & 0x1F != 28:
            nals.append(payload)
        elif payload[1] & 0x80:
            nals.append(bytes([payload[0] & 0xE0 | payload[1] & 0x1F]) + payload[2:])
        else:
            nals[-1] += payload[2:]
    return nals


def join_h265(unit: list[RtpPacket]) -> list[bytes]:
    """Joins the packets of an H.265 access unit into NAL units (RFC 7798 4.4.3)."""
    nals: list[bytes] = []
    for packet in unit:
        payload = packet.payload
        if (payload[0] >> 1) & 0x3F != 49:
            nals.append(payload)
        elif payload[2] & 0x80:
            nals.append(bytes([payload[0] & 0x81 | (payload[2] & 0x3F) << 1, payload[1]]) + payload[3:])
        else:
            nals[-1] += payload[3:]
    return nals


def digest_answer(challenge: str, method: str, url: str, user: str, password: str, algorithm: str = "MD5") -> str:
    """Answers a Digest challenge by the letter of RFC 7616, with and without qop."""
    fields = dict(part.strip().split("=", 1) for part in challenge.removeprefix("Digest ").split(","))
    realm, nonce = fields["realm"].strip('"'), fields["nonce"].strip('"')
    make = hashlib.md5 if algorithm == "MD5" else hashlib.sha256

    def hashed(text: str) -> str:
        return make(text.encode()).hexdigest()

    first, second = hashed(f"{user}:{realm}:{password}"), hashed(f"{method}:{url}")
    if "qop" in fields:
        response = hashed(f"{first}:{nonce}:00000001:0a4f113b:auth:{second}")
        extra = ', qop=auth, nc=00000001, cnonce="0a4f113b"'
    else:
        response, extra = hashed(f"{first}:{nonce}:{second}"), ""
    return (
        f'Digest username="{user}", realm="{realm}", nonce="{nonce}", uri="{url}", '
        f'response="{response}", algorithm={algorithm}{extra}'
    )
