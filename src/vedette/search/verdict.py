"""What may be said of a similar object: the same, perhaps, or not; or plainly that nobody has measured it. Pure.

Thresholds of an embedding hold for one comparison at the false match rate at which they were set. A search compares
with all that it looks at, so of N objects a stranger meets N chances: `accept` is only said while N times that rate
stays under `MAX_FALSE_ACCEPTS`. Beyond that a person has to look, however alike two are. Design: docs/design/trace.md.
"""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from vedette.core.errors import InvalidInputError
from vedette.search.kernels import Floats

MAX_FALSE_ACCEPTS = 0.01
"""Strangers accepted per search, on average."""


_JUST_UNDER = 0.05


class Verdict(StrEnum):
    ACCEPT = "accept"
    DEFER = "defer"
    REJECT = "reject"
    NOT_CALIBRATED = "not_calibrated"


@dataclass(frozen=True, slots=True)
class SimilarityTerms:
    """Cosines of one release of an embedding.

    Attributes:
        unsure: Below it two are not the same.
        sure: Of one comparison at the false match rate `sure_fmr`.
        false_accepts: Strangers accepted per search on average, at most. What only says that two look alike may be
            wrong more often than what says who somebody is.
    """

    release: str
    unsure: float
    sure: float
    sure_fmr: float
    false_accepts: float = MAX_FALSE_ACCEPTS

    def __post_init__(self) -> None:
        if not (0 < self.unsure <= self.sure < 1 and 0 < self.sure_fmr < 1):
            raise InvalidInputError(f"need 0 < unsure <= sure < 1 and a rate, got {self}")

    @property
    def most_accepted_of(self) -> int:
        """Objects up to which a search may accept."""
        return int(self.false_accepts / self.sure_fmr + 1e-9)


def judge_similarity(similarity: float, terms: SimilarityTerms | None, searched: int) -> Verdict:
    """What may be said of one of `searched` objects."""
    if terms is None:
        return Verdict.NOT_CALIBRATED
    if similarity < terms.unsure:
        return Verdict.REJECT
    if similarity >= terms.sure and searched <= terms.most_accepted_of:
        return Verdict.ACCEPT
    return Verdict.DEFER


def is_just_under(similarity: float, terms: SimilarityTerms | None) -> bool:
    """Whether a little more would have changed what is said: seen again and again, somebody is trying (M12)."""
    return terms is not None and any(0 < bound - similarity <= _JUST_UNDER for bound in (terms.unsure, terms.sure))


def find_similarities(distances: Floats) -> Floats:
    """(N,) cosines of unit vectors from their squared distances, -1 to 1."""
    return np.asarray(np.clip(1 - distances / 2, -1.0, 1.0), np.float32)
