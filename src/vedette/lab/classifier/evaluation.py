"""How good a classifier is: accuracy, calibration, confusion, and what a shift, a turn or another size does to it.

Works on any release by its answers alone; no training framework is needed.
"""

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from vedette.lab.classifier.pictures import LabelledPictures, Pictures
from vedette.vision.classify.changes import CHANGES, Change, apply_change

Classify = Callable[[Pictures], NDArray[np.float32]]
"""Pictures (N, side, side, 3) uint8 BGR to probabilities (N, classes)."""
_BINS = 15


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What was found.

    Attributes:
        confusion: (classes, classes) int64: row the truth, column the answer.
        ece: Expected calibration error, 15 bins of equal width (Guo et al. 2017).
    """

    accuracy: float
    ece: float
    confusion: NDArray[np.int64]


def evaluate(probabilities: NDArray[np.float32], labels: NDArray[np.int64]) -> Evaluation:
    """Judges answers (N, classes) against the truth (N,)."""
    answers = probabilities.argmax(1)
    classes = probabilities.shape[1]
    confusion = np.bincount(labels * classes + answers, minlength=classes * classes).reshape(classes, classes)
    hits = answers == labels
    return Evaluation(float(hits.mean()), measure_ece(probabilities.max(1), hits), confusion)


def measure_ece(confidence: NDArray[np.float32], hits: NDArray[np.bool_]) -> float:
    """How far confidence and share of hits are apart, averaged over the answers."""
    bins = np.minimum((confidence * _BINS).astype(int), _BINS - 1)
    gaps = [abs(float(hits[bins == index].sum() - confidence[bins == index].sum())) for index in range(_BINS)]
    return sum(gaps) / max(len(hits), 1)


def fit_temperature(logits: NDArray[np.float32], labels: NDArray[np.int64]) -> float:
    """The divisor of logits (N, classes) that makes the answers likeliest (Guo et al. 2017), by golden section."""
    rows = np.arange(len(labels))

    def surprise(temperature: float) -> float:
        scaled = logits / temperature
        top = scaled.max(1, keepdims=True)
        return float((np.log(np.exp(scaled - top).sum(1)) + top[:, 0] - scaled[rows, labels]).mean())

    low, high, ratio = 0.05, 10.0, (5**0.5 - 1) / 2
    for _ in range(60):
        left, right = high - ratio * (high - low), low + ratio * (high - low)
        low, high = (low, right) if surprise(left) < surprise(right) else (left, high)
    return (low + high) / 2


def measure_changes(classify: Classify, labelled: LabelledPictures) -> dict[str, float]:
    """Accuracy when pictures are shifted, shown smaller or larger, or turned, by `Change.figure`.

    The report says that pooling makes its network invariant to these.
    """

    def accuracy(change: Change) -> float:
        changed = np.stack([apply_change(picture, change) for picture in labelled.pictures])
        return float((classify(changed).argmax(1) == labelled.labels).mean())

    return {change.figure: accuracy(change) for change in CHANGES}


def draw_grid(labelled: LabelledPictures, probabilities: NDArray[np.float32], columns: int = 8) -> NDArray[np.uint8]:
    """A sheet of pictures with the answer under each, red where it is wrong: as many as there are answers."""
    cell_px, text_px = 96, 28
    rows = -(-len(probabilities) // columns)
    sheet = np.full((rows * (cell_px + text_px), columns * cell_px, 3), 24, np.uint8)
    for index, row in enumerate(probabilities):
        top, left = index // columns * (cell_px + text_px), index % columns * cell_px
        larger = cv2.resize(labelled.pictures[index], (cell_px, cell_px), interpolation=cv2.INTER_NEAREST)
        sheet[top : top + cell_px, left : left + cell_px] = larger
        best = int(row.argmax())
        colour = (120, 220, 120) if best == labelled.labels[index] else (90, 90, 255)
        text = f"{labelled.names[best]} {row[best]:.0%}"
        place = (left + 3, top + cell_px + 18)
        cv2.putText(sheet, text, place, cv2.FONT_HERSHEY_SIMPLEX, 0.36, colour, 1, cv2.LINE_AA)
    return sheet
