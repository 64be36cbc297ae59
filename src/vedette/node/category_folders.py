"""Reads folders of pictures for `vedette lab categories`: each sub-folder a category. Decoding is the jail's."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import numpy as np

from vedette.core.classified import MAX_UPLOAD_BYTES
from vedette.core.errors import InvalidInputError, NotFoundError, StorageError
from vedette.node.picture_vectors import PictureVectors
from vedette.vision.categories.category_set import check_names
from vedette.vision.categories.head import Labels, Vectors
from vedette.vision.categories.training import check_lesson

SUFFIXES = frozenset({".jpg", ".jpeg", ".jpe", ".png", ".bmp"})
_TELL_EVERY = 25


@dataclass(frozen=True, slots=True)
class ReadFolders:
    """All usable pictures, categories in order of their names. Shapes as `Lesson` has them."""

    categories: Sequence[str]
    vectors: Vectors
    labels: Labels
    digests: Sequence[str]
    skipped: int


def find_categories(folder: Path, name: str) -> dict[str, list[Path]]:
    """Category to its pictures, by the names of sub-folders, which are checked. Hidden ones are left out.

    Raises:
        NotFoundError: there is no such folder.
        InvalidInputError: names or numbers of sub-folders cannot be used; too few pictures.
    """
    if not folder.is_dir():
        raise NotFoundError(f"the folder {folder} does not exist")
    below = sorted(path for path in folder.iterdir() if path.is_dir() and not path.name.startswith("."))
    check_names(name, [path.name for path in below])
    found = {path.name: sorted(file for file in path.iterdir() if file.suffix.lower() in SUFFIXES) for path in below}
    check_lesson(list(found), [len(files) for files in found.values()])
    return found


async def read_folders(
    found: Mapping[str, Sequence[Path]], vectors: PictureVectors, tell: Callable[[str], None]
) -> ReadFolders:
    """Makes the vectors of all pictures. One that is none, or damaged, is told and left out; so is one that was there
    already, in whatever folder: what is taught must not judge.
    """
    rows: list[Vectors] = []
    labels: list[int] = []
    digests: dict[str, Path] = {}
    skipped, total, seen = 0, sum(map(len, found.values())), 0
    for label, files in enumerate(found.values()):
        for path in files:
            seen += 1
            try:
                data = read_picture(path)
                digest = _check_new(data, digests)
                rows.append(await vectors.embed(data))
            except (InvalidInputError, StorageError) as error:
                skipped += 1
                tell(f"{path} is left out: {error.message}")
                continue
            digests[digest] = path
            labels.append(label)
            if seen % _TELL_EVERY == 0:
                tell(f"{seen} of {total} pictures")
    check_lesson(list(found), np.bincount(np.array(labels, np.int64), minlength=len(found)).tolist())
    return ReadFolders(list(found), np.stack(rows), np.array(labels, np.int64), list(digests), skipped)


def read_picture(path: Path) -> bytes:
    """Its bytes, no more than it takes to see that there are too many. Raises StorageError."""
    try:
        with path.open("rb") as file:
            return file.read(MAX_UPLOAD_BYTES + 1)
    except OSError as error:
        raise StorageError(f"{path} cannot be read: {error.strerror}") from error


def _check_new(data: bytes, digests: Mapping[str, Path]) -> str:
    """Gives the picture's hash. Raises InvalidInputError when it was there already."""
    digest = sha256(data).hexdigest()
    if digest in digests:
        raise InvalidInputError(f"it is the same picture as {digests[digest]}")
    return digest
