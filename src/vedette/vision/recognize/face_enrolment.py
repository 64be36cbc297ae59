"""Decides whether a given picture may be enrolled: exactly one face, good enough to be matched. Pure.

A list is poisoned by its worst pictures, so a picture is refused with its reason, never taken as it is.
"""

from collections.abc import Mapping, Sequence

from vedette.core.errors import InvalidInputError
from vedette.vision.recognize.face_quality import QualityPolicy
from vedette.vision.recognize.records import Record

MAX_PICTURES = 5
"""Of one person. More add nothing to the mean."""


class NoFaceError(InvalidInputError):
    """Nothing in the picture looks like a face."""

    code = "no_face"


class SeveralFacesError(InvalidInputError):
    """Nobody could say whose face would be enrolled."""

    code = "several_faces"


class FaceTooSmallError(InvalidInputError):
    """Too few pixels to tell people apart."""

    code = "face_too_small"


class FaceBlurredError(InvalidInputError):
    """A blurred face is a little like everybody."""

    code = "face_blurred"


class FaceTurnedError(InvalidInputError):
    """Seen from the side: the landmarks do not fit the template."""

    code = "face_turned"


class FaceBadlyLitError(InvalidInputError):
    """Too dark, too bright or without contrast."""

    code = "face_badly_lit"


class FaceDoubtfulError(InvalidInputError):
    """It may be none: the detector is not sure."""

    code = "face_doubtful"


_WEAKNESSES: Mapping[str, tuple[type[InvalidInputError], str, str]] = {
    "size": (FaceTooSmallError, "the face is too small", "It should be at least 64 pixels wide, better 100."),
    "sharpness": (FaceBlurredError, "the face is blurred", "Use a picture in focus, without motion blur."),
    "pose": (FaceTurnedError, "the face is turned away", "It should look into the camera."),
    "light": (FaceBadlyLitError, "the face is too dark, too bright or too flat", "Use even light from the front."),
    "certainty": (FaceDoubtfulError, "the face is not clear enough to be surely one", "Nothing should cover it."),
}


def choose_enrolled(records: Sequence[Record], policy: QualityPolicy | None = None) -> Record:
    """The one face of a picture, with its template.

    Args:
        records: All faces found in the whole picture.
        policy: What is good enough.

    Raises:
        InvalidInputError: a leaf kind that names what is wrong with the picture.
    """
    policy = policy or QualityPolicy()
    seen = [record for record in records if _is_seen(record, policy)] or records[:1]
    if not seen:
        raise NoFaceError("there is no face in this picture", "The picture should be upright and show one face.")
    if len(seen) > 1:
        raise SeveralFacesError(
            f"there are {len(seen)} faces in this picture", "Cut the picture so that only one face is left."
        )
    [record] = seen
    if record.vector and record.numbers["quality"] >= policy.match_floor:
        return record
    weakest = min(_WEAKNESSES, key=lambda name: record.numbers.get(name, 0.0))
    kind, message, hint = _WEAKNESSES[weakest]
    raise kind(message, hint)


def _is_seen(record: Record, policy: QualityPolicy) -> bool:
    """As `FaceQuality.may_be_listed`: what is less is no second face, but grain of the background."""
    return min(record.numbers.get(name, 0.0) for name in ("size", "sharpness", "light")) >= policy.list_floor
