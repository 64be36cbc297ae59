"""What a gallery says of its owner: leaves seen, and the categories for which enough occasions speak. Pure.

One strange picture is no hobby, and a classifier errs: so of the occasions that speak for a category one, and as many
as are expected by mistake in so many pictures, are taken off before the rest is turned into a confidence.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vedette.vision.profile.occasions import Sight
from vedette.vision.profile.taxonomy import Taxonomy

MIN_OCCASIONS = 5
"""With fewer nothing is concluded: what was seen is listed all the same."""
_ALLOWED = 1.0
_HALF = 2.0
_EXAMPLES = 4


@dataclass(frozen=True, slots=True)
class ConclusionPolicy:
    """When something is told.

    Attributes:
        leaf_floor: Share from which a picture shows a leaf; below, the classifier guesses. Shares are believed as they
            are: of Caltech-101, things without a leaf among them, .50 of those from .4 to .5 are right, .69 from .5 on,
            .81 from .7, .85 from .8, .97 from .9.
        mistakes: Occasions in which it errs for one category, as a share of all.
        floors: Confidence from which a category of each kind is told. Occupations are easily mistaken for hobbies.
    """

    leaf_floor: float = 0.4
    mistakes: float = 0.005
    leaf_told: float = 0.5
    floors: tuple[tuple[str, float], ...] = (("hobby", 0.33), ("lifestyle", 0.33), ("occupation", 0.45))


@dataclass(frozen=True, slots=True)
class Conclusion:
    """One leaf or category.

    Attributes:
        confidence: 0..1.
        occasions: How many independent ones show it.
        sights: The best examples, numbers of sights, of different occasions.
    """

    name: str
    confidence: float
    occasions: int
    sights: tuple[int, ...]


def sum_leaves(classes: Sequence[tuple[int, float]], taxonomy: Taxonomy) -> NDArray[np.float32]:
    """(leaves,) float32: classes of one leaf together are surer than each."""
    sums = np.zeros(len(taxonomy.names), np.float32)
    for number, share in classes:
        leaf = taxonomy.leaf_of_class[number]
        if leaf >= 0:
            sums[leaf] += share
    return np.clip(sums, 0, 1)


def conclude_leaves(
    sights: Sequence[Sight], occasions: NDArray[np.int32], taxonomy: Taxonomy, policy: ConclusionPolicy
) -> list[Conclusion]:
    """The scenes and objects that the gallery shows, surest first: that at least one occasion shows it."""
    found = []
    for number, name in enumerate(taxonomy.names):
        shares = _drop_unsure(np.array([sight.leaves[number] for sight in sights], np.float32), policy)
        best, examples = _best_of_occasions(shares, occasions)
        confidence = 1.0 - float(np.prod(1.0 - best)) if len(best) else 0.0
        if confidence >= policy.leaf_told:
            found.append(Conclusion(name, round(confidence, 3), int((best > 0).sum()), examples))
    return sorted(found, key=lambda one: (-one.occasions, -one.confidence, one.name))


def conclude_categories(
    sights: Sequence[Sight], occasions: NDArray[np.int32], taxonomy: Taxonomy, policy: ConclusionPolicy
) -> list[Conclusion]:
    """The categories for which enough independent occasions speak, surest first; none of too small a gallery."""
    count = int(occasions.max()) + 1 if len(occasions) else 0
    if count < MIN_OCCASIONS:
        return []
    shares = _drop_unsure(np.stack([sight.leaves for sight in sights]), policy)
    floors = dict(policy.floors)
    found = []
    for name, category in taxonomy.categories.items():
        weights = [taxonomy.leaves[leaf].speaks_for.get(name, 0.0) for leaf in taxonomy.names]
        strengths = (shares * np.array(weights, np.float32)).max(axis=1)
        best, examples = _best_of_occasions(strengths, occasions)
        confidence = judge_support(float(best.sum()), count, policy)
        if confidence >= floors[category.kind]:
            found.append(Conclusion(name, round(confidence, 3), int((best > 0).sum()), examples))
    return sorted(found, key=lambda one: (-one.confidence, one.name))


def judge_support(support: float, occasions: int, policy: ConclusionPolicy) -> float:
    """0..1 for a category: `support` is the sum over occasions of how surely each speaks for it.

    Half when two clear occasions are left after what is taken off. In a gallery of twenty: one 0, two .31,
    three .49, five .66.
    """
    left = support - _ALLOWED - policy.mistakes * occasions
    return left / (left + _HALF) if left > 0 else 0.0


def _drop_unsure(shares: NDArray[np.float32], policy: ConclusionPolicy) -> NDArray[np.float32]:
    return np.where(shares >= policy.leaf_floor, shares, 0).astype(np.float32)


def _best_of_occasions(
    strengths: NDArray[np.float32], occasions: NDArray[np.int32]
) -> tuple[NDArray[np.float32], tuple[int, ...]]:
    """(occasions,) the best strength of each, and the best sights of different occasions."""
    best = np.zeros(int(occasions.max()) + 1 if len(occasions) else 0, np.float32)
    np.maximum.at(best, occasions, strengths)
    examples: dict[int, int] = {}
    for number in np.argsort(-strengths, kind="stable"):
        if strengths[number] <= 0 or len(examples) == _EXAMPLES:
            break
        examples.setdefault(int(occasions[number]), int(number))
    return best, tuple(examples.values())
