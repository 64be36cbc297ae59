"""Builds a camera's rules and runs them. Pure; the table of kinds and parameters is docs/reference/rules.md."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from vedette.behavior.line_rules import LineCrossedRule
from vedette.behavior.presence_rules import MotionRule, PresenceRule
from vedette.behavior.scene import Finding, Scene
from vedette.behavior.zone_rules import BehaviorRule, ZoneEnteredRule, ZoneLeftRule, ZoneMovingRule
from vedette.core.assignment import Rule
from vedette.core.detections import CLASS_NAMES, Tracks
from vedette.core.errors import InvalidInputError
from vedette.core.motion import MotionSettings


@dataclass(frozen=True, slots=True)
class RuleKind:
    """What a kind of rule needs and takes.

    Attributes:
        shape: `zone`, `line` or nothing.
        parameters: Names it takes, with the allowed range.
    """

    make: Callable[[Rule], BehaviorRule]
    shape: str
    parameters: dict[str, tuple[float, float]]


_SECONDS = (0.0, 3600.0)
RULE_KINDS: dict[str, RuleKind] = {
    "zone_entered": RuleKind(ZoneEnteredRule, "zone", {"min_s": _SECONDS}),
    "zone_left": RuleKind(ZoneLeftRule, "zone", {"min_s": _SECONDS}),
    "zone_moving": RuleKind(ZoneMovingRule, "zone", {"min_speed": (0.01, 100.0), "rest_s": _SECONDS}),
    "line_crossed": RuleKind(LineCrossedRule, "line", {"direction": (-1.0, 1.0)}),
    "person_present": RuleKind(PresenceRule, "", {"min_s": _SECONDS, "quiet_s": _SECONDS}),
    "vehicle_present": RuleKind(PresenceRule, "", {"min_s": _SECONDS, "quiet_s": _SECONDS}),
    "motion": RuleKind(
        MotionRule,
        "",
        {"level": (0.00001, 1.0), "min_s": _SECONDS, "quiet_s": _SECONDS, "max_s": (5.0, 3600.0)},
    ),
}
_FIXED_CLASSES = {"person_present": ("person",), "vehicle_present": ("vehicle", "two_wheeler")}


def default_rules(
    *, has_model: bool, needs_motion: bool = False, motion: MotionSettings | None = None
) -> tuple[Rule, ...]:
    """The rules of a camera that has none of its own.

    `needs_motion`: the model is a modest one (`vision/naming.py`), so motion is told as well: it sees what that misses.
    """
    named = (Rule("person", "person_present"), Rule("vehicle", "vehicle_present")) if has_model else ()
    if has_model and not needs_motion:
        return named
    level = (motion or MotionSettings()).thresholds.event_share
    return (*named, Rule("motion", "motion", parameters={"level": level}))


def check_rule(rule: Rule) -> list[str]:
    """Finds everything that is wrong with a rule; empty when nothing is."""
    kind = RULE_KINDS.get(rule.kind)
    if kind is None:
        return [f"kind {rule.kind!r} is not known; known: {', '.join(RULE_KINDS)}"]
    faults = []
    if kind.shape == "zone" and rule.zone is None:
        faults.append(f"{rule.kind} needs a zone")
    if kind.shape == "line" and rule.line is None:
        faults.append(f"{rule.kind} needs a line")
    if (rule.zone is not None and kind.shape != "zone") or (rule.line is not None and kind.shape != "line"):
        faults.append(f"{rule.kind} takes {f'a {kind.shape} only' if kind.shape else 'neither zone nor line'}")
    faults += [f"class {name!r} is not known" for name in rule.classes if name not in CLASS_NAMES]
    for name, value in rule.parameters.items():
        low, high = kind.parameters.get(name, (1.0, 0.0))
        if low > high:
            faults.append(f"{rule.kind} has no parameter {name!r}; it has {', '.join(kind.parameters) or 'none'}")
        elif not low <= value <= high:
            faults.append(f"{name} must be {low:g} to {high:g}, not {value:g}")
    return faults


class RuleSet:
    """All rules of one camera."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        faults = [f"rule {rule.rule_id}: {fault}" for rule in rules for fault in check_rule(rule)]
        if faults:
            raise InvalidInputError("; ".join(faults), "See docs/reference/rules.md.")
        self._rules = [(_class_ids(rule), RULE_KINDS[rule.kind].make(rule)) for rule in rules]

    def push(self, scene: Scene) -> list[Finding]:
        """Takes one analysed picture; gives what all rules have to say about it."""
        return [finding for class_ids, rule in self._rules for finding in rule.push(_only(scene, class_ids))]


def _class_ids(rule: Rule) -> list[int]:
    names = rule.classes or _FIXED_CLASSES.get(rule.kind, ())
    return [CLASS_NAMES.index(name) for name in names]


def _only(scene: Scene, class_ids: Sequence[int]) -> Scene:
    if not class_ids:
        return scene
    tracks = scene.tracks
    keep = np.isin(tracks.class_id, class_ids)
    kept = Tracks(tracks.track_id[keep], tracks.boxes_norm_xyxy[keep], tracks.confidence[keep], tracks.class_id[keep])
    return Scene(scene.at_ns, kept, scene.ended, scene.motion)
