"""The journal of one file's analysis: all that came out of the jail, picture by picture, so that nothing is looked at
twice when the process ends in the middle.

What was found is fed again through the same code after a restart; then a new worker goes on behind the last picture.
Terms (classes, rate) are not in it: they only decide what a worker looks at, and those in force hold from there on.
Append-only: a magic number, then blocks of a length (4 bytes, big-endian) and sealed bytes. The first block says what
was analysed and with what; the others are lists of steps. A block that is torn or does not open ends the journal: it is
cut there and goes on. Blocking; callers use a thread. Design: docs/design/vision.md.
"""

import io
import os
import shutil
import struct
import threading
import zlib
from pathlib import Path
from typing import Protocol

import msgspec

from vedette.core.errors import StorageError
from vedette.core.time import NS_PER_S
from vedette.runtime.clock import Clock
from vedette.runtime.log import get_logger
from vedette.vision.file_jobs import BegunAgain, CannotGoOnError

MAGIC = b"VFJ1"
"""The last letter is the version of the format."""
MOST_BYTES = 8 << 30
"""Of one journal. What comes later is analysed again after a restart."""
FLUSH_EVERY_S = 5.0
_BLOCK_BYTES = 4 << 20
"""Written at once when so much waits."""
_MAX_BLOCK_BYTES = 64 << 20
_LENGTH = struct.Struct(">I")


class Answer(msgspec.Struct, frozen=True, array_like=True):
    """What the worker answered to one question about a picture. `mark`: of the question; None: it could not."""

    mark: int
    payload: bytes | None


class Step(msgspec.Struct, frozen=True, array_like=True):
    """What came out of the jail with one reply: the reply as encoded on the wire, and what was asked about it."""

    reply: bytes
    answers: list[Answer]


class JournalHead(msgspec.Struct, frozen=True):
    """What a journal is about. All but `lists_at_ns` must be the same again for it to count.

    Attributes:
        lists_at_ns: When the entries of lists had to be valid.
    """

    file: str
    models: list[str]
    lists: str
    settings: str
    lists_at_ns: int

    def check(self, kept: "JournalHead") -> None:
        """Raises CannotGoOnError when `kept` is about something else."""
        changes = {
            BegunAgain.FILE: self.file != kept.file,
            BegunAgain.MODELS: self.models != kept.models,
            BegunAgain.LISTS: self.lists != kept.lists,
            BegunAgain.SETTINGS: self.settings != kept.settings,
        }
        for reason, is_changed in changes.items():
            if is_changed:
                raise CannotGoOnError(reason)


class Box(Protocol):
    """Seals blocks: `vedette.adapters.journal_box.JournalBox`. `open` raises StorageError when it is not the same."""

    def seal(self, place: str, clear: bytes) -> bytes: ...

    def open(self, place: str, sealed: bytes) -> bytes: ...


class FileJournal:
    """One journal. `read_head`; then `read_steps` to its end and `go_on`, or `begin`; then `note` and `flush`.

    Args:
        name: Of the job: a journal of another does not open.
        reserve_bytes: Of the disk, left alone.
    """

    def __init__(
        self, path: Path, name: str, box: Box, clock: Clock, reserve_bytes: int, most_bytes: int = MOST_BYTES
    ) -> None:
        self._path = path
        self._name = name
        self._box = box
        self._clock = clock
        self._reserve_bytes = reserve_bytes
        self._most_bytes = most_bytes
        self._file: io.FileIO | None = None
        self._end = 0
        self._blocks = 0
        self._waiting: list[Step] = []
        self._waiting_bytes = 0
        self._flushed_ns = 0
        self._is_full = False
        self._writing = threading.Lock()
        """Who is cancelled while a thread writes closes the journal at that moment."""
        self._log = get_logger("analyzer")

    @property
    def is_due(self) -> bool:
        """Whether it is time to flush."""
        since_ns = self._clock.mono_ns() - self._flushed_ns
        return bool(self._waiting) and (since_ns > FLUSH_EVERY_S * NS_PER_S or self._waiting_bytes > _BLOCK_BYTES)

    def read_head(self) -> JournalHead | None:
        """What an earlier run left; None: nothing. To be followed by `read_steps`.

        Raises:
            CannotGoOnError: of another version, of another job or key, or damaged at its head.
            StorageError: it cannot be read.
        """
        self.close()
        try:
            self._file = self._path.open("r+b", buffering=0)
            magic = self._file.read(len(MAGIC))
        except FileNotFoundError:
            return None
        except OSError as error:
            raise self._refuse(error) from error
        self._end, self._blocks = len(MAGIC), 0
        clear = self._read_block() if magic == MAGIC else None
        try:
            return msgspec.msgpack.decode(clear or b"", type=JournalHead)
        except msgspec.MsgspecError as error:
            raise CannotGoOnError(BegunAgain.JOURNAL) from error

    def read_steps(self) -> list[Step]:
        """The next steps; none: that was all that can be read."""
        clear = self._read_block()
        try:
            return [] if clear is None else msgspec.msgpack.decode(clear, type=list[Step])
        except msgspec.MsgspecError as error:  # sealed by us, so by another release
            raise CannotGoOnError(BegunAgain.JOURNAL) from error

    def go_on(self) -> None:
        """Cuts off what could not be read and appends from here on. Raises StorageError."""
        assert self._file is not None
        try:
            self._file.seek(self._end)
            self._file.truncate()
        except OSError as error:
            raise self._refuse(error) from error

    def begin(self, head: JournalHead) -> None:
        """Begins anew, instead of what was there. Raises StorageError."""
        self.close()
        self._blocks, self._end, self._is_full = 0, len(MAGIC), False
        try:
            descriptor = os.open(self._path, os.O_CREAT | os.O_RDWR | os.O_TRUNC | os.O_CLOEXEC, 0o600)
            self._file = os.fdopen(descriptor, "r+b", buffering=0)
            self._file.write(MAGIC)
        except OSError as error:
            raise self._refuse(error) from error
        self._append(msgspec.msgpack.encode(head))
        if self._is_full:
            self._path.unlink(missing_ok=True)

    def note(self, step: Step) -> None:
        """Takes what came with one reply, once all of it was followed: half a picture is never in a journal."""
        self._waiting.append(step)
        self._waiting_bytes += len(step.reply) + sum(len(answer.payload or b"") for answer in step.answers)

    def flush(self) -> None:
        """Writes what waits, durably. What cannot be written any more is told once in the log; the analysis goes on."""
        with self._writing:
            self._flush()

    def close(self) -> None:
        """Writes what waits and closes."""
        with self._writing:
            self._flush()
            if self._file is not None:
                self._file.close()
                self._file = None

    def _flush(self) -> None:
        steps, self._waiting, self._waiting_bytes = self._waiting, [], 0
        self._flushed_ns = self._clock.mono_ns()
        if steps and self._file is not None and not self._is_full:
            self._append(msgspec.msgpack.encode(steps))

    def _append(self, clear: bytes) -> None:
        assert self._file is not None
        sealed = self._box.seal(self._place(), zlib.compress(clear, 1))
        size = _LENGTH.size + len(sealed)
        try:
            self._check_room(size)
            _write_all(self._file, _LENGTH.pack(len(sealed)) + sealed)
            os.fdatasync(self._file.fileno())
        except OSError as error:
            self._is_full = True  # a gap would be worse than an end
            reason = error.strerror or str(error)
            self._log.warning("a restart will repeat the rest of a file's analysis", job=self._name, reason=reason)
            return
        self._end, self._blocks = self._end + size, self._blocks + 1

    def _check_room(self, size: int) -> None:
        if size > _MAX_BLOCK_BYTES or self._end + size > self._most_bytes:
            raise OSError(f"its journal has reached {self._end >> 20} MiB")
        if shutil.disk_usage(self._path.parent).free - size < self._reserve_bytes:
            raise OSError("the disk has no room for its journal")

    def _read_block(self) -> bytes | None:
        """The next block in clear; None: the end, or what cannot be trusted."""
        assert self._file is not None
        try:
            head = self._file.read(_LENGTH.size)
            size = _LENGTH.unpack(head)[0] if len(head) == _LENGTH.size else 0
            sealed = self._file.read(size) if 0 < size <= _MAX_BLOCK_BYTES else b""
            clear = _inflate(self._box.open(self._place(), sealed)) if sealed and len(sealed) == size else None
        except StorageError:
            return None
        except OSError as error:
            raise self._refuse(error) from error
        if clear is not None:
            self._end, self._blocks = self._end + _LENGTH.size + size, self._blocks + 1
        return clear

    def _place(self) -> str:
        return f"{self._name}/{self._blocks}"

    def _refuse(self, error: OSError) -> StorageError:
        return StorageError(f"{self._path} cannot be used: {error.strerror}")


def _write_all(file: io.FileIO, data: bytes) -> None:
    """Raises OSError, also when the disk is full in the middle."""
    if file.write(data) != len(data):
        raise OSError("a write stopped in the middle")


def _inflate(data: bytes) -> bytes | None:
    """Sealed by us, so not checked for bombs; a block is bounded when it is written."""
    try:
        return zlib.decompress(data)
    except zlib.error:
        return None
