"""Small clips made on the spot by our own encoder, for tests that need a file."""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from vedette.core.media import Codec
from vedette.media.encode import AudioEncoding, VideoEncoding, encode_clip

TONE_HZ = 440


def draw_bar(index: int, width: int, height: int) -> np.ndarray:
    """(height, width, 3) uint8 BGR: a bright bar that moves 4 pixels a picture over a ramp."""
    image = np.empty((height, width, 3), np.uint8)
    image[:] = np.linspace(30, 120, height, dtype=np.uint8)[:, None, None]
    left = index * 4 % (width - 16)
    image[:, left : left + 16] = (60, 200, 230)
    return image


def make_tone(seconds: float, rate_hz: int) -> np.ndarray:
    samples = np.sin(np.arange(round(seconds * rate_hz)) * 2 * np.pi * TONE_HZ / rate_hz)
    return (samples * 8000).astype(np.int16)


def make_chirp(seconds: float, rate_hz: int) -> np.ndarray:
    """A tone that rises from 300 Hz by 100 Hz a second: at each moment its height tells the time."""
    at_s = np.arange(round(seconds * rate_hz)) / rate_hz
    return (8000 * np.sin(2 * np.pi * (300 * at_s + 50 * at_s**2))).astype(np.int16)


def make_clip(
    folder: Path,
    codec: Codec = Codec.H264,
    audio: Codec | None = None,
    frames: int = 50,
    size: tuple[int, int] = (320, 180),
    fps: int = 25,
    gop_frames: int = 25,
    b_frames: int = 0,
    key_frames: frozenset[int] | None = None,
    make_sound: Callable[[float, int], np.ndarray] = make_tone,
) -> Path:
    """Encodes the moving bar."""
    width, height = size
    suffix = "mov" if audio in {Codec.PCMA, Codec.PCMU} else "mp4"
    path = folder / f"{codec}-{audio}-{frames}-{width}-{gop_frames}-{b_frames}-{bool(key_frames)}.{suffix}"
    rate_hz = {Codec.AAC: 16_000, Codec.OPUS: 48_000}.get(audio, 8_000) if audio else 8_000
    sound = None if audio is None else AudioEncoding(make_sound(frames / fps, rate_hz), audio, rate_hz)
    video = VideoEncoding(codec, width, height, fps, gop_frames, key_frames, b_frames=b_frames, preset="ultrafast")
    encode_clip(path, (draw_bar(index, width, height) for index in range(frames)), video, sound)
    return path
