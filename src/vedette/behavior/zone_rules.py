"""Rules about zones: entered, left, moving inside. Pure state machines over `ZoneOccupancy`."""

from collections.abc import Sequence
from typing import Protocol

from vedette.behavior.occupancy import Visit, ZoneOccupancy
from vedette.behavior.scene import Finding, Phase, Scene
from vedette.core.assignment import Rule
from vedette.core.detections import CLASS_NAMES
from vedette.core.errors import InvalidInputError
from vedette.core.geometry import Polygon
from vedette.core.messages import Measure
from vedette.core.time import NS_PER_S


class BehaviorRule(Protocol):
    """One rule of one camera. Feed it every analysed picture, with the tracks of its classes only."""

    def push(self, scene: Scene) -> list[Finding]:
        """Takes one picture; gives what the rule has to say, usually nothing."""
        ...


def zone_of(rule: Rule) -> Polygon:
    """The zone of a zone rule.

    Raises:
        InvalidInputError: the rule has none.
    """
    if rule.zone is None:
        raise InvalidInputError(f"rule {rule.rule_id} ({rule.kind}) needs a zone")
    return rule.zone


class ZoneEnteredRule:
    """Begins when an object has entered or appeared in the zone and has been there `min_s`; ends with its visit."""

    def __init__(self, rule: Rule) -> None:
        self._rule = rule
        self._occupancy = ZoneOccupancy(zone_of(rule))
        self._min_ns = round(rule.parameters.get("min_s", 0.0) * NS_PER_S)
        self._waiting: dict[int, Visit] = {}
        self._told: set[int] = set()

    def push(self, scene: Scene) -> list[Finding]:
        change = self._occupancy.push(scene)
        self._waiting.update({visit.key: visit for visit in change.entered})
        findings = []
        for visit in list(self._waiting.values()):
            if visit.last_ns - visit.from_ns >= self._min_ns:
                del self._waiting[visit.key]
                self._told.add(visit.key)
                findings.append(
                    _visit_finding(self._rule, Phase.BEGIN, visit, None, _begin_measures(visit, self._min_ns))
                )
        for visit in (*change.left, *change.vanished):
            self._waiting.pop(visit.key, None)
            if visit.key in self._told:
                self._told.discard(visit.key)
                findings.append(_visit_finding(self._rule, Phase.END, visit, visit.last_ns, _stay_measures(visit)))
        return findings


class ZoneLeftRule:
    """Says that an object walked out of the zone. One that vanishes inside has not left."""

    def __init__(self, rule: Rule) -> None:
        self._rule = rule
        self._occupancy = ZoneOccupancy(zone_of(rule))
        self._min_ns = round(rule.parameters.get("min_s", 0.0) * NS_PER_S)

    def push(self, scene: Scene) -> list[Finding]:
        left = [visit for visit in self._occupancy.push(scene).left if visit.last_ns - visit.from_ns >= self._min_ns]
        return [
            _visit_finding(self._rule, Phase.INSTANT, visit, scene.at_ns, _stay_measures(visit), at_ns=scene.at_ns)
            for visit in left
        ]


class ZoneMovingRule:
    """Begins when an object inside the zone moves at `min_speed` box heights a second; ends when it rests or goes."""

    def __init__(self, rule: Rule) -> None:
        self._rule = rule
        self._occupancy = ZoneOccupancy(zone_of(rule))
        self._min_speed = rule.parameters.get("min_speed", 0.25)
        self._rest_ns = round(rule.parameters.get("rest_s", 1.5) * NS_PER_S)
        self._paths: dict[int, list[tuple[int, float, float]]] = {}
        self._moving: dict[int, tuple[Visit, int, int]] = {}

    def push(self, scene: Scene) -> list[Finding]:
        change = self._occupancy.push(scene)
        findings = []
        for visit in self._occupancy.visits:
            if visit.last_ns != scene.at_ns:
                continue
            speed = self._measure(visit)
            if speed >= self._min_speed:
                if visit.key not in self._moving:
                    measure = Measure("speed_heights_per_s", speed, self._min_speed, scene.at_ns, scene.at_ns)
                    findings.append(_visit_finding(self._rule, Phase.BEGIN, visit, None, (measure,), at_ns=scene.at_ns))
                began_ns = self._moving.get(visit.key, (visit, scene.at_ns, 0))[1]
                self._moving[visit.key] = (visit, began_ns, scene.at_ns)
        gone = {visit.key for visit in (*change.left, *change.vanished)}
        for key, (visit, began_ns, last_ns) in list(self._moving.items()):
            if key in gone or scene.at_ns - last_ns >= self._rest_ns:
                del self._moving[key]
                findings.append(_visit_finding(self._rule, Phase.END, visit, last_ns, (), at_ns=began_ns))
        for key in gone:
            self._paths.pop(key, None)
        return findings

    def _measure(self, visit: Visit) -> float:
        """Speed over the last half second, in box heights per second."""
        x, y = (visit.box[0] + visit.box[2]) / 2, visit.box[3]
        path = self._paths.setdefault(visit.key, [])
        path.append((visit.last_ns, x, y))
        while visit.last_ns - path[0][0] > NS_PER_S // 2:
            path.pop(0)
        elapsed_s = (path[-1][0] - path[0][0]) / NS_PER_S
        height = max(visit.box[3] - visit.box[1], 1e-3)
        if elapsed_s < 0.2:
            return 0.0
        return float(((x - path[0][1]) ** 2 + (y - path[0][2]) ** 2) ** 0.5 / height / elapsed_s)


def _visit_finding(
    rule: Rule,
    phase: Phase,
    visit: Visit,
    to_ns: int | None,
    explanation: Sequence[Measure],
    *,
    at_ns: int | None = None,
) -> Finding:
    return Finding(
        phase,
        f"{rule.rule_id}:{visit.key}",
        rule.kind,
        rule.rule_id,
        visit.from_ns if at_ns is None else at_ns,
        to_ns,
        CLASS_NAMES[visit.class_id],
        visit.confidence,
        tuple(visit.track_ids),
        zone=rule.rule_id,
        box=visit.box,
        explanation=tuple(explanation),
    )


def _begin_measures(visit: Visit, min_ns: int) -> tuple[Measure, ...]:
    stayed_s = (visit.last_ns - visit.from_ns) / NS_PER_S
    return (
        Measure("depth_in_zone", round(visit.depth, 4), 0.0, visit.from_ns, visit.last_ns),
        Measure("inside_s", round(stayed_s, 3), min_ns / NS_PER_S, visit.from_ns, visit.last_ns),
    )


def _stay_measures(visit: Visit) -> tuple[Measure, ...]:
    stayed_s = (visit.last_ns - visit.from_ns) / NS_PER_S
    return (Measure("inside_s", round(stayed_s, 3), 0.0, visit.from_ns, visit.last_ns),)
