"""One RTSP connection to the simulator: requests in, replies and media out.

An asyncio protocol, not a stream pair: 60 cameras write 1500 access units a second, and a protocol writes
them without a task switch each. Every length that a client sends is limited; a client that breaks the
protocol loses its connection.
"""

import asyncio
from typing import Protocol

from typing_extensions import override

from vedette.core.time import NS_PER_S
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
)
from vedette.testing.rtsp_session import ClientSession, KeepAlive, SessionHost
from vedette.testing.simulated_camera import SimulatedCamera

_NONCE_LIFE_NS = 120 * NS_PER_S


class ConnectionHost(SessionHost, Protocol):
    """What a connection needs of its server."""

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
        self._session: ClientSession | None = None
        self.peer_host = ""
        self.last_sign_ns = host.clock.mono_ns()

    @property
    def has_session(self) -> bool:
        return self._session is not None and self._session.is_open

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._session = ClientSession(self._host, transport)
        self.peer_host = transport.get_extra_info("peername")[0]
        self._host.on_connected(self)
        cameras = self._host.cameras_of_port(transport.get_extra_info("sockname")[1])
        if len(cameras) == 1:
            self._name_camera(cameras[0])

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        if self._session is not None:
            self._session.end()
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
        if self._session is None:
            return
        status, headers, body = self._session.answer(request, self._camera)
        self._write(format_reply(status, cseq, headers, body))
        if request.method == "PLAY" and status == 200:
            self._host.on_playing()

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
