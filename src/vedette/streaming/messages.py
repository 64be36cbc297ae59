"""The messages that carry media to the browser: a fixed binary head before fMP4 bytes, and text beside it.

Pure encoding and decoding; the layout is a contract with the console (docs/design/contracts.md, "Media
messages to the browser") and is read by `console/src/media/head.ts`. A change of meaning needs a new version.
"""

import json
import struct
from dataclasses import dataclass
from enum import IntEnum, IntFlag

from vedette.core.errors import InvalidInputError
from vedette.core.time import NS_PER_MS, NS_PER_S, TICKS_PER_S, format_utc

_HEAD = struct.Struct("<BBHIdddd")
HEAD_SIZE_BYTES = _HEAD.size
VERSION = 2


class MediaKind(IntEnum):
    """What the bytes behind the head are."""

    INIT = 0
    FRAGMENT = 1


class MediaFlag(IntFlag):
    """Properties of a message.

    KEY: decodable without anything before it. DISCONTINUITY: wall time jumps here, media time does not.
    CACHED: older than the moment of joining. AUDIO: holds audio samples (or, for an init segment, a track).
    """

    NONE = 0
    KEY = 1
    DISCONTINUITY = 2
    CACHED = 4
    AUDIO = 8


@dataclass(frozen=True, slots=True)
class MediaHead:
    """The decoded head.

    Attributes:
        media_90k: Start on the media timeline of the stream, 90 kHz ticks.
        captured_at_ns: `captured_at` of the first sample; of an init segment 0.
        received_at_ns: When the last byte of the (last) access unit arrived, 0 when it comes from disk.
        sent_at_ns: When this message was made.
    """

    kind: MediaKind
    flags: MediaFlag
    duration_90k: int
    media_90k: int
    captured_at_ns: int
    received_at_ns: int
    sent_at_ns: int


def encode_media(head: MediaHead, body: bytes) -> bytes:
    """Puts the head before the fMP4 bytes. Made once; every viewer gets the same object."""
    return (
        _HEAD.pack(
            VERSION,
            head.kind,
            head.flags,
            min(head.duration_90k, 0xFFFF_FFFF),
            head.media_90k / TICKS_PER_S,
            head.captured_at_ns / NS_PER_MS,
            head.received_at_ns / NS_PER_MS,
            head.sent_at_ns / NS_PER_MS,
        )
        + body
    )


def decode_media(message: bytes) -> tuple[MediaHead, bytes]:
    """Splits a message into head and fMP4 bytes.

    Raises:
        InvalidInputError: too short, or of a version this code does not know.
    """
    if len(message) < HEAD_SIZE_BYTES or message[0] != VERSION:
        raise InvalidInputError("this is no media message of version 2")
    _, kind, flags, duration_90k, media_s, captured_ms, received_ms, sent_ms = _HEAD.unpack_from(message)
    head = MediaHead(
        kind=MediaKind(kind),
        flags=MediaFlag(flags),
        duration_90k=duration_90k,
        media_90k=round(media_s * TICKS_PER_S),
        captured_at_ns=_ms_to_ns(captured_ms),
        received_at_ns=_ms_to_ns(received_ms),
        sent_at_ns=_ms_to_ns(sent_ms),
    )
    return head, message[HEAD_SIZE_BYTES:]


def _ms_to_ns(value_ms: float) -> int:
    return round(value_ms * 1000) * 1000


def _text(**fields: object) -> str:
    return json.dumps(fields, separators=(",", ":"), ensure_ascii=False)


def init_text(*, codecs: tuple[str, ...], width: int, height: int, run_id: str, stream: str, codec: str) -> str:
    """Announces an init segment; its bytes follow in the next binary message."""
    mime = f'video/mp4; codecs="{",".join(codecs)}"'
    return _text(type="init", mime=mime, width=width, height=height, run_id=run_id, stream=stream, codec=codec)


def state_text(*, state: str, code: str, reason: str, hint: str, since_ns: int) -> str:
    """Says what a tile shows over (or instead of) the picture."""
    return _text(type="state", state=state, code=code, reason=reason, hint=hint, since_ms=since_ns // NS_PER_MS)


def dropped_text(frames: int) -> str:
    """Says that this viewer was too slow and how many frames it did not get."""
    return _text(type="dropped", frames=frames)


def gap_text(from_ns: int, to_ns: int, reason: str) -> str:
    """Says that there is no footage between two times, and why."""
    return _text(type="gap", **{"from": format_utc(from_ns), "to": format_utc(to_ns)}, reason=reason)


def position_text(wall_ns: int, media_90k: int) -> str:
    """Says which media time the asked wall time is."""
    return _text(
        type="position",
        wall_ms=wall_ns / (NS_PER_S / 1000),
        media_time_s=media_90k / TICKS_PER_S,
    )


def end_text() -> str:
    """Says that no footage follows."""
    return _text(type="end")


def error_text(code: str, message: str, hint: str) -> str:
    """Says what went wrong and what to do."""
    return _text(type="error", code=code, message=message, hint=hint)


def masked_text() -> str:
    """Says that parts of the pictures that follow are hidden."""
    return _text(type="masked")
