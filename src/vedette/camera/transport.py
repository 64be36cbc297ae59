"""Where the packets flow: reading the camera's `Transport` answer, and a pair of UDP ports for one track."""

import asyncio
import re
import socket
from collections.abc import Callable
from dataclasses import dataclass

from typing_extensions import override

from vedette.camera.counters import StreamCounters
from vedette.camera.errors import TransportRefusedError
from vedette.camera.reorder import ReorderBuffer
from vedette.camera.rtp import RtpReceiver
from vedette.camera.rtsp_protocol import RtspProtocol
from vedette.runtime.clock import Clock

UDP_BUFFER_BYTES = 2 * 1024 * 1024
"""A key frame comes as one burst; the kernel's default of 208 KiB loses its end."""
EXPIRE_S = 0.1
PAIR_TRIES = 32


@dataclass(frozen=True, slots=True)
class TransportAnswer:
    """What matters of a `Transport` header: interleaved channels, or the camera's UDP ports."""

    channels: tuple[int, int] | None
    server_ports: tuple[int, int] | None


def read_transport(text: str) -> TransportAnswer:
    """Reads the answer to SETUP; anything unreadable counts as not said."""
    channels = _pair(text, "interleaved", 255)
    return TransportAnswer(channels, _pair(text, "server_port", 65535))


def _pair(text: str, name: str, highest: int) -> tuple[int, int] | None:
    found = re.search(rf"(?i)\b{name}\s*=\s*(\d{{1,5}})(?:-(\d{{1,5}}))?", text[:1024])
    if found is None:
        return None
    low = int(found[1])
    high = int(found[2]) if found[2] else low + 1
    return (low, high) if low <= highest and high <= highest else None


class UdpPair:
    """The RTP and RTCP port of one track. Only datagrams from the camera's address are taken."""

    def __init__(
        self,
        protocol: RtspProtocol,
        receiver: RtpReceiver,
        counters: StreamCounters,
        clock: Clock,
        camera_host: str,
    ) -> None:
        self.ports = (0, 0)
        self.on_rtcp: Callable[[bytes], None] = lambda _data: None
        self._protocol = protocol
        self._receiver = receiver
        self._reorder = ReorderBuffer(counters)
        self._clock = clock
        self._camera_host = camera_host
        self._server_rtcp: tuple[str, int] | None = None
        self._transports: list[asyncio.DatagramTransport] = []
        self._timer: asyncio.TimerHandle | None = None

    async def bind(self, family: int, own_host: str) -> None:
        """Binds an even port and the odd one after it (RFC 3550 section 11)."""
        loop = asyncio.get_running_loop()
        rtp, rtcp = _bind_pair(family, own_host, self._camera_host)
        self.ports = (rtp.getsockname()[1], rtcp.getsockname()[1])
        for sock, take in ((rtp, self._take_rtp), (rtcp, self._take_rtcp)):
            transport, _ = await loop.create_datagram_endpoint(
                lambda take=take: _Datagrams(self._camera_host, take),  # type: ignore[misc]  # inferred without its default
                sock=sock,
            )
            self._transports.append(transport)
        self._timer = loop.call_later(EXPIRE_S, self._expire)

    def set_server_ports(self, ports: tuple[int, int] | None) -> None:
        self._server_rtcp = None if ports is None else (self._camera_host, ports[1])

    def send_rtcp(self, data: bytes) -> None:
        if self._server_rtcp is not None and len(self._transports) == 2:
            self._transports[1].sendto(data, self._server_rtcp)

    def close(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        for transport in self._transports:
            transport.close()

    def _take_rtp(self, data: bytes) -> None:
        self._hand_on(self._reorder.push(data, self._clock.mono_ns()))

    def _take_rtcp(self, data: bytes) -> None:
        self.on_rtcp(data)

    def _expire(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(EXPIRE_S, self._expire)
        self._hand_on(self._reorder.expire(self._clock.mono_ns()))

    def _hand_on(self, packets: list[bytes]) -> None:
        try:
            for packet in packets:
                self._receiver.push(memoryview(packet), 0, len(packet))
                self._receiver.settle()
        except Exception as error:  # noqa: BLE001 -- re-raised by whoever awaits `lost`: a sink that cannot store
            self._protocol.fail(error)


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, camera_host: str, take: Callable[[bytes], None]) -> None:
        self._camera_host = camera_host
        self._take = take

    @override
    def datagram_received(self, data: bytes, addr: tuple[str | object, int]) -> None:
        if addr[0] == self._camera_host:
            self._take(data)


async def open_udp_pair(
    protocol: RtspProtocol, receiver: RtpReceiver, counters: StreamCounters, clock: Clock
) -> UdpPair:
    """Opens the ports for one track, on the address that this machine shows to the camera.

    Raises:
        TransportRefusedError: no free pair of ports.
    """
    assert protocol.transport is not None
    own_host = str(protocol.transport.get_extra_info("sockname")[0])
    camera_host = str(protocol.transport.get_extra_info("peername")[0])
    family = socket.AF_INET6 if ":" in camera_host else socket.AF_INET
    pair = UdpPair(protocol, receiver, counters, clock, camera_host)
    try:
        await pair.bind(family, own_host)
    except BaseException:
        pair.close()
        raise
    return pair


def _bind_pair(family: int, own_host: str, camera_host: str) -> tuple[socket.socket, socket.socket]:
    for _ in range(PAIR_TRIES):
        rtp, rtcp = (socket.socket(family, socket.SOCK_DGRAM) for _ in range(2))
        try:
            rtp.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, UDP_BUFFER_BYTES)
            rtp.bind((own_host, 0))
            port = rtp.getsockname()[1]
            if port % 2 == 0:
                rtcp.bind((own_host, port + 1))
                rtp.setblocking(False)
                rtcp.setblocking(False)
                return rtp, rtcp
        except OSError:
            pass  # the neighbour is taken: try another pair
        rtp.close()
        rtcp.close()
    raise TransportRefusedError(camera_host, "UDP (no free ports on this machine)")
