"""Arithmetic on boxes: (N, 4) float arrays of left, top, right, bottom. Pure; N = 0 is fine everywhere."""

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

FloatT = TypeVar("FloatT", np.float32, np.float64)
Boxes = NDArray[np.float32]


def areas(boxes: Boxes) -> NDArray[np.float32]:
    """(N,) areas."""
    return np.asarray((boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1]), np.float32)


def shared_areas(first: NDArray[FloatT], second: NDArray[FloatT]) -> NDArray[FloatT]:
    """(N, M) area that two boxes share."""
    top_left = np.maximum(first[:, None, :2], second[None, :, :2])
    bottom_right = np.minimum(first[:, None, 2:], second[None, :, 2:])
    shared: NDArray[FloatT] = np.clip(bottom_right - top_left, 0, None).prod(axis=2)
    return shared


def are_parts(
    boxes: Boxes, confidence: NDArray[np.float32], class_id: NDArray[np.int16], share: float
) -> NDArray[np.bool_]:
    """(N,) which boxes lie by more than this share in a larger, at least as sure one of their class."""
    sizes = areas(boxes)
    within = (shared_areas(boxes, boxes) > share * sizes[:, None]) & (sizes[None, :] > sizes[:, None])
    within &= class_id[:, None] == class_id[None, :]
    within &= confidence[None, :] >= confidence[:, None]
    return np.asarray(within.any(axis=1), np.bool_)


def find_covered(boxes: NDArray[FloatT]) -> NDArray[FloatT]:
    """(N,) largest share of each box that lies in another one."""
    own = np.maximum((boxes[:, 2:] - boxes[:, :2]).prod(axis=1), 1e-9)
    share: NDArray[FloatT] = shared_areas(boxes, boxes) / own[:, None]
    np.fill_diagonal(share, 0)
    most: NDArray[FloatT] = share.max(axis=1, initial=0)
    return most


def overlap(first: Boxes, second: Boxes) -> NDArray[np.bool_]:
    """(N, M) whether two boxes share any area."""
    top_left = np.maximum(first[:, None, :2], second[None, :, :2])
    bottom_right = np.minimum(first[:, None, 2:], second[None, :, 2:])
    return np.asarray((bottom_right > top_left).all(axis=2), np.bool_)


def iou_matrix(first: Boxes, second: Boxes) -> NDArray[np.float32]:
    """(N, M) intersection over union; 0 for boxes without area."""
    shared = shared_areas(first, second)
    union = areas(first)[:, None] + areas(second)[None, :] - shared
    ratio = np.divide(shared, union, out=np.zeros(union.shape, np.float32), where=union > 0)
    return np.asarray(ratio, np.float32)


def suppress_overlaps(
    boxes: Boxes, confidence: NDArray[np.float32], class_id: NDArray[np.int16], max_iou: float
) -> NDArray[np.intp]:
    """Non-maximum suppression per class.

    Returns:
        (K,) indices to keep, best first.
    """
    order = np.argsort(-confidence, kind="stable")
    if not len(order):
        return order
    clash = iou_matrix(boxes[order], boxes[order]) > max_iou
    clash &= class_id[order][:, None] == class_id[order][None, :]
    keep = np.ones(len(order), bool)
    for row in range(len(order)):
        if keep[row]:
            keep[row + 1 :] &= ~clash[row, row + 1 :]
    return np.asarray(order[keep], np.intp)
