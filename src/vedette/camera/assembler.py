"""Makes the house's packets out of access units: time, decoding order, format changes, counting.

A change of format starts a new run. Parameter sets that come in-band take effect at the next key frame: until
there the pictures still belong to the old ones.
"""

from collections.abc import Callable
from typing import Protocol

from vedette.camera.counters import StreamCounters
from vedette.camera.parameter_sets import MAX_SETS, make_video_format, parse_sps, set_key
from vedette.camera.time_mapping import AudioTimeline, DecodingOrder, SenderReport, VideoTimeline
from vedette.core.media import AudioFormat, Codec, Packet, StreamFormat, VideoFormat
from vedette.core.time import NS_PER_S
from vedette.media.errors import MalformedMediaError
from vedette.runtime.clock import Clock, new_id
from vedette.runtime.loop_rest import LoopRest

_SPS_TYPES = {Codec.H264: 7, Codec.H265: 33}


class PacketOutput(Protocol):
    """Where the assembler's result goes; a `PacketReceiver` fits."""

    def on_format(self, stream_format: StreamFormat) -> None: ...

    @property
    def on_packet(self) -> Callable[[Packet], None]: ...


class VideoAssembler:
    """The video track of a connection. Owns the run and the format."""

    def __init__(
        self,
        codec: Codec,
        parameter_sets: tuple[bytes, ...],
        audio: AudioFormat | None,
        clock: Clock,
        counters: StreamCounters,
        out: PacketOutput,
        clock_rate_hz: int = 90_000,
        rest: LoopRest | None = None,
    ) -> None:
        self.timeline = VideoTimeline(clock_rate_hz)
        self.units = 0
        self.on_new_run: Callable[[], None] | None = None
        self._codec = codec
        self._audio_format = audio
        self._clock = clock
        self._counters = counters
        self._out = out
        self._rest = rest or LoopRest()
        self._sets: dict[tuple[int, int], bytes] = {}
        self._known: set[bytes] = set()
        self._sets_changed = False
        self._order = DecodingOrder(0)
        self._sequence = 0
        self._lost_waiting = 0
        self._last_transit_ns: int | None = None
        self.format: StreamFormat | None = None
        self._is_told = False
        for nal in parameter_sets:
            self.on_parameter_set(nal)
        self._adopt_sets()

    def on_parameter_set(self, nal: bytes) -> None:
        """Takes a parameter set, from the description or in-band. A broken one is counted and ignored."""
        if nal in self._known:
            return
        try:
            key = set_key(self._codec, nal)
        except MalformedMediaError:
            self._counters.damaged += 1
            return
        if key not in self._sets and len(self._sets) >= MAX_SETS:
            self._counters.damaged += 1
            return
        self._known.discard(self._sets.get(key, b""))
        self._sets[key] = nal
        self._known.add(nal)
        self._sets_changed = True

    def on_unit(self, rtp: int, is_key: bool, data: bytes, lost: int) -> None:  # noqa: FBT001 -- hot path
        """Takes one access unit. Nothing is delivered before the parameter sets are known."""
        if is_key and self._sets_changed:
            self._adopt_sets()
        received_ns, mono_ns = self._clock.utc_ns(), self._clock.mono_ns()
        self._lost_waiting += lost
        if self.format is None:
            return
        at = self.timeline.map(rtp, received_ns, mono_ns, is_key=is_key)
        if at.starts_run and self._is_told:
            self._begin_run(self.format.video)
        if not self._is_told:
            self._tell_format()
        self._count(at.pts_90k, mono_ns, len(data))
        packet = Packet(
            False,
            is_key,
            at.pts_90k,
            self._order.dts(at.pts_90k),
            at.captured_at_ns,
            received_ns,
            at.camera_utc_ns,
            self._sequence,
            self._lost_waiting,
            data,
        )
        self._sequence += 1
        self._lost_waiting = 0
        self._out.on_packet(packet)

    def report(self, report: SenderReport) -> None:
        self.timeline.report(report)

    @property
    def is_told(self) -> bool:
        """The format was given out: from now on audio may follow."""
        return self._is_told

    def _adopt_sets(self) -> None:
        """Makes the format that the known parameter sets describe; a different one starts a new run."""
        try:
            video = make_video_format(self._codec, tuple(self._sets.values()))
        except MalformedMediaError:
            return  # not complete yet; the next key frame may bring the rest
        self._sets_changed = False
        if self.format is None or video != self.format.video:
            self._begin_run(video)

    def _begin_run(self, video: VideoFormat) -> None:
        self.timeline.restart() if self.format is None or video != self.format.video else None
        self.format = StreamFormat(new_id(self._clock), video, self._audio_format)
        sps = next(nal for (kind, _), nal in self._sets.items() if kind == _SPS_TYPES[self._codec])
        info = parse_sps(self._codec, sps)
        self._order = DecodingOrder(info.max_reorder or 0, info.fps)
        self._sequence = 0
        self._last_transit_ns = None
        self._is_told = False

    def _tell_format(self) -> None:
        self._is_told = True
        if self.on_new_run is not None:
            self.on_new_run()
        if self.format is not None:
            self._out.on_format(self.format)

    def _count(self, pts_90k: int, mono_ns: int, size_bytes: int) -> None:
        counters = self._counters
        self.units += 1
        counters.units += 1
        counters.size_bytes += size_bytes
        counters.last_packet_mono_ns = mono_ns
        if not self._rest.is_prompt:
            self._last_transit_ns = None
            return
        transit_ns = mono_ns - pts_90k * 100_000 // 9
        if self._last_transit_ns is not None:
            difference_s = abs(transit_ns - self._last_transit_ns) / NS_PER_S
            counters.jitter_s += (difference_s - counters.jitter_s) / 16
        self._last_transit_ns = transit_ns


class AudioAssembler:
    """The audio track of a connection; speaks only after the video has."""

    def __init__(
        self,
        audio: AudioFormat,
        clock_rate_hz: int,
        video: VideoAssembler,
        clock: Clock,
        counters: StreamCounters,
        out: PacketOutput,
    ) -> None:
        self.format = audio
        self.timeline = AudioTimeline(clock_rate_hz, video.timeline)
        self._video = video
        self._clock = clock
        self._counters = counters
        self._out = out
        self._sequence = 0
        video.on_new_run = self._restart

    def on_parameter_set(self, nal: bytes) -> None:
        """Audio has none."""

    def on_unit(self, rtp: int, is_key: bool, data: bytes, lost: int) -> None:  # noqa: FBT001 -- hot path
        if not self._video.is_told:
            return
        received_ns = self._clock.utc_ns()
        at = self.timeline.map(rtp, received_ns)
        if at is None:
            return
        self._counters.units += 1
        self._counters.size_bytes += len(data)
        packet = Packet(
            True,
            is_key,
            at.pts_90k,
            at.pts_90k,
            at.captured_at_ns,
            received_ns,
            at.camera_utc_ns,
            self._sequence,
            lost,
            data,
        )
        self._sequence += 1
        self._out.on_packet(packet)

    def report(self, report: SenderReport) -> None:
        self.timeline.report(report)

    def _restart(self) -> None:
        self._sequence = 0
        self.timeline.restart()
