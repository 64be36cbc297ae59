"""What a playback client may ask. Every field is checked; unknown ones are refused."""

from dataclasses import dataclass
from typing import Annotated

import msgspec

from vedette.core.errors import InvalidInputError
from vedette.core.ids import is_id
from vedette.core.time import parse_utc
from vedette.streaming.stream_choice import StreamChoice

MIN_SPEED, MAX_SPEED = 0.0625, 16.0

Speed = Annotated[float, msgspec.Meta(ge=MIN_SPEED, le=MAX_SPEED)]


class PlayOp(msgspec.Struct, tag_field="op", tag="play", forbid_unknown_fields=True, frozen=True):
    """Play from a time on. `play` is the client's number for this request and comes back in the answers."""

    camera: Annotated[str, msgspec.Meta(max_length=32)]
    at: Annotated[str, msgspec.Meta(max_length=40)]
    stream: StreamChoice = StreamChoice.AUTO
    speed: Speed = 1.0
    keys_only: bool = False
    audio: bool = False
    h265: bool = False
    play: int = 0


class BufferedOp(msgspec.Struct, tag_field="op", tag="buffered", forbid_unknown_fields=True, frozen=True):
    """How far the client has played, and how fast it goes on."""

    media_time_s: Annotated[float, msgspec.Meta(ge=0.0)]
    speed: Speed | None = None


class StopOp(msgspec.Struct, tag_field="op", tag="stop", forbid_unknown_fields=True, frozen=True):
    """Send nothing more."""


PlaybackOp = PlayOp | BufferedOp | StopOp
_DECODER: msgspec.json.Decoder[PlaybackOp] = msgspec.json.Decoder(PlaybackOp)


@dataclass(frozen=True, slots=True)
class PlayRequest:
    """A checked `PlayOp`."""

    number: int
    camera_id: str
    choice: StreamChoice
    at_ns: int
    speed: float
    keys_only: bool
    wants_audio: bool
    can_h265: bool


def read_op(text: str) -> PlaybackOp:
    """Reads one operation.

    Raises:
        InvalidInputError: not an operation.
    """
    try:
        return _DECODER.decode(text)
    except (msgspec.MsgspecError, UnicodeDecodeError) as exc:
        raise InvalidInputError(f"not understood: {exc}", "See docs/design/contracts.md, playback.") from exc


def check_play(op: PlayOp) -> PlayRequest:
    """Checks the values of a play request.

    Raises:
        InvalidInputError: no camera id, or no time with an offset.
    """
    if not is_id(op.camera):
        raise InvalidInputError("'camera' is no camera id")
    try:
        at_ns = parse_utc(op.at)
    except ValueError as exc:
        raise InvalidInputError(f"'at' is no time: {exc}", "Write it like 2026-11-21T10:15:39Z.") from exc
    return PlayRequest(
        number=op.play,
        camera_id=op.camera,
        choice=op.stream,
        at_ns=at_ns,
        speed=op.speed,
        keys_only=op.keys_only,
        wants_audio=op.audio,
        can_h265=op.h265,
    )
