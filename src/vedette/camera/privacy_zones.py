"""Which privacy zones are valid, and what a change of them is, in words for the audit trail. Pure.

A zone that hides less than it seems to is worse than none: a line or a dot hides nothing, and of an outline that
crosses itself a filler may leave the middle open. Such zones are refused. Design: docs/design/privacy.md.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from vedette.camera.outlines import find_outline_faults
from vedette.core.faults import Fault, FaultyInputError
from vedette.core.geometry import Point, Polygon
from vedette.core.privacy import PrivacyZone

MAX_ZONES = 16
MIN_POINTS = 3
MAX_POINTS = 16
"""Bounds the journal, too: an old and a new outline fit into one row of the audit trail (500 characters)."""
MAX_NAME_CHARS = 40


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
    return faults + find_outline_faults(form.points, MIN_POINTS, MAX_POINTS)


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
