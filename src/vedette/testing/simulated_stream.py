"""One simulated media profile, live to all its clients, and one client's session on it."""

import random
from dataclasses import dataclass, field

from vedette.core.errors import InvalidInputError
from vedette.core.time import NS_PER_S, TICKS_PER_S
from vedette.testing.faults import SPOILING_FAULTS, TAMPERING_FAULTS, Fault, FaultKind, Spoiling
from vedette.testing.playout import AudioPlayout, CameraTime, PlayedFrame, VideoPlayout
from vedette.testing.signing import SignedPlayout
from vedette.testing.source import SimSource
from vedette.testing.track_sender import TrackSender

_MAX_LATE_90K = 10 * TICKS_PER_S
"""A simulator that was stopped for longer skips what it missed instead of sending it in one burst."""


@dataclass(slots=True)
class SentLog:
    """Which frames one session was sent: the truth that a completeness test compares a recording with.

    Attributes:
        ranges: First and last frame number of each unbroken stretch.
        congested: Frames not sent because the client did not read.
    """

    ranges: list[tuple[int, int]] = field(default_factory=list)
    frames: int = 0
    audio_packets: int = 0
    congested: int = 0

    def add(self, number: int) -> None:
        self.frames += 1
        if self.ranges and self.ranges[-1][1] == number - 1:
            self.ranges[-1] = (self.ranges[-1][0], number)
        else:
            self.ranges.append((number, number))


class StreamSession:
    """One client that watches one stream.

    Attributes:
        log: What was sent so far.
    """

    def __init__(self, video: TrackSender | None, audio: TrackSender | None) -> None:
        self.video = video
        self.audio = audio
        self.log = SentLog()
        self._waits_for_key = True
        self._reported_90k: int | None = None

    def wait_for_key(self) -> None:
        """Sends nothing more before the next key frame."""
        self._waits_for_key = True

    def send_frame(self, frame: PlayedFrame, spoiling: Spoiling, jump_90k: int) -> None:
        if self._waits_for_key and not frame.is_key:
            return
        if self.video is not None:
            if self.video.writer.is_congested():
                self.log.congested += 1
                self._waits_for_key = True
                return
            self.video.send(frame.unit, frame.pts_90k + jump_90k, spoiling, frame.number)
        self._waits_for_key = False
        self.log.add(frame.number)

    def send_audio(self, playout: AudioPlayout, number: int, spoiling: Spoiling, jump_90k: int) -> None:
        if self.audio is None or self._waits_for_key or self.audio.writer.is_congested():
            return
        ticks = number * playout.audio.step_samples + jump_90k * self.audio.clock_rate_hz // TICKS_PER_S
        self.audio.send(playout.unit(number), ticks, spoiling)
        self.log.audio_packets += 1

    def report_if_due(self, media_90k: int, interval_90k: int, utc_ns: int, jump_90k: int) -> None:
        """Sends sender reports with the first frame and then every interval."""
        if self._waits_for_key:
            return
        if self._reported_90k is not None and media_90k - self._reported_90k < interval_90k:
            return
        self._reported_90k = media_90k
        for track in (self.video, self.audio):
            if track is not None:
                track.report(utc_ns, (media_90k + jump_90k) * track.clock_rate_hz // TICKS_PER_S)


class SimulatedStream:
    """A stream that runs on the camera's time whether somebody watches or not.

    Attributes:
        source: What it shows now.
        first_source: What it showed before any `source` fault.
        sessions: The clients that play now.
        finished: Logs of sessions that have ended, in order.
    """

    def __init__(
        self, source: SimSource, time: CameraTime, report_interval_s: float, signing: SignedPlayout | None = None
    ) -> None:
        self.source = source
        self.sessions: list[StreamSession] = []
        self.finished: list[SentLog] = []
        self.first_source = source
        self._time = time
        self._report_interval_90k = round(report_interval_s * TICKS_PER_S)
        self._signing = signing
        self._video = VideoPlayout(source)
        self._audio = _make_audio(source)
        self._next_frame = 0
        self._next_audio = 0
        self._spoiling = Spoiling()
        self._jump_90k = 0
        self._delay_ns = 0
        self._is_stalled = False
        self._is_unreported = False

    @property
    def next_frame_number(self) -> int:
        """The number of the next frame to be sent."""
        return self._next_frame

    def logs(self) -> list[SentLog]:
        """Logs of all sessions of this stream, ended and running."""
        return [*self.finished, *(session.log for session in self.sessions)]

    def join(self, session: StreamSession, mono_ns: int) -> tuple[int, int]:
        """Lets a client in; its first picture is the next key frame.

        Returns:
            Media time in RTP ticks of the first video frame and of the first audio packet that it can get.
        """
        if not self.sessions:
            self._seek(self._time.media_90k(mono_ns))
        session.wait_for_key()
        self.sessions.append(session)
        first = self._video.frame(self._video.next_key(self._next_frame))
        audio_ticks = 0
        if self._audio is not None:
            audio_ticks = self._audio.first_at(first.dts_90k) * self._audio.audio.step_samples
        return first.pts_90k + self._jump_90k, audio_ticks

    def leave(self, session: StreamSession) -> None:
        """Ends a session. Leaving twice does nothing."""
        if session in self.sessions:
            self.sessions.remove(session)
            self.finished.append(session.log)

    def send_due(self, mono_ns: int) -> int | None:
        """Sends all that is due; returns the monotonic time of the next, None when nobody watches."""
        if not self.sessions:
            return None
        media_90k = self._time.media_90k(mono_ns - self._delay_ns)
        if media_90k - self._video.due_90k(self._next_frame) > _MAX_LATE_90K:
            self._seek(media_90k)
            for session in self.sessions:
                session.wait_for_key()
        while (due_90k := self._video.due_90k(self._next_frame)) <= media_90k:
            self._send_frame(due_90k)
        next_90k = due_90k
        if self._audio is not None:
            while (due_90k := self._audio.due_90k(self._next_audio)) <= media_90k:
                self._send_audio(self._audio)
            next_90k = min(next_90k, due_90k)
        return self._time.mono_ns_at(next_90k) + self._delay_ns

    def apply(self, fault: Fault, mono_ns: int, source: SimSource | None = None) -> None:
        """Switches a fault of the stream on. `source` is the loaded clip of a `source` fault."""
        kind = fault.kind
        if not self.sessions:
            self._seek(self._time.media_90k(mono_ns))
        if kind in SPOILING_FAULTS:
            self._spoiling = self._spoiling.with_fault(fault)
        elif kind in TAMPERING_FAULTS:
            if self._signing is None:
                raise InvalidInputError(f"the fault `{kind}` is about a signature, and this camera does not sign")
            self._signing.apply(fault)
        elif kind is FaultKind.STALL:
            self._is_stalled = True
        elif kind is FaultKind.NO_REPORTS:
            self._is_unreported = True
        elif kind is FaultKind.FREEZE:
            self._video = self._video.frozen_at(self._next_frame)
        elif kind is FaultKind.REPLAY:
            self._video = self._video.replayed_from(self._next_frame, fault.value)
        elif kind is FaultKind.TIMESTAMP_JUMP:
            self._jump_90k += round(fault.value * TICKS_PER_S)
        elif kind is FaultKind.DELAY:
            self._delay_ns = round(fault.value * NS_PER_S)
        elif kind is FaultKind.SOURCE:
            self._switch(source or self.first_source)

    def show(self, source: SimSource, mono_ns: int) -> None:
        """Shows another clip from the next frame on, for good; it starts with a key frame."""
        if not self.sessions:
            self._seek(self._time.media_90k(mono_ns))
        self._switch(source)
        self.first_source = source

    def clear(self, kind: FaultKind) -> None:
        """Switches one fault of the stream off, or all with `clear`."""
        everything = kind is FaultKind.CLEAR
        if everything:
            self._spoiling = Spoiling()
        elif kind in SPOILING_FAULTS:
            self._spoiling = self._spoiling.with_fault(Fault(kind))
        if self._signing is not None and (everything or kind in TAMPERING_FAULTS):
            self._signing.clear(None if everything else kind)
        if (everything or kind is FaultKind.STALL) and self._is_stalled:
            self._is_stalled = False
            for session in self.sessions:
                session.wait_for_key()
        if everything or kind is FaultKind.DELAY:
            self._delay_ns = 0
        if everything or kind is FaultKind.NO_REPORTS:
            self._is_unreported = False
        if (everything or kind in {FaultKind.FREEZE, FaultKind.REPLAY}) and self._video.repeat is not None:
            self._video = self._video.resumed()
            for session in self.sessions:
                session.wait_for_key()
        if (everything or kind is FaultKind.SOURCE) and self.source is not self.first_source:
            self._switch(self.first_source)

    def write_garbage(self, size_bytes: int, rng: random.Random) -> None:
        for session in self.sessions:
            if session.video is not None:
                session.video.writer.write_garbage(rng.randbytes(size_bytes))

    def _seek(self, media_90k: int) -> None:
        self._next_frame = max(self._next_frame, self._video.first_at(media_90k))
        if self._audio is not None:
            self._next_audio = self._audio.first_at(media_90k)

    def _switch(self, source: SimSource) -> None:
        self._video = self._video.switched(source, self._next_frame)
        media_90k = self._video.start_90k
        self._audio = _make_audio(source)
        if self._audio is not None:
            self._next_audio = self._audio.first_at(media_90k)
        self.source = source
        if self._signing is not None:
            self._signing.switch(source.format.video.codec)

    def _send_frame(self, due_90k: int) -> None:
        frame = self._video.frame(self._next_frame)
        self._next_frame += 1
        if self._is_stalled:
            return
        utc_ns = self._time.camera_utc_ns(due_90k)
        sent = (frame,) if self._signing is None else self._signing.sign(frame, utc_ns)
        for session in self.sessions:
            for each in sent:
                session.send_frame(each, self._spoiling, self._jump_90k)
            if not self._is_unreported:
                session.report_if_due(due_90k, self._report_interval_90k, utc_ns, self._jump_90k)

    def _send_audio(self, audio: AudioPlayout) -> None:
        if not self._is_stalled:
            for session in self.sessions:
                session.send_audio(audio, self._next_audio, self._spoiling, self._jump_90k)
        self._next_audio += 1


def _make_audio(source: SimSource) -> AudioPlayout | None:
    return None if source.audio is None else AudioPlayout(source.audio, source.loop_90k)
