"""Where points are in zones and beside lines. Pure NumPy, coordinates 0..1, x right, y down."""

import numpy as np
from numpy.typing import NDArray

from vedette.core.errors import InvalidInputError
from vedette.core.geometry import Line, Polygon

Points = NDArray[np.float64]


def feet_of(boxes_norm_xyxy: NDArray[np.float32]) -> Points:
    """(N, 2) middle of each box's lower edge: where the object stands on the ground."""
    boxes = boxes_norm_xyxy.astype(np.float64)
    return np.stack([(boxes[:, 0] + boxes[:, 2]) / 2, boxes[:, 3]], axis=1)


def depth_in_zone(points_xy: Points, zone: Polygon) -> NDArray[np.float64]:
    """How deep points are inside a zone.

    Args:
        points_xy: (N, 2).
        zone: Any simple polygon, convex or not.

    Returns:
        (N,) distance to the nearest border, positive inside, negative outside.
    """
    start = np.asarray(zone.points, np.float64)
    end = np.roll(start, -1, axis=0)
    inside = _count_crossings(points_xy, start, end) % 2 == 1
    along = end - start
    from_start = points_xy[:, None, :] - start[None]
    length_squared = np.maximum((along**2).sum(axis=1), 1e-18)
    share = np.clip((from_start * along[None]).sum(axis=2) / length_squared, 0.0, 1.0)
    gap = from_start - share[..., None] * along[None]
    distance = np.sqrt((gap**2).sum(axis=2)).min(axis=1)
    return np.asarray(np.where(inside, distance, -distance), np.float64)


def _count_crossings(points_xy: Points, start: Points, end: Points) -> NDArray[np.int64]:
    """(N,) how many edges a ray to the right of each point crosses (even-odd rule, half-open edges)."""
    x, y = points_xy[:, :1], points_xy[:, 1:]
    straddles = (start[None, :, 1] > y) != (end[None, :, 1] > y)
    rise = end[:, 1] - start[:, 1]
    slope = np.divide(end[:, 0] - start[:, 0], rise, out=np.zeros_like(rise), where=rise != 0)
    edge_x = start[None, :, 0] + slope[None] * (y - start[None, :, 1])
    return np.asarray((straddles & (x < edge_x)).sum(axis=1), np.int64)


def side_of_line(points_xy: Points, line: Line) -> NDArray[np.float64]:
    """(N,) signed distance to the endless line: positive right of it (looking from start to end), negative left."""
    start = np.asarray(line.start)
    along = np.asarray(line.end) - start
    return np.asarray(_signed_side(points_xy - start, along) / np.hypot(*along), np.float64)


def find_crossings(prev_xy: Points, curr_xy: Points, line: Line) -> NDArray[np.int8]:
    """Finds the direction in which each point crossed the line, if it did.

    Args:
        prev_xy: (N, 2) anchor points (feet of the box) before.
        curr_xy: (N, 2) the same tracks, in the same order, now.
        line: Where to count. Looking from start to end, left to right is +1.

    Returns:
        (N,) int8: +1 left to right, -1 right to left, 0 no crossing.

    A point exactly on the line counts as right of it. So someone who stops on the line is counted once, on
    arrival, instead of never or twice.
    """
    if prev_xy.shape != curr_xy.shape or prev_xy.ndim != 2 or prev_xy.shape[1] != 2:
        raise InvalidInputError(f"need two (N, 2) arrays, got {prev_xy.shape} and {curr_xy.shape}")
    start = np.asarray(line.start)
    along = np.asarray(line.end) - start
    prev_side = _signed_side(prev_xy - start, along)  # >= 0 right, < 0 left (y down)
    curr_side = _signed_side(curr_xy - start, along)
    direction = (curr_side >= 0).astype(np.int8) - (prev_side >= 0).astype(np.int8)

    moved = direction != 0
    step = np.divide(prev_side, prev_side - curr_side, out=np.zeros_like(prev_side), where=moved)
    hit_xy = prev_xy + step[:, None] * (curr_xy - prev_xy)
    position = (hit_xy - start) @ along / (along @ along)  # 0 at start, 1 at end
    within = (position >= 0) & (position <= 1)
    return np.asarray(np.where(moved & within, direction, 0), np.int8)


def _signed_side(offset_xy: Points, along: NDArray[np.float64]) -> NDArray[np.float64]:
    """(N,) cross product: positive right of the line as the eye sees it, because y points down."""
    return np.asarray(along[0] * offset_xy[:, 1] - along[1] * offset_xy[:, 0], np.float64)
