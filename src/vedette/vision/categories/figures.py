"""How good a set of categories is on pictures that it never saw: part of its file, and what the console draws. Pure.

Apart from `category_set`, because the gateway shows the figures and loads nothing that judges.
"""

import msgspec

from vedette.core.classified import MeasuredChange


class CategoryFigures(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One category on the held-out pictures; null where a share of nothing would be needed."""

    taught: int
    held_out: int
    precision: float | None
    recall: float | None


class ReliabilityBin(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Held-out pictures with a surest share in this tenth: how many, what was said on average, how many were right."""

    pictures: int
    said: float
    right: float


class ChangesFigures(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How accuracy falls when held-out pictures are shifted, scaled or turned.

    Attributes:
        pictures: How many of the held-out ones were changed.
        as_is: Accuracy on these unchanged.
    """

    pictures: int
    as_is: float
    steps: list[MeasuredChange]


class SetFigures(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How good a set is on pictures that it was not taught with.

    Attributes:
        accuracy: Share of held-out pictures whose surest category is right.
        nearest_centroid: The same of the simplest rule there is, for comparison.
        ece: Expected calibration error, ten bins.
        known: Share of held-out pictures that are not said to be none of these.
        confusion: Rows the truth, columns what was said.
        changes: None: the set was taught before this was measured.
    """

    accuracy: float
    nearest_centroid: float
    ece: float
    known: float
    confusion: list[list[int]]
    categories: list[CategoryFigures]
    reliability: list[ReliabilityBin]
    l2: float
    folds: int
    changes: ChangesFigures | None = None
