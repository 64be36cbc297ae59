"""Accept, reject or defer: what may be said of the nearest entries of a query. Pure.

The third answer is the point: between what is surely somebody of the gallery and what surely is not, and where two are
about as near, a person decides, or the next frame does.
"""

import math
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from vedette.core.errors import InvalidInputError
from vedette.search.kernels import Floats, Rows
from vedette.search.twd import DELTA


class Outcome(StrEnum):
    ACCEPT = "accept"
    REJECT = "reject"
    DEFER = "defer"


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Squared distances of the nearest entry.

    Attributes:
        accept: Up to here it is the same.
        reject: Beyond here it is somebody else.
        rival: Another label up to so many times the nearest distance makes it doubtful.
    """

    accept: float
    reject: float
    rival: float = DELTA

    def __post_init__(self) -> None:
        if not 0 <= self.accept <= self.reject < math.inf or not 1 <= self.rival < math.inf:
            raise InvalidInputError(f"need 0 <= accept <= reject and 1 <= rival, got {self}")


@dataclass(frozen=True, slots=True)
class Decision:
    """What is said of one query.

    Attributes:
        outcome: Of the three.
        key, label: Of the nearest entry; None when the gallery is empty.
        distance: Its squared distance; infinite when there is none.
        level: Granules that were looked at.
        survivors: Entries that were measured in full at the end.
    """

    outcome: Outcome
    key: int | None
    label: int | None
    distance: float
    level: int
    survivors: int


def decide(labels: Rows, distances: Floats, thresholds: Thresholds) -> Outcome:
    """Decides by the nearest entries, the nearest first: (k,) labels and distances."""
    if not len(distances) or distances[0] > thresholds.reject:
        return Outcome.REJECT
    rivals = distances[labels != labels[0]]
    is_disputed = len(rivals) > 0 and rivals[0] <= min(thresholds.rival * float(distances[0]), thresholds.reject)
    return Outcome.DEFER if is_disputed or distances[0] > thresholds.accept else Outcome.ACCEPT


def set_thresholds(impostors: Floats, accept_fmr: float, reject_fmr: float, rival: float = DELTA) -> Thresholds:
    """Thresholds that at most these shares of impostors pass.

    Args:
        impostors: (N,) for each of N queries the distance of the nearest entry that is somebody else. So the rates are
            those of a search of this gallery, not of one comparison: more entries have more chances to be wrong.
        accept_fmr: False match rate at which a match is accepted.
        reject_fmr: The larger one, up to which it is deferred.
        rival: See Thresholds.

    Raises:
        InvalidInputError: so few impostors cannot show such a rate.
    """
    if not 0 < accept_fmr <= reject_fmr < 1:
        raise InvalidInputError(f"need 0 < accept_fmr <= reject_fmr < 1, got {accept_fmr} and {reject_fmr}")
    ordered = np.sort(impostors[np.isfinite(impostors)])
    allowed = math.floor(accept_fmr * len(ordered) + 1e-9)
    if allowed < 1:
        raise InvalidInputError(
            f"{len(ordered)} impostors cannot show a false match rate of {accept_fmr}.",
            f"It takes {math.ceil(1 / accept_fmr)} at least.",
        )
    accept, reject = (_below(ordered, share) for share in (accept_fmr, reject_fmr))
    return Thresholds(accept, reject, rival)


def _below(ordered: Floats, share: float) -> float:
    """The largest number that at most `share` of these reach."""
    allowed = math.floor(share * len(ordered) + 1e-9)
    return max(0.0, float(np.nextafter(ordered[allowed], np.float32(-1))))
