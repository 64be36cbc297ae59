"""Which motion settings are valid, and what a change of them is, in words. Pure.

Settings by which nothing can ever be motion are refused: a slip of the hand must not switch protection off.
Meaning of the values: `vedette.core.motion`; design: docs/design/recording-plan.md.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from vedette.camera.outlines import find_area, find_outline_faults
from vedette.core.faults import Fault, FaultyInputError
from vedette.core.geometry import Point, Polygon
from vedette.core.motion import MotionSensitivity, MotionSettings, MotionZone, MotionZoneKind

MAX_ZONES = 16
MIN_POINTS, MAX_POINTS = 3, 16
"""Bounds the journal, too: an old and a new outline fit into one row of the audit trail (500 characters)."""
MAX_NAME_CHARS = 40
MIN_COUNTED = 0.01
"""Least share of the picture in which motion counts: three times what low sensitivity asks for."""
_COLUMNS, _ROWS = 64, 36
_SENSITIVITIES = tuple(step.value for step in MotionSensitivity)
_KINDS = tuple(kind.value for kind in MotionZoneKind)
_WITHIN = (MotionZoneKind.INCLUDE.value, MotionZoneKind.LOOK.value)
_STRENGTH = {step: at for at, step in enumerate(MotionSensitivity)}


class InvalidMotionZonesError(FaultyInputError):
    """Motion settings break rules."""

    code = "invalid_motion_zones"


@dataclass(frozen=True, slots=True)
class MotionZoneForm:
    """A zone as it was sent: `kind` is a word."""

    name: str
    kind: str
    points: tuple[Point, ...]


def read_motion(sensitivity: str, forms: Sequence[MotionZoneForm]) -> MotionSettings:
    """Checks settings and returns what they mean.

    Raises:
        InvalidMotionZonesError: with every fault.
    """
    faults = find_sensitivity_faults(sensitivity)
    if len(forms) > MAX_ZONES:
        faults.append(Fault("zones", f"are {len(forms)}; a camera has at most {MAX_ZONES}"))
    for number, form in enumerate(forms[:MAX_ZONES]):
        faults += [Fault(f"zones.{number}.{fault.field}", fault.message) for fault in _find_faults(form)]
    names = [form.name.casefold() for form in forms]
    faults += [
        Fault("zones", f"have the name {name!r} more than once") for name in sorted(set(names)) if names.count(name) > 1
    ]
    if faults:
        raise InvalidMotionZonesError(tuple(faults))
    zones = tuple(MotionZone(form.name, MotionZoneKind(form.kind), Polygon(form.points)) for form in forms)
    settings = MotionSettings(MotionSensitivity(sensitivity), zones)
    if find_counted_share(settings) < MIN_COUNTED:
        message = f"leave less than {MIN_COUNTED:.0%} of the picture in which motion counts"
        raise InvalidMotionZonesError((Fault("zones", message),))
    return settings


def find_sensitivity_faults(sensitivity: str) -> list[Fault]:
    if sensitivity in _SENSITIVITIES:
        return []
    return [Fault("sensitivity", f"must be one of {', '.join(_SENSITIVITIES)}")]


def _find_faults(form: MotionZoneForm) -> list[Fault]:
    faults: list[Fault] = []
    if not 1 <= len(form.name) <= MAX_NAME_CHARS or not form.name.isprintable():
        faults.append(Fault("name", f"must have 1 to {MAX_NAME_CHARS} printable characters"))
    if form.kind not in _KINDS:
        faults.append(Fault("kind", f"must be one of {', '.join(_KINDS)}"))
    wrong = find_outline_faults(form.points, MIN_POINTS, MAX_POINTS)
    if not wrong and form.kind in _WITHIN and find_area(form.points) < MIN_COUNTED:
        wrong.append(Fault("polygon", f"is smaller than {MIN_COUNTED:.0%} of the picture; nothing would be seen in it"))
    return faults + wrong


def find_counted_share(settings: MotionSettings) -> float:
    """Returns the share of the picture in which motion counts, to about one in a thousand."""
    return sum(_find_cells(settings.counts_at)) / (_COLUMNS * _ROWS)


def _find_cells(is_so: Callable[[float, float], bool]) -> list[bool]:
    return [is_so((column + 0.5) / _COLUMNS, (row + 0.5) / _ROWS) for row in range(_ROWS) for column in range(_COLUMNS)]


def find_weaker_motion(before: MotionSettings, after: MotionSettings) -> list[str]:
    """Says what is no longer motion, for an event that others are shown."""
    found: list[str] = []
    if _STRENGTH[after.sensitivity] < _STRENGTH[before.sensitivity]:
        found.append(f"motion sensitivity {before.sensitivity.value} -> {after.sensitivity.value}")
    if before.zones != after.zones:
        pairs = zip(_find_cells(before.counts_at), _find_cells(after.counts_at), strict=True)
        lost = sum(was and not now for was, now in pairs) / (_COLUMNS * _ROWS)
        if lost > 0:
            found.append(f"motion no longer counts in {max(lost, 0.01):.0%} of the picture")
    return found


def find_blinder_analysis(before: MotionSettings, after: MotionSettings) -> list[str]:
    """Says where analysis no longer looks: no rule, list or trace sees anything there."""
    pairs = zip(_find_cells(before.looks_at), _find_cells(after.looks_at), strict=True)
    lost = sum(was and not now for was, now in pairs) / (_COLUMNS * _ROWS)
    return [f"analysis no longer looks at {max(lost, 0.01):.0%} of the picture"] if lost > 0 else []


def describe_motion_changes(before: MotionSettings, after: MotionSettings) -> list[str]:
    """Says old and new of everything that changed, one line each: the rows of the audit trail."""
    lines: list[str] = []
    if before.sensitivity is not after.sensitivity:
        lines.append(f"sensitivity: {before.sensitivity.value} -> {after.sensitivity.value}")
    old, new = {zone.name: zone for zone in before.zones}, {zone.name: zone for zone in after.zones}
    lines += [f"removed {_describe(zone)}" for zone in before.zones if zone.name not in new]
    lines += [f"added {_describe(zone)}" for zone in after.zones if zone.name not in old]
    for zone in after.zones:
        was = old.get(zone.name)
        if was is not None and was != zone:
            lines.append(f"changed {zone.name}: {was.kind.value} {_points(was)} -> {zone.kind.value} {_points(zone)}")
    return lines


def _describe(zone: MotionZone) -> str:
    return f"{zone.name}: {zone.kind.value} {_points(zone)}"


def _points(zone: MotionZone) -> str:
    return " ".join(f"{x:.3f},{y:.3f}" for x, y in zone.polygon.points)
