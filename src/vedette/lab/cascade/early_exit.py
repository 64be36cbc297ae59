"""Stops a network in depth where a layer is already sure (sequential three-way decisions in depth, A. V. Savchenko).

At each of a few layers the maps are averaged over places and brought to length 1, and a linear classifier says how sure
it is. The first layer whose highest score passes its threshold answers; the last one always does. Thresholds come from
pictures that the classifiers have not seen. Pure but for the stages, which compute.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vedette.core.errors import InvalidInputError
from vedette.lab.cascade.linear_svm import Features, Labels, LinearHead, fit_linear_svm

Maps = NDArray[np.float32]
Stage = Callable[[Maps], Maps]
"""A part of a network: what it gets is what the stage before gave, (1, H, W, C) or (1, C, H, W)."""
MISTAKES = 0.01


@dataclass(frozen=True, slots=True)
class Decision:
    """What was answered, at which layer (0 the first), with which score."""

    label: int
    level: int
    score: float


def pool_features(maps: Maps, channels: int) -> Features:
    """Global average over places, then length 1. (N, ..., C at axis `channels`, ...) -> (N, C); zeros stay zeros."""
    if maps.ndim > 2:
        maps = np.moveaxis(maps, channels, -1).reshape(len(maps), -1, maps.shape[channels]).mean(axis=1)
    length = np.linalg.norm(maps, axis=1, keepdims=True)
    return np.asarray(maps / np.where(length > 0, length, 1.0), np.float32)


def find_threshold(scores: NDArray[np.floating], is_right: NDArray[np.bool_], mistakes: float = MISTAKES) -> float:
    """The lowest of the scores t for which (mistakes above t) / N is at most `mistakes`.

    Args:
        scores: (N,) the highest score of each held-out picture.
        is_right: (N,) whether the class of that score is the picture's.
        mistakes: The share that may be wrong.

    Returns:
        Infinity without pictures: nothing is known, so nothing stops here.
    """
    if scores.shape != is_right.shape or scores.ndim != 1:
        raise InvalidInputError(f"need two (N,), got {scores.shape} and {is_right.shape}")
    order = np.argsort(-scores, kind="stable")
    falling, wrong = scores[order], ~is_right[order]
    above: NDArray[np.int64] = np.cumsum(wrong) - wrong
    first = np.searchsorted(-falling, -falling, side="left")  # of equal scores none is above the other
    allowed = np.asarray(above[first] <= mistakes * len(scores), bool)
    return float(falling[allowed].min()) if allowed.any() else float("inf")


@dataclass(frozen=True, slots=True)
class EarlyExit:
    """Classifiers and thresholds of the layers, first to last. The last threshold is never asked."""

    heads: tuple[LinearHead, ...]
    thresholds: tuple[float, ...]

    def decide(self, features: Sequence[Features]) -> list[Decision]:
        """All layers' features (N, C_l) at once: what each picture would be answered, and where."""
        scores = [head.scores(rows) for head, rows in zip(self.heads, features, strict=True)]
        return [self._decide_one([rows[place] for rows in scores]) for place in range(len(features[0]))]

    def classify(self, picture: Maps, stages: Sequence[Stage], channels: int) -> Decision:
        """Runs stage after stage and stops at the first sure one."""
        maps = picture
        for level, (stage, head) in enumerate(zip(stages, self.heads, strict=True)):
            maps = stage(maps)
            scores = head.scores(pool_features(maps, channels))[0]
            if self._is_sure(level, float(scores.max())):
                return self._answer(level, scores)
        raise InvalidInputError("a network has one stage at least")

    def _decide_one(self, scores: list[NDArray[np.float32]]) -> Decision:
        level = next(level for level, row in enumerate(scores) if self._is_sure(level, float(row.max())))
        return self._answer(level, scores[level])

    def _is_sure(self, level: int, score: float) -> bool:
        return level == len(self.heads) - 1 or score > self.thresholds[level]

    def _answer(self, level: int, scores: NDArray[np.float32]) -> Decision:
        best = int(scores.argmax())
        return Decision(int(self.heads[level].classes[best]), level, float(scores[best]))


def fit_early_exit(
    features: Sequence[Features],
    labels: Labels,
    held_features: Sequence[Features],
    held_labels: Labels,
    mistakes: float = MISTAKES,
) -> EarlyExit:
    """Fits a classifier for each layer on one half and its threshold on the other, held-out one."""
    heads, thresholds = [], []
    for rows, held_rows in zip(features, held_features, strict=True):
        head = fit_linear_svm(rows, labels)
        scores = head.scores(held_rows)
        is_right = head.classes[scores.argmax(axis=1)] == held_labels if len(held_rows) else np.zeros(0, bool)
        heads.append(head)
        thresholds.append(find_threshold(scores.max(axis=1, initial=-np.inf), is_right, mistakes))
    return EarlyExit(tuple(heads), tuple(thresholds))
