"""What the compatibility child and its parent say to each other, over the channel of `runtime.worker_channel`.

Pure. The parent fetches bytes (it never parses media in C); the child demuxes, decodes and encodes (it has no
files and no network). Everything the child says is checked like input from outside: it may have been taken over
by the bytes it read.
"""

import json
import struct
from dataclasses import dataclass
from enum import IntEnum

from vedette.core.errors import InvalidInputError

MAX_TEXT_BYTES = 4096
_UNIT = struct.Struct(">BBq")
_PICTURE = struct.Struct(">q")


class Kind(IntEnum):
    """Kinds of messages. 0 is `runtime.worker.READY_KIND`: a JSON text of the jail's layers."""

    READY = 0
    DATA = 1
    END = 2
    PICTURE = 3
    TRACKS = 10
    PARAMETER_SET = 11
    UNIT = 12
    FAILED = 13
    ENDED = 14
    UNSUPPORTED = 15


class CompatWireError(InvalidInputError):
    """The child said something that has no meaning."""

    code = "compat_wire"


@dataclass(frozen=True, slots=True)
class Tracks:
    """What the source carries. Audio is empty when there is none that can be stored."""

    video_codec: str
    audio_codec: str = ""
    audio_rate_hz: int = 0
    audio_channels: int = 0
    audio_config: str = ""


@dataclass(frozen=True, slots=True)
class Unit:
    """One access unit, times in 90 kHz ticks of the source."""

    is_audio: bool
    is_key: bool
    pts_90k: int
    data: bytes


def encode_tracks(tracks: Tracks) -> bytes:
    fields = (tracks.video_codec, tracks.audio_codec, tracks.audio_rate_hz, tracks.audio_channels, tracks.audio_config)
    return json.dumps(fields).encode()


def decode_tracks(payload: bytes) -> Tracks:
    """Raises CompatWireError for anything but five fields of the right kind and size."""
    if len(payload) > MAX_TEXT_BYTES:
        raise CompatWireError("the description of the tracks is too long")
    try:
        video, audio, rate_hz, channels, config = json.loads(payload)
    except (ValueError, TypeError, RecursionError) as exc:
        raise CompatWireError("the description of the tracks cannot be read") from exc
    texts = isinstance(video, str) and isinstance(audio, str) and isinstance(config, str)
    numbers = isinstance(rate_hz, int) and isinstance(channels, int)
    if not texts or not numbers or not 0 <= rate_hz <= 192_000 or not 0 <= channels <= 8:
        raise CompatWireError("the description of the tracks has wrong fields")
    return Tracks(video, audio, rate_hz, channels, config)


def encode_unit(unit: Unit) -> bytes:
    return _UNIT.pack(unit.is_audio, unit.is_key, unit.pts_90k) + unit.data


def decode_unit(payload: bytes) -> Unit:
    if len(payload) <= _UNIT.size:
        raise CompatWireError("a unit of the child is empty")
    is_audio, is_key, pts_90k = _UNIT.unpack_from(payload)
    return Unit(bool(is_audio), bool(is_key), pts_90k, payload[_UNIT.size :])


def encode_picture(pts_90k: int, jpeg: bytes) -> bytes:
    return _PICTURE.pack(pts_90k) + jpeg


def decode_picture(payload: bytes) -> tuple[int, bytes]:
    if len(payload) <= _PICTURE.size:
        raise CompatWireError("a picture is empty")
    return _PICTURE.unpack_from(payload)[0], payload[_PICTURE.size :]


def decode_text(payload: bytes) -> str:
    """A message of the child for people: short, printable ASCII."""
    text = payload[:MAX_TEXT_BYTES].decode("ascii", "replace")
    return "".join(char if char.isprintable() and char.isascii() else " " for char in text)[:300]
