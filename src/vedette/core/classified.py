"""What a classifier says of a picture, as it travels from the analyzer to whoever asked. Values only."""

from dataclasses import dataclass
from typing import Literal

from vedette.core.errors import InvalidInputError

MAX_UPLOAD_BYTES = 24 << 20
"""Of a picture that somebody sends to be looked at."""


class PictureUnusableError(InvalidInputError):
    """What was sent is no picture, or none that can be looked at."""

    code = "no_picture"


@dataclass(frozen=True, slots=True)
class ClassShare:
    """One class and its probability, 0..1."""

    label: str
    probability: float


@dataclass(frozen=True, slots=True)
class ClassifiedPicture:
    """The answer to one picture.

    Attributes:
        ranked: All classes, likeliest first; their probabilities are together 1.
        is_known: False: most likely it shows none of them.
        release: Of the classifier.
    """

    ranked: list[ClassShare]
    is_known: bool
    release: str


Way = Literal["shift", "scale", "turn"]
"""How a picture is changed without changing what it shows."""


@dataclass(frozen=True, slots=True)
class ChangedShare:
    """What was said of a picture under one change.

    Attributes:
        way: None: the picture as it is.
        by: 32nds of the shorter side to the right, factor, or degrees to the left.
        picture: JPEG of what was looked at, at most 112 pixels a side.
        label, probability: Of the likeliest class.
    """

    way: Way | None
    by: float
    picture: bytes
    label: str
    probability: float
    is_known: bool


@dataclass(frozen=True, slots=True)
class ChangedPicture:
    """The answers to one picture: as it is, then under each change."""

    looks: list[ChangedShare]
    release: str


@dataclass(frozen=True, slots=True)
class MeasuredChange:
    """Share of pictures that are right under one change, 0 to 1; `way` and `by` as in `ChangedShare`."""

    way: Way
    by: float
    accuracy: float


@dataclass(frozen=True, slots=True)
class ClassifierCard:
    """The classifier that answers, as it was measured when it was released.

    Attributes:
        none_below: A picture whose likeliest class is less probable shows none of the classes.
        accuracy, ece: Share of pictures that are right, and mean gap of said and true probability; None: not measured.
        changes: Accuracy of changed pictures, where measured.
        data, command: What it was measured on and by which command; empty where nothing was.
    """

    release: str
    labels: list[str]
    parameters: int
    size_bytes: int
    none_below: float
    accuracy: float | None
    ece: float | None
    changes: list[MeasuredChange]
    data: str
    command: str
