"""An open segment file as everybody reads it: plaintext by offset, whether the file is encrypted or not.

Offsets are those of the index and of MP4. The only place where footage is decrypted.
"""

import os
import threading
from bisect import bisect_right
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from vedette.recording.archive_keys import NO_KEYS, ArchiveKeyRing
from vedette.recording.cipher_format import (
    CRC,
    FILE_MAGIC,
    FRAME_HEAD,
    HEAD_START_BYTES,
    CipherHead,
    find_text_size,
    make_nonce,
)
from vedette.recording.cipher_walk import Frame, read_file_head, walk_frames
from vedette.recording.disk import PosixDisk
from vedette.recording.errors import DamagedFootageError, DamagedFrameError, FootageLockedError


class StoredFile(Protocol):
    """A segment file, open for reading; closes when nobody holds it any more. Safe to use from several threads."""

    def read(self, size_bytes: int, offset: int) -> bytes:
        """Reads plaintext; less at the end of the file. Raises OSError, DamagedFootageError, FootageLockedError."""
        ...

    def read_into(self, block: memoryview, offset: int) -> int:
        """Reads plaintext into a block; returns how much, 0 at the end of the file. Raises as `read`."""
        ...


class OpenFile:
    """A file open for reading, its bytes as they are."""

    def __init__(self, path: Path) -> None:
        self.descriptor = -1
        self.descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)

    def __del__(self) -> None:
        if self.descriptor >= 0:
            os.close(self.descriptor)

    def read(self, size_bytes: int, offset: int) -> bytes:
        return os.pread(self.descriptor, size_bytes, offset)

    def read_into(self, block: memoryview, offset: int) -> int:
        return os.preadv(self.descriptor, [block], offset)

    @property
    def size_bytes(self) -> int:
        return os.fstat(self.descriptor).st_size


class DecryptingFile:
    """An encrypted file, read with the key of its day.

    The heads of the frames are read once, as far as somebody asks, and kept; so is the frame decrypted last, because
    a fragment's head and its pictures are asked for one after the other.
    """

    def __init__(self, file: OpenFile, keys: ArchiveKeyRing) -> None:
        self._file = file
        self._keys = keys
        self.head: CipherHead = read_file_head(file.read)
        self._cipher = AESGCM(keys.unwrap(self.head))
        self._lock = threading.Lock()
        self._frames: list[Frame] = []
        self._last: tuple[Frame, bytes] | None = None

    def read(self, size_bytes: int, offset: int) -> bytes:
        parts, end = [], offset + size_bytes
        while offset < end:
            part = self._read_part(offset, end)
            if not part:
                break
            parts.append(part)
            offset += len(part)
        return b"".join(parts)

    def read_into(self, block: memoryview, offset: int) -> int:
        part = self._read_part(offset, offset + len(block))
        block[: len(part)] = part
        return len(part)

    def decrypt(self, frame: Frame) -> bytes:
        """Decrypts one frame.

        Raises:
            DamagedFrameError: it is not what the recorder wrote here.
        """
        head_size = FRAME_HEAD.size
        data = self._file.read(frame.head.stored_bytes - CRC.size, frame.start)
        bound = self.head.binding + data[:head_size]
        try:
            return self._cipher.decrypt(make_nonce(frame.head.number), data[head_size:], bound)
        except (InvalidTag, ValueError) as exc:
            raise DamagedFrameError(
                f"a frame of segment {self.head.segment.segment_id} is not what was recorded (byte {frame.start})",
                "Run `vedette check --level hash` on this machine.",
                frame.plain_end,
            ) from exc

    def decrypt_all(self) -> Iterator[DamagedFrameError]:
        """Decrypts every frame; yields what is wrong. For checks."""
        for found in walk_frames(self._file.read, self.head.size_bytes, 0, self._file.size_bytes):
            if isinstance(found, Frame):
                try:
                    self.decrypt(found)
                except DamagedFrameError as exc:
                    yield exc

    def _read_part(self, offset: int, end: int) -> memoryview:
        """From the frame that holds `offset`: up to its end at most; empty where there is none (yet)."""
        if not self._keys.has_key(self.head.key):
            day = self.head.key.day
            raise FootageLockedError(f"the footage of {day} cannot be read any more: its archive key is gone")
        frame = self._find_frame(offset)
        if frame is None:
            return memoryview(b"")
        last = self._last
        if last is None or last[0] != frame:
            last = self._last = self._decrypt_anew(frame, offset)
        return memoryview(last[1])[offset - last[0].head.offset : end - last[0].head.offset]

    def _decrypt_anew(self, frame: Frame, offset: int) -> tuple[Frame, bytes]:
        """Decrypts a frame; looks once more where a failed write was taken back after its head was read here."""
        try:
            return frame, self.decrypt(frame)
        except DamagedFrameError:
            with self._lock:
                self._frames = [each for each in self._frames if each.plain_end <= frame.head.offset]
            found = self._find_frame(offset)
            if found is None or found == frame:
                raise
            return found, self.decrypt(found)

    def _find_frame(self, offset: int) -> Frame | None:
        with self._lock:
            if not self._frames or self._frames[-1].plain_end <= offset:
                self._look_further(offset)
            place = bisect_right(self._frames, offset, key=lambda frame: frame.head.offset) - 1
        if place < 0 or self._frames[place].plain_end <= offset:
            return None
        return self._frames[place]

    def _look_further(self, offset: int) -> None:
        """Reads heads up to the frame that is asked for, not beyond: what comes later may still be taken back."""
        last = self._frames[-1] if self._frames else None
        start, plain = (last.end, last.plain_end) if last else (self.head.size_bytes, 0)
        for found in walk_frames(self._file.read, start, plain, self._file.size_bytes):
            if isinstance(found, Frame) and found.head.size_bytes:
                self._frames.append(found)
                if found.plain_end > offset:
                    return


def open_stored(path: Path, keys: ArchiveKeyRing | None) -> OpenFile | DecryptingFile:
    """Opens a segment file for reading its plaintext.

    Raises:
        FootageLockedError: it is encrypted and its key is not here.
        DamagedFootageError: the head of the encrypted file is damaged, or names another segment.
        OSError: it cannot be read.
    """
    file = OpenFile(path)
    if not is_encrypted(file):
        return file
    opened = DecryptingFile(file, keys or NO_KEYS)
    if opened.head.segment.segment_id != path.stem:
        raise DamagedFootageError(
            f"{path.name} holds another segment", "Run `vedette check --level hash` on this machine."
        )
    return opened


def is_encrypted(file: OpenFile) -> bool:
    return file.read(len(FILE_MAGIC), 0) == FILE_MAGIC


def find_key_day(path: Path) -> str:
    """The day to whose archive key a segment file is encrypted; empty: it is in the clear, or gone.

    Raises:
        DamagedFootageError: the head of the encrypted file is damaged.
        OSError: it cannot be read.
    """
    try:
        file = OpenFile(path)
    except FileNotFoundError:
        return ""
    return read_file_head(file.read).key.day if is_encrypted(file) else ""


def destroy_segment_key(path: Path, disk: PosixDisk) -> None:
    """Overwrites the head of an encrypted file, which holds its wrapped key; leaves one in the clear alone.

    A file that is unlinked lies on its disk until its blocks are used again. Raises OSError.
    """
    try:
        file = OpenFile(path)
    except FileNotFoundError:
        return
    if is_encrypted(file):
        try:
            size_bytes = HEAD_START_BYTES + find_text_size(file.read(HEAD_START_BYTES, 0))
        except DamagedFootageError:
            size_bytes = file.size_bytes
        disk.overwrite_head(path, size_bytes)
