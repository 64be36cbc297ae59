"""Rules about lines: crossed, with direction. Pure.

A track has a confirmed side. It changes only when the feet are beyond the line by a margin (a share of the box
height), and a crossing is counted when the way from where it was last on the old side to where it is now passes
through the line's segment. Trembling on the line therefore counts at most once, and walking around its end not.
"""

from dataclasses import dataclass

import numpy as np

from vedette.behavior.geometry import feet_of, find_crossings, side_of_line
from vedette.behavior.scene import Finding, Phase, Scene
from vedette.core.assignment import Rule
from vedette.core.detections import CLASS_NAMES
from vedette.core.errors import InvalidInputError
from vedette.core.messages import Measure

_MARGIN_SHARE = 0.05
_MAX_MARGIN = 0.015


@dataclass(frozen=True, slots=True)
class _Side:
    """Where a track was last for certain: right of the line (or on it), or left, at this point and time."""

    is_right: bool
    xy: tuple[float, float]
    at_ns: int


class LineCrossedRule:
    """Says that an object crossed. Parameter `direction`: +1 or -1 counts that way only, 0 both."""

    def __init__(self, rule: Rule) -> None:
        if rule.line is None:
            raise InvalidInputError(f"rule {rule.rule_id} ({rule.kind}) needs a line")
        self._rule = rule
        self._line = rule.line
        self._wanted = int(rule.parameters.get("direction", 0))
        self._sides: dict[int, _Side] = {}
        self._counted = 0

    def push(self, scene: Scene) -> list[Finding]:
        boxes = scene.tracks.boxes_norm_xyxy
        feet = feet_of(boxes)
        sides = side_of_line(feet, self._line)
        margins = np.minimum((boxes[:, 3] - boxes[:, 1]) * _MARGIN_SHARE, _MAX_MARGIN)
        findings = []
        for row in np.flatnonzero(np.abs(sides) >= margins):
            track_id = int(scene.tracks.track_id[row])
            now = _Side(bool(sides[row] >= 0), (float(feet[row, 0]), float(feet[row, 1])), scene.at_ns)
            before = self._sides.get(track_id)
            self._sides[track_id] = now
            if before is not None and before.is_right != now.is_right:
                findings += self._judge(scene, int(row), before, now, float(sides[row]), float(margins[row]))
        for track_id in scene.ended:
            self._sides.pop(track_id, None)
        return findings

    def _judge(self, scene: Scene, row: int, before: _Side, now: _Side, side: float, margin: float) -> list[Finding]:
        direction = int(find_crossings(np.array([before.xy]), np.array([now.xy]), self._line)[0])
        if direction == 0 or (self._wanted and direction != self._wanted):
            return []
        self._counted += 1
        tracks = scene.tracks
        left, top, right, bottom = (float(value) for value in tracks.boxes_norm_xyxy[row])
        beyond = Measure("beyond_line", round(abs(side), 4), round(margin, 4), before.at_ns, now.at_ns)
        return [
            Finding(
                Phase.INSTANT,
                f"{self._rule.rule_id}:{self._counted}",
                self._rule.kind,
                self._rule.rule_id,
                now.at_ns,
                now.at_ns,
                CLASS_NAMES[int(tracks.class_id[row])],
                float(tracks.confidence[row]),
                (int(tracks.track_id[row]),),
                direction=direction,
                box=(left, top, right, bottom),
                explanation=(beyond,),
            )
        ]
