"""Face templates as they travel from the analyzer, which makes them, to the gateway, which seals them. Values only.

A template is biometric data: it goes to no log, no metric and through no public route, and on the bus only sealed.
"""

from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

from vedette.core.errors import InvalidInputError

TEMPLATE_NUMBERS = 256
TEMPLATE_BYTES = 4 * TEMPLATE_NUMBERS
"""float32, little-endian, together of unit length."""
MAX_PICTURE_BYTES = 12 << 20
"""Of a picture given to be enrolled; a telephone's camera makes up to 8 MB."""
MAX_ENROLLED_PICTURES = 5
"""Of one person. More add nothing to the mean."""


class PictureRefusedError(InvalidInputError):
    """A picture may not be enrolled. `reason` is a stable word: `face_blurred`, `several_faces` ..."""

    code = "picture_refused"

    def __init__(self, message: str, hint: str = "", reason: str = "") -> None:
        super().__init__(message, hint)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class EnrolledFace:
    """What the analyzer answers of a picture that may be enrolled.

    Attributes:
        template: `TEMPLATE_BYTES`.
        release: Of the embedding that made it: templates of different releases cannot be compared.
        quality: 0..1.
        portrait: The face as a small JPEG, encoded anew in the jail.
        same_from: Cosine under which two pictures are not taken for one person (false match rate of 1e-3).
    """

    template: bytes
    release: str
    quality: float
    portrait: bytes
    same_from: float = 0.0

    def __repr__(self) -> str:
        """Without template and portrait: it must not reach a log by accident."""
        return f"EnrolledFace(release={self.release!r}, quality={self.quality})"


def join_templates(templates: Sequence[bytes]) -> bytes:
    """The mean direction of one or more templates."""
    rows = [array("f", template) for template in templates]
    mean = [sum(numbers) for numbers in zip(*rows, strict=True)]
    length = max(sqrt(sum(number * number for number in mean)), 1e-6)
    return array("f", (number / length for number in mean)).tobytes()


def compare_templates(first: bytes, second: bytes) -> float:
    """The cosine of two templates."""
    return sum(one * other for one, other in zip(array("f", first), array("f", second), strict=True))
