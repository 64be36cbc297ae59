"""The envelope of a backup: a stream that whoever has the public key can write and only the recovery key opens.

A head (one line of text, one of JSON), then frames of at most 1 MiB: length, AES-256-GCM. The key is new for each file
and wrapped by HPKE (RFC 9180, base mode, X25519, HKDF-SHA256, AES-256-GCM). A frame's nonce is its number and whether
it is the last (STREAM, Hoang et al. 2015), so frames cannot be left out, exchanged or cut off unseen; the head is
authenticated with each. That says nothing of who wrote the file: whoever reads it must not trust names inside.
"""

import hashlib
import os
import struct
from pathlib import Path
from typing import BinaryIO

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from vedette.core.errors import InvalidInputError

_MAGIC = b"vedette-backup 1\n"
_PUBLIC, _PRIVATE = "vedette-backup-to-", "vedette-recovery-key-"
_FRAME_BYTES = 1 << 20
_TAG_BYTES = 16
_MOST_HEAD_BYTES = 4096
_LENGTH = struct.Struct(">I")
_SUITE = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)


class BackupUnreadableError(InvalidInputError):
    """A backup or a key for it is not what it should be."""

    code = "backup_unreadable"


class BackupHead(msgspec.Struct, frozen=True):
    """What a backup says of itself in the clear.

    Attributes:
        created_at: RFC 3339, by the clock of the machine that made it.
        to: The first digits of the SHA-256 of the public key.
        wrapped: The file's key for the holder of the private one, hex.
    """

    created_at: str
    to: str
    wrapped: str


def make_recovery_key() -> tuple[str, str]:
    """A new pair as text: the recovery key, to be kept elsewhere, and the public half."""
    private = X25519PrivateKey.generate()
    return _PRIVATE + private.private_bytes_raw().hex(), _PUBLIC + private.public_key().public_bytes_raw().hex()


def read_key_file(path: Path) -> str:
    """The first line of a key's file. Raises BackupUnreadableError."""
    try:
        return path.read_text("ascii").partition("\n")[0].strip()
    except (OSError, UnicodeDecodeError) as error:
        raise BackupUnreadableError(f"the key {path} cannot be read: {error}") from error


class BackupWriter:
    """Encrypts what is written. `close` ends the file; without it, it counts as cut off.

    Raises (from the constructor):
        BackupUnreadableError: `public` is no public key for backups.
    """

    def __init__(self, sink: BinaryIO, public: str, created_at: str) -> None:
        key, raw = os.urandom(32), _parse(public, _PUBLIC, "public key")
        wrapped = _SUITE.encrypt(key, X25519PublicKey.from_public_bytes(raw), _MAGIC)
        head = _MAGIC + msgspec.json.encode(BackupHead(created_at, _fingerprint(raw), wrapped.hex())) + b"\n"
        self._sink = sink
        self._cipher = AESGCM(key)
        self._binding = hashlib.sha256(head).digest()
        self._number = 0
        self._held = bytearray()
        sink.write(head)

    def write(self, data: bytes) -> int:
        self._held += data
        while len(self._held) > _FRAME_BYTES:
            self._put(bytes(self._held[:_FRAME_BYTES]), is_last=False)
            del self._held[:_FRAME_BYTES]
        return len(data)

    def close(self) -> None:
        self._put(bytes(self._held), is_last=True)
        self._held.clear()

    def _put(self, plain: bytes, *, is_last: bool) -> None:
        frame = self._cipher.encrypt(_nonce(self._number, is_last=is_last), plain, self._binding)
        self._sink.write(_LENGTH.pack(len(frame)) + frame)
        self._number += 1


class BackupReader:
    """Decrypts a backup from its start.

    Raises (from the constructor and from `read`):
        BackupUnreadableError: no backup, for another key, changed, or cut off.
    """

    def __init__(self, source: BinaryIO, private: str) -> None:
        raw = _parse(private, _PRIVATE, "recovery key")
        self.head, head = read_head(source)
        key = X25519PrivateKey.from_private_bytes(raw)
        if self.head.to != _fingerprint(key.public_key().public_bytes_raw()):
            raise BackupUnreadableError(
                f"the backup is for another recovery key ({self.head.to})", "Give the key that it was made for."
            )
        try:
            file_key = _SUITE.decrypt(bytes.fromhex(self.head.wrapped), key, _MAGIC)
        except (InvalidTag, ValueError) as error:
            raise _damaged("its key cannot be unwrapped") from error
        self._source = source
        self._cipher = AESGCM(file_key)
        self._binding = hashlib.sha256(head).digest()
        self._number = 0
        self._plain = b""
        self._is_over = False

    def read(self, size: int) -> bytes:
        """At most `size` bytes; none at the end."""
        while not self._plain and not self._is_over:
            self._take()
        part, self._plain = self._plain[:size], self._plain[size:]
        return part

    def drain(self) -> None:
        """Reads to the end, so that a file that was cut off or lengthened behind what was of interest is noticed."""
        while self.read(_FRAME_BYTES):
            pass

    def _take(self) -> None:
        length = self._source.read(_LENGTH.size)
        size = _LENGTH.unpack(length)[0] if len(length) == _LENGTH.size else 0
        frame = self._source.read(size) if _TAG_BYTES <= size <= _FRAME_BYTES + _TAG_BYTES else b""
        if not frame or len(frame) != size:
            raise _damaged("it is cut off")
        for is_last in (False, True):
            try:
                self._plain = self._cipher.decrypt(_nonce(self._number, is_last=is_last), frame, self._binding)
            except InvalidTag:
                continue
            self._number, self._is_over = self._number + 1, is_last
            if is_last and self._source.read(1):
                raise _damaged("something follows its end")
            return
        raise _damaged("it was changed")


def read_head(source: BinaryIO) -> tuple[BackupHead, bytes]:
    """What stands at the start of a backup, and its bytes. Raises BackupUnreadableError."""
    if source.read(len(_MAGIC)) != _MAGIC:
        raise BackupUnreadableError("this file is no backup of Vedette")
    line = source.readline(_MOST_HEAD_BYTES)
    try:
        head = msgspec.json.decode(line, type=BackupHead)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise _damaged("its head cannot be read") from error
    return head, _MAGIC + line


def _parse(text: str, prefix: str, what: str) -> bytes:
    try:
        raw = bytes.fromhex(text.removeprefix(prefix))
    except ValueError:
        raw = b""
    if not text.startswith(prefix) or len(raw) != 32:
        raise BackupUnreadableError(f"this is no {what} for backups: it begins with {prefix}")
    return raw


def _fingerprint(public: bytes) -> str:
    return hashlib.sha256(public).hexdigest()[:16]


def _nonce(number: int, *, is_last: bool) -> bytes:
    return number.to_bytes(11, "big") + bytes([is_last])


def _damaged(why: str) -> BackupUnreadableError:
    return BackupUnreadableError(f"the backup is damaged: {why}", "Use another one.")
