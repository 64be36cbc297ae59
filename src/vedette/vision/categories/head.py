"""A linear head on frozen vectors: what a set of categories is told by. Pure. How one is made: `fitting.py`.

Vectors are centred by the mean of the taught ones first: all embeddings of pictures point into one half of the space,
and what they share tells no category.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]
Labels = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Head:
    """`weights` (D, C), `bias` (C,), `centre` (D,), all float32; scores are divided by `temperature`."""

    weights: Vectors
    bias: Vectors
    centre: Vectors
    temperature: float = 1.0

    def scores(self, vectors: Vectors) -> Vectors:
        """(N, D) -> (N, C), already divided by the temperature."""
        raw = (vectors - self.centre) @ self.weights + self.bias
        return np.asarray(raw / self.temperature, np.float32)

    def shares(self, vectors: Vectors) -> Vectors:
        """(N, D) -> (N, C) probabilities, each row together 1."""
        return softmax(self.scores(vectors))


def softmax(scores: Vectors) -> Vectors:
    """(N, C) -> (N, C), each row together 1."""
    raised = np.exp(scores - scores.max(axis=1, keepdims=True))
    return np.asarray(raised / raised.sum(axis=1, keepdims=True), np.float32)


def with_temperature(head: Head, temperature: float) -> Head:
    return replace(head, temperature=temperature)
