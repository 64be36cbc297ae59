"""What the masking child and its parent say to each other, over the channel of `runtime.worker_channel`.

Every request gets exactly one `Pictures` as reply. The child handles a camera's bytes and may be taken over: what it
says is checked by `decode_pictures` before anything else sees it.
"""

import struct
from enum import IntEnum

import msgspec

from vedette.core.errors import InvalidInputError
from vedette.core.media import Codec, VideoFormat
from vedette.core.time import TICKS_PER_S
from vedette.media.codec_strings import avc_codec_string
from vedette.media.errors import MalformedMediaError

MAX_PICTURES = 64
KEY_EVERY_90K = 2 * TICKS_PER_S
"""Cameras with "smart" encoding send key frames tens of seconds apart; who joins should not wait for one."""
MAX_SIDE_PX = 8192
_MAX_SET_BYTES = 4096
_PACKET = struct.Struct(">qB")
_KEY, _DECODE_ONLY = 1, 2


class MaskKind(IntEnum):
    """Kinds of messages. 0 is `runtime.worker.READY_KIND`."""

    READY = 0
    SETUP = 1
    PACKET = 2
    PICTURES = 3
    FLUSH = 4


class MaskWireError(InvalidInputError):
    """The child said something that has no meaning."""

    code = "mask_wire"


class MaskSetup(msgspec.Struct, frozen=True):
    """From now on packets have this format and these parts of their pictures are hidden.

    A key frame comes at each of the source's, and after `key_every_90k` at the latest.
    """

    codec: str
    width: int
    height: int
    parameter_sets: list[bytes]
    masks: list[list[tuple[float, float]]]
    key_every_90k: int = KEY_EVERY_90K

    @property
    def video(self) -> VideoFormat:
        return VideoFormat(Codec(self.codec), self.width, self.height, tuple(self.parameter_sets), "")


class MaskedPicture(msgspec.Struct, frozen=True):
    """One encoded picture: H.264 with 4-byte lengths, without parameter sets."""

    pts_90k: int
    is_key: bool
    data: bytes


class Pictures(msgspec.Struct, frozen=True):
    """Answers a request. `size` and `parameter_sets` are given when they are new: valid from the first picture on."""

    pictures: list[MaskedPicture]
    size: tuple[int, int] | None = None
    parameter_sets: list[bytes] = []  # msgspec copies it for each message


def encode_packet(pts_90k: int, data: bytes, *, is_key: bool, decode_only: bool) -> bytes:
    return _PACKET.pack(pts_90k, _KEY * is_key | _DECODE_ONLY * decode_only) + data


def decode_packet(payload: bytes) -> tuple[int, bytes, bool, bool]:
    """Returns the time, the access unit, whether it is a key frame and whether it is only to be decoded."""
    pts_90k, flags = _PACKET.unpack_from(payload)
    return pts_90k, payload[_PACKET.size :], bool(flags & _KEY), bool(flags & _DECODE_ONLY)


def decode_pictures(payload: bytes) -> tuple[list[MaskedPicture], VideoFormat | None]:
    """Reads a reply: the pictures, and the format when it is new.

    Raises:
        MaskWireError: too many, of impossible size, or no pictures at all.
    """
    try:
        reply = msgspec.msgpack.decode(payload, type=Pictures)
        video = _read_format(reply)
    except (msgspec.DecodeError, MalformedMediaError, ValueError) as exc:
        raise MaskWireError(f"the masking process says nothing that can be read: {exc}") from exc
    if len(reply.pictures) > MAX_PICTURES or not all(picture.data for picture in reply.pictures):
        raise MaskWireError("the masking process sends pictures that cannot be")
    return reply.pictures, video


def _read_format(reply: Pictures) -> VideoFormat | None:
    if reply.size is None:
        return None
    width, height = reply.size
    sets = reply.parameter_sets
    is_sane = len(sets) == 2 and all(4 <= len(one) <= _MAX_SET_BYTES for one in sets)
    if not is_sane or not (0 < width <= MAX_SIDE_PX and 0 < height <= MAX_SIDE_PX):
        raise ValueError("an impossible format")
    return VideoFormat(Codec.H264, width, height, tuple(sets), avc_codec_string(sets[0]))
