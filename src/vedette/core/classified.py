"""What a classifier says of a picture, as it travels from the analyzer to whoever asked. Values only."""

from dataclasses import dataclass

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
