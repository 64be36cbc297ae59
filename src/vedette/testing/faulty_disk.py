"""A disk that fails on command: full, torn writes, refused syncs, slow. Files behind it are real."""

import errno
from collections.abc import Sequence
from pathlib import Path

from typing_extensions import override

from vedette.recording.disk import PosixDisk


class FaultyDisk(PosixDisk):
    """Behaves until told otherwise.

    Attributes:
        append_errno: When not 0, the next appends fail with it after writing `torn_bytes` of their data.
        sync_errno: When not 0, syncs fail with it.
        capacity_bytes: When not None, the disk pretends to be this large.
        calls: Every call by name, with the last part of the path where there is one: the order is a promise.
    """

    def __init__(self) -> None:
        self.append_errno = 0
        self.torn_bytes = 0
        self.sync_errno = 0
        self.capacity_bytes: int | None = None
        self.used_bytes = 0
        self.calls: list[str] = []
        self._sizes: dict[Path, int] = {}
        self._paths: dict[int, Path] = {}

    @override
    def create(self, path: Path) -> int:
        self.calls.append(f"create {path.name}")
        descriptor = super().create(path)
        self._paths[descriptor] = path
        self._sizes[path] = 0
        return descriptor

    @override
    def append(self, descriptor: int, buffers: Sequence[bytes]) -> None:
        data = b"".join(buffers)
        self.calls.append("append")
        left = None if self.capacity_bytes is None else self.capacity_bytes - self.used_bytes
        if self.append_errno or (left is not None and len(data) > left):
            torn = data[: self.torn_bytes]
            super().append(descriptor, (torn,))
            raise OSError(self.append_errno or errno.ENOSPC, "simulated fault")
        super().append(descriptor, (data,))
        self.used_bytes += len(data)
        self._sizes[self._paths[descriptor]] += len(data)

    @override
    def sync(self, descriptor: int) -> None:
        self.calls.append("sync")
        if self.sync_errno:
            raise OSError(self.sync_errno, "simulated fault")
        super().sync(descriptor)

    @override
    def unlink(self, path: Path) -> None:
        self.calls.append(f"unlink {path.name}")
        self.used_bytes -= self._sizes.pop(path, 0)
        super().unlink(path)

    @override
    def sync_folder(self, path: Path) -> None:
        self.calls.append("sync_folder")
        super().sync_folder(path)

    @override
    def free_bytes(self, path: Path) -> int:
        if self.capacity_bytes is None:
            return super().free_bytes(path)
        return self.capacity_bytes - self.used_bytes
