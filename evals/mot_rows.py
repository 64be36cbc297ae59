"""Reads MOT Challenge rows and makes frames to score of them. Pure but for `read_rows`.

Rows with flag 0 are neither reward nor punishment: they are no truth, and what was found there (IoU 0.5 or more, in an
assignment with all labels) is taken out, as TrackEval takes out what was found on its distractors. With the classes
of MOT16 and later, only people and what looks like people (2 rider, 7 static person, 8 distractor, 12 reflection)
are such; other classes with flag 0 do not exist.
"""

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from evals.track_metrics import MATCH_IOU, ScoredFrame, assign
from vedette.vision.boxes import iou_matrix

_PERSON = 1
_LIKE_PERSON = (2, 7, 8, 12)


@dataclass(frozen=True, slots=True)
class MotRows:
    """Boxes of a sequence.

    Attributes:
        frame: (N,) from 1.
        number: (N,) of the track, any integers.
        boxes_xyxy: (N, 4) float32 in pixels.
        scored: (N,) bool; the others are to be ignored.
    """

    frame: NDArray[np.int64]
    number: NDArray[np.int64]
    boxes_xyxy: NDArray[np.float32]
    scored: NDArray[np.bool_]

    def select(self, rows: NDArray[np.bool_]) -> "MotRows":
        return MotRows(self.frame[rows], self.number[rows], self.boxes_xyxy[rows], self.scored[rows])


def read_rows(path: Path) -> MotRows:
    """Reads ground truth."""
    with path.open(encoding="ascii") as file:
        table = np.array([[float(value or 0) for value in row] for row in csv.reader(file) if row], np.float64)
    return parse_rows(table)


def parse_rows(table: NDArray[np.float64]) -> MotRows:
    """Rows of frame, number, left, top, width, height[, flag, class, ...]; class -1 or no class: a person."""
    if table.size == 0:
        table = np.zeros((0, 6))
    ones = np.ones(len(table))
    flag = table[:, 6] if table.shape[1] > 6 else ones
    kind = _read_classes(table)
    is_person = kind == _PERSON
    counts = flag != 0
    known = (is_person | np.isin(kind, _LIKE_PERSON)) if is_person.any() else np.full(len(table), True)
    corners = np.concatenate([table[:, 2:4], table[:, 2:4] + table[:, 4:6]], axis=1).astype(np.float32)
    rows = MotRows(
        table[:, 0].astype(np.int64), table[:, 1].astype(np.int64), corners, counts & (is_person | ~is_person.any())
    )
    return rows.select(known)


def _read_classes(table: NDArray[np.float64]) -> NDArray[np.int64]:
    """(N,) classes. MOT15 has none: -1 there, or a world coordinate in their place (10 columns)."""
    if table.shape[1] in {8, 9}:
        kind = table[:, 7].astype(np.int64)
        return np.where(kind < 0, _PERSON, kind)
    return np.full(len(table), _PERSON)


def match_frames(truth: MotRows, found: MotRows) -> list[ScoredFrame]:
    """Puts truth and found tracks together, picture by picture."""
    _, truth_index = np.unique(truth.number[truth.scored], return_inverse=True)
    index_of_truth = np.full(len(truth.number), -1, np.intp)
    index_of_truth[truth.scored] = truth_index
    kept = [_keep_found(truth, found, int(frame)) for frame in np.unique([*truth.frame, *found.frame])]
    rows = np.concatenate([np.zeros(0, np.intp), *(found_rows for _, found_rows in kept)])
    _, found_index = np.unique(found.number[rows], return_inverse=True)
    index_of_found = np.full(len(found.number), -1, np.intp)
    index_of_found[rows] = found_index
    return [
        ScoredFrame(
            index_of_truth[truth_rows],
            index_of_found[found_rows],
            iou_matrix(truth.boxes_xyxy[truth_rows], found.boxes_xyxy[found_rows]).astype(np.float64),
        )
        for truth_rows, found_rows in kept
    ]


def _keep_found(truth: MotRows, found: MotRows, frame: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Rows of scored truth and of found boxes that count in one picture."""
    labels, boxes = np.flatnonzero(truth.frame == frame), np.flatnonzero(found.frame == frame)
    overlap = iou_matrix(truth.boxes_xyxy[labels], found.boxes_xyxy[boxes]).astype(np.float64)
    overlap[overlap < MATCH_IOU] = 0
    rows, columns = assign(overlap, 0.0)
    neutral = columns[~truth.scored[labels[rows]]]
    return labels[truth.scored[labels]], np.delete(boxes, neutral)
