"""Multi-object tracker of the ByteTrack / OC-SORT family, one instance per stream.

Per picture: sure detections are matched to all tracks by overlap with the predicted boxes; unsure ones then keep
alive tracks that are being followed (a person half hidden scores low but is the same person); what is left over
is compared with the paths of lost tracks, so that a short loss keeps its number and counts hold. A track gets
its number after `min_hits`, so that a flicker counts as nobody. Pure: time is an argument.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vedette.core.detections import CLASS_NAMES, MOVING_CLASS, Detections, Tracks
from vedette.vision.boxes import iou_matrix, suppress_overlaps
from vedette.vision.track.association import NO_PAIRS, Pairs, match_by_overlap, match_by_path, may_be_same, plan_reach
from vedette.vision.track.box_filter import BoxFilter, to_cxcywh

_SAME_PLACE_IOU = 0.5
_OBJECT = CLASS_NAMES.index(MOVING_CLASS)
_VOTE = np.array([0.1 if name == MOVING_CLASS else 1.0 for name in CLASS_NAMES], np.float32)
"""What a detection's confidence counts by class: any name says more than that something is there."""
_NAMED = 0.8
"""Confidence of all pictures together from which a moving thing has its name: one doubtful look is none."""


@dataclass(frozen=True, slots=True)
class TrackPolicy:
    """Thresholds of the tracker.

    Attributes:
        sure: Detections from here on are matched first and may revive lost tracks.
        unsure: Detections from here on may keep a followed track alive.
        birth: Detections from here on may begin a track.
        min_hits: Pictures in which an object was seen before it counts.
        followed_s: A track seen within this time counts as followed.
        lost_s: A numbered track is given up after this time out of sight.
    """

    sure: float = 0.35
    unsure: float = 0.15
    birth: float = 0.4
    min_hits: int = 3
    followed_s: float = 0.6
    lost_s: float = 3.0


@dataclass(frozen=True, slots=True)
class TrackUpdate:
    """What one picture changed.

    Attributes:
        tracks: Numbered tracks seen in this picture.
        ended: Numbers given up with this picture.
    """

    tracks: Tracks
    ended: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class _Table:
    """All tracks, row by row. `number` is 0 until confirmed."""

    filter: BoxFilter
    number: NDArray[np.int64]
    last_box: NDArray[np.float32]
    confidence: NDArray[np.float32]
    votes: NDArray[np.float32]
    hits: NDArray[np.int64]
    seen_s: NDArray[np.float64]

    def select(self, rows: NDArray[np.bool_]) -> "_Table":
        return _Table(
            self.filter.select(rows),
            self.number[rows],
            self.last_box[rows],
            self.confidence[rows],
            self.votes[rows],
            self.hits[rows],
            self.seen_s[rows],
        )

    def append(self, other: "_Table") -> "_Table":
        return _Table(
            self.filter.append(other.filter),
            np.concatenate([self.number, other.number]),
            np.concatenate([self.last_box, other.last_box]),
            np.concatenate([self.confidence, other.confidence]),
            np.concatenate([self.votes, other.votes]),
            np.concatenate([self.hits, other.hits]),
            np.concatenate([self.seen_s, other.seen_s]),
        )

    @property
    def class_id(self) -> NDArray[np.int16]:
        """(N,) the class with the most confidence behind it; of what motion found, only when that is enough."""
        doubtful = (self.votes[:, _OBJECT] > 0) & (self.votes.max(axis=1) < _NAMED)
        return np.where(doubtful, _OBJECT, self.votes.argmax(axis=1)).astype(np.int16)


class Tracker:
    """Follows the objects of one stream. Push pictures in order."""

    def __init__(self, policy: TrackPolicy | None = None) -> None:
        self._policy = policy or TrackPolicy()
        self._next_number = 1
        self._last_s: float | None = None
        none = Detections(np.zeros((0, 4), np.float32), np.zeros(0, np.float32), np.zeros(0, np.int16))
        self._table = _begin(none, 0.0)

    def push(self, found: Detections, at_s: float) -> TrackUpdate:
        """Takes the detections of one picture.

        Args:
            found: Any number of boxes; those under `unsure` are ignored.
            at_s: Time of the picture on a line that does not go back; a step back counts as no time.
        """
        elapsed_s = 0.0 if self._last_s is None else max(0.0, at_s - self._last_s)
        self._last_s = at_s
        self._predict(elapsed_s, at_s)
        fresh = self._match(found, at_s)
        ended = self._give_up(at_s)
        self._begin_tracks(fresh, at_s)
        self._confirm()
        return TrackUpdate(self._seen_now(at_s), ended)

    def _predict(self, elapsed_s: float, at_s: float) -> None:
        table = self._table
        out_of_sight = at_s - table.seen_s > self._policy.followed_s
        moved = table.filter.damp(out_of_sight, float(np.exp(-elapsed_s))) if out_of_sight.any() else table.filter
        self._table = _replace_filter(table, moved.predict(elapsed_s))

    def _match(self, found: Detections, at_s: float) -> Detections:
        """Gives detections to tracks; returns the sure ones that nobody took."""
        policy = self._policy
        sure, unsure = found.confidence >= policy.sure, found.confidence >= policy.unsure
        table = self._table
        free = np.ones(len(table.number), bool)
        all_rows = np.arange(len(table.number))
        followed = at_s - table.seen_s <= policy.followed_s

        sure_rows, unsure_rows = np.flatnonzero(sure), np.flatnonzero(unsure & ~sure)
        taken = self._take_by_overlap(found, sure_rows, all_rows, at_s, min_iou=0.25, grown=0.1)
        free[taken[0]] = False
        sure[taken[1]] = False
        sure_rows = np.flatnonzero(sure)
        rows = np.flatnonzero(free & followed)
        taken = self._take_by_overlap(found, unsure_rows, rows, at_s, min_iou=0.35, grown=0.0)
        free[taken[0]] = False
        taken = self._take_by_path(found, sure_rows, np.flatnonzero(free), at_s)
        sure[taken[1]] = False
        return found.select(sure)

    def _take_by_overlap(
        self,
        found: Detections,
        found_rows: NDArray[np.intp],
        rows: NDArray[np.intp],
        at_s: float,
        *,
        min_iou: float,
        grown: float,
    ) -> Pairs:
        if not len(rows) or not len(found_rows):
            return NO_PAIRS
        table = self._table
        allowed = may_be_same(table.class_id[rows], found.class_id[found_rows])
        boxes = table.filter.boxes()[rows]
        pairs = match_by_overlap(boxes, found.boxes_norm_xyxy[found_rows], allowed, min_iou=min_iou, grown=grown)
        return self._take(found, found_rows, rows, pairs, at_s)

    def _take_by_path(
        self, found: Detections, found_rows: NDArray[np.intp], rows: NDArray[np.intp], at_s: float
    ) -> Pairs:
        if not len(rows) or not len(found_rows):
            return NO_PAIRS
        table = self._table
        pairs = match_by_path(
            table.last_box[rows],
            table.filter.boxes()[rows],
            table.filter.speed[rows, :2],
            plan_reach(at_s - table.seen_s[rows], table.hits[rows]),
            found.boxes_norm_xyxy[found_rows],
            may_be_same(table.class_id[rows], found.class_id[found_rows]),
        )
        return self._take(found, found_rows, rows, pairs, at_s)

    def _take(
        self, found: Detections, found_rows: NDArray[np.intp], rows: NDArray[np.intp], pairs: Pairs, at_s: float
    ) -> Pairs:
        """Updates the matched tracks. Gives the pairs in rows of the table and of `found`."""
        own, theirs = rows[pairs[0]], found_rows[pairs[1]]
        table = self._table
        boxes, confidence = found.boxes_norm_xyxy[theirs], found.confidence[theirs]
        last_box, votes = table.last_box.copy(), table.votes.copy()
        confidences, hits, seen_s = table.confidence.copy(), table.hits.copy(), table.seen_s.copy()
        last_box[own], confidences[own], seen_s[own] = boxes, confidence, at_s
        hits[own] += 1
        votes[own, found.class_id[theirs]] += confidence * _VOTE[found.class_id[theirs]]
        moved = table.filter.update(own, to_cxcywh(boxes))
        self._table = _Table(moved, table.number, last_box, confidences, votes, hits, seen_s)
        return own, theirs

    def _confirm(self) -> None:
        table = self._table
        due = np.flatnonzero((table.number == 0) & (table.hits >= self._policy.min_hits))
        if not len(due):
            return
        number = table.number.copy()
        number[due] = np.arange(self._next_number, self._next_number + len(due))
        self._next_number += len(due)
        self._table = _Table(
            table.filter, number, table.last_box, table.confidence, table.votes, table.hits, table.seen_s
        )

    def _give_up(self, at_s: float) -> tuple[int, ...]:
        table = self._table
        patience_s = np.where(table.number > 0, self._policy.lost_s, self._policy.followed_s)
        keep = at_s - table.seen_s <= patience_s
        if keep.all():
            return ()
        ended = table.number[~keep]
        self._table = table.select(keep)
        return tuple(int(number) for number in ended if number > 0)

    def _begin_tracks(self, fresh: Detections, at_s: float) -> None:
        """Begins tracks, one per place, and none where a track seen in this picture is already."""
        if not len(fresh):
            return
        table = self._table
        best = suppress_overlaps(fresh.boxes_norm_xyxy, fresh.confidence, fresh.class_id, _SAME_PLACE_IOU)
        fresh = fresh.select(best)
        now = table.seen_s == at_s
        overlap = iou_matrix(fresh.boxes_norm_xyxy, table.last_box[now])
        same = may_be_same(fresh.class_id, table.class_id[now])
        covered = ((overlap > _SAME_PLACE_IOU) & same).any(axis=1)
        rows = np.flatnonzero((fresh.confidence >= self._policy.birth) & ~covered)
        self._table = table.append(_begin(fresh.select(rows), at_s))

    def _seen_now(self, at_s: float) -> Tracks:
        table = self._table
        seen = (table.seen_s == at_s) & (table.number > 0)
        return Tracks(table.number[seen], table.last_box[seen], table.confidence[seen], table.class_id[seen])


def _begin(found: Detections, at_s: float) -> _Table:
    count = len(found)
    votes = np.zeros((count, len(CLASS_NAMES)), np.float32)
    votes[np.arange(count), found.class_id] = found.confidence * _VOTE[found.class_id]
    return _Table(
        BoxFilter.start(to_cxcywh(found.boxes_norm_xyxy)),
        np.zeros(count, np.int64),
        found.boxes_norm_xyxy.copy(),
        found.confidence.copy(),
        votes,
        np.ones(count, np.int64),
        np.full(count, at_s),
    )


def _replace_filter(table: _Table, moved: BoxFilter) -> _Table:
    return _Table(moved, table.number, table.last_box, table.confidence, table.votes, table.hits, table.seen_s)
