"""A bounded pool of open files for readers. The least recently used one goes first.

A file that leaves the pool closes when its last user lets go of it, so a descriptor number is never reused
under a reader.
"""

import threading
from collections import OrderedDict

from vedette.recording.stored_file import StoredFile


class OpenFiles:
    """The pool, by segment id. Safe to use from several threads."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._lock = threading.Lock()
        self._files: OrderedDict[str, StoredFile] = OrderedDict()

    def find(self, segment_id: str) -> StoredFile | None:
        with self._lock:
            file = self._files.get(segment_id)
            if file is not None:
                self._files.move_to_end(segment_id)
            return file

    def keep(self, segment_id: str, file: StoredFile) -> StoredFile:
        """Keeps a file that has been opened."""
        with self._lock:
            self._files[segment_id] = file
            while len(self._files) > self._limit:
                self._files.popitem(last=False)
        return file

    def close(self) -> None:
        with self._lock:
            self._files.clear()
