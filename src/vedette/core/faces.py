"""Face templates as they travel from the analyzer, which makes them, to the gateway, which seals them. Values only.

A template is biometric data: it goes to no log, no metric, no message on the bus and through no public route.
"""

from dataclasses import dataclass

TEMPLATE_NUMBERS = 256
TEMPLATE_BYTES = 4 * TEMPLATE_NUMBERS
"""float32, little-endian, together of unit length."""
MAX_PICTURE_BYTES = 12 << 20
"""Of a picture given to be enrolled; a telephone's camera makes up to 8 MB."""
MAX_ENROLLED_PICTURES = 5
"""Of one person. More add nothing to the mean."""


@dataclass(frozen=True, slots=True)
class EnrolledFace:
    """What the analyzer answers of a picture that may be enrolled.

    Attributes:
        template: `TEMPLATE_BYTES`.
        release: Of the embedding that made it: templates of different releases cannot be compared.
        quality: 0..1.
        portrait: The face as a small JPEG, encoded anew in the jail.
    """

    template: bytes
    release: str
    quality: float
    portrait: bytes

    def __repr__(self) -> str:
        """Without template and portrait: it must not reach a log by accident."""
        return f"EnrolledFace(release={self.release!r}, quality={self.quality})"
