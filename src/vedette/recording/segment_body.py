"""What a growing segment is on disk: its bytes as they come, or encrypted frames; with the hashes of both.

Pure but for randomness. A piece is planned, written by the store, and only then taken over: a write that failed leaves
the body as it was. Design: docs/design/recording-store.md, docs/design/encryption.md.
"""

import hashlib
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from vedette.recording.archive_keys import DayKey
from vedette.recording.cipher_format import (
    CRC,
    MOST_PLAIN_BYTES,
    NO_ENTRY,
    FrameFlag,
    FrameHead,
    make_file_head,
    make_key_info,
    make_nonce,
    sum_frame,
)
from vedette.recording.records import MARK_BYTES, SegmentHead

_SEGMENT_KEY_BYTES = 32


@dataclass(frozen=True, slots=True)
class Piece:
    """Something to write to the end of the file, `size_bytes` in all. `plain` are the bytes that it stands for."""

    buffers: Sequence[bytes]
    size_bytes: int
    plain: Sequence[bytes]


@dataclass(frozen=True, slots=True)
class BodyHashes:
    """As in `SegmentRecord`; `stored_*` are empty where the stored bytes are the segment itself."""

    sha256: bytes = b""
    init_sha256: bytes = b""
    marks: bytes = b""
    stored_bytes: int = 0
    stored_sha256: bytes = b""


class SegmentBody(Protocol):
    """One growing file. `stored_bytes` is how long it should be now."""

    @property
    def stored_bytes(self) -> int: ...

    def plan_start(self, init: bytes) -> Piece:
        """What the file begins with."""
        ...

    def plan_fragment(self, buffers: Sequence[bytes], entry: bytes) -> Piece:
        """The next fragment; `entry` is its packed row."""
        ...

    def plan_end(self) -> Piece | None:
        """What a segment ends with that is closed in order."""
        ...

    def take(self, piece: Piece) -> None:
        """The piece is in the file."""
        ...

    def hashes(self) -> BodyHashes: ...


@dataclass(slots=True)
class PlainBody:
    """The stored bytes are the segment itself."""

    stored_bytes: int = 0
    _sha256: "hashlib._Hash" = field(default_factory=hashlib.sha256)
    _init_sha256: bytes = b""
    _marks: bytearray = field(default_factory=bytearray)

    def plan_start(self, init: bytes) -> Piece:
        return Piece((init,), len(init), (init,))

    def plan_fragment(self, buffers: Sequence[bytes], entry: bytes) -> Piece:  # noqa: ARG002 -- of the protocol
        return Piece(buffers, sum(map(len, buffers)), buffers)

    def plan_end(self) -> None:
        return None

    def take(self, piece: Piece) -> None:
        self.stored_bytes += piece.size_bytes
        for buffer in piece.plain:
            self._sha256.update(buffer)
        if self._init_sha256:
            self._marks += self._sha256.digest()[:MARK_BYTES]
        else:
            self._init_sha256 = self._sha256.digest()

    def hashes(self) -> BodyHashes:
        if not self._marks:
            return BodyHashes()
        return BodyHashes(self._sha256.digest(), self._init_sha256, bytes(self._marks))


@dataclass(slots=True)
class UnhashedBody:
    """Only to measure what hashing costs (`benchmarks.evidence`): footage without evidence."""

    stored_bytes: int = 0

    def plan_start(self, init: bytes) -> Piece:
        return Piece((init,), len(init), ())

    def plan_fragment(self, buffers: Sequence[bytes], entry: bytes) -> Piece:  # noqa: ARG002 -- of the protocol
        return Piece(buffers, sum(map(len, buffers)), ())

    def plan_end(self) -> None:
        return None

    def take(self, piece: Piece) -> None:
        self.stored_bytes += piece.size_bytes

    def hashes(self) -> BodyHashes:
        return BodyHashes()


class CipherBody:
    """Frames of AES-256-GCM under a fresh key that lives in this object alone.

    Args:
        stamp: The content of the init's box of that name: whose footage this is.
        segment_key: 32 random bytes; given only by tests.
    """

    def __init__(
        self, volume_id: str, head: SegmentHead, stamp: bytes, key: DayKey, segment_key: bytes | None = None
    ) -> None:
        segment_key = segment_key or os.urandom(_SEGMENT_KEY_BYTES)
        wrapped = key.wrap(segment_key, make_key_info(volume_id, head))
        self._file_head = make_file_head(volume_id, stamp, head.init_size_bytes, wrapped)
        self._binding = hashlib.sha256(self._file_head).digest()
        self._cipher = AESGCM(segment_key)
        self._number = 0
        self._plain_bytes = 0
        self._plain = hashlib.sha256()
        self._stored = hashlib.sha256()
        self._init_sha256 = b""
        self._marks = bytearray()
        self._planned = (self._plain, self._stored)
        self.stored_bytes = 0

    def plan_start(self, init: bytes) -> Piece:
        return self._plan((init,), NO_ENTRY, FrameFlag.ENDS_PIECE, self._file_head)

    def plan_fragment(self, buffers: Sequence[bytes], entry: bytes) -> Piece:
        return self._plan(buffers, entry, FrameFlag.ENDS_PIECE)

    def plan_end(self) -> Piece:
        """A frame without content that says so."""
        return self._plan((), NO_ENTRY, FrameFlag.LAST)

    def take(self, piece: Piece) -> None:
        self.stored_bytes += piece.size_bytes
        self._plain_bytes += sum(map(len, piece.plain))
        self._plain, self._stored = self._planned
        if not piece.plain:
            return
        if self._init_sha256:
            self._marks += self._plain.digest()[:MARK_BYTES]
        else:
            self._init_sha256 = self._plain.digest()

    def hashes(self) -> BodyHashes:
        if not self._marks:
            return BodyHashes()
        return BodyHashes(
            self._plain.digest(), self._init_sha256, bytes(self._marks), self.stored_bytes, self._stored.digest()
        )

    def _plan(self, plain: Sequence[bytes], entry: bytes, flags: FrameFlag, start: bytes = b"") -> Piece:
        self._planned = (self._plain.copy(), self._stored.copy())
        self._planned[1].update(start)
        parts = list(_split(b"".join(plain)))
        buffers, offset = [start] if start else [], self._plain_bytes
        for part in parts[:-1]:
            buffers += self._encrypt(part, offset, NO_ENTRY, FrameFlag.NONE)
            offset += len(part)
        buffers += self._encrypt(parts[-1], offset, entry, flags)
        return Piece(buffers, sum(map(len, buffers)), plain)

    def _encrypt(self, part: memoryview, offset: int, entry: bytes, flags: FrameFlag) -> tuple[bytes, bytes, bytes]:
        running, stored = self._planned
        running.update(part)
        head = FrameHead(self._number, flags, len(part), offset, entry, running.digest()).pack()
        body = self._cipher.encrypt(make_nonce(self._number), part, self._binding + head)
        self._number += 1  # also when it cannot be written: one number, one plaintext
        frame = (head, body, CRC.pack(sum_frame((head, body))))
        for buffer in frame:
            stored.update(buffer)
        return frame


BodyMaker = Callable[[str, SegmentHead, bytes], SegmentBody]
"""Volume id, head and init of a new segment -> what it is on disk."""


def make_plain_body(volume_id: str, head: SegmentHead, init: bytes) -> SegmentBody:  # noqa: ARG001 -- a BodyMaker
    return PlainBody()


def make_unhashed_body(volume_id: str, head: SegmentHead, init: bytes) -> SegmentBody:  # noqa: ARG001 -- a BodyMaker
    return UnhashedBody()


def _split(plain: bytes) -> Iterator[memoryview]:
    view = memoryview(plain)
    for start in range(0, max(1, len(plain)), MOST_PLAIN_BYTES):
        yield view[start : start + MOST_PLAIN_BYTES]
