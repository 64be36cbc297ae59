"""Which privacy zones are valid, and what a change of them is, in words for the audit trail. Pure.

A zone that hides less than it seems to is worse than none: a line or a dot hides nothing, and of an outline that
crosses itself a filler may leave the middle open. Such zones are refused. Design: docs/design/privacy.md.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

from vedette.camera.faults import Fault, FaultyInputError
from vedette.core.geometry import Point, Polygon
from vedette.core.privacy import PrivacyZone

MAX_ZONES = 16
MIN_POINTS = 3
MAX_POINTS = 16
"""Bounds the journal, too: an old and a new outline fit into one row of the audit trail (500 characters)."""
MAX_NAME_CHARS = 40
MIN_AREA = 1e-4
"""Of the picture: 1 % of its width by 1 % of its height."""


class InvalidPrivacyZonesError(FaultyInputError):
    """Privacy zones break rules."""

    code = "invalid_privacy_zones"


@dataclass(frozen=True, slots=True)
class ZoneForm:
    """A zone as it was sent. `id` is empty for a new one."""

    id: str
    name: str
    points: tuple[Point, ...]


def read_zones(forms: Sequence[ZoneForm], new_ids: Sequence[str]) -> tuple[PrivacyZone, ...]:
    """Makes zones of forms; one without an id gets one of `new_ids` (as many as forms).

    Raises:
        InvalidPrivacyZonesError: with every fault.
    """
    faults: list[Fault] = []
    if len(forms) > MAX_ZONES:
        faults.append(Fault("zones", f"are {len(forms)}; a camera has at most {MAX_ZONES}"))
    for number, form in enumerate(forms):
        faults += [Fault(f"zones.{number}.{fault.field}", fault.message) for fault in _find_faults(form)]
    for what, values in (("id", [f.id for f in forms if f.id]), ("name", [f.name.casefold() for f in forms])):
        for value in sorted({value for value in values if values.count(value) > 1}):
            faults.append(Fault("zones", f"have the {what} {value!r} more than once"))
    if faults:
        raise InvalidPrivacyZonesError(tuple(faults))
    return tuple(
        PrivacyZone(form.id or new_id, form.name, Polygon(form.points))
        for form, new_id in zip(forms, new_ids, strict=True)
    )


def _find_faults(form: ZoneForm) -> list[Fault]:
    faults: list[Fault] = []
    if not 1 <= len(form.name) <= MAX_NAME_CHARS or not form.name.isprintable():
        faults.append(Fault("name", f"must have 1 to {MAX_NAME_CHARS} printable characters"))
    if len(form.id) > 64 or not form.id.isprintable():
        faults.append(Fault("id", "must have at most 64 printable characters"))
    points = form.points
    if not MIN_POINTS <= len(points) <= MAX_POINTS:
        return [*faults, Fault("polygon", f"has {len(points)} points; {MIN_POINTS} to {MAX_POINTS} are needed")]
    if not all(math.isfinite(value) and 0 <= value <= 1 for point in points for value in point):
        return [*faults, Fault("polygon", "leaves the picture; coordinates are fractions of it, 0 to 1")]
    if _crosses_itself(points):
        faults.append(Fault("polygon", "crosses or touches itself; make two zones of it"))
    elif abs(_signed_area(points)) < MIN_AREA:
        faults.append(Fault("polygon", "encloses next to nothing (less than 1 % of the width by 1 % of the height)"))
    return faults


def _signed_area(points: Sequence[Point]) -> float:
    pairs = zip(points, [*points[1:], points[0]], strict=True)
    return sum(ax * by - bx * ay for (ax, ay), (bx, by) in pairs) / 2


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


def describe_zone_changes(before: Sequence[PrivacyZone], after: Sequence[PrivacyZone]) -> list[str]:
    """Says old and new of every zone that changed, one line each: the rows of the audit trail."""
    old, new = {zone.id: zone for zone in before}, {zone.id: zone for zone in after}
    lines = [f"removed {_describe(zone)}" for zone in before if zone.id not in new]
    lines += [f"added {_describe(zone)}" for zone in after if zone.id not in old]
    for zone in after:
        was = old.get(zone.id)
        if was is not None and was.polygon != zone.polygon:
            lines.append(f"changed {was.name}: {_points(was)} -> {_points(zone)}")
        if was is not None and was.name != zone.name:
            lines.append(f"renamed {was.name} -> {zone.name}")
    return lines


def find_uncovered(before: Sequence[PrivacyZone], after: Sequence[PrivacyZone]) -> list[str]:
    """Says which zones hide less, or something else, than before: for an event that others are shown."""
    new = {zone.id: zone for zone in after}
    removed = [f"privacy zone {zone.name} removed" for zone in before if zone.id not in new]
    moved = [
        f"privacy zone {zone.name} has another outline"
        for zone in before
        if zone.id in new and new[zone.id].polygon != zone.polygon
    ]
    return removed + moved


def _describe(zone: PrivacyZone) -> str:
    return f"{zone.name}: {_points(zone)}"


def _points(zone: PrivacyZone) -> str:
    return " ".join(f"{x:.3f},{y:.3f}" for x, y in zone.polygon.points)
