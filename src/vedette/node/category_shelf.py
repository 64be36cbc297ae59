"""The operator's own sets of categories on disk: `<folder>/<name>/categories.json`, each whole or not there.

One part of the house writes them, others read. What is read is checked as any foreign file. Blocks: call in a thread.
"""

import os
import shutil
import stat
from pathlib import Path

from vedette.core.errors import InvalidInputError, NotFoundError, StorageError
from vedette.node.category_words import SET_FILE, find_marks
from vedette.runtime.files import replace_file
from vedette.vision.categories.category_set import (
    MAX_SET_BYTES,
    BadCategorySetError,
    CategorySet,
    decode_set,
    encode_set,
)


class CategoryShelf:
    """The sets of one data directory."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def list_names(self) -> list[str]:
        """Names of kept sets, sorted. Raises StorageError."""
        return list(find_marks(self.folder))

    def load(self, name: str) -> CategorySet:
        """Reads and checks one.

        Raises:
            NotFoundError: there is none of this name.
            BadCategorySetError: it was damaged or changed, or is another's.
            StorageError: it cannot be read.
        """
        path = self._find(name)
        try:
            with os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
                if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                    raise BadCategorySetError(f"{path} is no plain file")
                one = decode_set(file.read(MAX_SET_BYTES + 1))
        except FileNotFoundError as error:
            raise NotFoundError(f"no set of categories {name} is kept") from error
        except OSError as error:
            raise StorageError(f"{path} cannot be read: {error.strerror}") from error
        if one.name != name:
            raise BadCategorySetError(f"the set in {path.parent} says that it is {one.name}")
        return one

    def save(self, one: CategorySet) -> None:
        """Keeps a set, instead of one of the same name. Raises InvalidInputError, StorageError."""
        path = self._find(one.name)
        try:
            path.parent.mkdir(mode=0o750, parents=True, exist_ok=True)
            replace_file(path, encode_set(one))
        except OSError as error:
            raise StorageError(f"{path} cannot be written: {error.strerror}") from error

    def delete(self, name: str) -> None:
        """Removes a set; none there is as good. Raises InvalidInputError, StorageError."""
        try:
            shutil.rmtree(self._find(name).parent)
        except FileNotFoundError:
            return
        except OSError as error:
            raise StorageError(f"the set {name} cannot be removed: {error.strerror}") from error

    def _find(self, name: str) -> Path:
        check_set_name(name)
        return self.folder / name / SET_FILE


def check_set_name(name: str) -> None:
    """A name is a folder of its own: nothing above, and nothing hidden. Raises InvalidInputError."""
    if not name or name.startswith(".") or "/" in name or "\0" in name:
        raise InvalidInputError(f"{name[:80]!r} cannot be the name of a kept set", "Without '/', no '.' first.")
