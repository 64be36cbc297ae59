"""Decides which detection belongs to which track. Pure: costs in, pairs out."""

import numpy as np
from numpy.typing import NDArray

from vedette.core.detections import CLASS_NAMES, MOVING_CLASS
from vedette.vision.boxes import Boxes, iou_matrix

Pairs = tuple[NDArray[np.intp], NDArray[np.intp]]
"""Rows of tracks and rows of detections, in step."""

NO_PAIRS: Pairs = (np.zeros(0, np.intp), np.zeros(0, np.intp))

_PERSON, _TWO_WHEELER = CLASS_NAMES.index("person"), CLASS_NAMES.index("two_wheeler")
_OBJECT = CLASS_NAMES.index(MOVING_CLASS)
_REFUSED = 1e6
_MAX_SIZE_RATIO = 2.2
_SLOW_PER_S = 0.4
"""Below this speed, in box heights per second, a track has no direction worth holding against a detection."""


def may_be_same(track_class: NDArray[np.int16], found_class: NDArray[np.int16]) -> NDArray[np.bool_]:
    """(N, M): classes that may be one object. A rider is taken for a person and back; a car never is. What nobody has
    named yet may be anything.
    """
    unnamed = (track_class == _OBJECT)[:, None] | (found_class == _OBJECT)[None, :]
    both_light = _is_light(track_class)[:, None] & _is_light(found_class)[None, :]
    return np.asarray((track_class[:, None] == found_class[None, :]) | both_light | unnamed, np.bool_)


def _is_light(class_id: NDArray[np.int16]) -> NDArray[np.bool_]:
    return np.asarray((class_id == _PERSON) | (class_id == _TWO_WHEELER), np.bool_)


def grow(boxes: Boxes, share: float) -> Boxes:
    """Boxes grown by a share of their sides: neighbours in time overlap even when the object is fast."""
    margin = (boxes[:, 2:] - boxes[:, :2]) * share
    return np.concatenate([boxes[:, :2] - margin, boxes[:, 2:] + margin], axis=1).astype(np.float32)


def match_by_overlap(tracks: Boxes, found: Boxes, allowed: NDArray[np.bool_], *, min_iou: float, grown: float) -> Pairs:
    """Pairs with the largest total overlap of grown boxes, each at least `min_iou`."""
    overlap = iou_matrix(grow(tracks, grown), grow(found, grown))
    return _assign(1 - overlap, allowed & (overlap >= min_iou))


def match_by_path(
    last: Boxes,
    predicted: Boxes,
    speed_per_s: NDArray[np.float64],
    reach: NDArray[np.float64],
    found: Boxes,
    allowed: NDArray[np.bool_],
) -> Pairs:
    """Finds lost tracks again: near where they should be or were last seen, not against their way.

    Args:
        last: (N, 4) as last measured.
        predicted: (N, 4) where the filter expects them now.
        speed_per_s: (N, 2) of the centres.
        reach: (N,) how far to search, in sides of the box: see `plan_reach`.
        found: (M, 4) detections.
        allowed: (N, M).
    """
    size = np.maximum(last[:, 2:] - last[:, :2], 1e-3)
    found_size = np.maximum(found[:, 2:] - found[:, :2], 1e-3)
    ratio = np.sqrt(found_size.prod(axis=1)[None, :] / size.prod(axis=1)[:, None])
    from_last = _steps(last, found, size)
    distance = np.minimum(np.hypot(*from_last), np.hypot(*_steps(predicted, found, size)))
    speed = speed_per_s / size
    pace = np.hypot(speed[:, 0], speed[:, 1])[:, None]
    along = (from_last[0] * speed[:, :1] + from_last[1] * speed[:, 1:]) / np.maximum(pace, 1e-6)
    goes_back = (pace > _SLOW_PER_S) & (along < -0.35)
    fits = (distance <= reach[:, None]) & (ratio < _MAX_SIZE_RATIO) & (ratio > 1 / _MAX_SIZE_RATIO) & ~goes_back
    return _assign(distance / reach[:, None], allowed & fits)


def plan_reach(lost_s: NDArray[np.float64], hits: NDArray[np.int64]) -> NDArray[np.float64]:
    """(N,) how far from its path a track is searched, in sides of its box.

    The longer out of sight, the farther. A track seen once has no speed yet: a fast car moves more than its own
    length between two pictures.
    """
    pace = np.where(hits <= 1, 5.0, 0.8)
    return np.asarray(np.minimum(0.6 + pace * lost_s, 1.8), np.float64)


def _steps(origin: Boxes, found: Boxes, size: Boxes) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(N, M) steps between centres in x and y, in sides of the origin's boxes."""
    centre = (origin[:, :2] + origin[:, 2:]) / 2
    target = (found[:, :2] + found[:, 2:]) / 2
    step = (target[None, :, :] - centre[:, None, :]) / size[:, None, :]
    return step[..., 0].astype(np.float64), step[..., 1].astype(np.float64)


def _assign(cost: NDArray[np.float64] | NDArray[np.float32], allowed: NDArray[np.bool_]) -> Pairs:
    if not allowed.any():
        return NO_PAIRS
    from scipy.optimize import linear_sum_assignment  # noqa: PLC0415 -- a fifth of the analyzer's start

    rows, columns = linear_sum_assignment(np.where(allowed, cost, _REFUSED))
    good = allowed[rows, columns]
    return rows[good], columns[good]
