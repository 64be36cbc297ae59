"""Which sets of categories are kept, and their words, for whoever offers them. Loads nothing that judges.

Sets lie at `<folder>/<name>/categories.json`, replaced whole: another file under the same name has another mark.
"""

import asyncio
import stat
from collections.abc import Mapping
from pathlib import Path

from vedette.core.errors import InvalidInputError, StorageError
from vedette.runtime.log import get_logger
from vedette.vision.categories.words import MAX_FILE_BYTES, CategoryWords, read_words

SET_FILE = "categories.json"
Mark = tuple[int, int, int]
"""By which a file is known to be the one of before: inode, time of its last change, size."""


def find_marks(folder: Path) -> dict[str, Mark]:
    """The kept sets by name. What is no plain file is none: a link or a pipe is nothing that a set was written to.

    Raises:
        StorageError: the folder is there and cannot be read.
    """
    try:
        names = sorted(path.name for path in folder.iterdir() if not path.name.startswith("."))
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise StorageError(f"the sets of categories in {folder} cannot be read: {error.strerror}") from error
    marks = {}
    for name in names:
        try:
            found = (folder / name / SET_FILE).lstat()
        except OSError:
            continue
        if stat.S_ISREG(found.st_mode):
            marks[name] = (found.st_ino, found.st_mtime_ns, found.st_size)
    return marks


class KeptWords:
    """The words of all kept sets; each file is read once. One that is no set, or another's, is left out."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._known: Mapping[str, tuple[Mark, CategoryWords | None]] = {}
        self._turn = asyncio.Lock()

    async def list_words(self) -> tuple[CategoryWords, ...]:
        """By name. Raises StorageError."""
        async with self._turn:
            return await asyncio.to_thread(self._list)

    async def list_names(self) -> tuple[str, ...]:
        """Raises StorageError."""
        return tuple(words.name for words in await self.list_words())

    def _list(self) -> tuple[CategoryWords, ...]:
        known = {}
        for name, mark in find_marks(self._folder).items():
            before = self._known.get(name)
            known[name] = before if before is not None and before[0] == mark else (mark, self._read(name))
        self._known = known
        return tuple(words for _, words in known.values() if words is not None)

    def _read(self, name: str) -> CategoryWords | None:
        try:
            with (self._folder / name / SET_FILE).open("rb") as file:
                words = read_words(file.read(MAX_FILE_BYTES + 1))
        except (OSError, InvalidInputError) as error:
            get_logger("gateway").warning("a set of categories is not offered", name=name, reason=str(error))
            return None
        return words if words.name == name else None
