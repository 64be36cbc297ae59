"""People in a picture that somebody gives to search by, on their way from the analyzer to the gateway. Values only."""

from dataclasses import dataclass

from vedette.core.errors import InvalidInputError, NotFoundError

VECTOR_BYTES = 4 * 256
"""float32, little-endian, together of unit length."""


class AppearanceModelsMissingError(NotFoundError):
    """Nothing here finds people in pictures, or says how they look."""

    code = "appearance_models_missing"


class NobodyFoundError(InvalidInputError):
    """No person is seen in the picture."""

    code = "nobody_found"


class UnreadablePictureError(InvalidInputError):
    """What was given is no picture, or none that can be decoded."""

    code = "no_picture"


@dataclass(frozen=True, slots=True)
class PersonInPicture:
    """One person, from left to right.

    Attributes:
        picture: The person as a small JPEG, encoded anew in the jail.
        vector: How the person looks, `VECTOR_BYTES`; empty: too small, hidden, or cut by the picture's edge.
        release: Of the model that made it.
    """

    box_norm_xyxy: tuple[float, float, float, float]
    picture: bytes
    vector: bytes
    release: str

    def __repr__(self) -> str:
        """Without picture and vector: it must not reach a log by accident."""
        return f"PersonInPicture(box_norm_xyxy={self.box_norm_xyxy}, release={self.release!r})"
