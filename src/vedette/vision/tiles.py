"""Decides which tiles of a large picture are looked at beside the whole, and joins what all looks find. Pure.

A detector sees a picture in its own small size: of 4K nine tenths of each side are thrown away, and who is far off with
them. So the picture is also cut into tiles that overlap, each shown in more detail. There are more of them than there
is time for: of each picture a bounded number is looked at, those first in which something moves, and among equals the
one that was not looked at for longest. What stands in the others is said again for a while, as `vision.focus` does.
Design and figures: docs/design/vision.md.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import ceil

import numpy as np
from numpy.typing import NDArray

from vedette.core.detections import Detections, join_detections, no_detections
from vedette.vision.boxes import Boxes, are_parts, overlap, suppress_overlaps
from vedette.vision.focus import Window

MAX_TILES = 64
"""Looked at in one picture."""
_CALM_ROUNDS = 10


@dataclass(frozen=True, slots=True)
class TilePolicy:
    """How a picture is cut and how what is found is joined.

    Attributes:
        most: Tiles looked at in one picture, beside the whole; 0: none.
        zoom: Pixels of the picture to one of the detector's in a tile. 1 is full resolution, where it finds parts of
            people and less of them (measured).
        overlap: Share of a tile that the next one shows too: who is no larger is whole in one of them.
        max_iou: Boxes that overlap more are the same object, seen twice.
        part: Share of a box that lies in a surer one, from which on it is a part of that object.
        edge: Boxes nearer to a tile's edge are cut by it, in fractions of the tile.
        fresh_s: A tile in which nothing moves is not looked at more often.
        again_s: For how long what stands in a tile is said again without a look.
    """

    most: int = 0
    zoom: float = 2.0
    overlap: float = 0.2
    max_iou: float = 0.5
    part: float = 0.8
    edge: float = 0.02
    fresh_s: float = 0.8
    again_s: float = 2.0


def plan_grid(size_px: tuple[int, int], input_px: tuple[int, int], policy: TilePolicy) -> list[Window]:
    """All tiles of a picture, row by row; none when it is hardly larger than what the detector is shown anyway."""
    shares = [min(1.0, side * policy.zoom / of) for side, of in zip(input_px, size_px, strict=True)]
    if min(shares) > 1 - policy.overlap:
        return []
    starts = [_spread(share, policy.overlap) for share in shares]
    return [Window(left, top, shares[0], shares[1]) for top in starts[1] for left in starts[0]]


def _spread(share: float, overlap_share: float) -> list[float]:
    """Where tiles of this share begin, evenly, so that neighbours overlap at least as much as asked."""
    if share >= 1:
        return [0.0]
    count = 1 + ceil((1 - share) / (share * (1 - overlap_share)) - 1e-9)
    return [float(start) for start in np.linspace(0.0, 1 - share, count)]


class TileSearch:
    """One stream. For each picture `plan`, then `join` with what was found; pictures in order."""

    def __init__(self, policy: TilePolicy) -> None:
        self._policy = policy
        self._grid: list[Window] = []
        self._looked_s: NDArray[np.float64] = np.zeros(0)
        self._found: list[Detections] = []
        self._cut_for: tuple[tuple[int, int], tuple[int, int], bool] | None = None

    def set_most(self, most: int) -> None:
        """Looks at this many tiles of each picture from the next one on."""
        self._policy = replace(self._policy, most=most)

    def plan(
        self, at_s: float, size_px: tuple[int, int], input_px: tuple[int, int], moving: Boxes | None
    ) -> list[Window]:
        """Which tiles of the picture of `at_s` to look at. `moving`: (N, 4) in fractions; None: not known."""
        cut_for = size_px, input_px, self._policy.most > 0
        if self._cut_for != cut_for:
            self._cut_for = cut_for
            self._grid = plan_grid(size_px, input_px, self._policy) if self._policy.most else []
            self._looked_s = np.full(len(self._grid), -np.inf)
            self._found = [no_detections() for _ in self._grid]
        if not self._grid:
            return []
        moves, since_s = self._find_moving(moving), at_s - self._looked_s
        is_due = moves | ~((since_s >= 0) & (since_s < self._policy.fresh_s))
        order = sorted(np.flatnonzero(is_due).tolist(), key=lambda tile: (not moves[tile], self._looked_s[tile]))
        chosen = sorted(order[: self._policy.most])
        is_known = ~moves & (since_s >= 0) & (since_s <= self._policy.again_s)
        is_known[chosen] = False
        self._found = [found if is_known[tile] else no_detections() for tile, found in enumerate(self._found)]
        self._looked_s[chosen] = at_s
        return [self._grid[tile] for tile in chosen]

    def join(self, whole: Detections, looks: Sequence[tuple[Window, Detections]]) -> Detections:
        """All objects, each once, best first: of the whole picture, of the tiles, and of those not looked at now.

        Without tiles what the whole picture shows stays as it is.
        """
        if not self._grid:
            return whole
        for window, found in looks:
            tile = self._grid.index(window)
            near = np.array([window.width, window.height], np.float32) * self._policy.edge
            self._found[tile] = found.select(~window.cuts(found.boxes_norm_xyxy, near))  # a neighbour shows them whole
        everything = join_detections([whole, *self._found])
        keep = suppress_overlaps(
            everything.boxes_norm_xyxy, everything.confidence, everything.class_id, self._policy.max_iou
        )
        return _drop_parts(everything.select(keep), self._policy.part)

    def _find_moving(self, moving: Boxes | None) -> NDArray[np.bool_]:
        """(tiles,) whether something moves there; all when it is not known: nothing is said again then."""
        if moving is None:
            return np.ones(len(self._grid), bool)
        edges = np.array([tile.box_norm_xyxy for tile in self._grid], np.float32).reshape(-1, 4)
        return np.asarray(overlap(edges, moving).any(axis=1), np.bool_)


def _drop_parts(found: Detections, share: float) -> Detections:
    """Leaves out boxes most of which lies in a larger, surer one of their class: a torso, seen alone in a tile."""
    return found.select(~are_parts(found.boxes_norm_xyxy, found.confidence, found.class_id, share))


class TileBudget:
    """How many tiles a live stream may look at: fewer before its rate is cut, one more when there was time for a while.

    Args:
        wanted: What the camera is set to.
    """

    def __init__(self, wanted: int) -> None:
        self._wanted = wanted
        self._calm_rounds = 0
        self.allowed = wanted

    def note_round(self, *, has_time: bool) -> None:
        """Takes whether the stream got its whole rate in one round of the budget."""
        if not has_time:
            self.allowed, self._calm_rounds = self.allowed // 2, 0
        elif self.allowed < self._wanted:
            self._calm_rounds += 1
            if self._calm_rounds >= _CALM_ROUNDS:
                self.allowed, self._calm_rounds = self.allowed + 1, 0
