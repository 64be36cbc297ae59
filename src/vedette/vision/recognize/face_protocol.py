"""The figures by which face recognition is judged, from embeddings: 1:1 over all pairs or a list of pairs, 1:N by
enrolled people, closed and open set. Pure.

A picture in which no face was found is a row of NaN: it is rejected against everybody, as at a door. A rate that the
data are too few to show is None, never a guess.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vedette.core.errors import InvalidInputError

_Z95 = 1.645
"""One-sided: an upper bound that holds with 95 %, if comparisons were independent. They are not quite: the same few
people are compared again and again, so the true bound is wider."""
_BLOCK = 2048


@dataclass(frozen=True, slots=True)
class Verification:
    """1:1 comparisons.

    Attributes:
        genuine, impostor: Sorted similarities; -inf where a face was not found.
    """

    genuine: NDArray[np.float64]
    impostor: NDArray[np.float64]

    def threshold_at_fmr(self, fmr: float) -> float | None:
        """The similarity that must be passed so that at most `fmr` of the impostors are; None: too few of them."""
        allowed = math.floor(fmr * len(self.impostor) + 1e-9)
        if allowed < 1 or not len(self.genuine):
            return None
        return float(self.impostor[len(self.impostor) - allowed - 1])

    def tar_at_far(self, far: float) -> float | None:
        """Share of genuine pairs accepted where at most `far` of the impostors are; None: too few impostors to tell."""
        threshold = self.threshold_at_fmr(far)
        return None if threshold is None else float((self.genuine > threshold).mean())

    def false_match_rate(self, threshold: float) -> float:
        """Share of impostors at or above a threshold."""
        below = int(np.searchsorted(self.impostor, threshold, side="left"))
        return (len(self.impostor) - below) / max(len(self.impostor), 1)

    def false_non_match_rate(self, threshold: float) -> float:
        """Share of genuine pairs below a threshold."""
        return int(np.searchsorted(self.genuine, threshold, side="left")) / max(len(self.genuine), 1)

    def equal_error_rate(self) -> tuple[float, float]:
        """The error rate where false accepts equal false rejects, and its threshold (interpolated by the mean)."""
        thresholds = np.unique(np.concatenate([self.genuine, self.impostor]))
        thresholds = thresholds[np.isfinite(thresholds)]
        if not len(thresholds):
            return 1.0, 0.0
        rejected = np.searchsorted(self.genuine, thresholds, side="left") / max(len(self.genuine), 1)
        accepted = 1 - np.searchsorted(self.impostor, thresholds, side="left") / max(len(self.impostor), 1)
        best = int(np.argmin(np.abs(rejected - accepted)))
        return float((rejected[best] + accepted[best]) / 2), float(thresholds[best])


@dataclass(frozen=True, slots=True)
class OpenSet:
    """1:N searches, with people who are on no list.

    Attributes:
        mated: Similarity of the right person where he was the most similar, else -inf: one per search, sorted.
        others: Highest similarity of searches for people who are not enrolled, sorted.
    """

    mated: NDArray[np.float64]
    others: NDArray[np.float64]

    def fnir_at_fpir(self, fpir: float) -> float | None:
        """Share of searches that miss the enrolled person, where at most `fpir` of the others find anybody."""
        allowed = math.floor(fpir * len(self.others) + 1e-9)
        if allowed < 1 or not len(self.mated):
            return None
        return float((self.mated <= self.others[len(self.others) - allowed - 1]).mean())


def bound_rate(errors: int, trials: int) -> float:
    """The highest rate that so few errors are still likely under (Wilson, one-sided 95 %); 1 without trials."""
    if trials <= 0:
        return 1.0
    rate, z2 = errors / trials, _Z95**2
    centre = rate + z2 / (2 * trials)
    spread = _Z95 * math.sqrt(rate * (1 - rate) / trials + z2 / (4 * trials**2))
    return min(1.0, (centre + spread) / (1 + z2 / trials))


def verify_all_pairs(embeddings: NDArray[np.float32], people: NDArray[np.int64]) -> Verification:
    """Compares every picture with every other once.

    Args:
        embeddings: (N, D) unit length; NaN rows: no face found.
        people: (N,) who is on each.
    """
    _check(embeddings, people)
    genuine, impostor = [], []
    for first in range(0, len(people), _BLOCK):
        rows = np.arange(first, min(first + _BLOCK, len(people)))
        scores = _compare(embeddings[rows], embeddings)
        is_later = np.arange(len(people))[None, :] > rows[:, None]
        is_same = people[rows][:, None] == people[None, :]
        genuine.append(scores[is_later & is_same])
        impostor.append(scores[is_later & ~is_same])
    return Verification(np.sort(np.concatenate([*genuine, []])), np.sort(np.concatenate([*impostor, []])))


def verify_pairs(embeddings: NDArray[np.float32], pairs: NDArray[np.int64], is_same: NDArray[np.bool_]) -> Verification:
    """Compares given pairs, as protocols with pair lists do (LFW, IJB 1:1).

    Args:
        embeddings: (N, D) of pictures, or of the means of a set of pictures.
        pairs: (P, 2) rows of them.
        is_same: (P,) whether both are one person.
    """
    if pairs.ndim != 2 or pairs.shape[1:] != (2,) or len(pairs) != len(is_same):
        raise InvalidInputError(f"need (P, 2) pairs and P labels, got {pairs.shape} and {is_same.shape}")
    first, second = (embeddings[pairs[:, side]].astype(np.float64) for side in (0, 1))
    scores = np.einsum("pd,pd->p", first, second)
    scores[np.isnan(scores)] = -np.inf
    return Verification(np.sort(scores[is_same]), np.sort(scores[~is_same]))


def find_rank1(
    gallery: NDArray[np.float32], gallery_people: NDArray[np.int64], probes: NDArray[np.float32], who: NDArray[np.int64]
) -> float:
    """Share of probes whose most similar gallery picture shows the same person; a probe without face is wrong."""
    if not len(probes) or not len(gallery):
        return 0.0
    similarity = _compare(probes, gallery)
    best = similarity.argmax(axis=1)
    found = np.isfinite(similarity.max(axis=1))
    return float((found & (gallery_people[best] == who)).mean())


def search_open_set(
    gallery: NDArray[np.float32], gallery_people: NDArray[np.int64], probes: NDArray[np.float32], who: NDArray[np.int64]
) -> OpenSet:
    """Searches every probe among all enrolled people, and once more among all but its own person.

    So nobody is lost to a split: everybody is enrolled, and everybody is a stranger to a list that lacks only him.

    Args:
        gallery: (G, D) one template per enrolled person, or several.
        gallery_people: (G,) of whom each is.
        probes: (P, D).
        who: (P,) who is on each.
    """
    _check(gallery, gallery_people)
    _check(probes, who)
    if not len(gallery) or not len(probes):
        return OpenSet(np.zeros(0), np.zeros(0))
    similarity = _compare(probes, gallery)
    own = gallery_people[None, :] == who[:, None]
    right = np.where(own, similarity, -np.inf).max(axis=1)
    wrong = np.where(own, -np.inf, similarity).max(axis=1)
    is_enrolled = own.any(axis=1)
    return OpenSet(np.sort(np.where(right > wrong, right, -np.inf)[is_enrolled]), np.sort(wrong))


def _compare(first: NDArray[np.float32], second: NDArray[np.float32]) -> NDArray[np.float64]:
    similarity = first.astype(np.float64) @ second.astype(np.float64).T
    return np.where(np.isnan(similarity), -np.inf, similarity)


def _check(embeddings: NDArray[np.float32], people: NDArray[np.int64]) -> None:
    if embeddings.ndim != 2 or len(embeddings) != len(people):
        raise InvalidInputError(f"need (N, D) embeddings of N people, got {embeddings.shape} and {people.shape}")
