"""The RTSP camera as a `PacketSource`: connects, logs in, sets up the tracks and plays.

Transport `auto` tries TCP first: it survives firewalls and loses nothing. UDP is used when the camera refuses
TCP, or when it is asked for.
"""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field

from vedette.camera.assembler import AudioAssembler, VideoAssembler
from vedette.camera.counters import StreamCounters
from vedette.camera.errors import (
    BadUrlError,
    CameraError,
    GarbageError,
    RedirectRefusedError,
    SilentError,
    TransportRefusedError,
)
from vedette.camera.live_session import LiveSession, Outlet, SilencePolicy, TrackLink
from vedette.camera.rtp import RtpReceiver
from vedette.camera.rtsp_auth import Login
from vedette.camera.rtsp_client import RedirectedError, RtspClient, base_url
from vedette.camera.rtsp_connect import TlsSettings, open_connection
from vedette.camera.rtsp_message import RtspReply
from vedette.camera.rtsp_protocol import ChannelReceiver, ReceiveBuffer, RtspProtocol
from vedette.camera.rtsp_url import RtspUrl, check_url_text, join_control, redact_url
from vedette.camera.sdp import MalformedSdpError, MediaTrack, SessionDescription, parse_sdp
from vedette.camera.time_mapping import SETTLING_NS
from vedette.camera.trace import SilentTrace, StepTrace, step
from vedette.camera.tracks import choose_audio, choose_video, make_audio_receiver, make_video_receiver
from vedette.camera.transport import open_udp_pair, read_transport
from vedette.core.time import NS_PER_S
from vedette.runtime.clock import Clock
from vedette.runtime.loop_rest import LoopRest

FORMAT_TIMEOUT_S = 10.0
SETTLING_S = 2 * SETTLING_NS / NS_PER_S
"""So long after a connection was made every picture is read as it comes: times are learned from the first ones."""
MAX_REDIRECTS = 3


@dataclass(frozen=True, slots=True)
class RtspSettings:
    """Everything about one stream that does not change between connections."""

    url: RtspUrl
    login: Login | None = None
    transport: str = "auto"
    tls: TlsSettings = field(default_factory=TlsSettings)
    silence: SilencePolicy = field(default_factory=SilencePolicy)
    connect_timeout_s: float = 5.0
    reply_timeout_s: float = 8.0

    def __post_init__(self) -> None:
        if self.transport not in {"auto", "tcp", "udp"}:
            raise BadUrlError(f"the transport {self.transport!r} is not auto, tcp or udp")
        if self.transport == "udp" and self.url.is_tls:
            raise BadUrlError("RTSPS carries the media inside the encrypted connection, so UDP is not possible")


class ChannelRtcp:
    """Takes the RTCP frames of one interleaved channel."""

    def __init__(self, session: LiveSession, link: TrackLink) -> None:
        self._session = session
        self._link = link

    def consume(self, view: memoryview, pos: int, end: int) -> int:
        stop = pos + 4 + int.from_bytes(view[pos + 2 : pos + 4], "big")
        if stop > end:
            return pos
        self._session.on_rtcp(self._link, bytes(view[pos + 4 : stop]))
        return stop

    def settle(self) -> None:
        """Keeps nothing."""


class RtspSource:
    """One stream of one RTSP camera."""

    def __init__(
        self,
        settings: RtspSettings,
        buffer: ReceiveBuffer,
        clock: Clock,
        trace: StepTrace | None = None,
        rest: LoopRest | None = None,
    ) -> None:
        """`rest`: of the event loop. It keeps off while a connection is made and settles, and from UDP altogether:
        no sender waits there for us to read.
        """
        self._settings = settings
        self._buffer = buffer
        self._clock = clock
        self._trace = trace or SilentTrace()
        self._counters = StreamCounters()
        self.rest = rest or LoopRest()

    @property
    def counters(self) -> StreamCounters:
        return self._counters

    @asynccontextmanager
    async def open(self) -> AsyncIterator[LiveSession]:
        async with AsyncExitStack() as stack:
            with self.rest.awake():
                session = await self._open_any(stack)
            self.rest.stay_awake(SETTLING_S)
            yield session

    async def _open_any(self, stack: AsyncExitStack) -> LiveSession:
        url = self._settings.url
        transports = ["tcp", "udp"] if self._settings.transport == "auto" else [self._settings.transport]
        if url.is_tls:
            transports = ["tcp"]
        for _ in range(MAX_REDIRECTS):
            try:
                return await self._open_with(stack, url, transports)
            except RedirectedError as redirect:
                await stack.aclose()
                url = redirect.target
        raise RedirectRefusedError(url.where, "itself, again and again")

    async def _open_with(self, stack: AsyncExitStack, url: RtspUrl, transports: list[str]) -> LiveSession:
        for transport in transports[:-1]:
            try:
                return await self._open_once(stack, url, transport)
            except TransportRefusedError:
                await stack.aclose()
        return await self._open_once(stack, url, transports[-1])

    async def _open_once(self, stack: AsyncExitStack, url: RtspUrl, transport: str) -> LiveSession:
        settings, trace = self._settings, self._trace
        protocol = await open_connection(url, settings.tls, self._buffer, trace, settings.connect_timeout_s)
        stack.callback(_close, protocol)
        client = RtspClient(protocol, url, settings.login, trace, settings.reply_timeout_s)
        with step(trace, "options"):
            await client.options()
        with step(trace, "describe") as note:
            reply = await client.request("DESCRIBE", url.text, {"Accept": "application/sdp"})
            description = _read_description(reply, url)
            note.detail = ", ".join(f"{track.kind} {track.encoding}" for track in description.tracks)
            setup = _Setup(self, client, base_url(reply, url), description, self._counters, self._clock)
        with step(trace, "setup") as note:
            await setup.run(stack, transport)
            note.detail = transport
        with step(trace, "play"):
            reply = await client.request("PLAY", setup.aggregate_url, {"Range": "npt=0.000-"})
        setup.take_rtp_info(reply)
        session = setup.start(stack)
        self._counters.connections += 1
        if setup.video.format is None:
            await self._wait_for_format(setup, protocol, url)
        return session

    async def _wait_for_format(self, setup: "_Setup", protocol: RtspProtocol, url: RtspUrl) -> None:
        """Cameras that do not tell their parameter sets in the description send them before a key frame."""
        first: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        setup.outlet.on_first = lambda: None if first.done() else first.set_result(None)
        try:
            await asyncio.wait({first, protocol.lost}, timeout=FORMAT_TIMEOUT_S, return_when=asyncio.FIRST_COMPLETED)
            if first.done():
                return
            if protocol.lost.done():
                protocol.lost.result()
            if self._counters.packets == 0:
                raise SilentError(url.where, FORMAT_TIMEOUT_S)
            raise GarbageError(url.where, "no usable parameter sets came with the video")
        finally:
            first.cancel()

    @property
    def settings(self) -> RtspSettings:
        return self._settings


class _Setup:
    """Builds the tracks of one connection and asks the camera for them."""

    def __init__(
        self,
        source: RtspSource,
        client: RtspClient,
        base: str,
        description: SessionDescription,
        counters: StreamCounters,
        clock: Clock,
    ) -> None:
        where = client.url.where
        self.outlet = Outlet()
        self.aggregate_url = _control_url(base, description.control, client.url.text)
        self._client = client
        self._base = base
        self._clock = clock
        self._rest = source.rest
        self._counters = counters
        self._channels: dict[int, ChannelReceiver] = {}
        self._is_interleaved = False
        self._video_track = choose_video(description, where)
        audio = choose_audio(description)
        codec = self._video_track.codec
        assert codec is not None
        self.video = VideoAssembler(
            codec,
            self._video_track.parameter_sets,
            audio[1] if audio else None,
            clock,
            counters,
            self.outlet,
            self._video_track.clock_rate_hz,
            source.rest,
        )
        self.session = LiveSession(
            where, client.protocol.lost, self.outlet, self.video, counters, clock, source.settings.silence
        )
        receiver = make_video_receiver(self._video_track, counters, self.video, where)
        self._tracks: list[tuple[MediaTrack, TrackLink]] = [
            (self._video_track, _link(receiver, self.video, self._video_track.clock_rate_hz))
        ]
        if audio is not None:
            track, audio_format = audio
            sound = AudioAssembler(audio_format, track.clock_rate_hz, self.video, clock, counters, self.outlet)
            sound_receiver = make_audio_receiver(track, counters, sound)
            self._tracks.append((track, _link(sound_receiver, sound, track.clock_rate_hz)))

    async def run(self, stack: AsyncExitStack, transport: str) -> None:
        """Sets up every track. A refused audio track is left out: the video goes on."""
        for index, (track, link) in enumerate(list(self._tracks)):
            try:
                if transport == "udp":
                    await self._set_up_udp(stack, track, link)
                else:
                    await self._set_up_tcp(track, link, 2 * index)
            except CameraError:
                if track is self._video_track:
                    raise
                self._tracks.remove((track, link))
        self.session.links = [link for _, link in self._tracks]

    async def _set_up_tcp(self, track: MediaTrack, link: TrackLink, channel: int) -> None:
        reply = await self._request_setup(track, f"RTP/AVP/TCP;unicast;interleaved={channel}-{channel + 1}")
        told = read_transport(reply.headers.get("transport", ""))
        if "transport" in reply.headers and told.channels is None:
            raise TransportRefusedError(self._client.url.where, "TCP")
        rtp, rtcp = told.channels or (channel, channel + 1)
        self._is_interleaved = True
        self._bind(link, rtp, rtcp)

    async def _set_up_udp(self, stack: AsyncExitStack, track: MediaTrack, link: TrackLink) -> None:
        protocol = self._client.protocol
        pair = await open_udp_pair(protocol, link.receiver, self._counters, self._clock)
        stack.callback(pair.close)
        stack.enter_context(self._rest.awake())
        low, high = pair.ports
        reply = await self._request_setup(track, f"RTP/AVP;unicast;client_port={low}-{high}")
        told = read_transport(reply.headers.get("transport", ""))
        if told.channels is not None:
            raise TransportRefusedError(self._client.url.where, "UDP")
        pair.on_rtcp = lambda data: self.session.on_rtcp(link, data)
        pair.set_server_ports(told.server_ports)
        link.send_rtcp = pair.send_rtcp

    async def _request_setup(self, track: MediaTrack, transport: str) -> RtspReply:
        url = _control_url(self._base, track.control, self._client.url.text)
        reply = await self._client.request("SETUP", url, {"Transport": transport})
        if not self._client.session:
            self._client.begin_session(reply)
        return reply

    def _bind(self, link: TrackLink, rtp_channel: int, rtcp_channel: int) -> None:
        protocol = self._client.protocol
        link.receiver.bind(rtp_channel)
        link.send_rtcp = lambda data: protocol.write(bytes((0x24, rtcp_channel)) + len(data).to_bytes(2, "big") + data)
        self._channels[rtp_channel] = link.receiver
        self._channels[rtcp_channel] = ChannelRtcp(self.session, link)
        protocol.attach(self._channels)

    def take_rtp_info(self, reply: RtspReply) -> None:
        """RTP-Info tells the first timestamp of each track: the same moment for all (RFC 2326 12.33)."""
        starts = re.findall(r"rtptime\s*=\s*(\d{1,10})", reply.headers.get("rtp-info", ""))
        for (_, link), _start in zip(self._tracks[1:], starts[1:], strict=False):
            if isinstance(link.assembler, AudioAssembler) and len(starts) == len(self._tracks):
                link.assembler.timeline.anchor(int(starts[0]) & 0xFFFFFFFF, int(starts[1]) & 0xFFFFFFFF)

    def start(self, stack: AsyncExitStack) -> LiveSession:
        client, session = self._client, self.session
        session.fail = client.protocol.fail
        session.keep_alive = lambda: client.keep_alive(self.aggregate_url)
        session.keep_alive_every_s = max(1.0, client.session_timeout_s / 2)
        transport = client.protocol.transport
        if transport is not None and self._is_interleaved:
            session.pause, session.resume = transport.pause_reading, transport.resume_reading
        session.start()
        stack.callback(session.stop)
        stack.callback(lambda: client.send("TEARDOWN", self.aggregate_url))
        return session


def _link(receiver: RtpReceiver, assembler: VideoAssembler | AudioAssembler, rate_hz: int) -> TrackLink:
    return TrackLink(receiver, assembler, lambda _data: None, rate_hz)


def _control_url(base: str, control: str, own_url: str) -> str:
    """The URL of a track; one with unusable characters falls back to the stream's own."""
    url = redact_url(join_control(base, control))
    try:
        check_url_text(url)
    except BadUrlError:
        return own_url
    return url


def _read_description(reply: RtspReply, url: RtspUrl) -> SessionDescription:
    try:
        return parse_sdp(reply.body)
    except MalformedSdpError as exc:
        raise GarbageError(url.where, exc.message) from exc


def _close(protocol: RtspProtocol) -> None:
    if protocol.transport is not None:
        protocol.transport.close()
