"""The sound of one live stream for those viewers who asked for it.

AAC passes through, G.711 is encoded as AAC (only while somebody listens). `is_live` tells whether sound really
flows: a browser stops the picture when a track of its init segment brings nothing, so a camera whose microphone
goes silent on the wire must lose its audio track, not its picture.
"""

from collections.abc import Callable
from typing import Protocol

from vedette.core.media import AudioFormat, Packet
from vedette.core.time import TICKS_PER_S

MISSING_AFTER_90K = 2 * TICKS_PER_S


class AudioEncoder(Protocol):
    """Turns G.711 packets into AAC packets (`vedette.media.audio_transcode.G711ToAac`)."""

    format: AudioFormat

    def push(self, packet: Packet) -> list[Packet]: ...


EncoderFactory = Callable[[AudioFormat], AudioEncoder]


def open_if_needed(source: AudioFormat | None, open_encoder: EncoderFactory) -> AudioEncoder | None:
    """Opens an encoder for sound that players do not take as it is; None where it passes, or where there is none."""
    return open_encoder(source) if source is not None and source.codec.needs_encoding else None


class Sound:
    """Prepares the audio packets of one run."""

    def __init__(self, source: AudioFormat | None, open_encoder: EncoderFactory) -> None:
        self._source = source
        self._open_encoder = open_encoder
        self._encoder: AudioEncoder | None = None
        self._last_90k: int | None = None
        self.is_live = False

    @property
    def format(self) -> AudioFormat | None:
        """The format that viewers get, or None while no sound flows."""
        if not self.is_live or self._source is None:
            return None
        return self._source if self._encoder is None else self._encoder.format

    def push(self, packet: Packet) -> list[Packet]:
        """Takes an audio packet of the stream and returns the packets to mux."""
        if self._source is None:
            return []
        if not self._source.codec.needs_encoding:
            ready = [packet]
        else:
            self._encoder = self._encoder or self._open_encoder(self._source)
            ready = self._encoder.push(packet)
        if ready:
            self._last_90k = packet.pts_90k
            self.is_live = True
        return ready

    def note_video(self, packet: Packet) -> None:
        """Notices sound that stays away while the picture goes on."""
        if self.is_live and self._last_90k is not None:
            self.is_live = packet.pts_90k - self._last_90k < MISSING_AFTER_90K

    def rest(self) -> None:
        """Nobody listens any more: the encoder is closed, the next listener starts a new one."""
        self._encoder = None
        self._last_90k = None
        self.is_live = False
