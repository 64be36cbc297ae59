"""What a set of categories says of a picture, and of a track by its best moments. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from vedette.core.objects import UNKNOWN, AttributeValue
from vedette.vision.categories.category_set import CategorySet
from vedette.vision.categories.head import Head, Vectors
from vedette.vision.classify.classifier import Verdict

_LEAST_SHARE = 1e-6


@dataclass(frozen=True, slots=True)
class OpenSet:
    """A checked set and its arithmetic, read once."""

    terms: CategorySet
    head: Head

    def fits(self, class_name: str) -> bool:
        return self.terms.about in {"any", class_name}

    def judge_picture(self, vector: Vectors) -> Verdict:
        """(D,) -> shares of all categories."""
        shares = self.head.shares(vector[None])[0]
        return Verdict(shares, bool(shares.max() >= self.terms.none_below))

    def judge_track(self, vectors: Vectors, weights: Sequence[float]) -> AttributeValue:
        """The category of a track: the mean of log-probabilities over its N > 0 moments (N, D), weighted.

        A moment that rules a category out rules it out, and many doubtful ones stay doubtful.
        """
        logs = np.log(np.maximum(self.head.shares(vectors), _LEAST_SHARE))
        mean = np.average(logs, axis=0, weights=np.asarray(weights, np.float64))
        shares = np.exp(mean - mean.max())
        shares /= shares.sum()
        best = int(shares.argmax())
        sure = float(shares[best])
        value = self.terms.categories[best] if sure >= self.terms.none_below else UNKNOWN
        return AttributeValue(value, round(sure, 4))


def open_set(terms: CategorySet) -> OpenSet:
    return OpenSet(terms, terms.head())
