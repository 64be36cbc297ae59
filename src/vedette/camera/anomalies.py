"""Decides when the way of a stream's packets is not as it should be: loss, clock, delay, format (N6-N8, N10).

Pure; fed once a second with a reading of counters that exist anyway, so a packet costs nothing here. What lasts is
told at its beginning and, with `-` before its kind, at its end; between the two thresholds nothing is said, so a
value that swings around a limit is told once. `clock_step` and `format_changed` are moments and have no end.

Delay is not read from buffers. Its measure is the lag: how much later than the fastest picture of the last
minutes a picture of the same RTP time arrives. With sender reports the camera's own wall clock must agree, so a
stepped clock is never called a delay, nor a delay a wrong clock. Design: docs/design/ingest.md.
"""

from collections import deque
from dataclasses import dataclass

from vedette.camera.counters import CameraReport, StreamCounters
from vedette.core.media import VideoFormat
from vedette.core.time import NS_PER_S, TICKS_PER_S


@dataclass(frozen=True, slots=True)
class AnomalyLimits:
    """When something is told, and below what it is over. Defaults: the threat model's."""

    loss_ratio: float = 0.01
    loss_window_s: int = 10
    least_lost: int = 3
    offset_s: float = 2.0
    step_s: float = 1.0
    drift_ppm: float = 200.0
    drift_bucket_s: int = 30
    drift_buckets: int = 5
    delay_s: float = 3.0
    delay_readings: int = 3
    fps_ratio: float = 0.25
    fps_readings: int = 10


@dataclass(frozen=True, slots=True)
class StreamReading:
    """What was known of a stream at one moment.

    Attributes:
        rtp_90k: RTP time of the newest picture, unwrapped, in 90 kHz ticks; None before the first.
        rtp_mono_ns: Monotonic time of that picture's arrival.
        connection: Number of the connection: RTP times of two connections have nothing to do with each other.
    """

    mono_ns: int
    packets: int = 0
    lost: int = 0
    connection: int = 0
    rtp_90k: int | None = None
    rtp_mono_ns: int = 0
    report: CameraReport | None = None
    video: VideoFormat | None = None
    fps: float = 0.0


@dataclass(frozen=True, slots=True)
class Anomaly:
    """Something to tell; `kind` has `-` before it when it is over."""

    kind: str
    detail: str
    value: float


def take_reading(counters: StreamCounters, video: VideoFormat | None, mono_ns: int) -> StreamReading:
    """Makes a reading of the counters of a stream."""
    return StreamReading(
        mono_ns,
        counters.packets,
        counters.lost,
        counters.connections,
        counters.rtp_90k,
        counters.rtp_mono_ns,
        counters.report,
        video,
        counters.fps,
    )


class Switch:
    """One lasting condition with two thresholds."""

    def __init__(self, kind: str) -> None:
        self._kind = kind
        self.is_on = False

    def set(self, value: float, on: float, off: float, detail: str) -> list[Anomaly]:
        """Returns what is to be told: on above `on`, off below `off`, by size."""
        size = abs(value)
        if (not self.is_on and size > on) or (self.is_on and size < off):
            self.is_on = not self.is_on
            return [Anomaly(self._kind if self.is_on else f"-{self._kind}", detail, value)]
        return []


class LossWatch:
    """Share of RTP packets lost over the last seconds."""

    def __init__(self, limits: AnomalyLimits) -> None:
        self._limits = limits
        self._switch = Switch("packet_loss")
        self._readings: deque[tuple[int, int]] = deque(maxlen=limits.loss_window_s + 1)

    def push(self, reading: StreamReading) -> list[Anomaly]:
        self._readings.append((reading.packets, reading.lost))
        packets = reading.packets - self._readings[0][0]
        lost = reading.lost - self._readings[0][1]
        is_short = len(self._readings) <= self._limits.loss_window_s
        if is_short or packets + lost <= 0 or (lost < self._limits.least_lost and not self._switch.is_on):
            return []
        ratio = lost / (packets + lost)
        detail = f"{lost} of {packets + lost} packets lost in {len(self._readings) - 1} s ({ratio:.1%})"
        return self._switch.set(ratio, self._limits.loss_ratio, self._limits.loss_ratio / 2, detail)


class LagWatch:
    """Follows RTP time against arrival: steps of the RTP clock, drift, and a path that became longer."""

    def __init__(self, limits: AnomalyLimits) -> None:
        self._limits = limits
        self._drift = Switch("clock_drift")
        self._delay = Switch("delay")
        self._last: StreamReading | None = None
        self._buckets: deque[tuple[int, int]] = deque(maxlen=limits.drift_buckets)
        self._bucket: tuple[int, int] | None = None
        self._bucket_due_ns = 0
        self._late_readings = 0
        self.lag_ns = 0

    @property
    def is_delayed(self) -> bool:
        """A delay is told or about to be: the camera's clock cannot be judged meanwhile."""
        return self._delay.is_on or self._late_readings > 0

    def push(self, reading: StreamReading) -> list[Anomaly]:
        if reading.rtp_90k is None:
            return []
        last, rtp_90k = self._last, reading.rtp_90k
        if last is not None and reading.rtp_mono_ns == last.rtp_mono_ns:
            return []  # nothing new came
        self._last = reading
        offset_ns = reading.rtp_mono_ns - rtp_90k * NS_PER_S // TICKS_PER_S
        if last is None or last.rtp_90k is None or last.connection != reading.connection:
            self._forget(offset_ns, reading)
            return []
        advance_ns = (rtp_90k - last.rtp_90k) * NS_PER_S // TICKS_PER_S
        passed_ns = reading.rtp_mono_ns - last.rtp_mono_ns
        step_ns = round(self._limits.step_s * NS_PER_S)
        if advance_ns < -step_ns or advance_ns - passed_ns > step_ns + max(0, self.lag_ns):
            jump_s = (advance_ns - passed_ns) / NS_PER_S
            self._forget(offset_ns, reading)
            return [Anomaly("clock_step", f"the camera's RTP clock jumped by {jump_s:+.1f} s", jump_s)]
        self.lag_ns = offset_ns - self._baseline_ns(offset_ns)
        told = self._judge_delay(reading)
        if not self.is_delayed:
            told += self._learn(offset_ns, reading)
        return told

    def _forget(self, offset_ns: int, reading: StreamReading) -> None:
        self._buckets.clear()
        self._bucket = (reading.rtp_mono_ns, offset_ns)
        self._bucket_due_ns = reading.rtp_mono_ns + self._limits.drift_bucket_s * NS_PER_S
        self._late_readings, self.lag_ns = 0, 0

    def _baseline_ns(self, offset_ns: int) -> int:
        seen = [least for _, least in self._buckets]
        if self._bucket is not None:
            seen.append(self._bucket[1])
        return min([*seen, offset_ns])

    def _judge_delay(self, reading: StreamReading) -> list[Anomaly]:
        lag_s = self.lag_ns / NS_PER_S
        limit_s = self._limits.delay_s
        is_late = lag_s > limit_s
        self._late_readings = self._late_readings + 1 if is_late else 0
        if not self._delay.is_on and self._late_readings < self._limits.delay_readings:
            return []
        how = "the camera's clock" if reading.report is not None else "the RTP clock"
        return self._delay.set(lag_s, limit_s, limit_s / 2, f"pictures arrive {lag_s:.1f} s late against {how}")

    def _learn(self, offset_ns: int, reading: StreamReading) -> list[Anomaly]:
        """Keeps the fastest picture of each bucket; the least delay is what a drifting clock moves."""
        assert self._bucket is not None
        if offset_ns < self._bucket[1]:
            self._bucket = (reading.rtp_mono_ns, offset_ns)
        if reading.rtp_mono_ns < self._bucket_due_ns:
            return []
        self._buckets.append(self._bucket)
        self._bucket = (reading.rtp_mono_ns, offset_ns)
        self._bucket_due_ns = reading.rtp_mono_ns + self._limits.drift_bucket_s * NS_PER_S
        if len(self._buckets) < self._limits.drift_buckets:
            return []
        (from_ns, first_ns), (to_ns, last_ns) = self._buckets[0], self._buckets[-1]
        ppm = (first_ns - last_ns) * 1_000_000 / (to_ns - from_ns)
        detail = f"the camera's RTP clock runs {ppm:+.0f} ppm against ours"
        return self._drift.set(ppm, self._limits.drift_ppm, self._limits.drift_ppm * 0.75, detail)


class CameraClockWatch:
    """The camera's wall clock, by its sender reports."""

    def __init__(self, limits: AnomalyLimits) -> None:
        self._limits = limits
        self._offset = Switch("clock_offset")
        self._last: CameraReport | None = None
        self._last_offset_ns: int | None = None
        self._unsure_ns: int | None = None

    def push(self, reading: StreamReading, lag: LagWatch) -> list[Anomaly]:
        """Judges a new report, less what its pictures were late by: a report that came late says nothing else."""
        report = reading.report
        if report is None or report is self._last:
            return []
        self._last = report
        if lag.is_delayed:
            self._unsure_ns = None
            return []
        offset_ns, last_ns, unsure_ns = report.offset_ns + lag.lag_ns, self._last_offset_ns, self._unsure_ns
        self._unsure_ns = offset_ns
        if unsure_ns is None or abs(offset_ns - unsure_ns) > self._limits.step_s * NS_PER_S:
            return []  # a report that came late alone, before its pictures or in a burst: the next one decides
        self._last_offset_ns = offset_ns
        told: list[Anomaly] = []
        if last_ns is not None and abs(offset_ns - last_ns) > self._limits.step_s * NS_PER_S:
            moved_s = (offset_ns - last_ns) / NS_PER_S
            told.append(Anomaly("clock_step", f"the camera's clock jumped by {moved_s:+.1f} s", moved_s))
        offset_s, limit_s = offset_ns / NS_PER_S, self._limits.offset_s
        detail = f"the camera's clock is {offset_s:+.1f} s off ours"
        return told + self._offset.set(offset_s, limit_s, limit_s * 0.75, detail)


class FormatWatch:
    """Codec, resolution, rate of pictures."""

    def __init__(self, limits: AnomalyLimits) -> None:
        self._limits = limits
        self._video: VideoFormat | None = None
        self._fps = 0.0
        self._other_readings = 0

    def push(self, reading: StreamReading) -> list[Anomaly]:
        video, last = reading.video, self._video
        if video is None:
            return []
        self._video = video
        if last is not None and _describe(last) != _describe(video):
            self._fps, self._other_readings = 0.0, 0
            detail = f"video changed from {_describe(last)} to {_describe(video)}"
            return [Anomaly("format_changed", detail, float(video.width * video.height))]
        return self._push_fps(reading.fps)

    def _push_fps(self, fps: float) -> list[Anomaly]:
        """A rate counts when it has stayed: a stall or a burst is no new format."""
        if fps <= 0:
            return []
        if self._fps and abs(fps - self._fps) <= self._limits.fps_ratio * self._fps:
            self._other_readings = 0
            return []
        self._other_readings += 1
        if self._other_readings < self._limits.fps_readings:
            return []
        old, self._fps, self._other_readings = self._fps, fps, 0
        return [Anomaly("format_changed", f"frame rate changed from {old:.1f} to {fps:.1f}/s", fps)] if old else []


class AnomalyWatch:
    """All of it for one stream."""

    def __init__(self, limits: AnomalyLimits | None = None) -> None:
        chosen = limits or AnomalyLimits()
        self._loss = LossWatch(chosen)
        self._lag = LagWatch(chosen)
        self._clock = CameraClockWatch(chosen)
        self._format = FormatWatch(chosen)

    def push(self, reading: StreamReading) -> list[Anomaly]:
        """Takes the reading of this second; returns what is to be told."""
        return [
            *self._loss.push(reading),
            *self._lag.push(reading),
            *self._clock.push(reading, self._lag),
            *self._format.push(reading),
        ]


def _describe(video: VideoFormat) -> str:
    return f"{video.codec} {video.width}x{video.height}"
