"""What one RTSP client has set up: DESCRIBE to TEARDOWN, one session per connection (RFC 2326 10)."""

import asyncio
import random
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import Protocol

from vedette.core.media import StreamRole
from vedette.core.time import TICKS_PER_S
from vedette.runtime.clock import Clock
from vedette.testing.rtsp_messages import Request, parse_transport
from vedette.testing.sdp import AUDIO_CONTROL, VIDEO_CONTROL, make_sdp
from vedette.testing.simulated_camera import SimulatedCamera
from vedette.testing.simulated_stream import SimulatedStream, StreamSession
from vedette.testing.track_sender import DatagramWriter, InterleavedWriter, PacketWriter, TrackSender, UdpSockets

METHODS = "OPTIONS, DESCRIBE, SETUP, PLAY, PAUSE, TEARDOWN, GET_PARAMETER, SET_PARAMETER"

Reply = tuple[int, tuple[tuple[str, str], ...], bytes]
"""Status, headers, body."""


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


class SessionHost(Protocol):
    """What a session needs of its server."""

    clock: Clock
    options: ConnectionOptions
    rng: random.Random
    udp: UdpSockets | None

    @property
    def cameras(self) -> Mapping[str, SimulatedCamera]: ...


class ClientSession:
    """Answers the requests of one client of one camera."""

    def __init__(self, host: SessionHost, transport: asyncio.Transport) -> None:
        self._host = host
        self._transport = transport
        self._id = ""
        self._stream: SimulatedStream | None = None
        self._tracks: dict[str, TrackSender] = {}
        self._playing: StreamSession | None = None

    @property
    def is_open(self) -> bool:
        """Whether something is set up that a time-out would end."""
        return bool(self._id)

    def answer(self, request: Request, camera: SimulatedCamera | None) -> Reply:
        """Answers a request of a client that is allowed in."""
        stream = self._find_stream(request, camera)
        if request.method == "OPTIONS":
            return 200, (("Public", METHODS),), b""
        if request.method == "DESCRIBE":
            return self._describe(request, stream)
        if request.method == "SETUP":
            return self._setup(request, stream)
        if request.method not in METHODS.split(", "):
            return 501, (("Allow", METHODS),), b""
        return self._control(request)

    def end(self) -> None:
        """Ends the session. Ending twice does nothing."""
        self._stop_playing()
        self._tracks = {}
        self._stream = None
        self._id = ""

    def _find_stream(self, request: Request, camera: SimulatedCamera | None) -> SimulatedStream | None:
        parts = request.path.split("/")
        if camera is None or self._host.cameras.get(parts[0]) is not camera:
            return None
        role = parts[1] if len(parts) > 1 else "main"
        return camera.streams.get(StreamRole(role)) if role in {"main", "sub"} else None

    def _describe(self, request: Request, stream: SimulatedStream | None) -> Reply:
        if stream is None:
            return 404, (), b""
        body = make_sdp(stream.source, self._transport.get_extra_info("sockname")[0])
        base = request.url.rstrip("/") + "/"
        return 200, (("Content-Base", base), ("Content-Type", "application/sdp")), body

    def _setup(self, request: Request, stream: SimulatedStream | None) -> Reply:
        control = request.path.rpartition("/")[2]
        if stream is None or control not in {VIDEO_CONTROL, AUDIO_CONTROL}:
            return 404, (), b""
        if self._playing is not None or self._stream not in {None, stream}:
            return 455, (), b""
        audio = stream.source.audio
        if control == AUDIO_CONTROL and audio is None:
            return 404, (), b""
        choice = self._choose_transport(request.headers.get("transport", ""))
        if choice is None:
            return 461, (), b""
        writer, transport_header = choice
        is_audio = control == AUDIO_CONTROL and audio is not None
        clock_rate_hz = audio.format.sample_rate_hz if is_audio and audio is not None else TICKS_PER_S
        rng = random.Random(self._host.rng.getrandbits(64))  # noqa: S311 -- repeatable on purpose, guards nothing
        sender = TrackSender(writer, clock_rate_hz, rng)
        self._stream = stream
        self._tracks[control] = sender
        self._id = self._id or f"{self._host.rng.getrandbits(32):08X}"
        return 200, (("Transport", f"{transport_header};ssrc={sender.ssrc:08X}"), self._session_header()), b""

    def _choose_transport(self, header: str) -> tuple[PacketWriter, str] | None:
        options, udp = self._host.options, self._host.udp
        for offer in parse_transport(header):
            if offer.is_tcp and options.allow_tcp:
                next_channel = 2 * len(self._tracks)
                channels = offer.ports or (next_channel, next_channel + 1)
                if max(channels) > 255:
                    continue
                text = f"RTP/AVP/TCP;unicast;interleaved={channels[0]}-{channels[1]}"
                return InterleavedWriter(self._transport, channels), text
            if not offer.is_tcp and options.allow_udp and udp is not None and offer.ports:
                client, own = offer.ports, udp.ports
                text = f"RTP/AVP;unicast;client_port={client[0]}-{client[1]};server_port={own[0]}-{own[1]}"
                peer_host = self._transport.get_extra_info("peername")[0]
                return DatagramWriter(udp, peer_host, client), text
        return None

    def _control(self, request: Request) -> Reply:
        """PLAY, PAUSE, TEARDOWN and keep-alives, which may come without a session too."""
        if request.method in {"GET_PARAMETER", "SET_PARAMETER"} and "session" not in request.headers:
            return 200, (), b""
        if not self._is_named(request):
            return 454, (), b""
        if request.method == "TEARDOWN":
            self.end()
            return 200, (), b""
        if request.method == "PLAY":
            return self._play(request)
        if request.method == "PAUSE":
            self._stop_playing()
        return 200, (self._session_header(),), b""

    def _play(self, request: Request) -> Reply:
        if self._stream is None or not self._tracks:
            return 455, (), b""
        headers = [self._session_header(), ("Range", "npt=now-")]
        if self._playing is None:
            self._playing = StreamSession(self._tracks.get(VIDEO_CONTROL), self._tracks.get(AUDIO_CONTROL))
            first_ticks = self._stream.join(self._playing, self._host.clock.mono_ns())
            headers.append(("RTP-Info", self._rtp_info(request.url, first_ticks)))
        return 200, tuple(headers), b""

    def _rtp_info(self, url: str, first_ticks: tuple[int, int]) -> str:
        base = url.rstrip("/")
        return ",".join(
            f"url={base}/{control};seq={sender.sequence};rtptime={sender.rtp_time(ticks)}"
            for control, ticks in zip((VIDEO_CONTROL, AUDIO_CONTROL), first_ticks, strict=True)
            if (sender := self._tracks.get(control)) is not None
        )

    def _session_header(self) -> tuple[str, str]:
        timeout_s = max(round(self._host.options.session_timeout_s), 1)
        return "Session", f"{self._id};timeout={timeout_s}"

    def _is_named(self, request: Request) -> bool:
        given = request.headers.get("session", "").partition(";")[0].strip()
        return bool(self._id) and given == self._id

    def _stop_playing(self) -> None:
        if self._stream is not None and self._playing is not None:
            self._stream.leave(self._playing)
        self._playing = None
