"""Reads what `evals.search` searches: `.npy` files, or folders of pictures that are embedded first.

Files, found by name wherever one is missing or called otherwise:

    gallery.npy (also base, train, rows)       (R, D) numbers; the largest matrix where none has such a name
    queries.npy (also query, probe, test)      (Q, D); without one the last tenth of the gallery (at most 1,500)
    gallery_labels.npy, queries_labels.npy     (R,), (Q,) whole numbers, optional
    queries_tracks.npy                         (Q,) which queries are frames of one object, optional

Rows that are not finite are refused, float16 and float64 are turned into float32.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from vedette.search.kernels import Floats, Rows

_NAMES = {"gallery": ("gallery", "base", "train", "rows"), "queries": ("queries", "query", "probe", "test")}
_MAX_HELD_OUT = 1_500
ENROLLED_PICTURES = 5


@dataclass(frozen=True, slots=True)
class SearchData:
    """What is searched, and for what. Labels are all -1 where there are none; so are tracks."""

    gallery: Floats
    gallery_labels: Rows
    queries: Floats
    queries_labels: Rows
    tracks: Rows
    paths: tuple[Path, ...]

    @property
    def has_labels(self) -> bool:
        return bool((self.gallery_labels >= 0).any() and (self.queries_labels >= 0).any())


def read_files(folder: Path) -> SearchData:
    """Reads the `.npy` files of a folder. Ends where they cannot be meant."""
    arrays = {path: np.load(path, allow_pickle=False) for path in sorted(folder.rglob("*.npy"))}
    matrices = {path: array for path, array in arrays.items() if array.ndim == 2 and min(array.shape) > 0}
    vectors = {path: array.ravel() for path, array in arrays.items() if path not in matrices and array.size}
    gallery = _take(matrices, "gallery") or max(matrices, key=lambda path: matrices[path].size, default=None)
    if gallery is None:
        raise SystemExit(f"{folder} has no matrix in a .npy file")
    queries = _take({path: array for path, array in matrices.items() if path != gallery}, "queries")
    rows, row_labels = _to_floats(matrices[gallery]), _labels(vectors, "gallery", len(matrices[gallery]))
    if queries is None:
        cut = len(rows) - min(_MAX_HELD_OUT, max(1, len(rows) // 10))
        parts = rows[:cut], row_labels[:cut], rows[cut:], row_labels[cut:]
        return SearchData(*parts, np.full(len(rows) - cut, -1), tuple(arrays))
    asked = _to_floats(matrices[queries])
    if asked.shape[1] != rows.shape[1]:
        raise SystemExit(f"{gallery.name} has {rows.shape[1]} columns, {queries.name} {asked.shape[1]}")
    tracks = _named(vectors, "track", len(asked))
    return SearchData(rows, row_labels, asked, _labels(vectors, "queries", len(asked)), tracks, tuple(arrays))


def embed_folders(folder: Path, embed: Callable[[Path], Floats]) -> SearchData:
    """Reads `<class>/*`: the first five pictures of each (sorted) are enrolled, the others are frames of one track."""
    kept: tuple[list[Floats], list[int]] = ([], [])
    asked: tuple[list[Floats], list[int]] = ([], [])
    paths: list[Path] = []
    for number, inner in enumerate(sorted(path for path in folder.iterdir() if path.is_dir())):
        for place, path in enumerate(sorted(inner.glob("*.jpg"))):
            rows, labels = kept if place < ENROLLED_PICTURES else asked
            rows.append(embed(path))
            labels.append(number)
            paths.append(path)
    if not kept[0] or not asked[0]:
        raise SystemExit(f"{folder} has neither .npy files nor folders with pictures")
    labels = [np.array(numbers, np.int64) for numbers in (kept[1], asked[1])]
    return SearchData(np.array(kept[0]), labels[0], np.array(asked[0]), labels[1], labels[1], tuple(paths))


def _take(arrays: dict[Path, NDArray[np.generic]], role: str) -> Path | None:
    for name in _NAMES[role]:
        for path in arrays:
            if path.stem.lower().startswith(name):
                return path
    return next(iter(arrays)) if role == "queries" and len(arrays) == 1 else None


def _labels(vectors: dict[Path, NDArray[np.generic]], role: str, count: int) -> Rows:
    of_role = {path: array for path, array in vectors.items() if path.stem.lower().startswith(_NAMES[role])}
    return _named(of_role, "label", count)


def _named(vectors: dict[Path, NDArray[np.generic]], word: str, count: int) -> Rows:
    for path, array in vectors.items():
        if word in path.stem.lower() and len(array) == count:
            return array.astype(np.int64)
    return np.full(count, -1, np.int64)


def _to_floats(array: NDArray[np.generic]) -> Floats:
    floats = np.ascontiguousarray(array, np.float32)
    if not np.isfinite(floats).all():
        raise SystemExit("a row has numbers that are not finite")
    return floats
