"""The RTSP server of the simulated cameras: many cameras, one process, one event loop.

Use as an async context manager; everything it started is gone when it ends. It listens on the loopback
address unless told otherwise. Design: docs/design/simulator.md.
"""

import asyncio
import random
import socket
import ssl
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import TracebackType
from typing import ClassVar, Self

from typing_extensions import override

from vedette.core.errors import ConflictError, UnavailableError
from vedette.core.media import StreamRole
from vedette.core.time import NS_PER_S
from vedette.runtime.clock import Clock, SystemClock
from vedette.testing.fault_runner import FaultRunner
from vedette.testing.faults import Fault, FaultKind, FaultStep
from vedette.testing.pacer import Pacer
from vedette.testing.rtsp_connection import RtspConnection
from vedette.testing.rtsp_session import ConnectionOptions
from vedette.testing.simulated_camera import CameraSpec, SimulatedCamera
from vedette.testing.simulated_stream import SentLog
from vedette.testing.source import SimSource, SourceOptions
from vedette.testing.source_library import SourceLibrary
from vedette.testing.track_sender import UdpSockets

_BACKLOG = 256


class PortInUseError(UnavailableError):
    """Another program listens on the port."""

    code: ClassVar[str] = "port_in_use"


@dataclass(frozen=True, slots=True)
class ServerOptions:
    """How a simulator listens and behaves.

    Attributes:
        port: 0 takes a free one.
        port_per_camera: Every camera gets its own port (counted up from `port` unless that is 0), as real
            cameras have their own address.
        tls: Serves RTSPS when given (see `vedette.testing.tls`).
        report_interval_s: Distance of RTCP sender reports.
        stagger_s: Each camera is this much further on in its clip than the one before: real cameras do not
            send their key frames in step. No multiple of usual frame and key frame distances.
        seed: Makes SSRC, time bases and spoiling repeatable.
    """

    host: str = "127.0.0.1"
    port: int = 0
    port_per_camera: bool = False
    tls: ssl.SSLContext | None = None
    report_interval_s: float = 5.0
    stagger_s: float = 0.3719
    seed: int = 1
    connection: ConnectionOptions = field(default_factory=ConnectionOptions)
    source: SourceOptions = field(default_factory=SourceOptions)


class SimServer:
    """Serves simulated cameras.

    Attributes:
        cameras: By name.
    """

    def __init__(
        self,
        specs: Sequence[CameraSpec] = (),
        options: ServerOptions | None = None,
        script: Sequence[FaultStep] = (),
        clock: Clock | None = None,
    ) -> None:
        self._options = options or ServerOptions()
        self._specs = specs
        self.clock: Clock = clock or SystemClock()
        self.options = self._options.connection
        self.rng = random.Random(self._options.seed)  # noqa: S311 -- repeatable on purpose, guards nothing
        self.udp: UdpSockets | None = None
        self._cameras: dict[str, SimulatedCamera] = {}
        self._ports: dict[str, int] = {}
        self._listeners: dict[int, asyncio.Server] = {}
        self._connections: set[RtspConnection] = set()
        keeps_nals = self._options.source.keep_nals or any(spec.signing is not None for spec in specs)
        self._library = SourceLibrary(replace(self._options.source, keep_nals=keeps_nals))
        self._pacer = Pacer(self.clock)
        self._faults = FaultRunner(script, self)
        self._stack = AsyncExitStack()
        self._tasks: asyncio.TaskGroup | None = None
        self._running: list[asyncio.Task[None]] = []

    @property
    def cameras(self) -> Mapping[str, SimulatedCamera]:
        return self._cameras

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as stack:
            stack.push_async_callback(self._close)
            if self.options.allow_udp:
                self.udp = await self._open_udp()
            if not self._options.port_per_camera:
                await self._listen(self._options.port)
            for spec in self._specs:
                await self.add_camera(spec)
            await self._faults.prepare()
            self._tasks = await stack.enter_async_context(asyncio.TaskGroup())
            services = (self._pacer.run(), self._expire_sessions(), self._faults.run())
            self._running = [self._tasks.create_task(service) for service in services]
            stack.callback(self._cancel)
            self._stack = stack.pop_all()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stack.aclose()

    @property
    def port(self) -> int:
        """The port of the first camera (of all cameras, unless each has its own)."""
        return next(iter(self._listeners), 0) if not self._ports else next(iter(self._ports.values()))

    @property
    def urls(self) -> tuple[str, ...]:
        """URLs of all main streams, in the order of the cameras."""
        return tuple(self.url(name) for name in self._cameras)

    def url(self, camera: str, role: StreamRole = StreamRole.MAIN) -> str:
        """The URL of a stream, without login."""
        scheme = "rtsps" if self._options.tls else "rtsp"
        return f"{scheme}://{self._options.host}:{self._ports[camera]}/{camera}/{role.value}"

    async def add_camera(self, spec: CameraSpec) -> SimulatedCamera:
        """Adds a camera, also while the server runs.

        Raises:
            ConflictError: the name is taken.
            UnreadableFileError: a file cannot be played.
        """
        if spec.name in self._cameras:
            raise ConflictError(f"there is already a simulated camera {spec.name!r}.")
        given = {StreamRole.MAIN: spec.main, StreamRole.SUB: spec.sub}
        sources = {role: await self._library.load(item) for role, item in given.items() if item is not None}
        rng = random.Random(self.rng.getrandbits(64))  # noqa: S311 -- as above
        age_s = len(self._cameras) * self._options.stagger_s
        camera = SimulatedCamera(spec, sources, self.clock, self._options.report_interval_s, rng, age_s)
        if self._options.port_per_camera:
            wanted = self._options.port + len(self._cameras) if self._options.port else 0
            self._ports[spec.name] = await self._listen(wanted)
        else:
            self._ports[spec.name] = next(iter(self._listeners))
        self._cameras[spec.name] = camera
        for stream in camera.streams.values():
            self._pacer.add(stream)
        return camera

    async def show(self, camera: str, sources: Mapping[StreamRole, Path | SimSource]) -> None:
        """Changes what a camera shows, for good and without a hole. It is no fault: `clear` does not undo it."""
        loaded = {role: await self._library.load(item) for role, item in sources.items()}
        for role, source in loaded.items():
            self._cameras[camera].streams[role].show(source, self.clock.mono_ns())
        self._pacer.wake()

    def sent(self) -> dict[str, dict[str, list[SentLog]]]:
        """What every session of every stream was sent: camera -> stream -> logs in the order of their start."""
        return {
            name: {role.value: stream.logs() for role, stream in camera.streams.items()}
            for name, camera in self._cameras.items()
        }

    async def prepare(self, fault: Fault, camera: str = "*", stream: str = "*") -> None:
        """Loads what a fault will need, so that it does not come late."""
        for each in self._named(camera):
            await self._load_for_fault(fault, each, stream)

    async def apply(self, fault: Fault, camera: str = "*", stream: str = "*") -> None:
        """Switches a fault on at run time. Frames before it have been sent, frames after it show it."""
        loaded = [(each, await self._load_for_fault(fault, each, stream)) for each in self._named(camera)]
        for each, sources in loaded:
            each.apply(fault, stream, sources)
        await self._adapt()

    async def clear(self, kind: FaultKind = FaultKind.CLEAR, camera: str = "*", stream: str = "*") -> None:
        """Switches a fault off, or all of them."""
        for each in self._named(camera):
            each.clear(kind, stream)
        await self._adapt()

    def cameras_of_port(self, port: int) -> list[SimulatedCamera]:
        return [self._cameras[name] for name, own in self._ports.items() if own == port]

    def on_connected(self, connection: RtspConnection) -> None:
        self._connections.add(connection)

    def on_closed(self, connection: RtspConnection) -> None:
        self._connections.discard(connection)

    def on_named(self, camera: SimulatedCamera, connection: RtspConnection) -> FaultKind | None:
        camera.connection_count += 1
        return self._faults.on_connection(camera, connection) or camera.answer_fault

    def on_playing(self) -> None:
        self._pacer.wake()

    def on_udp_report(self, host: str) -> None:
        """A datagram came from a client: all its sessions are alive."""
        for connection in self._connections:
            if connection.peer_host == host:
                connection.on_client_report()

    async def _load_for_fault(self, fault: Fault, camera: SimulatedCamera, stream: str) -> dict[StreamRole, SimSource]:
        if fault.kind is not FaultKind.SOURCE:
            return {}
        return {
            role: await self._library.load_for_fault(fault, each.first_source)
            for role, each in camera.streams.items()
            if stream in {"*", role.value}
        }

    def _named(self, camera: str) -> list[SimulatedCamera]:
        return [each for name, each in self._cameras.items() if camera in {"*", name}]

    async def _adapt(self) -> None:
        """Closes the port when every camera behind it refuses, so that clients get a true refusal."""
        self._pacer.wake()
        for port, listener in list(self._listeners.items()):
            cameras = self.cameras_of_port(port)
            refused = bool(cameras) and all(each.answer_fault is FaultKind.REFUSE for each in cameras)
            if refused and listener.is_serving():
                listener.close()
            elif not refused and not listener.is_serving():
                await self._listen(port)

    async def _listen(self, port: int) -> int:
        loop = asyncio.get_running_loop()
        try:
            listener = await loop.create_server(
                lambda: RtspConnection(self),
                self._options.host,
                port,
                ssl=self._options.tls,
                backlog=_BACKLOG,
                reuse_address=True,
            )
        except OSError as exc:
            raise PortInUseError(
                f"port {port} of {self._options.host} cannot be used: {exc.strerror}.",
                "Choose another one with --port, or 0 for any free one.",
            ) from exc
        own_port = int(listener.sockets[0].getsockname()[1])
        self._listeners[own_port] = listener
        return own_port

    async def _open_udp(self) -> UdpSockets:
        loop = asyncio.get_running_loop()
        rtp, rtcp = _bind_udp_pair(self._options.host)
        port = int(rtp.getsockname()[1])
        rtp_end, _ = await loop.create_datagram_endpoint(lambda: _UdpReceiver(self), sock=rtp)
        rtcp_end, _ = await loop.create_datagram_endpoint(lambda: _UdpReceiver(self), sock=rtcp)
        return UdpSockets(rtp_end, rtcp_end, (port, port + 1))

    async def _expire_sessions(self) -> None:
        while True:
            await self.clock.sleep(min(1.0, self.options.session_timeout_s / 4))
            oldest_ns = self.clock.mono_ns() - round(self.options.session_timeout_s * NS_PER_S)
            for connection in list(self._connections):
                if connection.has_session and connection.last_sign_ns < oldest_ns:
                    connection.close()

    def _cancel(self) -> None:
        for task in self._running:
            task.cancel()

    async def _close(self) -> None:
        for listener in self._listeners.values():
            listener.close()
        for connection in list(self._connections):
            connection.abort()
        if self.udp is not None:
            self.udp.rtp.close()
            self.udp.rtcp.close()
        while self._connections:
            await asyncio.sleep(0)


class _UdpReceiver(asyncio.DatagramProtocol):
    def __init__(self, server: SimServer) -> None:
        self._server = server

    @override
    def datagram_received(self, data: bytes, addr: tuple[str | object, int]) -> None:
        self._server.on_udp_report(str(addr[0]))


def _bind_udp_pair(host: str) -> tuple[socket.socket, socket.socket]:
    """Binds an even port and the odd one after it (RFC 3550 11); tries again when the neighbour is taken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    for _ in range(50):
        rtp = socket.socket(family, socket.SOCK_DGRAM)
        rtcp = socket.socket(family, socket.SOCK_DGRAM)
        rtp.bind((host, 0))
        port = int(rtp.getsockname()[1])
        try:
            if port % 2 == 0:
                rtcp.bind((host, port + 1))
                return rtp, rtcp
        except OSError:
            pass
        rtp.close()
        rtcp.close()
    raise PortInUseError("no free pair of UDP ports was found.")
