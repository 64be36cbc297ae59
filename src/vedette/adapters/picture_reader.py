"""Reads event snapshots from the picture store, and removes those of erased footage.

The analyzer writes them, each once; nobody else names their paths.
"""

import asyncio
import os
import re
from pathlib import Path

from vedette.core.errors import NotFoundError, StorageError

_PICTURE = re.compile(r"[0-9A-Za-z]{2}/[0-9A-Za-z_-]{1,64}\.jpg")
MAX_BYTES = 16 << 20


class FilePictureReader:
    """See `vedette.events.ports.PictureReader` and `PictureRemover`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def read_picture(self, relative_path: str) -> bytes:
        if not _PICTURE.fullmatch(relative_path):
            raise NotFoundError("the event's picture has a path that this release does not know")
        return await asyncio.to_thread(self._read, self._folder / relative_path)

    async def remove_picture(self, relative_path: str) -> None:
        if _PICTURE.fullmatch(relative_path):
            await asyncio.to_thread(self._remove, self._folder / relative_path)

    @staticmethod
    def _remove(path: Path) -> None:
        try:
            path.unlink(missing_ok=True)
        except OSError as exc:
            raise StorageError(f"the event's picture cannot be removed: {exc.strerror}") from exc

    @staticmethod
    def _read(path: Path) -> bytes:
        try:
            handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        except FileNotFoundError as exc:
            raise NotFoundError("the event's picture is not stored any more") from exc
        except OSError as exc:
            raise StorageError(f"the event's picture cannot be read: {exc.strerror}") from exc
        with os.fdopen(handle, "rb") as file:
            return file.read(MAX_BYTES)
