"""Tries a source and says what it carries, how long each step took, and why it fails.

Used by `vedette probe`, by "test this camera" in the console and before a camera is added. The figures come from
the packets, not from what the camera says of itself. Nothing here ever holds a URL with credentials.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Protocol

from vedette.camera.errors import SilentError
from vedette.camera.factory import SourceFactory
from vedette.camera.ports import PacketSession
from vedette.camera.rtsp_url import redact_url
from vedette.camera.trace import Step, TimedSteps, step
from vedette.core.assignment import StreamSource
from vedette.core.errors import StreamLostError, VedetteError
from vedette.core.media import Packet, StreamFormat, VideoFormat
from vedette.core.time import NS_PER_S, TICKS_PER_S
from vedette.runtime.clock import Clock

FIRST_PACKET_TIMEOUT_S = 10.0
KEY_FRAME_TIMEOUT_S = 15.0
OBSERVE_S = 4.0
MIN_OBSERVE_S = 1.5


@dataclass(frozen=True, slots=True)
class ProbedStream:
    """One media track as it was seen. Figures that could not be measured are None."""

    kind: str
    codec: str
    codec_string: str
    bitrate_bps: float | None
    width: int | None = None
    height: int | None = None
    fps: float | None = None
    gop_frames: int | None = None
    gop_s: float | None = None
    sample_rate_hz: int | None = None
    channels: int | None = None


@dataclass(frozen=True, slots=True)
class ProbedSigning:
    """Whether the camera signs its video, and who signed what was seen.

    Attributes:
        result: `valid`, `partly` (packets were lost), `invalid`, `unsigned`, or `unchecked`: signed, but no GOP was
            seen whole.
        is_vouched: The key leads to a maker's certificate that is trusted here.
    """

    result: str
    subject: str = ""
    fingerprint: str = ""
    is_vouched: bool = False
    reasons: tuple[str, ...] = ()


class SignatureInspector(Protocol):
    """Looks at the video for the camera's own signatures. Implementation: `vedette.node.signing_probe`."""

    def inspect(self, video_format: VideoFormat, packets: Sequence[Packet], lost: int) -> ProbedSigning: ...


@dataclass(frozen=True, slots=True)
class ProbeError:
    """The clear error: stable code, what failed, what to do."""

    code: str
    message: str
    hint: str


@dataclass(frozen=True, slots=True)
class ProbeReport:
    """The answer of a probe.

    Attributes:
        url: Without credentials.
        clock_offset_s: The camera's own clock minus ours; None when it does not tell.
        loss: RTP packets lost while looking.
        signing: None: nobody looked.
    """

    url: str
    ok: bool
    steps: tuple[Step, ...]
    streams: tuple[ProbedStream, ...]
    error: ProbeError | None
    clock_offset_s: float | None = None
    loss: int = 0
    signing: ProbedSigning | None = None

    def to_dict(self) -> dict[str, object]:
        """For JSON."""
        return asdict(self)


@dataclass(slots=True)
class _Seen:
    """What has been observed so far."""

    packets: list[Packet]
    format: StreamFormat

    @property
    def video(self) -> list[Packet]:
        return [packet for packet in self.packets if not packet.is_audio]

    def has_two_keys(self) -> bool:
        return sum(packet.is_key for packet in self.video) >= 2

    def span_s(self) -> float:
        video = self.video
        return (video[-1].received_at_ns - video[0].received_at_ns) / NS_PER_S if video else 0.0


async def probe_stream(
    factory: SourceFactory,
    stream: StreamSource,
    user: str,
    password: str,
    clock: Clock,
    observe_s: float = OBSERVE_S,
    inspector: SignatureInspector | None = None,
) -> ProbeReport:
    """Opens the stream, looks at it for a few seconds and reports. Never raises for a bad camera."""
    steps = TimedSteps(clock)
    url = redact_url(stream.url)
    seen: _Seen | None = None
    loss = 0
    try:
        source = factory.make(stream, user, password, steps)
        async with source.open() as session:
            seen = await _observe(session, steps, observe_s, url)
        loss = source.counters.lost
    except VedetteError as error:
        problem = ProbeError(error.code, redact_url(error.message), redact_url(error.hint))
        return ProbeReport(url, ok=False, steps=steps.steps, streams=(), error=problem)
    signing = None if inspector is None else inspector.inspect(seen.format.video, seen.video, loss)
    return ProbeReport(url, True, steps.steps, _describe(seen), None, _clock_offset_s(seen.packets), loss, signing)


async def _observe(session: PacketSession, steps: TimedSteps, observe_s: float, url: str) -> _Seen:
    items = aiter(session)
    seen = _Seen([], session.format)
    with step(steps, "first packet"):
        await _take_until(items, seen, FIRST_PACKET_TIMEOUT_S, url, lambda: bool(seen.video))
    with step(steps, "first key frame") as note:
        await _take_until(items, seen, KEY_FRAME_TIMEOUT_S, url, lambda: any(packet.is_key for packet in seen.video))
        note.detail = f"{seen.format.video.width}x{seen.format.video.height}"
    try:
        async with asyncio.timeout(observe_s):
            while not (seen.has_two_keys() and seen.span_s() >= MIN_OBSERVE_S):
                _keep(seen, await anext(items))
    except TimeoutError:
        pass  # a long GOP: what was seen until now is the answer
    return seen


async def _take_until(
    items: AsyncIterator[Packet | StreamFormat], seen: _Seen, timeout_s: float, url: str, is_done: Callable[[], bool]
) -> None:
    try:
        async with asyncio.timeout(timeout_s):
            while not is_done():
                _keep(seen, await anext(items))
    except TimeoutError as exc:
        raise SilentError(url.partition("://")[2].partition("/")[0], timeout_s) from exc
    except StopAsyncIteration as exc:
        raise StreamLostError("The stream ended before a picture came.") from exc


def _keep(seen: _Seen, item: Packet | StreamFormat) -> None:
    if isinstance(item, StreamFormat):
        seen.format = item
        seen.packets.clear()
    else:
        seen.packets.append(item)


def _describe(seen: _Seen) -> tuple[ProbedStream, ...]:
    video, audio = seen.format.video, seen.format.audio
    shown = seen.video
    keys = [index for index, packet in enumerate(shown) if packet.is_key]
    fps = _pictures_per_s(shown)
    gop = keys[1] - keys[0] if len(keys) > 1 else None
    streams = [
        ProbedStream(
            kind="video",
            codec=video.codec.value,
            codec_string=video.codec_string,
            bitrate_bps=_bitrate_bps(shown),
            width=video.width,
            height=video.height,
            fps=None if fps is None else round(fps, 2),
            gop_frames=gop,
            gop_s=None if gop is None else round((shown[keys[1]].dts_90k - shown[keys[0]].dts_90k) / TICKS_PER_S, 2),
        )
    ]
    if audio is not None:
        heard = [packet for packet in seen.packets if packet.is_audio]
        streams.append(
            ProbedStream(
                kind="audio",
                codec=audio.codec.value,
                codec_string=audio.codec_string,
                bitrate_bps=_bitrate_bps(heard),
                sample_rate_hz=audio.sample_rate_hz,
                channels=audio.channels,
            )
        )
    return tuple(streams)


def _pictures_per_s(video: list[Packet]) -> float | None:
    """By decoding times: with B-frames the presentation times of the last pictures are not all there yet, and
    the decoding times of the first ones are counted back by a guess.
    """
    steady = video[4:] if len(video) > 8 else video
    span_s = (steady[-1].dts_90k - steady[0].dts_90k) / TICKS_PER_S
    return (len(steady) - 1) / span_s if span_s > 0 else None


def _bitrate_bps(packets: list[Packet]) -> float | None:
    """Bits per second between the first and the last packet; None when that is too little to tell."""
    if len(packets) < 3:
        return None
    span_s = (packets[-1].dts_90k - packets[0].dts_90k) / TICKS_PER_S
    return round(sum(len(packet.data) for packet in packets[:-1]) * 8 / span_s) if span_s > 0 else None


def _clock_offset_s(packets: list[Packet]) -> float | None:
    told = [packet for packet in packets if packet.camera_utc_ns]
    if not told:
        return None
    return round((told[-1].camera_utc_ns - told[-1].captured_at_ns) / NS_PER_S, 3)
