"""Who is inside a zone: a track goes in and out once, whatever its box does at the border.

Hysteresis in space (in means `margin` inside, out means `margin` outside, in between nothing changes) and in time
(for `settle_s`), because the lower edge of a box trembles by pixels. A track that is lost inside leaves a ghost
for a while: a new track that appears in its place takes the place over silently, so that a person hidden behind
a pillar is not a second entry. Pure.
"""

from dataclasses import dataclass, field

import numpy as np

from vedette.behavior.geometry import depth_in_zone, feet_of
from vedette.behavior.scene import Box, Scene
from vedette.core.geometry import Polygon
from vedette.core.time import NS_PER_S


@dataclass(frozen=True, slots=True)
class OccupancyPolicy:
    """How sure one must be that a track is in or out.

    Attributes:
        margin_share: Depth that counts, as a share of the box height (at most `max_margin`).
        max_margin: The same, in fractions of the picture.
        settle_s: For how long.
        ghost_s: How long the place of a lost track is kept for its successor.
    """

    margin_share: float = 0.04
    max_margin: float = 0.015
    settle_s: float = 0.25
    ghost_s: float = 6.0


@dataclass(slots=True)
class Visit:
    """One stay of one object in a zone, over all track numbers it had.

    Attributes:
        depth: Deepest so far, in fractions of the picture.
        away_ns: When it was first seen out again, while that is not settled.
    """

    key: int
    track_id: int
    class_id: int
    from_ns: int
    last_ns: int
    box: Box
    confidence: float
    depth: float
    away_ns: int | None = None
    track_ids: list[int] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class OccupancyChange:
    """Visits that one picture began and ended. `left`: walked out; `vanished`: lost inside for good."""

    entered: tuple[Visit, ...]
    left: tuple[Visit, ...]
    vanished: tuple[Visit, ...]


class ZoneOccupancy:
    """Keeps the visits of one zone."""

    def __init__(self, zone: Polygon, policy: OccupancyPolicy | None = None) -> None:
        self._zone = zone
        self._policy = policy or OccupancyPolicy()
        self._inside: dict[int, Visit] = {}
        self._arriving: dict[int, int] = {}
        self._ghosts: list[Visit] = []
        self._next_key = 1

    @property
    def visits(self) -> tuple[Visit, ...]:
        """Objects inside now."""
        return tuple(self._inside.values())

    def push(self, scene: Scene) -> OccupancyChange:
        """Takes one picture."""
        entered: list[Visit] = []
        left: list[Visit] = []
        boxes = scene.tracks.boxes_norm_xyxy
        depths = depth_in_zone(feet_of(boxes), self._zone)
        margins = np.minimum((boxes[:, 3] - boxes[:, 1]) * self._policy.margin_share, self._policy.max_margin)
        for row, (depth, margin) in enumerate(zip(depths.tolist(), margins.tolist(), strict=True)):
            track_id = int(scene.tracks.track_id[row])
            if track_id in self._inside:
                self._follow(scene, row, depth, margin, left)
            elif depth > margin:
                self._arrive(scene, row, depth, entered)
            else:
                self._arriving.pop(track_id, None)
        for track_id in scene.ended:
            self._arriving.pop(track_id, None)
            if (visit := self._inside.pop(track_id, None)) is not None:
                self._ghosts.append(visit)
        return OccupancyChange(tuple(entered), tuple(left), self._drop_ghosts(scene.at_ns))

    def _follow(self, scene: Scene, row: int, depth: float, margin: float, left: list[Visit]) -> None:
        visit = self._inside[int(scene.tracks.track_id[row])]
        if depth >= -margin:
            visit.away_ns = None
            visit.last_ns, visit.box = scene.at_ns, _box(scene, row)
            visit.depth = max(visit.depth, depth)
            visit.confidence = max(visit.confidence, float(scene.tracks.confidence[row]))
            return
        visit.away_ns = visit.away_ns or scene.at_ns
        if scene.at_ns - visit.away_ns >= self._policy.settle_s * NS_PER_S:
            left.append(self._inside.pop(visit.track_id))

    def _arrive(self, scene: Scene, row: int, depth: float, entered: list[Visit]) -> None:
        track_id = int(scene.tracks.track_id[row])
        since_ns = self._arriving.setdefault(track_id, scene.at_ns)
        if scene.at_ns - since_ns < self._policy.settle_s * NS_PER_S:
            return
        del self._arriving[track_id]
        box, class_id = _box(scene, row), int(scene.tracks.class_id[row])
        if (visit := self._take_ghost(box, class_id)) is not None:
            visit.track_id, visit.last_ns, visit.box = track_id, scene.at_ns, box
        else:
            confidence = float(scene.tracks.confidence[row])
            visit = Visit(self._next_key, track_id, class_id, since_ns, scene.at_ns, box, confidence, depth)
            self._next_key += 1
            entered.append(visit)
        visit.track_ids.append(track_id)
        self._inside[track_id] = visit

    def _take_ghost(self, box: Box, class_id: int) -> Visit | None:
        """The nearest ghost of this class within about a box, if there is one."""
        near = [(_distance_in_boxes(ghost.box, box), ghost) for ghost in self._ghosts if ghost.class_id == class_id]
        near = [pair for pair in near if pair[0] <= 1.0]
        if not near:
            return None
        ghost = min(near, key=lambda pair: pair[0])[1]
        self._ghosts.remove(ghost)
        return ghost

    def _drop_ghosts(self, at_ns: int) -> tuple[Visit, ...]:
        old = [v for v in self._ghosts if at_ns - v.last_ns > self._policy.ghost_s * NS_PER_S]
        self._ghosts = [v for v in self._ghosts if v not in old]
        return tuple(old)


def _box(scene: Scene, row: int) -> Box:
    left, top, right, bottom = (float(value) for value in scene.tracks.boxes_norm_xyxy[row])
    return left, top, right, bottom


def _distance_in_boxes(first: Box, second: Box) -> float:
    """Distance of the centres, in sides of the first box."""
    width, height = max(first[2] - first[0], 1e-3), max(first[3] - first[1], 1e-3)
    dx = (second[0] + second[2] - first[0] - first[2]) / 2 / width
    dy = (second[1] + second[3] - first[1] - first[3]) / 2 / height
    return float(np.hypot(dx, dy))
