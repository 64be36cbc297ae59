"""Pictures in folders, one per class: how they are read, and the tenth that no training sees."""

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from vedette.core.errors import InvalidInputError

HELD_OUT_EVERY = 10
_ENDINGS = frozenset({".jpg", ".jpeg", ".png", ".bmp"})
Pictures = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class LabelledPictures:
    """Pictures of one size and their classes.

    Attributes:
        pictures: (N, side, side, 3) uint8 BGR.
        labels: (N,) int64, indices of `names`.
    """

    names: tuple[str, ...]
    pictures: Pictures
    labels: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.labels)

    def pick(self, chosen: NDArray[np.bool_]) -> "LabelledPictures":
        """Those chosen, (N,) bool."""
        return LabelledPictures(self.names, self.pictures[chosen], self.labels[chosen])

    def one_hot(self) -> NDArray[np.float32]:
        """(N, classes): 1 at the class."""
        return np.eye(len(self.names), dtype=np.float32)[self.labels]


def find_pictures(folder: Path) -> list[tuple[str, Path]]:
    """Class and file of every picture in `<class>/*`, sorted.

    Raises:
        InvalidInputError: there is no such folder, or it has not at least two classes.
    """
    if not folder.is_dir():
        raise InvalidInputError(f"{folder} is no folder", "Unpack the pictures there, those of each class in a folder.")
    found = [
        (below.name, file)
        for below in sorted(folder.iterdir())
        if below.is_dir()
        for file in sorted(below.iterdir(), key=lambda path: (len(path.name), path.name))
        if file.suffix.lower() in _ENDINGS
    ]
    if len({name for name, _ in found}) < 2:
        raise InvalidInputError(
            f"{folder} has not two folders with pictures", "Put the pictures of each class into a folder of its name."
        )
    return found


def load_pictures(folder: Path, side_px: int) -> tuple[LabelledPictures, NDArray[np.bool_]]:
    """All pictures of a folder, brought to one size, and which of them are held out: every tenth of each class.

    Raises:
        InvalidInputError: fewer than two classes, or a file is no picture.
    """
    found = find_pictures(folder)
    names = tuple(sorted({name for name, _ in found}))
    pictures = np.empty((len(found), side_px, side_px, 3), np.uint8)
    labels = np.empty(len(found), np.int64)
    held_out = np.empty(len(found), np.bool_)
    seen = dict.fromkeys(names, 0)
    for row, (name, file) in enumerate(found):
        image = cv2.imread(str(file), cv2.IMREAD_COLOR)
        if image is None:
            raise InvalidInputError(f"{file} is no picture", "Take it out of the folder.")
        whole = image.shape[:2] == (side_px, side_px)
        pictures[row] = image if whole else cv2.resize(image, (side_px, side_px), interpolation=cv2.INTER_AREA)
        labels[row] = names.index(name)
        held_out[row] = seen[name] % HELD_OUT_EVERY == HELD_OUT_EVERY - 1
        seen[name] += 1
    return LabelledPictures(names, pictures, labels), held_out
