"""Reads folders of pictures for teaching: each sub-folder a category. Decoding is the jail's."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Protocol

import numpy as np

from vedette.core.classified import MAX_UPLOAD_BYTES
from vedette.core.errors import InvalidInputError, NotFoundError, StorageError
from vedette.vision.categories.category_set import About, EmbeddingRef, check_names
from vedette.vision.categories.head import Labels, Vectors
from vedette.vision.categories.training import Lesson, check_lesson, judges_changed
from vedette.vision.picture import Image

SUFFIXES = frozenset({".jpg", ".jpeg", ".jpe", ".png", ".bmp"})


@dataclass(frozen=True, slots=True)
class PictureFile:
    """A picture that lies somewhere: its name for people, and its bytes.

    `read` blocks and gives no more than it takes to see that there are too many. It raises InvalidInputError or
    StorageError.
    """

    name: str
    read: Callable[[], bytes]


Folders = Mapping[str, Sequence[PictureFile]]
"""Category to its pictures."""


class Embedder(Protocol):
    """Makes vectors of pictures as `vedette.node.picture_vectors.PictureVectors` does."""

    async def embed(self, picture: bytes) -> Vectors: ...
    async def embed_changed(self, picture: bytes) -> list[tuple[Vectors, Image]]: ...


class ReadingNotes(Protocol):
    """Hears how far the reading is."""

    def note_read(self, seen: int, total: int) -> None: ...
    def note_left_out(self, name: str, reason: str) -> None: ...


@dataclass(frozen=True, slots=True)
class ReadFolders:
    """All usable pictures, categories in order of their names. Shapes as `Lesson` has them."""

    categories: Sequence[str]
    vectors: Vectors
    labels: Labels
    digests: Sequence[str]
    skipped: int
    changed: Mapping[int, Vectors]

    def make_lesson(self, set_id: str, name: str, about: About, embedding: EmbeddingRef) -> Lesson:
        """What a set is taught from; `embedding` made the vectors."""
        return Lesson(
            set_id,
            name,
            about,
            self.categories,
            self.vectors,
            self.labels,
            self.digests,
            self.skipped,
            embedding,
            self.changed,
        )


def find_categories(folder: Path, name: str) -> Folders:
    """The pictures below a folder by the names of sub-folders, which are checked. Hidden ones are left out.

    Raises:
        NotFoundError: there is no such folder.
        InvalidInputError: names or numbers of sub-folders cannot be used; too few pictures.
    """
    if not folder.is_dir():
        raise NotFoundError(f"the folder {folder} does not exist")
    below = sorted(path for path in folder.iterdir() if path.is_dir() and not path.name.startswith("."))
    check_names(name, [path.name for path in below])
    found = {path.name: sorted(file for file in path.iterdir() if is_picture_name(file.name)) for path in below}
    check_lesson(list(found), [len(files) for files in found.values()])
    return {category: [_on_disk(path) for path in files] for category, files in found.items()}


def is_picture_name(name: str) -> bool:
    """By its ending: whether it is tried as a picture at all."""
    return Path(name).suffix.lower() in SUFFIXES


async def read_folders(found: Folders, embedder: Embedder, notes: ReadingNotes) -> ReadFolders:
    """Makes the vectors of all pictures, and of some of those that will judge also changed ones. One that is none, or
    damaged, is told and left out; so is one that was there already, in whatever folder: what is taught must not judge.

    Raises:
        TooFewPicturesError: too few were left, and what `embedder` raises besides InvalidInputError.
    """
    rows: list[Vectors] = []
    labels: list[int] = []
    digests: dict[str, str] = {}
    changed: dict[int, Vectors] = {}
    skipped, total, seen = 0, sum(map(len, found.values())), 0
    for label, files in enumerate(found.values()):
        first = len(rows)
        for picture in files:
            try:
                data = await asyncio.to_thread(picture.read)
                digest = _check_new(data, digests)
                if judges_changed(len(rows) - first, len(found)):
                    as_is, *others = [vector for vector, _ in await embedder.embed_changed(data)]
                    changed[len(rows)] = np.stack(others)
                else:
                    as_is = await embedder.embed(data)
                rows.append(as_is)
            except (InvalidInputError, StorageError) as error:
                skipped += 1
                notes.note_left_out(picture.name, error.message)
            else:
                digests[digest] = picture.name
                labels.append(label)
            seen += 1
            notes.note_read(seen, total)
    check_lesson(list(found), np.bincount(np.array(labels, np.int64), minlength=len(found)).tolist())
    return ReadFolders(list(found), np.stack(rows), np.array(labels, np.int64), list(digests), skipped, changed)


def read_picture(path: Path) -> bytes:
    """Its bytes, no more than it takes to see that there are too many. Raises StorageError."""
    try:
        with path.open("rb") as file:
            return file.read(MAX_UPLOAD_BYTES + 1)
    except OSError as error:
        raise StorageError(f"{path} cannot be read: {error.strerror}") from error


def _on_disk(path: Path) -> PictureFile:
    return PictureFile(str(path), lambda: read_picture(path))


def _check_new(data: bytes, digests: Mapping[str, str]) -> str:
    """Gives the picture's hash. Raises InvalidInputError when it was there already."""
    digest = sha256(data).hexdigest()
    if digest in digests:
        raise InvalidInputError(f"it is the same picture as {digests[digest]}")
    return digest
