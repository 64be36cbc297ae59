"""Which outlines enclose a part of the picture that everybody understands alike. Pure.

A line or a dot encloses nothing, and of an outline that crosses itself a filler may leave the middle open.
"""

import math
from collections.abc import Sequence
from itertools import combinations

from vedette.core.faults import Fault
from vedette.core.geometry import Point

MIN_AREA = 1e-4
"""Of the picture: 1 % of its width by 1 % of its height."""


def find_outline_faults(points: Sequence[Point], least: int, most: int) -> list[Fault]:
    """Finds what is wrong with the field `polygon`: `least` to `most` corners, in the picture, around something."""
    if not least <= len(points) <= most:
        return [Fault("polygon", f"has {len(points)} points; {least} to {most} are needed")]
    if not all(math.isfinite(value) and 0 <= value <= 1 for point in points for value in point):
        return [Fault("polygon", "leaves the picture; coordinates are fractions of it, 0 to 1")]
    if _crosses_itself(points):
        return [Fault("polygon", "crosses or touches itself; make two zones of it")]
    if find_area(points) < MIN_AREA:
        return [Fault("polygon", "encloses next to nothing (less than 1 % of the width by 1 % of the height)")]
    return []


def find_area(points: Sequence[Point]) -> float:
    """Returns the enclosed share of the picture."""
    pairs = zip(points, [*points[1:], points[0]], strict=True)
    return abs(sum(ax * by - bx * ay for (ax, ay), (bx, by) in pairs)) / 2


def _crosses_itself(points: Sequence[Point]) -> bool:
    """Whether edges meet elsewhere than at the corner that neighbours share."""
    edges = list(zip(points, [*points[1:], points[0]], strict=True))
    last = len(edges) - 1
    for (i, (a, b)), (j, (c, d)) in combinations(enumerate(edges), 2):
        are_neighbours = j - i == 1 or (i, j) == (0, last)
        if not are_neighbours and _meet(a, b, c, d):
            return True
    return len(set(points)) < len(points)


def _meet(a: Point, b: Point, c: Point, d: Point) -> bool:
    sides = _turn(a, b, c), _turn(a, b, d), _turn(c, d, a), _turn(c, d, b)
    if sides[0] * sides[1] < 0 and sides[2] * sides[3] < 0:
        return True
    ends = ((a, b, c), (a, b, d), (c, d, a), (c, d, b))
    return any(side == 0 and _is_between(*end) for side, end in zip(sides, ends, strict=True))


def _turn(a: Point, b: Point, c: Point) -> float:
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])


def _is_between(a: Point, b: Point, c: Point) -> bool:
    """Whether `c`, which lies on the endless line through both, lies between `a` and `b`."""
    return min(a[0], b[0]) <= c[0] <= max(a[0], b[0]) and min(a[1], b[1]) <= c[1] <= max(a[1], b[1])
