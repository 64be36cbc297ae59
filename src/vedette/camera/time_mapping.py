"""Lays a camera's media clock onto our UTC line. Pure: every time is an argument.

Three clocks meet here: the camera's RTP timestamps (exact spacing, unknown origin, drifting), the arrival
times (our UTC, but late by network and encoder, never early) and the camera's own wall clock (RTCP sender
reports; anything from exact to 1970). `captured_at` takes the spacing from the first and the place on the
UTC line from the packet that travelled fastest, because delay only ever adds. The line is steered towards
the fastest packet of the last seconds by at most 500 ppm, so a drifting camera is followed and a burst of
late packets is not.

Promises, kept for any input (tests/unit/camera/test_time_mapping.py):
- within a run `captured_at` never decreases and stays within a second of `received_at`;
- media time of a run starts at 0 and never jumps by more than the time that passed plus a second;
- a jump of the camera's clock, or a step of ours, by more than a second starts a new run. When that happens
  between two key frames the old run is carried on by arrival times up to the next key frame: a run that
  starts without one could not be decoded, and the pictures up to there would be lost. After a step of ours
  these pictures stay on the wall clock of before.
"""

from collections import deque
from dataclasses import dataclass

import msgspec

from vedette.core.time import NS_PER_S, TICKS_PER_S, ns_to_ticks, ticks_to_ns

STEER_PPM = 500
JUMP_NS = NS_PER_S
BUCKET_NS = NS_PER_S
BUCKETS = 10
SETTLING_NS = 3 * NS_PER_S
_WRAP = 1 << 32
_JUMP_90K = TICKS_PER_S
_NEVER_NS = -1 << 62


class RtpUnwrapper:
    """Turns 32-bit RTP timestamps into an ever-growing count. Backward steps below 2^31 stay backward."""

    def __init__(self) -> None:
        self._last: int | None = None

    def unwrap(self, rtp: int) -> int:
        if self._last is None:
            self._last = rtp
            return rtp
        step = (rtp - self._last) & (_WRAP - 1)
        self._last += step - _WRAP if step >= _WRAP // 2 else step
        return self._last

    @property
    def last(self) -> int | None:
        """The newest count, None before the first."""
        return self._last

    def near(self, rtp: int) -> int:
        """Unwraps a timestamp that belongs to another moment (a sender report) without moving on."""
        if self._last is None:
            return rtp
        step = (rtp - self._last) & (_WRAP - 1)
        return self._last + (step - _WRAP if step >= _WRAP // 2 else step)


@dataclass(frozen=True, slots=True)
class SenderReport:
    """The pair of a sender report that matters: at `utc_ns` of the camera's clock the RTP clock read `rtp`."""

    utc_ns: int
    rtp: int


class CapturedLine:
    """The line from media time to `captured_at` of one run.

    Attributes:
        base_ns: UTC of media time 0 as the line has it now.
        least_recent_ns: Where the fastest packet of the last seconds would put it; `_NEVER_NS` before they are full.
    """

    def __init__(self, pts_90k: int, received_at_ns: int) -> None:
        self._start_ns = ticks_to_ns(pts_90k)
        self.base_ns = received_at_ns - self._start_ns
        self._last_media_ns = self._start_ns
        self._buckets: deque[int] = deque(maxlen=BUCKETS)
        self._bucket_start_ns = self._start_ns
        self._bucket_least_ns = self.base_ns
        self._target_ns = self.base_ns
        self.least_recent_ns = _NEVER_NS

    def place(self, media_ns: int, received_at_ns: int) -> int:
        """Returns where the line puts this media time, after learning from the packet's arrival."""
        offset_ns = received_at_ns - media_ns
        if -BUCKET_NS < media_ns - self._bucket_start_ns < BUCKET_NS:
            self._bucket_least_ns = min(self._bucket_least_ns, offset_ns)
        else:
            self._begin_bucket(media_ns, offset_ns)
        self._target_ns = min(self._target_ns, offset_ns)
        passed_ns = media_ns - self._last_media_ns
        if media_ns - self._start_ns < SETTLING_NS:
            # The first packets decide where the line starts; 500 ppm would take minutes for one slow packet.
            self.base_ns = min(self.base_ns, offset_ns)
        elif passed_ns > 0:
            most_ns = passed_ns * STEER_PPM // 1_000_000
            wanted_ns = self._target_ns - self.base_ns
            self.base_ns += most_ns if wanted_ns > most_ns else max(-most_ns, wanted_ns)
        if passed_ns > 0:
            self._last_media_ns = media_ns
        return self.base_ns + media_ns

    def _begin_bucket(self, media_ns: int, offset_ns: int) -> None:
        self._buckets.append(self._bucket_least_ns)
        self._target_ns = min(self._buckets)
        self.least_recent_ns = self._target_ns if len(self._buckets) == BUCKETS else _NEVER_NS
        self._bucket_start_ns = media_ns
        self._bucket_least_ns = offset_ns


class MappedTime(msgspec.Struct, frozen=True, gc=False):
    """Where one access unit lies. `starts_run`: media time began anew, at 0, with this one."""

    pts_90k: int
    captured_at_ns: int
    camera_utc_ns: int
    starts_run: bool


class VideoTimeline:
    """Maps the video of one connection; its line also carries the audio."""

    def __init__(self, clock_rate_hz: int = TICKS_PER_S) -> None:
        self._rate_hz = clock_rate_hz
        self._unwrapper = RtpUnwrapper()
        self._line: CapturedLine | None = None
        self._zero = 0
        self._last_pts_90k = 0
        self._last_captured_ns = 0
        self._last_wall_ns = 0
        self._last_mono_ns = 0
        self._wants_run = False
        self._step_ns = 0
        self._report: SenderReport | None = None

    def report(self, report: SenderReport) -> None:
        """Takes the newest sender report of the video track."""
        self._report = report

    def restart(self) -> None:
        """The next access unit starts a new run (the format changed)."""
        self._line = None

    def map(self, rtp: int, received_at_ns: int, mono_ns: int, *, is_key: bool) -> MappedTime:
        """Maps one access unit.

        Args:
            rtp: RTP timestamp, 32 bit.
            received_at_ns: UTC of its arrival.
            mono_ns: Monotonic time of its arrival; tells steps of our own wall clock.
            is_key: Decoding can start here.
        """
        count = self._unwrapper.unwrap(rtp)
        line = self._line
        if line is None:
            return self._start_run(count, rtp, received_at_ns, mono_ns)
        self._note_step(received_at_ns - mono_ns)
        line_ns = received_at_ns - self._step_ns
        pts_90k = self._scale(count - self._zero)
        media_ns = ticks_to_ns(pts_90k)
        # A packet from the future, or none of the last seconds that was less than a second late: no network does that
        # while everything arrives at full rate, so the camera's clock jumped, stood still or went back.
        is_ahead = line.base_ns + media_ns - line_ns > JUMP_NS
        is_behind = line.least_recent_ns - line.base_ns > JUMP_NS
        has_jumped = is_ahead or is_behind or pts_90k < self._last_pts_90k - _JUMP_90K
        if is_key and (has_jumped or self._wants_run):
            return self._start_run(count, rtp, received_at_ns, mono_ns)
        if has_jumped:
            line, pts_90k = self._bridge(count, line_ns, mono_ns)
            media_ns = ticks_to_ns(pts_90k)
        captured_ns = line.place(media_ns, line_ns)
        if not -JUMP_NS <= captured_ns - line_ns <= JUMP_NS:
            captured_ns = max(line_ns - JUMP_NS, min(line_ns + JUMP_NS, captured_ns))
        captured_ns = max(captured_ns, self._last_captured_ns)
        if captured_ns - line_ns > JUMP_NS:  # our clock went back bit by bit
            self._step_ns -= captured_ns - line_ns
            self._wants_run = True
        return self._keep(pts_90k, captured_ns, received_at_ns, mono_ns, rtp, starts_run=False)

    def captured_at(self, pts_90k: int, received_at_ns: int) -> int:
        """Places another track's media time of this run, within a second of its arrival."""
        if self._line is None:
            return received_at_ns
        received_at_ns -= self._step_ns
        placed_ns = self._line.base_ns + ticks_to_ns(pts_90k)
        return max(received_at_ns - JUMP_NS, min(received_at_ns + JUMP_NS, placed_ns))

    def pts_of_arrival(self, received_at_ns: int) -> int | None:
        """Media time that an undelayed packet arriving now would have. None before the first video."""
        return None if self._line is None else max(0, ns_to_ticks(received_at_ns - self._step_ns - self._line.base_ns))

    def pts_of_camera_utc(self, utc_ns: int) -> int | None:
        """Media time at which the camera's own clock reads `utc_ns`. None without a sender report."""
        if self._report is None or self._line is None:
            return None
        at_report = self._scale(self._unwrapper.near(self._report.rtp) - self._zero)
        return at_report + ns_to_ticks(utc_ns - self._report.utc_ns)

    def pts_of_rtp(self, rtp: int) -> int | None:
        """Media time of an RTP timestamp of the video clock. None before the first video."""
        return None if self._line is None else self._scale(self._unwrapper.near(rtp) - self._zero)

    def camera_utc(self, rtp: int) -> int:
        """What the camera's own clock said at this RTP timestamp, 0 when unknown."""
        if self._report is None:
            return 0
        step = (rtp - self._report.rtp) & (_WRAP - 1)
        step -= _WRAP if step >= _WRAP // 2 else 0
        return max(0, self._report.utc_ns + step * NS_PER_S // self._rate_hz)

    @property
    def last_arrival(self) -> tuple[int, int] | None:
        """RTP time of the last picture, unwrapped over all runs, in 90 kHz ticks, and when it came (monotonic)."""
        count = self._unwrapper.last
        return None if count is None else (self._scale(count), self._last_mono_ns)

    def _scale(self, count: int) -> int:
        return count if self._rate_hz == TICKS_PER_S else count * TICKS_PER_S // self._rate_hz

    def _note_step(self, wall_ns: int) -> None:
        """Notices a step of our wall clock against the monotonic one. The run keeps its line, on the clock before."""
        step_ns = wall_ns - self._last_wall_ns
        if not -JUMP_NS <= step_ns <= JUMP_NS:
            self._step_ns += step_ns
            self._wants_run = True

    def _bridge(self, count: int, received_at_ns: int, mono_ns: int) -> tuple[CapturedLine, int]:
        """Carries the old run on over a jump, by the time that really passed."""
        self._wants_run = True
        passed_90k = max(1, ns_to_ticks(mono_ns - self._last_mono_ns))
        pts_90k = self._last_pts_90k + passed_90k
        self._zero = count - pts_90k * self._rate_hz // TICKS_PER_S
        self._line = CapturedLine(pts_90k, received_at_ns)
        return self._line, pts_90k

    def _start_run(self, count: int, rtp: int, received_at_ns: int, mono_ns: int) -> MappedTime:
        self._zero = count
        self._wants_run = False
        self._step_ns = 0
        self._line = CapturedLine(0, received_at_ns)
        return self._keep(0, received_at_ns, received_at_ns, mono_ns, rtp, starts_run=True)

    def _keep(
        self, pts_90k: int, captured_ns: int, received_ns: int, mono_ns: int, rtp: int, *, starts_run: bool
    ) -> MappedTime:
        self._last_pts_90k = pts_90k
        self._last_captured_ns = captured_ns
        self._last_wall_ns = received_ns - mono_ns
        self._last_mono_ns = mono_ns
        return MappedTime(pts_90k, captured_ns, self.camera_utc(rtp) if self._report else 0, starts_run)


class AudioTimeline:
    """Maps the audio of one connection onto the video's line, so that both tracks have one clock.

    Anchored by sender reports of both tracks when there are any, else by RTP-Info of the PLAY answer, else by
    arrival. A better anchor that comes later is approached by at most 0.5 % of the time that passes: inaudible.
    """

    SLEW = 200

    def __init__(self, clock_rate_hz: int, video: VideoTimeline) -> None:
        self._rate_hz = clock_rate_hz
        self._video = video
        self._unwrapper = RtpUnwrapper()
        self._offset_90k: int | None = None
        self._last_pts_90k = -1
        self._last_captured_ns = 0
        self._last_count = 0
        self._report: SenderReport | None = None
        self._info: tuple[int, int] | None = None

    def report(self, report: SenderReport) -> None:
        self._report = report

    def anchor(self, video_rtp: int, audio_rtp: int) -> None:
        """RTP-Info: these two timestamps are the same moment."""
        self._info = (video_rtp, audio_rtp)

    def restart(self) -> None:
        """The video started a new run: anchor anew."""
        self._offset_90k = None
        self._last_pts_90k = -1
        self._last_captured_ns = 0

    def map(self, rtp: int, received_at_ns: int) -> MappedTime | None:
        """Maps one access unit; None while there is no video to lay it onto, or when it lies before it."""
        count = self._unwrapper.unwrap(rtp)
        scaled_90k = count * TICKS_PER_S // self._rate_hz
        by_arrival_90k = self._video.pts_of_arrival(received_at_ns)
        if by_arrival_90k is None:
            return None
        wanted_90k = self._wanted_offset(scaled_90k, rtp)
        if self._offset_90k is None:
            self._offset_90k = by_arrival_90k - scaled_90k if wanted_90k is None else wanted_90k
        elif wanted_90k is not None:
            most_90k = max(0, scaled_90k - self._last_count) // self.SLEW
            self._offset_90k += max(-most_90k, min(most_90k, wanted_90k - self._offset_90k))
        self._last_count = scaled_90k
        pts_90k = scaled_90k + self._offset_90k
        if abs(pts_90k - by_arrival_90k) > 2 * _JUMP_90K:
            pts_90k = by_arrival_90k
            self._offset_90k = pts_90k - scaled_90k
        if pts_90k < 0:
            return None
        pts_90k = max(pts_90k, self._last_pts_90k)
        captured_ns = max(self._last_captured_ns, self._video.captured_at(pts_90k, received_at_ns))
        self._last_pts_90k, self._last_captured_ns = pts_90k, captured_ns
        return MappedTime(pts_90k, captured_ns, self._camera_utc(rtp), starts_run=False)

    def _wanted_offset(self, scaled_90k: int, rtp: int) -> int | None:
        pts_90k = None
        if self._report is not None:
            pts_90k = self._video.pts_of_camera_utc(self._camera_utc(rtp))
        elif self._info is not None and (video_pts := self._video.pts_of_rtp(self._info[0])) is not None:
            pts_90k = video_pts + _signed(rtp - self._info[1]) * TICKS_PER_S // self._rate_hz
        return None if pts_90k is None else pts_90k - scaled_90k

    def _camera_utc(self, rtp: int) -> int:
        if self._report is None:
            return 0
        return max(0, self._report.utc_ns + _signed(rtp - self._report.rtp) * NS_PER_S // self._rate_hz)


def _signed(step: int) -> int:
    step &= _WRAP - 1
    return step - _WRAP if step >= _WRAP // 2 else step


class DecodingOrder:
    """Derives decoding times from presentation times of access units that come in decoding order.

    RTP carries presentation times only. With a reorder depth D, the n-th decoding time is the (n - D)-th
    smallest presentation time: known without looking ahead; the first D are counted back from the first picture
    by the stream's own rate (or 25 a second), so they may be negative. D comes from the SPS; a camera that reorders
    without saying so is noticed at a step back, and D grows.
    """

    MAX_DEPTH = 16

    def __init__(self, depth: int, fps: float = 0.0) -> None:
        self._depth = min(depth, self.MAX_DEPTH)
        self._step_90k = round(TICKS_PER_S / fps) if fps else TICKS_PER_S // 25
        self._waiting: list[int] = []
        self._last_dts_90k: int | None = None

    def dts(self, pts_90k: int) -> int:
        """Returns the decoding time; never decreases."""
        if self._depth == 0:
            dts_90k = pts_90k
        else:
            self._waiting.append(pts_90k)
            self._waiting.sort()
            short = self._depth + 1 - len(self._waiting)
            dts_90k = self._waiting.pop(0) if short <= 0 else self._waiting[0] - short * self._step_90k
        if self._last_dts_90k is not None and dts_90k < self._last_dts_90k:
            dts_90k = self._last_dts_90k
        if dts_90k > pts_90k and self._depth < self.MAX_DEPTH:
            self._depth += 1
        self._last_dts_90k = dts_90k
        return dts_90k
