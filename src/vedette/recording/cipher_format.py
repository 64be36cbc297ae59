"""The layout of an encrypted segment file: a head in the clear, then frames. Pure.

    file   = magic (8) | length of the text (u32) | text (JSON, `_Text`) | frame*
    frame  = head (`FRAME_HEAD`) | AES-256-GCM of at most 1 MiB | tag (16) | CRC-32 of all of it (u32)

A frame's head repeats what the index says in the clear beside the footage (the fragment's row, the running hash), so
that a recorder without any private key finds its footage again after a crash, and an index can be made anew. The head
is authenticated with the frame; the CRC only tells, without a key, a frame that is whole from one that was torn.
Design: docs/design/encryption.md.
"""

import base64
import hashlib
import struct
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntFlag
from typing import Literal

import msgspec

from vedette.recording.errors import DamagedFootageError
from vedette.recording.records import FRAGMENT_FORMAT, GapRecord, SegmentHead
from vedette.recording.stamp import STAMP_TYPE, read_stamp

FILE_MAGIC = b"VDTSEG\x00\x01"
"""No MP4 file begins with it. The last byte is the version of the layout."""
FRAME_MAGIC = b"VDF\x01"
MOST_PLAIN_BYTES = 1 << 20
TAG_BYTES = 16
CRC = struct.Struct(">I")
FRAME_HEAD = struct.Struct(f">4sIBIQ{FRAGMENT_FORMAT.size}s32s")
"""Magic, number, flags, size and offset in the plaintext, row of the fragment, running SHA-256 of the plaintext."""
NO_ENTRY = bytes(FRAGMENT_FORMAT.size)
_TEXT_SIZE = struct.Struct(">I")
HEAD_START_BYTES = len(FILE_MAGIC) + _TEXT_SIZE.size
_MOST_TEXT_BYTES = 64 << 10


class FrameFlag(IntFlag):
    """`ENDS_PIECE`: the fragment, or the file's init, ends with this frame. `LAST`: the recorder closed the segment."""

    NONE = 0
    ENDS_PIECE = 1
    LAST = 2


class _Text(msgspec.Struct, frozen=True):
    version: Literal[1]
    suite: Literal["x25519-hkdf-sha256-aes256gcm"]
    volume_id: str
    stamp: str
    init_size_bytes: int
    day: str
    key: str
    wrapped: str


@dataclass(frozen=True, slots=True)
class WrappedKey:
    """A segment's key, wrapped to the archive key of a day. `fingerprint` (hex) names that key."""

    day: str
    fingerprint: str
    wrapped: bytes


@dataclass(frozen=True, slots=True)
class CipherHead:
    """What the head of an encrypted file says.

    Attributes:
        size_bytes: Where the first frame begins.
        binding: SHA-256 of the head: authenticated with every frame, so no frame fits another file.
    """

    volume_id: str
    segment: SegmentHead
    gap: GapRecord | None
    key: WrappedKey
    size_bytes: int
    binding: bytes


@dataclass(frozen=True, slots=True)
class FrameHead:
    """One frame's head. `entry` is the packed row of the fragment that ends with this frame, else zeros."""

    number: int
    flags: FrameFlag
    size_bytes: int
    offset: int
    entry: bytes
    sha256: bytes

    def pack(self) -> bytes:
        return FRAME_HEAD.pack(
            FRAME_MAGIC, self.number, self.flags, self.size_bytes, self.offset, self.entry, self.sha256
        )

    @property
    def stored_bytes(self) -> int:
        """The whole frame in the file."""
        return FRAME_HEAD.size + self.size_bytes + TAG_BYTES + CRC.size


def make_key_info(volume_id: str, segment: SegmentHead) -> bytes:
    """What a wrapped key is bound to: it opens for this segment of this stream on this volume alone."""
    parts = ("vedette segment key 1", volume_id, segment.key.camera_id, segment.key.role, segment.segment_id)
    return "\n".join(parts).encode()


def make_file_head(volume_id: str, stamp: bytes, init_size_bytes: int, key: WrappedKey) -> bytes:
    """Makes the head of a file. `stamp` is the content of the init's box of that name."""
    wrapped = base64.b64encode(key.wrapped).decode()
    suite: Literal["x25519-hkdf-sha256-aes256gcm"] = "x25519-hkdf-sha256-aes256gcm"
    text = _Text(1, suite, volume_id, stamp.decode(), init_size_bytes, key.day, key.fingerprint, wrapped)
    content = msgspec.json.encode(text)
    return FILE_MAGIC + _TEXT_SIZE.pack(len(content)) + content


def find_text_size(start: bytes) -> int:
    """The length of the text, from the first `HEAD_START_BYTES` of a file.

    Raises:
        DamagedFootageError: it is no encrypted segment, or cut short.
    """
    if len(start) < HEAD_START_BYTES or not start.startswith(FILE_MAGIC):
        raise DamagedFootageError("the head of the encrypted file is cut short or damaged")
    (size,) = _TEXT_SIZE.unpack_from(start, len(FILE_MAGIC))
    if size > _MOST_TEXT_BYTES:
        raise DamagedFootageError("the head of the encrypted file is damaged")
    return int(size)


def parse_file_head(data: bytes) -> CipherHead:
    """Parses the head of a file, given from its start; what follows the head is left alone.

    Raises:
        DamagedFootageError: it is cut short or does not follow the form.
    """
    size_bytes = HEAD_START_BYTES + find_text_size(data[:HEAD_START_BYTES])
    if len(data) < size_bytes:
        raise DamagedFootageError("the head of the encrypted file is cut short or damaged")
    try:
        text = msgspec.json.decode(data[HEAD_START_BYTES:size_bytes], type=_Text)
        wrapped = base64.b64decode(text.wrapped, validate=True)
    except (msgspec.MsgspecError, ValueError) as exc:
        raise DamagedFootageError(f"the head of the encrypted file is damaged: {exc}") from exc
    segment, gap = read_stamp({STAMP_TYPE: text.stamp.encode()}, text.init_size_bytes)
    key = WrappedKey(text.day, text.key, wrapped)
    return CipherHead(text.volume_id, segment, gap, key, size_bytes, hashlib.sha256(data[:size_bytes]).digest())


def parse_frame_head(data: bytes) -> FrameHead | None:
    """Parses a frame's head; None when this is none."""
    if len(data) < FRAME_HEAD.size or not data.startswith(FRAME_MAGIC):
        return None
    _, number, flags, size_bytes, offset, entry, sha256 = FRAME_HEAD.unpack_from(data)
    if size_bytes > MOST_PLAIN_BYTES or flags > FrameFlag.ENDS_PIECE | FrameFlag.LAST:
        return None
    return FrameHead(number, FrameFlag(flags), size_bytes, offset, entry, sha256)


def make_nonce(number: int) -> bytes:
    """A number is used once with a key: the recorder counts on also after a write that failed."""
    return number.to_bytes(12, "big")


def sum_frame(parts: Iterable[bytes | memoryview]) -> int:
    """CRC-32 over the parts of a frame."""
    crc = 0
    for part in parts:
        crc = zlib.crc32(part, crc)
    return crc
