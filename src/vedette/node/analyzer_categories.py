"""The sets of categories that this analyzer tells of tracks: those that are kept, each checked, and why others are not.

A set that was changed, taught anew or deleted is taken up between two pictures; no worker is restarted for it, because
a worker makes vectors and knows no set. Design: docs/design/categories.md.
"""

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from vedette.core.errors import NotFoundError, VedetteError
from vedette.node.category_shelf import CategoryShelf
from vedette.node.category_words import Mark, find_marks
from vedette.runtime.log import get_logger
from vedette.vision.categories.category_set import CategorySet, EmbeddingRef, check_embedding
from vedette.vision.categories.verdict import OpenSet, open_set


class SetNotKeptError(NotFoundError):
    """There is no set of this name, or not any more."""

    code = "categories_not_kept"

    def __init__(self, name: str) -> None:
        super().__init__(f"no set of categories {name} is kept", "Teach it, or leave it out.")


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A set that somebody asked for and that is not told: a stable code, and why in words."""

    name: str
    code: str
    reason: str


class SetsInForce:
    """See the module's head. `look` first.

    Attributes:
        version: Counts what was taken up, so that whoever holds sets knows that there are others.

    Args:
        find: The embedding that is installed: `vedette.node.embeddings.find_embedding`.
    """

    def __init__(self, shelf: CategoryShelf, find: Callable[[], EmbeddingRef]) -> None:
        self._shelf = shelf
        self._find = find
        self._marks: Mapping[str, Mark] = {}
        self._kept: dict[str, CategorySet | VedetteError] = {}
        self._embedding: EmbeddingRef | VedetteError | None = None
        self._open: dict[str, OpenSet | VedetteError] = {}
        self._unreadable: VedetteError | None = None
        self.version = 0
        self._turn = threading.Lock()
        self._log = get_logger("analyzer")

    def look(self) -> None:
        """Reads what was changed since. Blocks; from any thread."""
        with self._turn:
            self._look()

    def look_for_model(self) -> None:
        """The same where the embedding may have been installed, removed or refused since."""
        with self._turn:
            self._embedding = None
            self._look()

    def _look(self) -> None:
        try:
            marks, unreadable = find_marks(self._shelf.folder), None
        except VedetteError as error:
            marks, unreadable = {}, error
        if marks == self._marks and (unreadable is None) == (self._unreadable is None) and self._embedding is not None:
            return
        kept = {
            name: self._kept[name] if self._marks.get(name) == mark else self._load(name)
            for name, mark in marks.items()
        }
        self._marks, self._kept, self._unreadable = marks, kept, unreadable
        self._embedding = self._embedding or self._find_embedding()
        self._open = {name: self._open_one(one) for name, one in kept.items()}
        self.version += 1

    def choose(self, names: Sequence[str]) -> tuple[OpenSet, ...]:
        """Those of these that can be told."""
        found = (self._open.get(name) for name in names)
        return tuple(one for one in found if isinstance(one, OpenSet))

    def explain(self, names: Sequence[str]) -> tuple[LeftOut, ...]:
        """Those of these that cannot, with why."""
        faults = ((name, self._find_fault(name)) for name in names)
        return tuple(LeftOut(name, fault.code, str(fault)) for name, fault in faults if fault is not None)

    def open_all(self, names: Sequence[str]) -> tuple[OpenSet, ...]:
        """All of these. Raises what is wrong with the first that cannot be told."""
        for fault in map(self._find_fault, names):
            if fault is not None:
                raise fault
        return self.choose(names)

    def list_kept(self) -> dict[str, CategorySet | VedetteError]:
        """All kept sets by name, or why one cannot be read."""
        return dict(self._kept)

    def _find_fault(self, name: str) -> VedetteError | None:
        found = self._open.get(name) or self._unreadable or SetNotKeptError(name)
        return found if isinstance(found, VedetteError) else None

    def _load(self, name: str) -> CategorySet | VedetteError:
        try:
            return self._shelf.load(name)
        except VedetteError as error:
            self._log.warning("a set of categories is left out", name=name, reason=str(error))
            return error

    def _find_embedding(self) -> EmbeddingRef | VedetteError:
        try:
            return self._find()
        except VedetteError as error:
            return error

    def _open_one(self, one: CategorySet | VedetteError) -> OpenSet | VedetteError:
        if isinstance(one, VedetteError):
            return one
        if not isinstance(self._embedding, EmbeddingRef):
            assert self._embedding is not None
            return self._embedding
        try:
            check_embedding(one, self._embedding)
        except VedetteError as error:
            return error
        return open_set(one)
