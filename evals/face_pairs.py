"""Reads the pair lists by which others measure faces: LFW's `pairs.txt`, and templates with matches as IJB has them.

LFW: a first line with the number of folds and pairs, then `NAME N M` (one person) and `NAME N OTHER M` (two), files
`NAME/NAME_0001.jpg` under the data folder. IJB: one CSV of templates (`TEMPLATE_ID,SUBJECT_ID,FILENAME`, several rows
make one template) and one of matches (`FIRST_ID,SECOND_ID`), file names under the data folder.
"""

import csv
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from vedette.vision.recognize.face_track import mean_direction

Embed = Callable[[Path], NDArray[np.float32]]
"""(D,) of unit length, NaN when there is no face."""
_DIGITS = 4


@dataclass(frozen=True, slots=True)
class PairList:
    """Pairs of sets of pictures.

    Attributes:
        sets: The pictures of each, one or more.
        pairs: (P, 2) int64 rows of `sets`.
        is_same: (P,) bool.
    """

    sets: list[tuple[Path, ...]]
    pairs: NDArray[np.int64]
    is_same: NDArray[np.bool_]


def read_lfw_pairs(path: Path, folder: Path) -> PairList:
    """Reads `pairs.txt`. Ends with the line that is none."""
    rows: dict[Path, int] = {}
    pairs, same = [], []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        words = line.split("\t") if "\t" in line else line.split()
        if number == 1 and all(word.isdecimal() for word in words):
            continue
        if len(words) == 3:
            words = [words[0], words[1], words[0], words[2]]
        if len(words) != 4 or not (words[1].isdecimal() and words[3].isdecimal()):
            raise SystemExit(f"{path}, line {number}: not NAME N M and not NAME N OTHER M: {line[:80]!r}")
        first, second = (
            folder / name / f"{name}_{int(place):0{_DIGITS}d}.jpg"
            for name, place in ((words[0], words[1]), (words[2], words[3]))
        )
        pairs.append([rows.setdefault(first, len(rows)), rows.setdefault(second, len(rows))])
        same.append(words[0] == words[2])
    return PairList([(picture,) for picture in rows], np.array(pairs, np.int64).reshape(-1, 2), np.array(same, bool))


def pair_everybody(folder: Path) -> PairList:
    """Every two pictures of `<person>/*`."""
    pictures = sorted(path for path in folder.glob("*/*") if path.is_file())
    people = np.array([path.parent.name for path in pictures])
    first, second = np.triu_indices(len(pictures), 1)
    return PairList(
        [(picture,) for picture in pictures],
        np.stack([first, second], axis=1).astype(np.int64),
        np.asarray(people[first] == people[second], bool),
    )


def read_template_matches(templates: Path, matches: Path, folder: Path) -> PairList:
    """Reads templates and matches as IJB has them."""
    pictures: dict[str, list[Path]] = {}
    subjects: dict[str, str] = {}
    with templates.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            pictures.setdefault(row["TEMPLATE_ID"], []).append(folder / row["FILENAME"])
            subjects[row["TEMPLATE_ID"]] = row["SUBJECT_ID"]
    rows = {name: number for number, name in enumerate(pictures)}
    pairs, same = [], []
    with matches.open(encoding="utf-8", newline="") as file:
        for first, second, *_ in csv.reader(file):
            if first not in rows or second not in rows:
                raise SystemExit(f"{matches}: {first} against {second}: no such template")
            pairs.append([rows[first], rows[second]])
            same.append(subjects[first] == subjects[second])
    sets = [tuple(paths) for paths in pictures.values()]
    return PairList(sets, np.array(pairs, np.int64).reshape(-1, 2), np.array(same, bool))


def embed_sets(sets: Sequence[Sequence[Path]], embed: Embed) -> NDArray[np.float32]:
    """(N, D): the mean direction of each set's pictures; those without a face are left out, NaN when none has one."""
    rows = []
    for pictures in sets:
        vectors = np.array([embed(path) for path in pictures])
        found = vectors[np.isfinite(vectors).all(axis=1)]
        rows.append(mean_direction(found) if len(found) else np.full(vectors.shape[1], np.nan))
    return np.array(rows, np.float32)
