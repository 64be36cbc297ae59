"""Decides which tracks are one person who was out of sight: by place, time and appearance together. Pure.

The tracker bridges short losses by the path. Later only the looks can tell, and looks deceive: people in dark coats
are alike. So a join needs more than likeness. The new track begins near where the lost one could be; it is like it
beyond a floor; and it is clearly more like it than everybody who is surely somebody else (seen at the same time) or
who could be it as well. Two tracks that were visible at the same time are never joined. Figures: docs/design/reid.md.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Table = NDArray[np.float64]
_NOBODY = -1.0


@dataclass(frozen=True, slots=True)
class RejoinPolicy:
    """When two tracks are one.

    Attributes:
        max_gap_s: Out of sight at most this long.
        reach, pace_per_s: How far from where it was lost a track may begin, in heights of its box: at once, and more
            with each second.
        max_size_ratio: Of the heights of the two boxes.
        least_alike: Cosine of the two mean vectors. It and the margin are of one release of the network.
        margin: By which it must exceed that of every rival.
        least_sightings: Moments that each mean is of.
    """

    least_alike: float
    margin: float
    max_gap_s: float = 10.0
    reach: float = 1.0
    pace_per_s: float = 0.5
    max_size_ratio: float = 1.6
    least_sightings: int = 3


@dataclass(frozen=True, slots=True)
class TrackLife:
    """One finished track.

    Attributes:
        from_s, to_s: First and last time it was seen.
        first_box, last_box: Left, top, right, bottom in pixels.
        vector: (D,) float32 of unit length; None: how it looks is not known.
        sightings: Moments that the vector is the mean of.
    """

    track_id: int
    from_s: float
    to_s: float
    first_box: tuple[float, float, float, float]
    last_box: tuple[float, float, float, float]
    vector: NDArray[np.float32] | None = None
    sightings: int = 0


def find_rejoined(lives: Sequence[TrackLife], policy: RejoinPolicy) -> Mapping[int, int]:
    """The tracks that go on with an older one: their number to the number of the first of the chain."""
    known = [life for life in lives if life.vector is not None and life.sightings >= policy.least_sightings]
    if not known:
        return {}
    alike = _compare(known)
    begins = np.array([life.from_s for life in known])
    ends = np.array([life.to_s for life in known])
    together = (begins[:, None] <= ends[None, :]) & (begins[None, :] <= ends[:, None])
    np.fill_diagonal(together, val=False)
    fits = _find_near(known, begins[None, :] - ends[:, None], policy)
    clear = alike - _find_rivals(alike, fits, together) >= policy.margin
    before: dict[int, int] = {}
    for lost, new in np.argwhere(fits & (alike >= policy.least_alike) & clear):
        before[known[int(new)].track_id] = known[int(lost)].track_id
    return {number: _find_first(number, before) for number in before}


def _compare(lives: Sequence[TrackLife]) -> Table:
    vectors = np.array([life.vector for life in lives], np.float64)
    return np.asarray(vectors @ vectors.T, np.float64)


def _find_near(lives: Sequence[TrackLife], gap_s: Table, policy: RejoinPolicy) -> NDArray[np.bool_]:
    """(N, N) whether the row, once lost, could be where and when the column begins."""
    first = np.array([life.first_box for life in lives], np.float64)
    last = np.array([life.last_box for life in lives], np.float64)
    tall, taller = last[:, 3] - last[:, 1], first[:, 3] - first[:, 1]
    steps = (first[None, :, :2] + first[None, :, 2:] - last[:, None, :2] - last[:, None, 2:]) / 2
    height = np.maximum((tall[:, None] + taller[None, :]) / 2, 1.0)
    distance = np.hypot(steps[..., 0], steps[..., 1]) / height
    ratio = np.maximum(tall[:, None], taller[None, :]) / np.maximum(np.minimum(tall[:, None], taller[None, :]), 1.0)
    in_time = (gap_s > 0) & (gap_s <= policy.max_gap_s)
    in_reach = distance <= policy.reach + policy.pace_per_s * np.maximum(gap_s, 0)
    return np.asarray(in_time & in_reach & (ratio <= policy.max_size_ratio), np.bool_)


def _find_rivals(alike: Table, fits: NDArray[np.bool_], together: NDArray[np.bool_]) -> Table:
    """(N, N) how much the best rival of each pair is like one of the two.

    Rivals are those that could be it as well, and those that surely are somebody else: when they look as alike as the
    two, looks tell nothing here.
    """
    counted = np.where(fits | together, alike, _NOBODY)
    return np.maximum(_max_of_others(counted, axis=0), _max_of_others(counted, axis=1))


def _max_of_others(values: Table, axis: int) -> Table:
    """(N, N) for each place the largest of all other values along an axis."""
    order = np.sort(values, axis=axis)
    largest = np.take(order, [-1], axis=axis)
    second = np.take(order, [-2], axis=axis) if values.shape[axis] > 1 else np.full_like(largest, _NOBODY)
    return np.asarray(np.where(values == largest, second, largest), np.float64)


def _find_first(number: int, before: Mapping[int, int]) -> int:
    while number in before:
        number = before[number]
    return number
