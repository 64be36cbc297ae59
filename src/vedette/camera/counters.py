"""What is counted per stream, and the figures made of it. Pure."""

from collections import deque
from dataclasses import dataclass

from vedette.core.time import NS_PER_S


@dataclass(frozen=True, slots=True)
class CameraReport:
    """A sender report of the video and when it came: what the camera's clock said against ours."""

    utc_ns: int
    received_at_ns: int
    mono_ns: int

    @property
    def offset_ns(self) -> int:
        """Camera's clock minus ours; the report's own way over the network is in it."""
        return self.utc_ns - self.received_at_ns


@dataclass(slots=True)
class StreamCounters:
    """Running totals of one stream since its service started. Written by the session, read by anyone.

    Attributes:
        packets: RTP packets received.
        lost: RTP packets known to be lost.
        reordered: RTP packets that came late but in time.
        duplicates: RTP packets dropped because they were there already, or came too late.
        units: Access units delivered.
        damaged: Access units or NAL units thrown away because a part of them was missing.
        jitter_s: Interarrival jitter of the video (RFC 3550 section 6.4.1), taken once per access unit that was read
            when it came (`LoopRest.is_prompt`).
        fps: Video access units per second, over about the last five seconds.
        last_packet_mono_ns: Monotonic time of the last access unit, 0 before the first.
        rtp_90k: RTP time of a recent picture, unwrapped, in 90 kHz ticks; noted once a second. None: not RTP.
        rtp_mono_ns: Monotonic time of that picture's arrival.
        report: The newest sender report of the video.
    """

    packets: int = 0
    lost: int = 0
    reordered: int = 0
    duplicates: int = 0
    units: int = 0
    damaged: int = 0
    size_bytes: int = 0
    jitter_s: float = 0.0
    fps: float = 0.0
    bitrate_bps: float = 0.0
    last_packet_mono_ns: int = 0
    connections: int = 0
    rtp_90k: int | None = None
    rtp_mono_ns: int = 0
    report: CameraReport | None = None

    def last_packet_age_s(self, mono_ns: int) -> float | None:
        """Seconds since the last access unit, None before the first."""
        if self.last_packet_mono_ns == 0:
            return None
        return (mono_ns - self.last_packet_mono_ns) / NS_PER_S


class RateMeter:
    """Turns the totals into rates once a second, over the last `WINDOW` readings."""

    WINDOW = 6

    def __init__(self) -> None:
        self._readings: deque[tuple[int, int, int]] = deque(maxlen=self.WINDOW)

    def update(self, counters: StreamCounters, video_units: int, mono_ns: int) -> None:
        """Takes a reading. It starts with the first picture, so that the wait for it does not count."""
        if video_units == 0:
            return
        now = (video_units, counters.size_bytes, mono_ns)
        self._readings.append(now)
        first = self._readings[0]
        if mono_ns <= first[2]:
            return
        span_s = (mono_ns - first[2]) / NS_PER_S
        counters.fps = (now[0] - first[0]) / span_s
        counters.bitrate_bps = (now[1] - first[1]) * 8 / span_s
