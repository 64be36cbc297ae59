"""Decides which access unit a simulated stream shows at which moment.

Pure. A stream is endless: its n-th frame is a function of n alone, so that all clients of a stream see the
same frames at the same time, as with a real encoder, and a stream that nobody watches costs nothing.
"""

import math
from bisect import bisect_left
from dataclasses import dataclass, replace

from vedette.core.time import NS_PER_S, TICKS_PER_S
from vedette.testing.rtp import WireUnit
from vedette.testing.source import SimSource, SourceAudio


@dataclass(frozen=True, slots=True)
class PlayedFrame:
    """One frame as it goes out. Times are media time of the camera, from its start."""

    number: int
    dts_90k: int
    pts_90k: int
    is_key: bool
    unit: WireUnit
    nals: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True)
class Repeat:
    """From frame `from_number` on, only `length` frames of the clip from `first_index` are shown, again
    and again. Length 1 is a frozen picture.
    """

    from_number: int
    first_index: int
    length: int


@dataclass(frozen=True, slots=True)
class VideoPlayout:
    """An endless sequence of frames made from one clip.

    Attributes:
        start_90k: Media time of frame `start_number`, which shows the clip's first frame.
    """

    source: SimSource
    start_90k: int = 0
    start_number: int = 0
    repeat: Repeat | None = None

    def due_90k(self, number: int) -> int:
        """Returns when frame `number` is sent: its decoding time."""
        loops, index = divmod(number - self.start_number, len(self.source.frames))
        return self.start_90k + loops * self.source.loop_90k + self.source.frames[index].dts_90k

    def first_at(self, media_90k: int) -> int:
        """Returns the first frame that is due at `media_90k` or later."""
        loops, rest_90k = divmod(max(media_90k - self.start_90k, 0), self.source.loop_90k)
        index = bisect_left(self.source.frames, rest_90k, key=lambda frame: frame.dts_90k)
        return self.start_number + loops * len(self.source.frames) + index

    def frame(self, number: int) -> PlayedFrame:
        shown = self.source.frames[self._index(number)]
        dts_90k = self.due_90k(number)
        pts_90k = dts_90k + shown.pts_90k - shown.dts_90k
        return PlayedFrame(number, dts_90k, pts_90k, shown.is_key, shown.unit, shown.nals)

    def next_key(self, number: int) -> int:
        """Returns the first frame from `number` on that is a key frame."""
        while not self.source.frames[self._index(number)].is_key:
            number += 1
        return number

    def frozen_at(self, number: int) -> "VideoPlayout":
        """Shows the last key frame at or before `number` from there on. A key frame, because it is the only
        picture that can be repeated without re-encoding.
        """
        return replace(self, repeat=Repeat(number, self._key_before(number), 1))

    def replayed_from(self, number: int, window_s: float) -> "VideoPlayout":
        """Shows the last `window_s` before `number` again and again, beginning at a key frame: what an
        intruder does who feeds the recorder an old recording.
        """
        window = max(round(window_s * self.source.fps), 1)
        first_index = self._key_before(number - window)
        length = (self._index(number) - first_index) % len(self.source.frames)
        return replace(self, repeat=Repeat(number, first_index, length or len(self.source.frames)))

    def resumed(self) -> "VideoPlayout":
        return replace(self, repeat=None)

    def switched(self, source: SimSource, number: int) -> "VideoPlayout":
        """Plays another clip from frame `number` on, without a hole in time or numbers."""
        return VideoPlayout(source, self.due_90k(number), number)

    def _index(self, number: int) -> int:
        count = len(self.source.frames)
        if self.repeat is not None and number >= self.repeat.from_number:
            played = (number - self.repeat.from_number) % self.repeat.length
            return (self.repeat.first_index + played) % count
        return (number - self.start_number) % count

    def _key_before(self, number: int) -> int:
        index = self._index(max(number, self.start_number))
        while not self.source.frames[index].is_key:
            index -= 1
        return index


@dataclass(frozen=True, slots=True)
class AudioPlayout:
    """An endless sequence of audio packets.

    Packet k begins exactly at k times the packet's length, so RTP time never has a seam; what it sounds like
    is chosen by the place in the video loop, so sound stays with the picture to within one packet.
    """

    audio: SourceAudio
    loop_90k: int

    def due_90k(self, number: int) -> int:
        return number * self.audio.step_samples * TICKS_PER_S // self.audio.format.sample_rate_hz

    def first_at(self, media_90k: int) -> int:
        per_packet = self.audio.step_samples * TICKS_PER_S
        return max(math.ceil(media_90k * self.audio.format.sample_rate_hz / per_packet), 0)

    def unit(self, number: int) -> WireUnit:
        in_loop_90k = self.due_90k(number) % self.loop_90k
        index = in_loop_90k * self.audio.format.sample_rate_hz // (self.audio.step_samples * TICKS_PER_S)
        return self.audio.units[index % len(self.audio.units)]


class CameraTime:
    """The camera's own oscillator and wall clock, which may both be wrong.

    Media time counts from the camera's start on its oscillator; `drift_ppm` > 0 runs fast against ours.
    """

    def __init__(self, mono_ns: int, utc_ns: int) -> None:
        self._mono_ns = mono_ns
        self._media_90k = 0
        self._start_utc_ns = utc_ns
        self._rate = 1.0
        self.utc_offset_ns = 0

    def media_90k(self, mono_ns: int) -> int:
        elapsed_s = (mono_ns - self._mono_ns) * self._rate / NS_PER_S
        return self._media_90k + math.floor(elapsed_s * TICKS_PER_S + 1e-6)

    def mono_ns_at(self, media_90k: int) -> int:
        """Returns the moment on our monotonic clock when the camera's media time is `media_90k`."""
        elapsed_s = (media_90k - self._media_90k) / TICKS_PER_S
        return self._mono_ns + math.ceil(elapsed_s / self._rate * NS_PER_S)

    def camera_utc_ns(self, media_90k: int) -> int:
        """Returns what the camera's wall clock says at this media time. It runs on the same oscillator."""
        return self._start_utc_ns + media_90k * NS_PER_S // TICKS_PER_S + self.utc_offset_ns

    def set_drift(self, drift_ppm: float, mono_ns: int) -> None:
        """Changes the oscillator's error from now on."""
        self._media_90k = self.media_90k(mono_ns)
        self._mono_ns = mono_ns
        self._rate = 1.0 + drift_ppm / 1e6
