"""Sources that are not RTSP: HTTP MJPEG, MPEG-TS and HLS over HTTP, local files.

This process fetches the bytes (pure Python), a jailed child that has neither files nor network demuxes them
(`vedette.media.compat`) and sends access units back, which take the same way as those of a camera: time mapping,
format changes, counters. So whatever libav's parsers do with hostile bytes stays in the jail.
"""

import asyncio
import json
import os
from collections.abc import AsyncIterator, Awaitable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from vedette.camera.assembler import AudioAssembler, VideoAssembler
from vedette.camera.counters import StreamCounters
from vedette.camera.errors import (
    ClosedByCameraError,
    NotRtspError,
    SilentError,
    SourceFailedError,
    UnsupportedCodecError,
)
from vedette.camera.hls import MAX_PLAYLIST_BYTES, MalformedPlaylistError, Playlist, parse_playlist, plan_segments
from vedette.camera.http_client import HttpBody, HttpClient, HttpUrl, join_same_host
from vedette.camera.live_session import LiveSession, Outlet, SilencePolicy
from vedette.camera.mjpeg import MalformedMultipartError, PictureSplitter
from vedette.camera.rtsp_auth import Login
from vedette.camera.rtsp_connect import TlsSettings
from vedette.camera.sdp import make_aac_format
from vedette.camera.trace import SilentTrace, StepTrace, step
from vedette.core.errors import InvalidInputError, StreamLostError
from vedette.core.media import AudioFormat, Codec
from vedette.core.time import NS_PER_S, ns_to_ticks
from vedette.media.compat_wire import (
    MAX_TEXT_BYTES,
    CompatWireError,
    Kind,
    Tracks,
    Unit,
    decode_text,
    decode_tracks,
    decode_unit,
    encode_picture,
)
from vedette.media.errors import MalformedMediaError
from vedette.media.opus_config import read_opus_config
from vedette.runtime.clock import Clock
from vedette.runtime.loop_rest import LoopRest
from vedette.runtime.worker import WorkerCommand, WorkerLostError, WorkerProcess, start_worker

CHILD = "vedette.media.compat"
FORMAT_TIMEOUT_S = 20.0
MAX_SEGMENT_BYTES = 64 * 1024 * 1024


class StreamEndedError(StreamLostError):
    """A file, or a stream that says that it is complete, has come to its end."""

    code = "stream_ended"


@dataclass(frozen=True, slots=True)
class CompatSettings:
    """A source by HTTP (`url`) or a local file (`path`): exactly one of them."""

    url: HttpUrl | None = None
    path: Path | None = None
    login: Login | None = None
    tls: TlsSettings = field(default_factory=TlsSettings)
    silence: SilencePolicy = field(default_factory=lambda: SilencePolicy(stall_s=4.0, lost_s=30.0))


class CompatSource:
    """Implements `PacketSource` through the jailed child. Its pipe is small: while it plays the loop does not rest."""

    def __init__(
        self, settings: CompatSettings, clock: Clock, trace: StepTrace | None = None, rest: LoopRest | None = None
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._rest = rest or LoopRest()
        self._trace = trace or SilentTrace()
        self._counters = StreamCounters()
        self.jail_state = ""

    @property
    def counters(self) -> StreamCounters:
        return self._counters

    @property
    def where(self) -> str:
        return self._settings.url.where if self._settings.url else str(self._settings.path and self._settings.path.name)

    @asynccontextmanager
    async def open(self) -> AsyncIterator[LiveSession]:
        async with AsyncExitStack() as stack:
            stack.enter_context(self._rest.awake())
            yield await self._open(stack)

    async def _open(self, stack: AsyncExitStack) -> LiveSession:
        if self._settings.path is not None:
            with step(self._trace, "open file"):
                file = _open_file(self._settings.path)
            stack.callback(os.close, file)
            child = await self._start(stack, ("--mode", "file", "--file", str(file)), (file,))
            return await self._play(stack, _Relay(self, child, None))
        assert self._settings.url is not None
        client = HttpClient(self._settings.login, self._settings.tls)
        with step(self._trace, "connect") as note:
            body = await stack.enter_async_context(client.get(self._settings.url))
            note.detail = body.content_type
        if body.content_type.startswith("text/html"):
            raise NotRtspError(self.where, "a web page")
        mode = _choose_mode(body)
        child = await self._start(stack, mode, ())
        relay = _Relay(self, child, _Feeder(client, body, child, self._clock, pictures=mode[1] == "pictures"))
        return await self._play(stack, relay)

    async def _start(
        self, stack: AsyncExitStack, arguments: tuple[str, ...], pass_fds: tuple[int, ...]
    ) -> WorkerProcess:
        with step(self._trace, "start reader") as note:
            try:
                child = await start_worker(WorkerCommand(CHILD, arguments, pass_fds))
            except WorkerLostError as exc:
                raise SourceFailedError(self.where, "the reader process did not start") from exc
            stack.push_async_callback(child.stop)
            self.jail_state = note.detail = _jail_state(child.ready_payload)
        return child

    async def _play(self, stack: AsyncExitStack, relay: "_Relay") -> LiveSession:
        await stack.enter_async_context(relay.running())
        with step(self._trace, "format") as note:
            session = await relay.session(self._settings.silence)
            note.detail = session.format.video.codec_string
        session.start()
        stack.callback(session.stop)
        self._counters.connections += 1
        return session

    @property
    def clock(self) -> Clock:
        return self._clock


class _Relay:
    """Takes what the child says and hands it to the assemblers, at the pace of the source."""

    def __init__(self, source: CompatSource, child: WorkerProcess, feeder: "_Feeder | None") -> None:
        self._source = source
        self._child = child
        self._feeder = feeder
        self._clock = source.clock
        self._lost: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._outlet = Outlet()
        self._video: VideoAssembler | None = None
        self._audio: AudioAssembler | None = None
        self._early_sets: list[bytes] = []
        self._zero: tuple[int, int] | None = None

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        jobs = [asyncio.create_task(self._watch(self._take()))]
        if self._feeder is not None:
            jobs.append(asyncio.create_task(self._watch(self._feeder.run())))
        try:
            yield
        finally:
            for job in jobs:
                job.cancel()
            await asyncio.gather(*jobs, return_exceptions=True)

    async def session(self, silence: SilencePolicy) -> LiveSession:
        """Waits until the format is known."""
        first: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._outlet.on_first = lambda: None if first.done() else first.set_result(None)
        await asyncio.wait({first, self._lost}, timeout=FORMAT_TIMEOUT_S, return_when=asyncio.FIRST_COMPLETED)
        if not first.done():
            if self._lost.done():
                self._lost.result()
            raise SilentError(self._source.where, FORMAT_TIMEOUT_S)
        assert self._video is not None
        session = LiveSession(
            self._source.where, self._lost, self._outlet, self._video, self._source.counters, self._clock, silence
        )
        session.fail = self._fail
        return session

    def _fail(self, error: BaseException) -> None:
        if not self._lost.done():
            self._lost.set_exception(error)
            self._lost.exception()  # marks it as seen: it may end while nobody is waiting

    async def _watch(self, job: Awaitable[None]) -> None:
        try:
            await job
        except WorkerLostError as error:
            self._fail(SourceFailedError(self._source.where, f"the reader process ended ({error.message})"))
        except InvalidInputError as error:
            self._fail(SourceFailedError(self._source.where, error.message))
        except Exception as error:  # noqa: BLE001 -- re-raised by whoever awaits `lost`: a sink that cannot store
            self._fail(error)

    async def _take(self) -> None:
        while True:
            message = await self._child.receive()
            if message.kind == Kind.UNIT:
                await self._take_unit(decode_unit(message.payload))
            elif message.kind == Kind.PARAMETER_SET:
                self._take_set(message.payload)
            elif message.kind == Kind.TRACKS:
                self._begin(decode_tracks(message.payload))
            elif message.kind == Kind.FAILED:
                raise SourceFailedError(self._source.where, decode_text(message.payload))
            elif message.kind == Kind.UNSUPPORTED:
                raise UnsupportedCodecError(self._source.where, decode_text(message.payload))
            elif message.kind == Kind.ENDED:
                if self._feeder is not None and not self._feeder.is_paced:
                    raise ClosedByCameraError(self._source.where)  # a live stream has no natural end
                raise StreamEndedError(f"{self._source.where} has come to its end.")
            else:
                raise CompatWireError(f"the child sent a message of the kind {message.kind}")

    def _begin(self, tracks: Tracks) -> None:
        if self._video is not None or tracks.video_codec not in {Codec.H264, Codec.H265}:
            raise CompatWireError("the child named its tracks twice or wrongly")
        counters = self._source.counters
        audio = _make_audio(tracks)
        codec = Codec(tracks.video_codec)
        self._video = VideoAssembler(codec, (), audio, self._clock, counters, self._outlet)
        if audio is not None:
            self._audio = AudioAssembler(audio, 90_000, self._video, self._clock, counters, self._outlet)
            self._audio.timeline.anchor(0, 0)  # one container, one clock
        for nal in self._early_sets:
            self._video.on_parameter_set(nal)

    def _take_set(self, nal: bytes) -> None:
        if self._video is not None:
            self._video.on_parameter_set(nal)
        elif len(self._early_sets) < 16:
            self._early_sets.append(nal)

    async def _take_unit(self, unit: Unit) -> None:
        if self._video is None:
            raise CompatWireError("the child sent a picture before its tracks")
        if self._feeder is None or self._feeder.is_paced:
            await self._pace(unit.pts_90k)
        target = self._audio if unit.is_audio else self._video
        if target is not None:
            target.on_unit(unit.pts_90k & 0xFFFFFFFF, unit.is_key, unit.data, 0)

    async def _pace(self, pts_90k: int) -> None:
        """A file, and the segments of HLS, come faster than real time: let them out when they are due."""
        now_ns = self._clock.mono_ns()
        if self._zero is None:
            self._zero = (pts_90k, now_ns)
        due_s = (pts_90k - self._zero[0]) / 90_000 - (now_ns - self._zero[1]) / NS_PER_S
        if abs(due_s) > 5.0:
            self._zero = (pts_90k, now_ns)
        elif due_s > 0:
            await self._clock.sleep(due_s)


class _Feeder:
    """Fetches from the network and gives the child what came."""

    def __init__(
        self, client: HttpClient, body: HttpBody, child: WorkerProcess, clock: Clock, *, pictures: bool
    ) -> None:
        self._client = client
        self._body = body
        self._child = child
        self._clock = clock
        self._pictures = pictures
        self.is_paced = _is_playlist(body)

    async def run(self) -> None:
        if self.is_paced:
            await self._feed_playlist()
        elif self._pictures:
            await self._feed_pictures()
        else:
            async for chunk in self._body.chunks:
                await self._child.send(Kind.DATA, chunk)
        await self._child.send(Kind.END, b"")

    async def _feed_pictures(self) -> None:
        splitter = PictureSplitter()
        try:
            async for chunk in self._body.chunks:
                for jpeg in splitter.push(chunk):
                    pts_90k = ns_to_ticks(self._clock.mono_ns())
                    await self._child.send(Kind.PICTURE, encode_picture(pts_90k, jpeg))
        except MalformedMultipartError as exc:
            raise SourceFailedError(self._body.url.where, exc.message) from exc

    async def _feed_playlist(self) -> None:
        url, playlist = await self._choose_variant()
        next_sequence: int | None = None
        sent_init = ""
        while True:
            start, segments = plan_segments(playlist, next_sequence)
            if playlist.init_uri and playlist.init_uri != sent_init:
                await self._send_segment(url, playlist.init_uri)
                sent_init = playlist.init_uri
            for segment in segments:
                await self._send_segment(url, segment)
            next_sequence = start + len(segments)
            if playlist.is_ended:
                return
            await self._clock.sleep(playlist.target_s if segments else playlist.target_s / 2)
            url, data = await self._client.fetch(url, MAX_PLAYLIST_BYTES)
            playlist = parse_playlist(data)

    async def _choose_variant(self) -> tuple[HttpUrl, Playlist]:
        url = self._body.url
        playlist = parse_playlist(b"".join([chunk async for chunk in self._body.chunks])[:MAX_PLAYLIST_BYTES])
        if playlist.variants:
            best = max(playlist.variants, key=lambda variant: variant.bandwidth_bps)
            url, data = await self._client.fetch(join_same_host(url, best.uri), MAX_PLAYLIST_BYTES)
            playlist = parse_playlist(data)
        if not playlist.segments and playlist.is_ended:
            raise MalformedPlaylistError("the playlist is empty")
        return url, playlist

    async def _send_segment(self, base: HttpUrl, uri: str) -> None:
        _, data = await self._client.fetch(join_same_host(base, uri), MAX_SEGMENT_BYTES)
        await self._child.send(Kind.DATA, data)


def _choose_mode(body: HttpBody) -> tuple[str, ...]:
    if body.content_type.startswith(("multipart/", "image/jpeg")):
        return ("--mode", "pictures")
    if body.content_type.startswith("video/mp2t"):
        return ("--mode", "stream", "--format", "mpegts")
    return ("--mode", "stream")


def _is_playlist(body: HttpBody) -> bool:
    return "mpegurl" in body.content_type or body.url.target.partition("?")[0].endswith(".m3u8")


def _make_audio(tracks: Tracks) -> AudioFormat | None:
    if tracks.audio_codec == Codec.AAC:
        try:
            return make_aac_format(bytes.fromhex(tracks.audio_config))
        except ValueError as exc:
            raise CompatWireError("the audio configuration is no hexadecimal text") from exc
    if tracks.audio_codec == Codec.OPUS:
        try:
            return read_opus_config(bytes.fromhex(tracks.audio_config))
        except (ValueError, MalformedMediaError) as exc:
            raise CompatWireError("the audio configuration is none of Opus") from exc
    if tracks.audio_codec in {Codec.PCMA, Codec.PCMU} and tracks.audio_rate_hz and tracks.audio_channels:
        codec = Codec(tracks.audio_codec)
        name = "alaw" if codec is Codec.PCMA else "ulaw"
        return AudioFormat(codec, tracks.audio_rate_hz, tracks.audio_channels, b"", name)
    return None


def _jail_state(payload: bytes) -> str:
    """The child's own report of its jail, in one word."""
    try:
        layers = json.loads(payload[:MAX_TEXT_BYTES]).get("layers", {})
    except (ValueError, AttributeError, RecursionError):
        return "unknown"
    missing = [name for name, holds in layers.items() if not holds]
    return "jailed" if not missing else f"jailed without {', '.join(sorted(missing))}"[:200]


def _open_file(path: Path) -> int:
    try:
        return os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError as exc:
        raise SourceFailedError(path.name, exc.strerror or "it cannot be opened") from exc
