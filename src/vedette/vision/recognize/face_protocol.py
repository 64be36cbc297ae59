"""The figures by which face recognition is judged, from embeddings: 1:1 over all pairs, 1:N by enrolled people. Pure.

A picture in which no face was found is a row of NaN: it is rejected against everybody, as at a door.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vedette.core.errors import InvalidInputError


@dataclass(frozen=True, slots=True)
class Verification:
    """1:1 over all pairs.

    Attributes:
        genuine, impostor: Sorted similarities; -inf where a face was not found.
    """

    genuine: NDArray[np.float64]
    impostor: NDArray[np.float64]

    def tar_at_far(self, far: float) -> float | None:
        """Share of genuine pairs accepted where at most `far` of the impostors are; None: too few impostors to tell."""
        allowed = int(far * len(self.impostor))
        if allowed < 1 or not len(self.genuine):
            return None
        threshold = self.impostor[len(self.impostor) - allowed - 1]
        return float((self.genuine > threshold).mean())

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


def verify_all_pairs(embeddings: NDArray[np.float32], people: NDArray[np.int64]) -> Verification:
    """Compares every picture with every other once.

    Args:
        embeddings: (N, D) unit length; NaN rows: no face found.
        people: (N,) who is on each.
    """
    if embeddings.ndim != 2 or len(embeddings) != len(people):
        raise InvalidInputError(f"need (N, D) embeddings of N people, got {embeddings.shape} and {people.shape}")
    similarity = embeddings.astype(np.float64) @ embeddings.astype(np.float64).T
    similarity[np.isnan(similarity)] = -np.inf
    first, second = np.triu_indices(len(people), 1)
    scores, same = similarity[first, second], people[first] == people[second]
    return Verification(np.sort(scores[same]), np.sort(scores[~same]))


def find_rank1(
    gallery: NDArray[np.float32], gallery_people: NDArray[np.int64], probes: NDArray[np.float32], who: NDArray[np.int64]
) -> float:
    """Share of probes whose most similar gallery picture shows the same person; a probe without face is wrong."""
    if not len(probes) or not len(gallery):
        return 0.0
    similarity = probes.astype(np.float64) @ gallery.astype(np.float64).T
    similarity[np.isnan(similarity)] = -np.inf
    best = similarity.argmax(axis=1)
    found = np.isfinite(similarity.max(axis=1))
    return float((found & (gallery_people[best] == who)).mean())
