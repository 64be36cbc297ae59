"""The disk as the writer uses it: few calls, each of which may fail.

A class of its own so that tests and drills can put a full, slow or failing disk in its place
(`vedette.testing.faulty_disk`). All calls raise OSError.
"""

import ctypes
import mmap
import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

_MOST_BUFFERS = 1000
"""Linux takes 1024 (IOV_MAX) per call."""
_sync_file_range = ctypes.CDLL(None).sync_file_range
_sync_file_range.argtypes = (ctypes.c_int, ctypes.c_int64, ctypes.c_int64, ctypes.c_uint)
_SYNC_FILE_RANGE_WRITE = 2


class PosixDisk:
    """Files through the operating system."""

    def create(self, path: Path) -> int:
        """Creates a file for appending. It must not exist: a segment id is never used twice."""
        flags = os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC
        try:
            return os.open(path, flags, 0o640)
        except FileNotFoundError:
            path.parent.mkdir(mode=0o750, exist_ok=True)
            return os.open(path, flags, 0o640)

    def append(self, descriptor: int, buffers: Sequence[bytes]) -> None:
        """Appends all buffers, with one system call where the kernel takes them all."""
        if len(buffers) > _MOST_BUFFERS:
            buffers = (b"".join(buffers),)
        left = sum(map(len, buffers)) - os.writev(descriptor, buffers)
        if left:
            rest = memoryview(b"".join(buffers))[-left:]
            while rest:
                rest = rest[os.write(descriptor, rest) :]

    def truncate(self, descriptor: int, size_bytes: int) -> None:
        os.ftruncate(descriptor, size_bytes)

    def sync(self, descriptor: int) -> None:
        os.fdatasync(descriptor)

    def start_writing(self, descriptor: int) -> None:
        """Asks the kernel to write out what is dirty, without waiting: sync_file_range(2). A wish, no promise."""
        _sync_file_range(descriptor, 0, 0, _SYNC_FILE_RANGE_WRITE)

    def let_go(self, descriptor: int, size_bytes: int) -> None:
        """Asks the kernel to drop the pages of what is synced, but for a last one that is not full.

        A recorder writes far more than anybody reads back: its pages would push everything else out of memory, and
        each write would go into fresh ones (measured: 7 % of a core instead of 2 for 30 MB/s). The last page stays,
        because the next write goes on in it: without it the kernel reads its block back from the disk first.
        """
        with suppress(OSError):  # a wish, no promise
            os.posix_fadvise(descriptor, 0, size_bytes & -mmap.PAGESIZE, os.POSIX_FADV_DONTNEED)

    def close(self, descriptor: int) -> None:
        os.close(descriptor)

    def touch(self, path: Path) -> None:
        """Creates an empty file."""
        os.close(os.open(path, os.O_CREAT | os.O_WRONLY | os.O_CLOEXEC, 0o640))

    def overwrite_head(self, path: Path, size_bytes: int) -> None:
        """Writes zeros over the first bytes of a file, down to the disk."""
        descriptor = os.open(path, os.O_WRONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
        try:
            os.pwrite(descriptor, bytes(size_bytes), 0)
            os.fdatasync(descriptor)
        finally:
            os.close(descriptor)

    def unlink(self, path: Path) -> None:
        """Removes a file; none there is as good."""
        path.unlink(missing_ok=True)

    def sync_folder(self, path: Path) -> None:
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def free_bytes(self, path: Path) -> int:
        """Bytes that an ordinary user may still write."""
        stat = os.statvfs(path)
        return stat.f_bavail * stat.f_frsize
