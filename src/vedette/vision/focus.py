"""Decides which part of a picture the model looks at: fewer pixels, no fewer objects. Pure.

What has not changed looks the same. So between two looks at the whole picture (`whole_every_s` apart) the model is
shown one window around what moves and around what was found there or is not known for sure yet; what was found
elsewhere, where nothing moves, is said again as it was. Whatever the window would cut is looked at whole, in the same
picture. Design and figures: docs/design/vision.md.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from vedette.core.detections import Detections, join_detections, no_detections
from vedette.vision.boxes import Boxes, areas, iou_matrix, overlap, shared_areas

_SAME_IOU = 0.3
_COVERED = 0.6
"""Share of a cut box that lies in a box said again: then it is a part of that object."""


class Window(NamedTuple):
    """A part of a picture, in fractions of it: left, top, width, height."""

    left: float
    top: float
    width: float
    height: float

    @property
    def box_norm_xyxy(self) -> NDArray[np.float32]:
        """(4,) corners."""
        return np.array([self.left, self.top, self.left + self.width, self.top + self.height], np.float32)

    def cuts(self, boxes: Boxes, near: float | NDArray[np.float32]) -> NDArray[np.bool_]:
        """(N,) boxes no farther than `near`, in fractions of the picture, from an edge that is none of the picture."""
        edges = self.box_norm_xyxy
        low = (boxes[:, :2] <= edges[:2] + near) & (edges[:2] > near)
        high = (boxes[:, 2:] >= edges[2:] - near) & (edges[2:] < 1 - near)
        return np.asarray((low | high).any(axis=1), np.bool_)


WHOLE = Window(0.0, 0.0, 1.0, 1.0)


@dataclass(frozen=True, slots=True)
class FocusPolicy:
    """When a part of the picture is enough.

    Attributes:
        whole_every_s: Longest time between two looks at the whole picture.
        min_confidence: Boxes from here on are said again and looked after.
        cut: Boxes from here on are objects even when an edge cuts them: half of one is found with less confidence.
        sure: Boxes from here on are looked at until they were found `min_looks` times.
        margin: Air around what is looked at, in fractions of the picture's width and height.
        edge: Boxes nearer to a window's edge are cut by it, in fractions of the picture.
    """

    whole_every_s: float = 0.8
    min_confidence: float = 0.15
    cut: float = 0.3
    sure: float = 0.35
    min_looks: int = 3
    margin: float = 0.04
    edge: float = 0.01


@dataclass(frozen=True, slots=True)
class _Known:
    """What was found last. `looks` (N,): how often each was really found, in a row."""

    found: Detections
    looks: NDArray[np.int64]


class Focus:
    """One stream. For each picture `plan`, then `take` with what the model found; pictures in order.

    Args:
        sizes: Width and height, in fractions, of the windows that the detector can look at, cheapest first.
    """

    def __init__(self, sizes: Sequence[tuple[float, float]], policy: FocusPolicy | None = None) -> None:
        self._sizes = sizes
        self._policy = policy or FocusPolicy()
        self._known = _Known(no_detections(), np.zeros(0, np.int64))
        self._whole_s = float("-inf")

    def plan(self, at_s: float, moving: Boxes | None) -> Window | None:
        """Where to look at the picture of `at_s`.

        `moving`: (N, 4) what moves, in fractions; None: not known.

        Returns:
            A window; None: nothing changed, no look is needed.
        """
        since_s = at_s - self._whole_s
        if not self._sizes or moving is None or not 0 <= since_s < self._policy.whole_every_s:
            return self._look_whole(at_s)
        wanted = np.concatenate([moving, self._looked_after(moving)])
        if not len(wanted):
            return None
        return self._find_window(wanted) or self._look_whole(at_s)

    def is_cut(self, window: Window, moving: Boxes, found: Detections) -> bool:
        """Tells whether the window cut something that moves and is not known from elsewhere: look at all of it.

        What stands at the edge was seen whole before, and is said again.
        """
        boxes = found.boxes_norm_xyxy
        cut = window.cuts(boxes, self._policy.edge) & (found.confidence >= self._policy.cut)
        cut &= overlap(boxes, moving).any(axis=1)
        kept = self._known.found.boxes_norm_xyxy[self._outside(window)]
        return bool((~_is_part_of(boxes[cut], kept)).any())

    def take(self, at_s: float, window: Window | None, found: Detections) -> Detections:
        """Takes what the model found; gives it with what is said again, best first."""
        if window == WHOLE:
            self._whole_s = max(self._whole_s, at_s)
            self._known = self._join(found, no_detections(), np.zeros(0, np.int64))
            return found
        kept = self._outside(window) if window else np.ones(len(self._known.looks), bool)
        if window:
            found = found.select(~window.cuts(found.boxes_norm_xyxy, self._policy.edge))
            kept &= ~_meets(self._known.found, found)
        kept &= self._is_believed()
        again, looks = self._known.found.select(kept), self._known.looks[kept]
        self._known = self._join(found, again, looks)
        everything = join_detections([found, again])
        return everything.select(np.argsort(-everything.confidence, kind="stable"))

    def _look_whole(self, at_s: float) -> Window:
        self._whole_s = at_s
        return WHOLE

    def _looked_after(self, moving: Boxes) -> Boxes:
        """Known boxes where something moves, and those not found often enough to be believed without a look."""
        known, policy = self._known, self._policy
        boxes = known.found.boxes_norm_xyxy
        touched = overlap(boxes, moving).any(axis=1)
        is_new = (known.looks < policy.min_looks) & (known.found.confidence >= policy.sure)
        return boxes[touched | is_new]

    def _find_window(self, wanted: Boxes) -> Window | None:
        margin = self._policy.margin
        low = np.clip(wanted[:, :2].min(axis=0) - margin, 0.0, 1.0)
        high = np.clip(wanted[:, 2:].max(axis=0) + margin, 0.0, 1.0)
        for width, height in self._sizes:
            size = np.array([width, height])
            if (high - low <= size).all():
                left, top = np.clip((low + high - size) / 2, 0.0, 1.0 - size)
                return Window(float(left), float(top), width, height)
        return None

    def _outside(self, window: Window) -> NDArray[np.bool_]:
        """(N,) known boxes that the window does not show whole: they are said again."""
        boxes, edges = self._known.found.boxes_norm_xyxy, window.box_norm_xyxy
        inside = (boxes[:, :2] >= edges[:2]).all(axis=1) & (boxes[:, 2:] <= edges[2:]).all(axis=1)
        return np.asarray(~inside, np.bool_)

    def _is_believed(self) -> NDArray[np.bool_]:
        """(N,) known boxes that are said again: sure ones, and weak ones that were found twice in a row."""
        return np.asarray((self._known.found.confidence >= self._policy.sure) | (self._known.looks > 1), np.bool_)

    def _join(self, found: Detections, again: Detections, again_looks: NDArray[np.int64]) -> _Known:
        """What is known now: new boxes go on counting from the known ones that they meet."""
        found = found.select(found.confidence >= self._policy.min_confidence)
        before = np.where(_same(found, self._known.found), self._known.looks[None, :], 0)
        looks = 1 + before.max(axis=1, initial=0)
        return _Known(join_detections([found, again]), np.concatenate([looks, again_looks]))


def _same(first: Detections, second: Detections) -> NDArray[np.bool_]:
    """(N, M) boxes of one class that overlap."""
    iou = iou_matrix(first.boxes_norm_xyxy, second.boxes_norm_xyxy)
    return np.asarray((iou > _SAME_IOU) & (first.class_id[:, None] == second.class_id[None, :]), np.bool_)


def _meets(known: Detections, found: Detections) -> NDArray[np.bool_]:
    return np.asarray(_same(known, found).any(axis=1), np.bool_)


def _is_part_of(parts: Boxes, whole: Boxes) -> NDArray[np.bool_]:
    """(N,) boxes most of which lies in one of the others."""
    return np.asarray((shared_areas(parts, whole) > _COVERED * areas(parts)[:, None]).any(axis=1), np.bool_)
