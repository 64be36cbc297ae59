"""One RTSP connection to the simulator: requests in, replies and media out.

An asyncio protocol, not a stream pair: 60 cameras write 1500 access units a second, and a protocol writes
them without a task switch each. Every length that a client sends is limited; a client that breaks the
protocol loses its connection.
"""

import asyncio
import random
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import Protocol

from typing_extensions import override

from vedette.core.media import StreamRole
from vedette.core.time import NS_PER_S, TICKS_PER_S
from vedette.runtime.clock import Clock
from vedette.testing.faults import FaultKind
from vedette.testing.login import Login, LoginResult, check_login, make_challenges
from vedette.testing.rtsp_messages import (
    MAX_BODY_BYTES,
    MAX_HEAD_BYTES,
    WEB_PAGE,
    MalformedRequestError,
    Request,
    format_reply,
    parse_head,
    parse_transport,
)
from vedette.testing.sdp import AUDIO_CONTROL, VIDEO_CONTROL, make_sdp
from vedette.testing.simulated_camera import SimulatedCamera
from vedette.testing.simulated_stream import SimulatedStream, StreamSession
from vedette.testing.track_sender import DatagramWriter, InterleavedWriter, PacketWriter, TrackSender, UdpSockets

_METHODS = "OPTIONS, DESCRIBE, SETUP, PLAY, PAUSE, TEARDOWN, GET_PARAMETER, SET_PARAMETER"
_NONCE_LIFE_NS = 120 * NS_PER_S


class KeepAlive(Enum):
    """What keeps a session alive: any sign of the client, or only RTSP requests (as strict cameras do)."""

    ANY = auto()
    REQUESTS = auto()


@dataclass(frozen=True, slots=True)
class ConnectionOptions:
    """How connections behave.

    Attributes:
        allow_tcp: False answers 461 to interleaved transport.
        allow_udp: False answers 461 to UDP.
    """

    session_timeout_s: float = 60.0
    keep_alive: KeepAlive = KeepAlive.ANY
    allow_tcp: bool = True
    allow_udp: bool = True


class ConnectionHost(Protocol):
    """What a connection needs of its server."""

    clock: Clock
    options: ConnectionOptions
    rng: random.Random
    udp: UdpSockets | None

    @property
    def cameras(self) -> Mapping[str, SimulatedCamera]: ...

    def cameras_of_port(self, port: int) -> list[SimulatedCamera]: ...

    def on_connected(self, connection: "RtspConnection") -> None: ...

    def on_closed(self, connection: "RtspConnection") -> None: ...

    def on_named(self, camera: SimulatedCamera, connection: "RtspConnection") -> FaultKind | None:
        """Tells that a connection's first request names this camera; returns how to (not) answer it."""
        ...

    def on_playing(self) -> None: ...


class RtspConnection(asyncio.Protocol):
    """Serves one client.

    Attributes:
        peer_host: Where the client is.
        last_sign_ns: When the client last showed that it is alive, monotonic.
    """

    def __init__(self, host: ConnectionHost) -> None:
        self._host = host
        self._transport: asyncio.Transport | None = None
        self._buffer = bytearray()
        self._camera: SimulatedCamera | None = None
        self._fault: FaultKind | None = None
        self._nonces: dict[str, int] = {}
        self._session_id = ""
        self._stream: SimulatedStream | None = None
        self._tracks: dict[str, TrackSender] = {}
        self._session: StreamSession | None = None
        self.peer_host = ""
        self.last_sign_ns = host.clock.mono_ns()

    @property
    def has_session(self) -> bool:
        return bool(self._session_id)

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self.peer_host = transport.get_extra_info("peername")[0]
        self._host.on_connected(self)
        cameras = self._host.cameras_of_port(transport.get_extra_info("sockname")[1])
        if len(cameras) == 1:
            self._name_camera(cameras[0])

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        self._end_session()
        if self._camera is not None and self in self._camera.connections:
            self._camera.connections.remove(self)
        self._host.on_closed(self)

    @override
    def data_received(self, data: bytes) -> None:
        if self._fault is FaultKind.NO_ANSWER:
            return
        if self._fault is FaultKind.WEB_PAGE:
            self._write(WEB_PAGE)
            self.close()
            return
        self._buffer += data
        try:
            while self._take_message():
                pass
        except MalformedRequestError:
            self._write(format_reply(400, "0"))
            self.close()

    def abort(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    def close(self) -> None:
        """Closes after what was written has gone out."""
        if self._transport is not None:
            self._transport.close()

    def on_client_report(self) -> None:
        """A receiver report came (over UDP, found by its address)."""
        if self._host.options.keep_alive is KeepAlive.ANY:
            self.last_sign_ns = self._host.clock.mono_ns()

    def _write(self, data: bytes) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(data)

    def _take_message(self) -> bool:
        """Takes one message off the buffer; False when none is complete."""
        buffer = self._buffer
        if not buffer or self._transport is None or self._transport.is_closing():
            return False
        if buffer[0] == 0x24:
            return self._take_interleaved()
        end = buffer.find(b"\r\n\r\n")
        if end < 0:
            if len(buffer) > MAX_HEAD_BYTES:
                raise MalformedRequestError("the head of a request is too long")
            return False
        request = parse_head(bytes(buffer[:end]).lstrip(b"\r\n"))
        length = request.headers.get("content-length", "0")
        if not length.isdigit() or int(length) > MAX_BODY_BYTES:
            raise MalformedRequestError("the body of a request is too long")
        if len(buffer) < end + 4 + int(length):
            return False
        del buffer[: end + 4 + int(length)]
        self.last_sign_ns = self._host.clock.mono_ns()
        self._answer(request)
        return True

    def _take_interleaved(self) -> bool:
        buffer = self._buffer
        if len(buffer) < 4:
            return False
        size = 4 + int.from_bytes(buffer[2:4], "big")
        if len(buffer) < size:
            return False
        del buffer[:size]
        self.on_client_report()
        return True

    def _name_camera(self, camera: SimulatedCamera) -> None:
        self._camera = camera
        camera.connections.append(self)
        self._fault = self._host.on_named(camera, self)
        if self._fault is FaultKind.REFUSE:
            self.abort()

    def _answer(self, request: Request) -> None:
        if self._camera is None:
            camera = self._host.cameras.get(request.path.partition("/")[0])
            if camera is not None:
                self._name_camera(camera)
        cseq = request.headers.get("cseq", "0")
        if self._fault in {FaultKind.REFUSE, FaultKind.NO_ANSWER}:
            return
        if self._fault is FaultKind.WEB_PAGE:
            self._write(WEB_PAGE)
            self.close()
            return
        if self._fault is FaultKind.UNAVAILABLE:
            self._write(format_reply(503, cseq))
            return
        denied = self._check_login(request)
        if denied is not None:
            self._write(format_reply(401, cseq, denied))
            return
        handlers = {
            "OPTIONS": self._options,
            "DESCRIBE": self._describe,
            "SETUP": self._setup,
            "PLAY": self._play,
            "PAUSE": self._pause,
            "TEARDOWN": self._teardown,
            "GET_PARAMETER": self._parameter,
            "SET_PARAMETER": self._parameter,
        }
        handler = handlers.get(request.method)
        if handler is None:
            self._write(format_reply(501, cseq, (("Allow", _METHODS),)))
            return
        status, headers, body = handler(request)
        self._write(format_reply(status, cseq, headers, body))
        if request.method == "PLAY" and status == 200:
            self._start()

    def _check_login(self, request: Request) -> tuple[tuple[str, str], ...] | None:
        """Returns the challenges when the client must log in (again), else None."""
        login: Login | None = self._camera.spec.login if self._camera is not None else None
        if login is None or request.method == "OPTIONS":
            return None
        now_ns = self._host.clock.mono_ns()
        fresh = frozenset(nonce for nonce, made_ns in self._nonces.items() if now_ns - made_ns < _NONCE_LIFE_NS)
        result = check_login(login, request.method, request.headers.get("authorization", ""), fresh)
        if result is LoginResult.GRANTED:
            return None
        nonce = f"{self._host.rng.getrandbits(128):032x}"
        self._nonces = {known: self._nonces[known] for known in fresh} | {nonce: now_ns}
        return tuple(make_challenges(login, nonce, result))

    def _find_stream(self, request: Request) -> SimulatedStream | None:
        parts = request.path.split("/")
        camera = self._host.cameras.get(parts[0])
        if camera is None or camera is not self._camera:
            return None
        role = parts[1] if len(parts) > 1 else "main"
        return camera.streams.get(StreamRole(role)) if role in {"main", "sub"} else None

    def _options(self, request: Request) -> "_Reply":
        del request
        return 200, (("Public", _METHODS),), b""

    def _describe(self, request: Request) -> "_Reply":
        stream = self._find_stream(request)
        if stream is None or self._transport is None:
            return 404, (), b""
        own_host = self._transport.get_extra_info("sockname")[0]
        body = make_sdp(stream.source, own_host)
        return (
            200,
            (("Content-Base", request.url.rstrip("/") + "/"), ("Content-Type", "application/sdp")),
            body,
        )

    def _setup(self, request: Request) -> "_Reply":
        stream = self._find_stream(request)
        control = request.path.rpartition("/")[2]
        if stream is None or control not in {VIDEO_CONTROL, AUDIO_CONTROL}:
            return 404, (), b""
        if self._session is not None or self._stream not in {None, stream}:
            return 455, (), b""
        audio = stream.source.audio
        if control == AUDIO_CONTROL and audio is None:
            return 404, (), b""
        choice = self._choose_transport(request.headers.get("transport", ""))
        if choice is None:
            return 461, (), b""
        writer, transport_header = choice
        clock_rate_hz = audio.format.sample_rate_hz if control == AUDIO_CONTROL and audio is not None else TICKS_PER_S
        sender = TrackSender(writer, clock_rate_hz, random.Random(self._host.rng.getrandbits(64)))  # noqa: S311 - not a secret
        self._stream = stream
        self._tracks[control] = sender
        self._session_id = self._session_id or f"{self._host.rng.getrandbits(32):08X}"
        return 200, (("Transport", f"{transport_header};ssrc={sender.ssrc:08X}"), self._session_header()), b""

    def _session_header(self) -> tuple[str, str]:
        timeout_s = max(round(self._host.options.session_timeout_s), 1)
        return "Session", f"{self._session_id};timeout={timeout_s}"

    def _choose_transport(self, header: str) -> tuple[PacketWriter, str] | None:
        options = self._host.options
        for offer in parse_transport(header):
            if offer.is_tcp and options.allow_tcp and self._transport is not None:
                next_channel = 2 * len(self._tracks)
                channels = offer.ports or (next_channel, next_channel + 1)
                if max(channels) > 255:
                    continue
                return (
                    InterleavedWriter(self._transport, channels),
                    f"RTP/AVP/TCP;unicast;interleaved={channels[0]}-{channels[1]}",
                )
            if not offer.is_tcp and options.allow_udp and self._host.udp is not None and offer.ports:
                own = self._host.udp.ports
                return (
                    DatagramWriter(self._host.udp, self.peer_host, offer.ports),
                    f"RTP/AVP;unicast;client_port={offer.ports[0]}-{offer.ports[1]};server_port={own[0]}-{own[1]}",
                )
        return None

    def _has_session(self, request: Request) -> bool:
        given = request.headers.get("session", "").partition(";")[0].strip()
        return bool(self._session_id) and given == self._session_id

    def _play(self, request: Request) -> "_Reply":
        if not self._has_session(request):
            return 454, (), b""
        if self._stream is None or not self._tracks:
            return 455, (), b""
        headers = [self._session_header(), ("Range", "npt=now-")]
        if self._session is None:
            self._session = StreamSession(self._tracks.get(VIDEO_CONTROL), self._tracks.get(AUDIO_CONTROL))
            first_ticks = self._stream.join(self._session, self._host.clock.mono_ns())
            headers.append(("RTP-Info", self._rtp_info(request.url, first_ticks)))
        return 200, tuple(headers), b""

    def _rtp_info(self, url: str, first_ticks: tuple[int, int]) -> str:
        base = url.rstrip("/")
        return ",".join(
            f"url={base}/{control};seq={sender.sequence};rtptime={sender.rtp_time(ticks)}"
            for control, ticks in zip((VIDEO_CONTROL, AUDIO_CONTROL), first_ticks, strict=True)
            if (sender := self._tracks.get(control)) is not None
        )

    def _start(self) -> None:
        self._host.on_playing()

    def _pause(self, request: Request) -> "_Reply":
        if not self._has_session(request):
            return 454, (), b""
        self._stop_playing()
        return 200, (self._session_header(),), b""

    def _teardown(self, request: Request) -> "_Reply":
        if not self._has_session(request):
            return 454, (), b""
        self._end_session()
        return 200, (), b""

    def _parameter(self, request: Request) -> "_Reply":
        if "session" in request.headers and not self._has_session(request):
            return 454, (), b""
        return 200, (self._session_header(),) if self._session_id else (), b""

    def _stop_playing(self) -> None:
        if self._stream is not None and self._session is not None:
            self._stream.leave(self._session)
        self._session = None

    def _end_session(self) -> None:
        self._stop_playing()
        self._tracks = {}
        self._stream = None
        self._session_id = ""


_Reply = tuple[int, tuple[tuple[str, str], ...], bytes]
