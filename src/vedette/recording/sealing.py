"""Makes closed segments immutable where the system allows: not even their owner can change, rename or remove them.

The file attribute `immutable` of ext4, xfs and btrfs (chattr +i). Setting and clearing it needs CAP_LINUX_IMMUTABLE,
which neither the gateway nor the analyzer has; the recorder clears it only to delete what retention lets go. Off by
default: a folder of immutable files cannot be removed by `rm -rf`, which surprises whoever tries Vedette out. Whoever
is root on the machine can still destroy footage; that it is gone is what the evidence log proves.
"""

import array
import fcntl
import os
import tempfile
from contextlib import suppress
from pathlib import Path

from typing_extensions import override

from vedette.recording.disk import PosixDisk

_GET_FLAGS, _SET_FLAGS = 0x80086601, 0x40086602
"""FS_IOC_GETFLAGS and FS_IOC_SETFLAGS of linux/fs.h, 64 bit."""
_IMMUTABLE = 0x10


def set_immutable(descriptor: int) -> None:
    """Raises OSError: the system does not let us, or its file system has no such attribute."""
    _set_flag(descriptor, _IMMUTABLE)


def clear_immutable(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    try:
        _set_flag(descriptor, 0)
    finally:
        os.close(descriptor)


def find_obstacle(folder: Path) -> str:
    """Tries it in a folder: why files there cannot be made immutable, in words; empty when they can."""
    try:
        with tempfile.NamedTemporaryFile(dir=folder, prefix=".seal-") as file:
            set_immutable(file.fileno())
            clear_immutable(Path(file.name))
    except OSError as exc:
        return f"files in {folder} cannot be made immutable: {exc.strerror}"
    return ""


class SealingDisk(PosixDisk):
    """A disk whose files are immutable once closed. Deleting goes through here as well."""

    @override
    def close(self, descriptor: int) -> None:
        with suppress(OSError):  # told by `find_obstacle` at start; footage counts more than its seal
            set_immutable(descriptor)
        super().close(descriptor)

    @override
    def overwrite_head(self, path: Path, size_bytes: int) -> None:
        try:
            super().overwrite_head(path, size_bytes)
        except PermissionError:
            clear_immutable(path)
            super().overwrite_head(path, size_bytes)

    @override
    def unlink(self, path: Path) -> None:
        try:
            super().unlink(path)
        except PermissionError:
            clear_immutable(path)
            super().unlink(path)


def _set_flag(descriptor: int, value: int) -> None:
    flags = array.array("l", [0])
    fcntl.ioctl(descriptor, _GET_FLAGS, flags)
    flags[0] = flags[0] & ~_IMMUTABLE | value
    fcntl.ioctl(descriptor, _SET_FLAGS, flags)
