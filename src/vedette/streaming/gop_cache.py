"""The fragments since the last key frame: what a viewer who joins needs to see a picture at once. Pure."""

from vedette.core.media import Packet
from vedette.streaming.live_mux import LiveFragment

MAX_CACHED_BYTES = 16 << 20
"""Cameras with "smart" encoding send a key frame every minute or more. Beyond this the cache is given up, and a
viewer who joins waits for the next key frame; those who are there go on."""


class GopCache:
    """Fragments of the current GOP and of the sound beside it."""

    def __init__(self) -> None:
        self.video: list[LiveFragment] = []
        self.audio: list[LiveFragment] = []
        self._bytes = 0
        self._has_key = False

    def accepts(self, packet: Packet) -> bool:
        """False for video before the first key frame: nothing to decode it from."""
        return self._has_key or packet.is_key

    def add_video(self, fragment: LiveFragment) -> None:
        if fragment.is_key:
            self.video, self._bytes, self._has_key = [], 0, True
            # Sound from the key frame on belongs to the pictures that are shown next.
            horizon_90k = fragment.head.media_90k
            self.audio = [kept for kept in self.audio if kept.head.media_90k >= horizon_90k]
        elif not self.video:
            return  # given up in this GOP
        self.video.append(fragment)
        self._add_bytes(fragment)

    def add_audio(self, fragment: LiveFragment) -> None:
        self.audio.append(fragment)
        self._add_bytes(fragment)

    def clear(self) -> None:
        self.video, self.audio, self._bytes, self._has_key = [], [], 0, False

    def _add_bytes(self, fragment: LiveFragment) -> None:
        self._bytes += len(fragment.body)
        if self._bytes > MAX_CACHED_BYTES:
            self.video, self.audio, self._bytes = [], [], 0
