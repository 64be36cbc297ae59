"""Teaches a set of categories from vectors of pictures and judges it on every fifth, which it never saw. Pure."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256

import numpy as np
from numpy.typing import NDArray

from vedette.core.classified import MeasuredChange
from vedette.vision.categories.category_set import (
    FORMAT,
    VERSION,
    About,
    CategorySet,
    EmbeddingRef,
    check_names,
    make_check,
    pack,
)
from vedette.vision.categories.figures import CategoryFigures, ChangesFigures, ReliabilityBin, SetFigures
from vedette.vision.categories.fitting import Chosen, Fold, choose_terms, fit_head
from vedette.vision.categories.head import Head, Labels, Vectors, with_temperature
from vedette.vision.categories.lessons import TooFewPicturesError, TooManyPicturesError
from vedette.vision.classify.changes import CHANGES

MIN_PICTURES = 5
"""Of a category: four to learn from in folds, one to judge by."""
MAX_PICTURES = 4000
"""Of a set; more teach hardly anything and cost minutes."""
MAX_CHANGED = 200
"""Held-out pictures of a set that are also judged under each change: thirteen looks each instead of one."""
_HELD_OUT = 5
_KNOWN_SHARE = 0.05
"""Of known pictures that may be called none of these."""
_BINS = 10


@dataclass(frozen=True, slots=True)
class Lesson:
    """What a set is taught from.

    Attributes:
        categories: In the order in which they are said.
        vectors: (N, D) float32 of unit length; labels: (N,) index of each one's category.
        digests: (N,) SHA-256 of each picture's file, hexadecimal.
        skipped: Pictures that could not be used.
        changed: Rows of held-out pictures, `judges_changed`, and their vectors under each of `CHANGES`, (changes, D).
    """

    set_id: str
    name: str
    about: About
    categories: Sequence[str]
    vectors: Vectors
    labels: Labels
    digests: Sequence[str]
    skipped: int
    embedding: EmbeddingRef
    changed: Mapping[int, Vectors]


@dataclass(frozen=True, slots=True)
class Made:
    """When and by which release a set is made."""

    at: str
    by: str


def check_lesson(categories: Sequence[str], counts: Sequence[int]) -> None:
    """Whether a set can be taught from so many usable pictures of each category.

    Raises:
        TooFewPicturesError, TooManyPicturesError
    """
    few = [f"{name} ({count})" for name, count in zip(categories, counts, strict=True) if count < MIN_PICTURES]
    if few:
        raise TooFewPicturesError(
            f"too few usable pictures: {', '.join(few[:10])}",
            f"Each category needs {MIN_PICTURES} at least; from 20 on it becomes dependable.",
        )
    if sum(counts) > MAX_PICTURES:
        raise TooManyPicturesError(
            f"{sum(counts)} pictures are more than {MAX_PICTURES}", "Leave out those that look alike."
        )


def teach(lesson: Lesson, made: Made) -> Iterator[Fold | CategorySet]:
    """Teaches and judges, telling each step; the last item is the set.

    Every fifth picture of a category, in the order given, judges and does nothing else. The one head that was judged
    is the one that is kept.

    Raises:
        InvalidInputError: names, or numbers of pictures, that cannot be used.
    """
    check_names(lesson.name, list(lesson.categories))
    count = len(lesson.categories)
    check_lesson(lesson.categories, np.bincount(lesson.labels, minlength=count).tolist())
    held = hold_out(lesson.labels)
    vectors, labels = lesson.vectors[~held], lesson.labels[~held]
    chosen = None
    for step in choose_terms(vectors, labels, count):
        if isinstance(step, Chosen):
            chosen = step
        else:
            yield step
    assert chosen is not None
    head = with_temperature(fit_head(vectors, labels, count, chosen.l2), chosen.temperature)
    none_below = round(float(np.quantile(chosen.shares.max(axis=1), _KNOWN_SHARE)), 4)
    figures = judge(head, none_below, lesson, held, chosen)
    yield CategorySet(
        FORMAT,
        VERSION,
        lesson.set_id,
        lesson.name,
        lesson.about,
        made.at,
        made.by,
        lesson.embedding,
        list(lesson.categories),
        len(lesson.labels),
        sha256("\n".join(sorted(lesson.digests)).encode()).hexdigest(),
        lesson.skipped,
        pack(head.weights),
        pack(head.centre),
        [float(value) for value in head.bias],
        head.temperature,
        none_below,
        figures,
        [round(float(share), 6) for share in head.shares(make_check(lesson.embedding.size)[None])[0]],
    )


def hold_out(labels: Labels) -> NDArray[np.bool_]:
    """(N,) whether a picture only judges: every fifth of each category."""
    held = np.zeros(len(labels), np.bool_)
    for label in np.unique(labels):
        held[np.flatnonzero(labels == label)[_HELD_OUT - 1 :: _HELD_OUT]] = True
    return held


def judges_changed(number: int, categories: int) -> bool:
    """Whether a category's picture of this number, from 0, is held out and among those that judge changed, too."""
    held, place = divmod(number, _HELD_OUT)
    return place == _HELD_OUT - 1 and held < MAX_CHANGED // categories


def judge(head: Head, none_below: float, lesson: Lesson, held: NDArray[np.bool_], chosen: Chosen) -> SetFigures:
    """How good a head is on held-out pictures, at least one of each category."""
    labels = lesson.labels[held]
    shares = head.shares(lesson.vectors[held])
    said, sure = shares.argmax(axis=1), shares.max(axis=1)
    nearest = say_nearest(lesson.vectors[~held], lesson.labels[~held], lesson.vectors[held])
    count = len(lesson.categories)
    confusion = np.zeros((count, count), np.int64)
    np.add.at(confusion, (labels, said), 1)
    bins = sort_by_sureness(sure, said == labels)
    taught = Counter(lesson.labels[~held].tolist())
    return SetFigures(
        round(float((said == labels).mean()), 4),
        round(float((nearest == labels).mean()), 4),
        round(measure_ece(bins), 4),
        round(float((sure >= none_below).mean()), 4),
        confusion.tolist(),
        [CategoryFigures(taught[row], int(confusion[row].sum()), *_rates(confusion, row)) for row in range(count)],
        bins,
        chosen.l2,
        chosen.folds,
        judge_changed(head, lesson),
    )


def judge_changed(head: Head, lesson: Lesson) -> ChangesFigures | None:
    """How good a head is on changed pictures; None without any."""
    if not lesson.changed:
        return None
    rows = list(lesson.changed)
    labels = lesson.labels[rows]

    def accuracy(vectors: Vectors) -> float:
        return round(float((head.shares(vectors).argmax(axis=1) == labels).mean()), 4)

    vectors = np.stack(list(lesson.changed.values()))
    steps = [MeasuredChange(one.way, one.by, accuracy(vectors[:, step])) for step, one in enumerate(CHANGES)]
    return ChangesFigures(len(rows), accuracy(lesson.vectors[rows]), steps)


def say_nearest(taught: Vectors, labels: Labels, asked: Vectors) -> Labels:
    """(N,) the category with the nearest mean direction: what is to be beaten."""
    means = np.stack([taught[labels == label].mean(axis=0) for label in range(int(labels.max()) + 1)])
    means /= np.maximum(np.linalg.norm(means, axis=1, keepdims=True), 1e-9)
    return np.asarray((asked @ means.T).argmax(axis=1), np.int64)


def sort_by_sureness(sure: Vectors, right: NDArray[np.bool_]) -> list[ReliabilityBin]:
    """Tenths of the surest share that have pictures, lowest first."""
    tenth = np.minimum((sure * _BINS).astype(np.int64), _BINS - 1)
    return [
        ReliabilityBin(
            int((tenth == number).sum()),
            round(float(sure[tenth == number].mean()), 4),
            round(float(right[tenth == number].mean()), 4),
        )
        for number in np.unique(tenth)
    ]


def measure_ece(bins: Sequence[ReliabilityBin]) -> float:
    """Expected calibration error: how far what was said and what was right are apart (Guo et al. 2017)."""
    return sum(one.pictures * abs(one.said - one.right) for one in bins) / sum(one.pictures for one in bins)


def _rates(confusion: NDArray[np.int64], row: int) -> tuple[float | None, float | None]:
    """Precision and recall of one category, None where nothing was said or shown."""
    right = int(confusion[row, row])
    said, shown = int(confusion[:, row].sum()), int(confusion[row].sum())
    return (round(right / said, 4) if said else None, round(right / shown, 4) if shown else None)
