"""A playing stream: hands packets on, keeps the camera's session alive, notices silence.

No tasks: a timer of the event loop ticks once a second per session (keep-alive, receiver reports, rates,
silence), and packets flow from the protocol through the assembler to the receiver by plain calls.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

from vedette.camera.assembler import AudioAssembler, VideoAssembler
from vedette.camera.counters import CameraReport, RateMeter, StreamCounters
from vedette.camera.errors import SilentError
from vedette.camera.ports import PacketReceiver
from vedette.camera.rtcp import ReceptionReport, parse_rtcp, write_receiver_report
from vedette.camera.rtp import RtpReceiver
from vedette.camera.time_mapping import SenderReport
from vedette.core.media import Packet, StreamFormat
from vedette.core.time import NS_PER_S
from vedette.runtime.clock import Clock

TICK_S = 1.0
MAX_WAITING = 512
"""Packets held between PLAY and the first receiver, or for a slow iterator: then reading pauses."""
MAX_HELD = 4 * MAX_WAITING
"""More than that is dropped and counted as lost: what UDP, which cannot be paused, brings beyond."""
REPORT_EVERY_TICKS = 5
LATE_TICK_S = 2 * TICK_S
"""A tick that comes later says that this process stood still; silence is no camera's then."""


@dataclass(frozen=True, slots=True)
class SilencePolicy:
    """When a connected stream is called stalled, and when it is given up.

    Both follow slow cameras: never before `intervals` times the usual distance between pictures.
    """

    stall_s: float = 2.0
    lost_s: float = 10.0
    intervals: float = 4.0


class Outlet:
    """Where the assemblers deliver: to the receiver, or into a bounded store until there is one.

    `on_packet` becomes the receiver's own once there is one: nothing lies between them any more.
    """

    def __init__(self) -> None:
        self.receiver: PacketReceiver | None = None
        self.format: StreamFormat | None = None
        self.dropped = 0
        self.on_full: Callable[[], None] = lambda: None
        self.on_first: Callable[[], None] = lambda: None
        self.on_packet: Callable[[Packet], None] = self._hold
        self._waiting: deque[Packet | StreamFormat] = deque()
        self._told: StreamFormat | None = None

    def on_format(self, stream_format: StreamFormat) -> None:
        if self.format is None:
            self.format = stream_format
            self.on_first()
        if self.receiver is None:
            self._waiting.append(stream_format)
        elif stream_format != self._told:
            self._told = stream_format
            self.receiver.on_format(stream_format)

    def _hold(self, packet: Packet) -> None:
        if len(self._waiting) >= MAX_HELD:
            self.dropped += 1
            return
        self._waiting.append(packet)
        if len(self._waiting) >= MAX_WAITING:
            self.on_full()

    def attach(self, receiver: PacketReceiver, first: StreamFormat) -> None:
        """Gives everything that waited to the receiver, then delivers directly."""
        self.receiver = receiver
        self.on_packet = receiver.on_packet
        self._told = first
        receiver.on_format(first)
        waiting, self._waiting = self._waiting, deque()
        for item in waiting:
            if isinstance(item, Packet):
                receiver.on_packet(item)
            else:
                self.on_format(item)


class IteratorQueue:
    """A receiver for `async for`: a bounded queue that pauses reading when the consumer is slow."""

    def __init__(self, pause: Callable[[], None], resume: Callable[[], None], counters: StreamCounters) -> None:
        self._counters = counters
        self.items: deque[Packet | StreamFormat] = deque()
        self.ready = asyncio.Event()
        self._pause = pause
        self._resume = resume
        self._is_paused = False

    def on_format(self, stream_format: StreamFormat) -> None:
        self.items.append(stream_format)
        self.ready.set()

    def on_packet(self, packet: Packet) -> None:
        if len(self.items) >= MAX_HELD:
            self._counters.lost += 1
            return
        self.items.append(packet)
        self.ready.set()
        if len(self.items) >= MAX_WAITING and not self._is_paused:
            self._is_paused = True
            self._pause()

    def on_silence(self, silent_s: float) -> None:
        """An iterator only sees the end of it."""

    def take(self) -> Packet | StreamFormat | None:
        if not self.items:
            self.ready.clear()
            return None
        item = self.items.popleft()
        if self._is_paused and len(self.items) < MAX_WAITING // 2:
            self._is_paused = False
            self._resume()
        return item


@dataclass(slots=True)
class TrackLink:
    """One track of a session: its receiver, its assembler, and how RTCP goes back."""

    receiver: RtpReceiver
    assembler: VideoAssembler | AudioAssembler
    send_rtcp: Callable[[bytes], None]
    clock_rate_hz: int
    middle_ntp: int = 0
    report_mono_ns: int = 0
    reported_expected: int = 0
    reported_received: int = 0
    was_bye: bool = False

    def on_rtcp(self, data: bytes, mono_ns: int) -> SenderReport | None:
        facts = parse_rtcp(data)
        if facts.middle_ntp:
            self.middle_ntp, self.report_mono_ns = facts.middle_ntp, mono_ns
        if facts.report is not None:
            self.assembler.report(facts.report)
        self.was_bye = self.was_bye or facts.is_bye
        return facts.report

    def make_report(self, jitter_s: float, mono_ns: int) -> ReceptionReport | None:
        """One report block (RFC 3550 appendix A.3); None before the first packet."""
        receiver = self.receiver
        if receiver.ssrc is None:
            return None
        expected = receiver.received + receiver.lost_total
        fresh = expected - self.reported_expected
        missing = max(0, fresh - (receiver.received - self.reported_received))
        self.reported_expected, self.reported_received = expected, receiver.received
        since_s = (mono_ns - self.report_mono_ns) / NS_PER_S if self.report_mono_ns else 0.0
        return ReceptionReport(
            ssrc=receiver.ssrc,
            fraction_lost=min(255, missing * 256 // fresh) if fresh else 0,
            lost=receiver.lost_total,
            highest_sequence=receiver.highest_sequence,
            jitter=int(jitter_s * self.clock_rate_hz),
            last_report=self.middle_ntp,
            delay_since_65536=int(since_s * 65536),
        )


class LiveSession:
    """Implements `PacketSession` for every kind of source. Made by the source, which owns the connection."""

    def __init__(
        self,
        where: str,
        lost: "asyncio.Future[None]",
        outlet: Outlet,
        video: VideoAssembler,
        counters: StreamCounters,
        clock: Clock,
        silence: SilencePolicy,
    ) -> None:
        self._where = where
        self._lost = lost
        self._outlet = outlet
        self._video = video
        self._counters = counters
        self._clock = clock
        self._silence = silence
        self._meter = RateMeter()
        self._ticks = 0
        self._timer: asyncio.TimerHandle | None = None
        self._loop = asyncio.get_running_loop()
        self._ticked_mono_ns = self._watched_mono_ns = clock.mono_ns()
        self.links: list[TrackLink] = []
        self.fail: Callable[[BaseException], None] = lambda _error: None
        self.keep_alive: Callable[[], None] = lambda: None
        self.keep_alive_every_s = 30.0
        self.pause: Callable[[], None] = lambda: None
        self.resume: Callable[[], None] = lambda: None
        outlet.on_full = self._pause_for_room

    @property
    def format(self) -> StreamFormat:
        found = self._outlet.format or self._video.format
        assert found is not None, "a session is only given out with its format"
        return found

    @property
    def counters(self) -> StreamCounters:
        return self._counters

    def _pause_for_room(self) -> None:
        self.pause()

    def start(self) -> None:
        """Begins to tick."""
        self._ticked_mono_ns = self._watched_mono_ns = self._clock.mono_ns()
        self._timer = self._loop.call_later(TICK_S, self._tick)

    def stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    async def deliver(self, receiver: PacketReceiver) -> None:
        self._outlet.attach(receiver, self.format)
        self.resume()
        await asyncio.shield(self._lost)

    async def __aiter__(self) -> AsyncIterator[Packet | StreamFormat]:
        queue = IteratorQueue(self.pause, self.resume, self._counters)
        self._outlet.attach(queue, self.format)
        queue.items.popleft()  # the format is known as `self.format`
        self.resume()
        self._lost.add_done_callback(lambda _future: queue.ready.set())
        while True:
            item = queue.take()
            if item is not None:
                yield item
            elif self._lost.done():
                self._lost.result()
                return
            else:
                await queue.ready.wait()

    def on_rtcp(self, link: TrackLink, data: bytes) -> None:
        mono_ns = self._clock.mono_ns()
        report = link.on_rtcp(data, mono_ns)
        if report is not None and link.assembler is self._video:
            self._counters.report = CameraReport(report.utc_ns, self._clock.utc_ns(), mono_ns)

    def _tick(self) -> None:
        if self._lost.done():
            return
        self._timer = self._loop.call_later(TICK_S, self._tick)
        self._ticks += 1
        now_ns = self._clock.mono_ns()
        if now_ns - self._ticked_mono_ns > LATE_TICK_S * NS_PER_S:
            self._watched_mono_ns = now_ns  # we stood still ourselves: what came meanwhile is still to be read
        self._ticked_mono_ns = now_ns
        self._meter.update(self._counters, self._video.units, now_ns)
        if (arrival := self._video.timeline.last_arrival) is not None:
            self._counters.rtp_90k, self._counters.rtp_mono_ns = arrival
        if self._ticks % max(1, int(self.keep_alive_every_s / TICK_S)) == 0:
            self.keep_alive()
        if self._ticks % REPORT_EVERY_TICKS == 0:
            self._send_reports(now_ns)
        self._check_silence(now_ns)

    def _send_reports(self, now_ns: int) -> None:
        for link in self.links:
            block = link.make_report(self._counters.jitter_s, now_ns)
            if block is not None:
                link.send_rtcp(write_receiver_report(block.ssrc ^ 0x5EED5EED, [block], "vedette"))

    def _check_silence(self, now_ns: int) -> None:
        since_ns = max(self._counters.last_packet_mono_ns, self._watched_mono_ns)
        silent_s = (now_ns - since_ns) / NS_PER_S
        interval_s = self._silence.intervals / self._counters.fps if self._counters.fps > 0.05 else 0.0
        if silent_s > max(self._silence.lost_s, 2 * interval_s) or (silent_s > TICK_S and self._said_bye()):
            self.fail(SilentError(self._where, silent_s))
        elif not self._video.units:
            return  # many cameras begin with the next key frame: so long nothing has stalled
        elif silent_s > max(self._silence.stall_s, interval_s) and self._outlet.receiver is not None:
            self._outlet.receiver.on_silence(silent_s)

    def _said_bye(self) -> bool:
        return any(link.was_bye for link in self.links)
