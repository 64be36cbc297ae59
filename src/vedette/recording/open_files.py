"""A bounded pool of open files for readers. The least recently used one goes first.

A file that leaves the pool closes when its last user lets go of it, so a descriptor number is never reused
under a reader.
"""

import os
import threading
from collections import OrderedDict
from pathlib import Path


class OpenFile:
    """A file open for reading; closes when nobody holds it any more."""

    def __init__(self, path: Path) -> None:
        self.descriptor = -1
        self.descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)

    def __del__(self) -> None:
        if self.descriptor >= 0:
            os.close(self.descriptor)


class OpenFiles:
    """The pool, by segment id. Safe to use from several threads."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._lock = threading.Lock()
        self._files: OrderedDict[str, OpenFile] = OrderedDict()

    def find(self, segment_id: str) -> OpenFile | None:
        with self._lock:
            file = self._files.get(segment_id)
            if file is not None:
                self._files.move_to_end(segment_id)
            return file

    def open(self, segment_id: str, path: Path) -> OpenFile:
        """Opens a file and keeps it. Raises OSError."""
        file = OpenFile(path)
        with self._lock:
            self._files[segment_id] = file
            while len(self._files) > self._limit:
                self._files.popitem(last=False)
        return file

    def close(self) -> None:
        with self._lock:
            self._files.clear()
