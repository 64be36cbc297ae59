"""Several frames of one object: joined to one answer, and looked at only for as long as it is in doubt. Pure.

The rule that ends a search after few granules ends a track after few frames: what is farther than `delta` times the
nearest class over the frames so far is out; one class left is the answer.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vedette.core.errors import InvalidInputError
from vedette.search.kernels import Floats, Rows

LAMBDAS = (0.0, 0.01, 0.03, 0.1, 0.3, 1.0)
_DELTAS = (1.01, 1.02, 1.05, 1.1, 1.15, 1.2, 1.3, 1.4, 1.5, 1.75, 2.0, 2.5, 3.0, 4.0, 6.0, 10.0)
_SMALLEST = 1e-9


def pool_frames(frames: Floats) -> Floats:
    """(D,) of unit length: the mean direction of (T, D), T >= 1. Frames of length 0 say nothing."""
    if frames.ndim != 2 or not len(frames):
        raise InvalidInputError(f"need (T, D) with T >= 1, got {frames.shape}")
    lengths = np.linalg.norm(frames.astype(np.float64), axis=1, keepdims=True)
    mean = (frames / np.maximum(lengths, _SMALLEST)).mean(axis=0)
    pooled: Floats = (mean / max(float(np.linalg.norm(mean)), _SMALLEST)).astype(np.float32)
    return pooled


def score_map(frames: Floats, between: Floats, weight: float) -> NDArray[np.float64]:
    """Maximum a posteriori over frames: the lowest score is the most likely.

    Besides being near, an entry has to be as far from the others as the frames are:
    score_r = sum_t d(x_t, r) + weight * sum_t sum_i (d(x_t, i) - d(r, i))^2 / d(r, i). The published slides refer to a
    formula that they do not give; this one follows from normal distances (Savchenko and Belova, arXiv 1708.07972).

    Args:
        frames: (T, R) squared distances of each frame to each of R entries or classes.
        between: (R, R) the same among these.
        weight: Lambda; see `choose_weight`.
    """
    if frames.ndim != 2 or between.shape != (frames.shape[1], frames.shape[1]):
        raise InvalidInputError(f"need (T, R) and (R, R), got {frames.shape} and {between.shape}")
    scores: NDArray[np.float64] = frames.sum(axis=0, dtype=np.float64)
    if not weight:
        return scores
    # Only the other ones count: an entry is at distance 0 from itself and from its copies.
    inverse = np.where(between > _SMALLEST, 1 / np.maximum(between.astype(np.float64), _SMALLEST), 0)
    for frame in frames.astype(np.float64):
        scores += weight * (np.square(frame[None] - between) * inverse).sum(axis=1)
    return scores


@dataclass(frozen=True, slots=True)
class FramesAnswer:
    """Attributes: which class (a column); frames looked at; whether it was the only one left."""

    place: int
    frames: int
    is_committed: bool


def follow_frames(frames: Floats, delta: float) -> FramesAnswer:
    """Looks at one frame after the other: (T, C) squared distances to each class, T and C >= 1."""
    if frames.ndim != 2 or not frames.size or not 1 <= delta < float("inf"):
        raise InvalidInputError(f"need (T, C) distances and 1 <= delta, got {frames.shape} and {delta}")
    totals = np.zeros(frames.shape[1])
    for seen, frame in enumerate(frames, 1):
        totals += frame
        best = int(totals.argmin())
        if (totals <= delta * totals[best]).sum() == 1:
            return FramesAnswer(best, seen, is_committed=True)
    return FramesAnswer(best, len(frames), is_committed=False)


def choose_delta(tracks: Sequence[Floats], allowed_share: float) -> float:
    """The smallest factor at which at most `allowed_share` of held-out tracks end otherwise than with all frames."""
    if not tracks:
        raise InvalidInputError("no tracks to learn from")
    final = [int(track.sum(axis=0, dtype=np.float64).argmin()) for track in tracks]
    for delta in _DELTAS:
        changed = sum(follow_frames(track, delta).place != last for track, last in zip(tracks, final, strict=True))
        if changed <= allowed_share * len(tracks):
            return delta
    return _DELTAS[-1]


def choose_weight(tracks: Sequence[Floats], between: Floats, places: Rows) -> float:
    """The lambda by which most held-out tracks get their class; the smallest of equals.

    Args:
        tracks: (T, C) each.
        between: (C, C).
        places: The right class of each track.
    """
    right = [
        sum(
            int(score_map(track, between, weight).argmin()) == place
            for track, place in zip(tracks, places, strict=True)
        )
        for weight in LAMBDAS
    ]
    return LAMBDAS[int(np.argmax(right))]
