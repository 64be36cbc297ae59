"""Watches an open volume from a thread of its own: is it still the disk that was opened, and does it answer?

A call to a dead disk or server may never return, so none is made from the event loop: it reads what the thread
found last, and how long ago.
"""

import os
import threading
from collections.abc import Callable

from vedette.core.errors import StorageError
from vedette.core.time import NS_PER_S
from vedette.recording.disk import PosixDisk
from vedette.recording.volume import Volume, open_volume
from vedette.runtime.clock import Clock

LOOK_EVERY_S = 2.0
SILENCE_NS = 15 * NS_PER_S


class VolumeWatch:
    """What the thread found. Start it with `start`; it ends soon after `stop`, or with the process.

    Attributes:
        size_bytes: Of the file system that holds the volume.
    """

    def __init__(self, volume: Volume, clock: Clock) -> None:
        self.size_bytes = 0
        self._volume = volume
        self._clock = clock
        self._device = volume.root.stat().st_dev
        self._problem = ""
        self._answered_ns = clock.mono_ns()
        self._stop = threading.Event()
        self._look()

    def start(self) -> None:
        run_aside(self._run, "volume-watch")

    def stop(self) -> None:
        self._stop.set()

    def find_problem(self) -> str:
        """In words what the last look found wrong; empty when nothing is."""
        return self._problem

    def is_silent(self) -> bool:
        """Whether a call to the disk does not return."""
        return self._clock.mono_ns() - self._answered_ns > SILENCE_NS

    def _run(self) -> None:
        while not self._stop.wait(LOOK_EVERY_S):
            self._look()

    def _look(self) -> None:
        root = self._volume.root
        try:
            if open_volume(root).volume_id != self._volume.volume_id:
                self._problem = f"another volume lies at {root} now"
            elif root.stat().st_dev != self._device:
                self._problem = f"another file system is mounted at {root} now"
            else:
                stat = os.statvfs(root)
                self.size_bytes = stat.f_blocks * stat.f_frsize
                self._problem = f"{root} has become read-only" if stat.f_flag & os.ST_RDONLY else ""
        except (OSError, StorageError) as exc:
            self._problem = exc.message if isinstance(exc, StorageError) else f"{root}: {exc.strerror}"
        self._answered_ns = self._clock.mono_ns()


def run_aside(work: Callable[[], object], name: str) -> threading.Thread:
    """Runs something that may block for ever in a thread that does not keep the process from ending."""
    thread = threading.Thread(target=work, name=name, daemon=True)
    thread.start()
    return thread


def check_writable(volume: Volume) -> None:
    """Writes and removes a small file. Raises OSError."""
    disk = PosixDisk()
    path = volume.root / ".probe"
    disk.unlink(path)
    descriptor = disk.create(path)
    try:
        disk.append(descriptor, (b"vedette\n",))
        disk.sync(descriptor)
    finally:
        disk.close(descriptor)
        disk.unlink(path)
