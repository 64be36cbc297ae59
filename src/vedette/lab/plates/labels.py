"""Reads labelled pictures of plates: OpenALPR's `.txt` beside each picture, and `plates_gt*.csv` of Vietnamese ones.

What is trained on must not be measured on: a picture belongs to training or to measuring by its name alone.
"""

import csv
import hashlib
from dataclasses import dataclass
from pathlib import Path

from vedette.core.errors import InvalidInputError, NotFoundError


@dataclass(frozen=True, slots=True)
class PlateLabel:
    """One labelled plate. `box_xyxy` is None where only the text is known; `?` in `text` is a sign nobody can tell."""

    text: str
    box_xyxy: tuple[float, float, float, float] | None


@dataclass(frozen=True, slots=True)
class LabelledPicture:
    """One picture and all plates that somebody labelled in it."""

    path: Path
    plates: tuple[PlateLabel, ...]


def read_labels(folder: Path) -> list[LabelledPicture]:
    """Reads all labels below a folder, of either kind, by path.

    Raises:
        NotFoundError: there are none.
        InvalidInputError: a label cannot be read.
    """
    pictures = [_read_openalpr(path) for path in sorted(folder.rglob("*.txt"))]
    for table in sorted(folder.rglob("plates_gt*.csv")):
        with table.open(encoding="utf-8", newline="") as rows:
            pictures += [_read_row(table.parent, row) for row in csv.reader(rows) if row and row[0] != "file"]
    if not pictures:
        raise NotFoundError(f"{folder} has neither OpenALPR labels nor plates_gt*.csv")
    return pictures


def is_held_out(picture: LabelledPicture) -> bool:
    """Whether a picture is kept for measuring: by the hash of its file name, so wherever the file lies."""
    return hashlib.sha256(picture.path.name.encode()).digest()[0] % 2 == 0


def _read_openalpr(path: Path) -> LabelledPicture:
    plates, name = [], ""
    for line in path.read_text("utf-8").splitlines():
        if not line.strip():
            continue
        fields = line.rstrip("\n").split("\t")
        try:
            name, (x, y, w, h), text = fields[0], (float(value) for value in fields[1:5]), fields[5]
        except (ValueError, IndexError) as error:
            raise InvalidInputError(f"{path} is no OpenALPR label: {line[:60]!r}") from error
        plates.append(PlateLabel(text, (x, y, x + w, y + h)))
    return LabelledPicture(path.parent / name, tuple(plates))


def _read_row(folder: Path, row: list[str]) -> LabelledPicture:
    texts = [text for text in row[1].split(";") if text]
    return LabelledPicture(folder / row[0], tuple(PlateLabel(text, None) for text in texts))
