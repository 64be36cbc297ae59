"""Decides which packets make one fragment: one GOP or at most one second.

Pure: no IO, no clock. What is still collected here is lost when the process is killed, so a fragment is the
unit of loss. Design: docs/design/recording-store.md.
"""

from dataclasses import dataclass

from vedette.core.media import Packet
from vedette.core.time import TICKS_PER_S

MAX_FRAGMENT_90K = TICKS_PER_S
MAX_FRAGMENT_BYTES = 8 << 20
"""A 4K key frame has 1-2 MB; a second of 64 Mbit/s has 8 MB."""
_HOLE_90K = TICKS_PER_S // 2
_NEVER_90K = -1 << 62
_DEFAULT_STEP_90K = TICKS_PER_S // 25
_AUDIO_STEP_90K = 1920
"""1024 samples at 48 kHz: the length of a last audio packet of which nothing else is known."""


@dataclass(frozen=True, slots=True)
class CollectedFragment:
    """Packets that are stored together.

    Attributes:
        video: In decoding order; empty when only audio came for a second.
        video_end_90k: Where the last picture ends: the next one's decoding time, or, before a hole and at
            the end of a run, one usual picture after the last.
    """

    video: tuple[Packet, ...]
    audio: tuple[Packet, ...]
    video_end_90k: int
    audio_end_90k: int


class Fragmenter:
    """Collects the packets of one run. Audio stays with the pictures that it was captured with."""

    def __init__(self) -> None:
        self._video: list[Packet] = []
        self._audio: list[Packet] = []
        self._size_bytes = 0
        self._step_90k = 0
        self._audio_step_90k = _AUDIO_STEP_90K
        self._last_90k = 0
        self._due_90k = _NEVER_90K

    @property
    def oldest_received_ns(self) -> int | None:
        """When the oldest packet that is still held came in."""
        oldest = [packets[0].received_at_ns for packets in (self._video, self._audio) if packets]
        return min(oldest, default=None)

    def add_plain(self, packet: Packet) -> bool:
        """Takes a picture that plainly belongs to the open fragment: the quick way for nearly all of them.

        False: it was not taken; a fragment, perhaps a segment, begins with it (`push_video`).
        """
        dts_90k = packet.dts_90k
        size_bytes = self._size_bytes + len(packet.data)
        step_90k = dts_90k - self._last_90k
        if packet.is_key or dts_90k >= self._due_90k or not 0 < step_90k < _HOLE_90K or size_bytes > MAX_FRAGMENT_BYTES:
            return False
        self._video.append(packet)
        self._size_bytes = size_bytes
        self._step_90k = step_90k
        self._last_90k = dts_90k
        return True

    def push_video(self, packet: Packet, *, cut: bool = False) -> CollectedFragment | None:
        """Takes a picture; returns what was complete just before it. `cut`: a segment begins here."""
        done: CollectedFragment | None = None
        video = self._video
        if video:
            step_90k = packet.dts_90k - video[-1].dts_90k
            is_hole = step_90k >= _HOLE_90K and step_90k >= 4 * self._step_90k > 0
            if (
                cut
                or packet.is_key
                or is_hole
                or packet.dts_90k - video[0].dts_90k >= MAX_FRAGMENT_90K
                or self._size_bytes + len(packet.data) > MAX_FRAGMENT_BYTES
            ):
                done = self._take(self._usual_end_90k() if is_hole else packet.dts_90k)
            if step_90k > 0 and not is_hole:
                self._step_90k = step_90k
        if not self._video:
            self._due_90k = packet.dts_90k + MAX_FRAGMENT_90K
        self._last_90k = packet.dts_90k
        self._video.append(packet)
        self._size_bytes += len(packet.data)
        return done

    def push_audio(self, packet: Packet) -> CollectedFragment | None:
        """Takes a piece of sound; returns a fragment without pictures when none came for a second."""
        audio = self._audio
        done: CollectedFragment | None = None
        if audio:
            step_90k = packet.dts_90k - audio[-1].dts_90k
            if 0 < step_90k < TICKS_PER_S:
                self._audio_step_90k = step_90k
            if not self._video and packet.dts_90k - audio[0].dts_90k >= MAX_FRAGMENT_90K:
                done = self._take(packet.dts_90k)
        self._audio.append(packet)
        self._size_bytes += len(packet.data)
        return done

    def flush(self) -> CollectedFragment | None:
        """Returns what is there: the stream ends, pauses, or something must not be held any longer."""
        if self._video:
            return self._take(self._usual_end_90k(), all_audio=True)
        if self._audio:
            return self._take(self._audio[-1].dts_90k + self._audio_step_90k, all_audio=True)
        return None

    def _usual_end_90k(self) -> int:
        return self._video[-1].dts_90k + (self._step_90k or _DEFAULT_STEP_90K)

    def _take(self, end_90k: int, *, all_audio: bool = False) -> CollectedFragment:
        audio, later = self._audio, []
        if not all_audio:
            later = [packet for packet in audio if packet.dts_90k >= end_90k]
            audio = audio[: len(audio) - len(later)]
        audio_end_90k = later[0].dts_90k if later else 0
        if audio and not later:
            audio_end_90k = audio[-1].dts_90k + self._audio_step_90k
        done = CollectedFragment(tuple(self._video), tuple(audio), end_90k, audio_end_90k)
        self._video, self._audio = [], later
        self._due_90k = _NEVER_90K
        self._size_bytes = sum(len(packet.data) for packet in later)
        return done
