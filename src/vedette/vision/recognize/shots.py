"""Decides when a tracked object is worth a closer look: best-shot selection. Pure.

A good moment is large, sure, whole (not cut by the picture's edge), uncovered and slow. The first good one is taken
at once (an alarm waits for it), a clearly better one soon after, the rest spread over the track's life, so that one
bad pose does not decide. Asks are few by design: each costs the worker some milliseconds.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vedette.core.detections import Tracks
from vedette.vision.boxes import shared_areas


@dataclass(frozen=True, slots=True)
class ShotPolicy:
    """How often an object is looked at.

    Attributes:
        min_side_px: Objects with a shorter side are not looked at.
        max_asks: Of one track.
        first_gap_s, max_gap_s: Between two asks of one track; the gap doubles with each.
        better_gap_s, better: After this time a moment that scores this much more is taken at once.
        per_s: Asks of the whole stream in a second, with as many in a burst.
        per_picture: Asks in one picture.
    """

    min_side_px: int = 24
    max_asks: int = 24
    first_gap_s: float = 0.4
    max_gap_s: float = 4.0
    better_gap_s: float = 0.15
    better: float = 1.3
    per_s: float = 6.0
    per_picture: int = 3


@dataclass(slots=True)
class _Life:
    asks: int = 0
    asked_s: float = float("-inf")
    best: float = 0.0
    seen_s: float = 0.0
    centre: tuple[float, float] | None = None


class ShotPicker:
    """Picks the moments of one stream's tracks."""

    def __init__(self, policy: ShotPolicy | None = None) -> None:
        self._policy = policy or ShotPolicy()
        self._lives: dict[int, _Life] = {}
        self._credit = self._policy.per_s
        self._last_s: float | None = None
        self.left_out = 0
        """Good moments that were not asked for: the worker was busy or the stream's share was used up."""

    def pick(self, at_s: float, tracks: Tracks, size_px: tuple[int, int], room: int) -> list[int]:
        """Gives the rows to ask about now, best first.

        Args:
            at_s: Of the picture, on the line of the calls before.
            tracks: Seen in it.
            size_px: Its width and height.
            room: How many asks the worker has time for; 0 when it is behind.
        """
        self._refill(at_s)
        scores = score_moments(tracks, size_px, self._policy.min_side_px) * self._calm(at_s, tracks)
        due = [row for row in np.argsort(-scores) if self._is_due(int(tracks.track_id[row]), float(scores[row]), at_s)]
        allowed = max(0, min(room, self._policy.per_picture, int(self._credit)))
        chosen = [int(row) for row in due[:allowed]]
        self.left_out += len(due) - len(chosen)
        self._credit -= len(chosen)
        for row in chosen:
            life = self._lives[int(tracks.track_id[row])]
            life.asks, life.asked_s, life.best = life.asks + 1, at_s, max(life.best, float(scores[row]))
        return chosen

    def forget(self, ended: tuple[int, ...]) -> None:
        """Tracks are over."""
        for number in ended:
            self._lives.pop(number, None)

    def _refill(self, at_s: float) -> None:
        if self._last_s is not None:
            gained = max(0.0, at_s - self._last_s) * self._policy.per_s
            self._credit = min(self._policy.per_s, self._credit + gained)
        self._last_s = at_s

    def _calm(self, at_s: float, tracks: Tracks) -> NDArray[np.float64]:
        """(N,) 1 for what stands, less the more of its own height an object moves in a second: it blurs."""
        calm = np.ones(len(tracks), np.float64)
        for row, box in enumerate(tracks.boxes_norm_xyxy):
            left, top, right, bottom = (float(value) for value in box)
            life = self._lives.setdefault(int(tracks.track_id[row]), _Life())
            centre, elapsed_s = ((left + right) / 2, (top + bottom) / 2), at_s - life.seen_s
            if life.centre is not None and elapsed_s > 0:
                moved = float(np.hypot(centre[0] - life.centre[0], centre[1] - life.centre[1]))
                calm[row] = 1 / (1 + 0.3 * moved / max(bottom - top, 1e-3) / elapsed_s)
            life.centre, life.seen_s = centre, at_s
        return calm

    def _is_due(self, number: int, score: float, at_s: float) -> bool:
        policy, life = self._policy, self._lives[number]
        if score <= 0 or life.asks >= policy.max_asks:
            return False
        waited_s = at_s - life.asked_s
        gap_s = min(policy.max_gap_s, policy.first_gap_s * 2 ** min(max(life.asks - 1, 0), 16))
        is_better = waited_s >= policy.better_gap_s and score > life.best * policy.better
        return is_better or waited_s >= gap_s - 1e-6


def score_moments(tracks: Tracks, size_px: tuple[int, int], min_side_px: int) -> NDArray[np.float64]:
    """(N,) how good a picture this is of each track: 0 is useless.

    The score grows with the shorter side up to 256 px; a box at the picture's edge counts a third, and what other
    objects cover counts nothing.
    """
    boxes = tracks.boxes_norm_xyxy.astype(np.float64)
    sides = (boxes[:, 2:] - boxes[:, :2]) * np.array(size_px, np.float64)
    short = sides.min(axis=1) if len(boxes) else np.zeros(0)
    size = np.where(short >= min_side_px, np.minimum(short, 256) / 256, 0.0)
    is_cut = (boxes[:, :2] <= 0.004).any(axis=1) | (boxes[:, 2:] >= 0.996).any(axis=1)
    whole = np.where(is_cut, 0.35, 1.0)
    return np.asarray(size * tracks.confidence * whole * (1 - _covered(boxes)), np.float64)


def _covered(boxes: NDArray[np.float64]) -> NDArray[np.float64]:
    """(N,) largest share of each box that lies under another whose foot is nearer to the camera."""
    is_nearer = boxes[None, :, 3] > boxes[:, None, 3]
    own = np.maximum((boxes[:, 2:] - boxes[:, :2]).prod(axis=1), 1e-9)
    share = np.where(is_nearer, shared_areas(boxes, boxes) / own[:, None], 0.0)
    return np.asarray(share.max(axis=1, initial=0.0), np.float64)
