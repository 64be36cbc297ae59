"""Figures of multi-object tracking by TrackEval's definitions: MOTA, IDF1, HOTA, identity switches. Pure.

Everything is counted from one list of frames, each with the true numbers, the found numbers and their overlaps, so
that the three families cannot see different data. Figures of several sequences are joined by adding counts, as
TrackEval joins them, never by averaging figures.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

MATCH_IOU = 0.5
ALPHAS = np.arange(0.05, 0.99, 0.05)
"""Overlaps at which HOTA is taken; the figure is the mean."""
_EPS = float(np.finfo(float).eps)
_KEEPS_ITS_PARTNER = 1000.0

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class ScoredFrame:
    """One picture. `truth` (N,) and `found` (M,): numbers counted from 0 without holes; `iou` (N, M)."""

    truth: Ints
    found: Ints
    iou: Floats


@dataclass(frozen=True, slots=True)
class TrackingCounts:
    """What one or several sequences add up to. `hota_*`: one value per overlap of `ALPHAS`."""

    true_positives: int
    false_positives: int
    misses: int
    id_switches: int
    id_true_positives: int
    id_false_positives: int
    id_misses: int
    hota_true_positives: Floats
    hota_errors: Floats
    hota_association: Floats

    def __add__(self, other: "TrackingCounts") -> "TrackingCounts":
        return TrackingCounts(*(getattr(self, name) + getattr(other, name) for name in self.__slots__))

    @property
    def mota(self) -> float:
        errors = self.false_positives + self.misses + self.id_switches
        return 1.0 - errors / max(1, self.true_positives + self.misses)

    @property
    def idf1(self) -> float:
        right = self.id_true_positives
        return right / max(1.0, right + (self.id_false_positives + self.id_misses) / 2)

    @property
    def hota(self) -> float:
        return float(np.sqrt(self._detection() * self._association()).mean())

    @property
    def deta(self) -> float:
        """Detection alone, mean over the overlaps."""
        return float(self._detection().mean())

    @property
    def assa(self) -> float:
        """Association alone, mean over the overlaps."""
        return float(self._association().mean())

    def _detection(self) -> Floats:
        return self.hota_true_positives / np.maximum(1, self.hota_true_positives + self.hota_errors)

    def _association(self) -> Floats:
        return self.hota_association / np.maximum(1, self.hota_true_positives)


def no_counts() -> TrackingCounts:
    """The counts of no sequence at all."""
    return TrackingCounts(0, 0, 0, 0, 0, 0, 0, *(np.zeros(len(ALPHAS)) for _ in range(3)))


def count_tracking(frames: Sequence[ScoredFrame]) -> TrackingCounts:
    """Counts one sequence. Frames without any box may be left out: they change nothing."""
    truths = _count_numbers([frame.truth for frame in frames])
    founds = _count_numbers([frame.found for frame in frames])
    return TrackingCounts(
        *_count_clear(frames, len(truths)),
        *_count_identity(frames, truths, founds),
        *_count_hota(frames, truths, founds),
    )


def assign(score: Floats, threshold: float) -> tuple[Ints, Ints]:
    """Pairs of rows and columns with the largest sum, of those that reach the threshold."""
    rows, columns = linear_sum_assignment(-score)
    good = score[rows, columns] > threshold
    return rows[good], columns[good]


def _count_clear(frames: Sequence[ScoredFrame], truths: int) -> tuple[int, int, int, int]:
    """CLEAR MOT: a true object prefers the number it had in the picture before; a switch is another number than the
    last one it was ever matched with.
    """
    last = np.full(truths, -1)
    before = np.full(truths, -1)
    right, false, missed, switches = 0, 0, 0, 0
    for frame in frames:
        score = _KEEPS_ITS_PARTNER * (frame.found[None, :] == before[frame.truth][:, None]) + frame.iou
        score[frame.iou < MATCH_IOU - _EPS] = 0
        rows, columns = assign(score, _EPS)
        own, partner = frame.truth[rows], frame.found[columns]
        switches += int(((last[own] >= 0) & (last[own] != partner)).sum())
        last[own] = partner
        before[:] = -1
        before[own] = partner
        right += len(rows)
        false += len(frame.found) - len(rows)
        missed += len(frame.truth) - len(rows)
    return right, false, missed, switches


def _count_identity(frames: Sequence[ScoredFrame], truths: Ints, founds: Ints) -> tuple[int, int, int]:
    """One found track for each true object over the whole sequence, such that most boxes agree."""
    together = np.zeros((len(truths), len(founds)))
    for frame in frames:
        together[np.ix_(frame.truth, frame.found)] += frame.iou >= MATCH_IOU
    rows, columns = linear_sum_assignment(-together)
    right = int(together[rows, columns].sum())
    return right, int(founds.sum()) - right, int(truths.sum()) - right


def _count_hota(frames: Sequence[ScoredFrame], truths: Ints, founds: Ints) -> tuple[Floats, Floats, Floats]:
    """Matches by overlap times how well the two tracks agree over the sequence; then judges at every overlap."""
    agreement = _align(frames, truths, founds)
    right = np.zeros(len(ALPHAS))
    matches = np.zeros((len(ALPHAS), len(truths), len(founds)))
    for frame in frames:
        rows, columns = linear_sum_assignment(-agreement[np.ix_(frame.truth, frame.found)] * frame.iou)
        reached = frame.iou[rows, columns][None, :] >= ALPHAS[:, None] - _EPS
        right += reached.sum(axis=1)
        matches[:, frame.truth[rows], frame.found[columns]] += reached
    errors = truths.sum() + founds.sum() - 2 * right
    either = np.maximum(1, truths[None, :, None] + founds[None, None, :] - matches)
    return right, errors, (matches * matches / either).sum(axis=(1, 2))


def _align(frames: Sequence[ScoredFrame], truths: Ints, founds: Ints) -> Floats:
    """(T, F) how much of the lives of a true and a found track is common."""
    common = np.zeros((len(truths), len(founds)))
    for frame in frames:
        either = frame.iou.sum(axis=0)[None, :] + frame.iou.sum(axis=1)[:, None] - frame.iou
        common[np.ix_(frame.truth, frame.found)] += np.divide(
            frame.iou, either, out=np.zeros_like(frame.iou), where=either > _EPS
        )
    whole = truths[:, None] + founds[None, :] - common
    return np.asarray(np.divide(common, whole, out=np.zeros_like(common), where=whole > _EPS), np.float64)


def _count_numbers(numbers: Sequence[Ints]) -> Ints:
    """(N,) in how many pictures each number is."""
    joined = np.concatenate([np.zeros(0, np.intp), *numbers])
    return np.bincount(joined, minlength=0).astype(np.intp)
