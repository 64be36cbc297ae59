"""Rules about the whole picture: somebody is there, something moves. The defaults of a camera without rules. Pure."""

import numpy as np

from vedette.behavior.scene import Box, Finding, Phase, Scene
from vedette.core.assignment import Rule
from vedette.core.detections import CLASS_NAMES
from vedette.core.messages import Measure
from vedette.core.time import NS_PER_S


class PresenceRule:
    """Begins when an object of the rule's classes is there for `min_s`; ends when none was for `quiet_s`.

    One event per stretch of presence, not per object: a busy square is one event, not a thousand.
    """

    def __init__(self, rule: Rule) -> None:
        self._rule = rule
        self._min_ns = round(rule.parameters.get("min_s", 0.3) * NS_PER_S)
        self._quiet_ns = round(rule.parameters.get("quiet_s", 4.0) * NS_PER_S)
        self._since_ns: int | None = None
        self._last_ns = 0
        self._is_told = False
        self._largest = 0
        self._seen: set[int] = set()
        self._best: tuple[float, str, Box | None] = (0.0, CLASS_NAMES[0], None)

    def push(self, scene: Scene) -> list[Finding]:
        if len(scene.tracks):
            self._note(scene)
        since_ns = self._since_ns
        if since_ns is None:
            return []
        if not self._is_told and self._last_ns - since_ns >= self._min_ns and len(scene.tracks):
            self._is_told = True
            return [self._finding(Phase.BEGIN, since_ns, None)]
        if scene.at_ns - self._last_ns < self._quiet_ns:
            return []
        findings = [self._finding(Phase.END, since_ns, self._last_ns)] if self._is_told else []
        self._since_ns, self._is_told, self._largest = None, False, 0
        self._seen.clear()
        self._best = (0.0, CLASS_NAMES[0], None)
        return findings

    def _note(self, scene: Scene) -> None:
        self._since_ns = scene.at_ns if self._since_ns is None else self._since_ns
        self._last_ns = scene.at_ns
        self._largest = max(self._largest, len(scene.tracks))
        if len(self._seen) < 1000:
            self._seen.update(int(number) for number in scene.tracks.track_id)
        row = int(np.argmax(scene.tracks.confidence))
        confidence = float(scene.tracks.confidence[row])
        if confidence > self._best[0]:
            left, top, right, bottom = (float(v) for v in scene.tracks.boxes_norm_xyxy[row])
            name = CLASS_NAMES[int(scene.tracks.class_id[row])]
            self._best = (confidence, name, (left, top, right, bottom))

    def _finding(self, phase: Phase, from_ns: int, to_ns: int | None) -> Finding:
        seen_s = (self._last_ns - from_ns) / NS_PER_S
        confidence, name, box = self._best
        return Finding(
            phase,
            f"{self._rule.rule_id}:{from_ns}",
            self._rule.kind,
            self._rule.rule_id,
            from_ns,
            to_ns,
            name,
            confidence,
            tuple(sorted(self._seen)[:50]),
            box=box,
            explanation=(
                Measure("objects", float(self._largest), 1.0, from_ns, self._last_ns),
                Measure("seen_s", round(seen_s, 3), self._min_ns / NS_PER_S, from_ns, self._last_ns),
            ),
        )


class MotionRule:
    """Begins when more than `level` of the picture moves for `min_s`; ends after `quiet_s` without.

    It also ends after `max_s`, and the next begins: on a busy street motion never ends, and one event that lasts
    all day shows nothing.
    """

    def __init__(self, rule: Rule) -> None:
        self._rule = rule
        self._level = rule.parameters.get("level", 0.003)
        self._min_ns = round(rule.parameters.get("min_s", 0.3) * NS_PER_S)
        self._quiet_ns = round(rule.parameters.get("quiet_s", 5.0) * NS_PER_S)
        self._max_ns = round(rule.parameters.get("max_s", 60.0) * NS_PER_S)
        self._since_ns: int | None = None
        self._last_ns = 0
        self._peak = 0.0
        self._is_told = False

    def push(self, scene: Scene) -> list[Finding]:
        moves = scene.motion >= self._level
        if moves:
            self._since_ns = scene.at_ns if self._since_ns is None else self._since_ns
            self._last_ns = scene.at_ns
            self._peak = max(self._peak, scene.motion)
        since_ns = self._since_ns
        if since_ns is None:
            return []
        if moves and not self._is_told and scene.at_ns - since_ns >= self._min_ns:
            self._is_told = True
            return [self._finding(Phase.BEGIN, since_ns, None, scene)]
        quiet_ns = self._quiet_ns if self._is_told else self._min_ns
        is_long = self._is_told and scene.at_ns - since_ns >= self._max_ns
        if scene.at_ns - self._last_ns < quiet_ns and not is_long:
            return []
        findings = [self._finding(Phase.END, since_ns, self._last_ns, scene)] if self._is_told else []
        self._since_ns, self._is_told, self._peak = None, False, 0.0
        return findings

    def _finding(self, phase: Phase, from_ns: int, to_ns: int | None, scene: Scene) -> Finding:
        measure = Measure("motion_level", round(self._peak, 5), self._level, from_ns, self._last_ns)
        return Finding(
            phase,
            f"{self._rule.rule_id}:{from_ns}",
            self._rule.kind,
            self._rule.rule_id,
            from_ns,
            to_ns,
            CLASS_NAMES[-1],
            min(1.0, self._peak / max(self._level * 10, 1e-6)),
            box=_largest_box(scene),
            explanation=(measure,),
        )


def _largest_box(scene: Scene) -> Box | None:
    boxes = scene.tracks.boxes_norm_xyxy
    if not len(boxes):
        return None
    left, top, right, bottom = (
        float(v) for v in boxes[int(np.argmax((boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])))]
    )
    return left, top, right, bottom
