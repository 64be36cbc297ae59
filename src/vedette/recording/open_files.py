"""A bounded pool of open files for readers. The least recently used one goes first.

A file that leaves the pool closes when its last user lets go of it, so a descriptor number is never reused
under a reader.
"""

import threading
from collections import OrderedDict
from pathlib import Path

from vedette.recording.archive_keys import ArchiveKeyRing
from vedette.recording.stored_file import StoredFile, open_stored


class OpenFiles:
    """The pool, by segment id. Safe to use from several threads."""

    def __init__(self, limit: int, keys: ArchiveKeyRing | None) -> None:
        self._limit = limit
        self._keys = keys
        self._lock = threading.Lock()
        self._files: OrderedDict[str, StoredFile] = OrderedDict()

    def find(self, segment_id: str) -> StoredFile | None:
        with self._lock:
            file = self._files.get(segment_id)
            if file is not None:
                self._files.move_to_end(segment_id)
            return file

    def open(self, segment_id: str, path: Path) -> StoredFile:
        """Opens a file and keeps it. Raises as `open_stored`."""
        file = open_stored(path, self._keys)
        with self._lock:
            self._files[segment_id] = file
            while len(self._files) > self._limit:
                self._files.popitem(last=False)
        return file

    def close(self) -> None:
        with self._lock:
            self._files.clear()
