"""Decides whether a given picture may be enrolled: exactly one face, good enough to be matched. Pure.

A list is poisoned by its worst pictures, so a picture is refused with its reason, never taken as it is.
"""

from collections.abc import Mapping, Sequence

from vedette.core.errors import InvalidInputError
from vedette.vision.recognize.face_quality import QualityPolicy
from vedette.vision.recognize.records import Record


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


_PICTURE_FLAWS = {
    "size": "The picture is too small.",
    "sharpness": "The picture is blurred.",
    "light": "The picture is too dark, too bright or too flat.",
}


def choose_enrolled(records: Sequence[Record], policy: QualityPolicy | None = None) -> Record:
    """The one face of a picture, with its template.

    Args:
        records: All faces found in the whole picture; without any, one without a box that judges the picture itself.
        policy: What is good enough.

    Raises:
        InvalidInputError: a leaf kind that names what is wrong with the picture.
    """
    policy = policy or QualityPolicy()
    faces = [record for record in records if record.box is not None]
    seen = [record for record in faces if _is_seen(record, policy)] or faces[:1]
    if not seen:
        raise NoFaceError("there is no face in this picture", _find_reason(records, policy))
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


def _find_reason(records: Sequence[Record], policy: QualityPolicy) -> str:
    """Why there may be no face, by what the picture as a whole is like."""
    usual = "It should be upright and show one face from the front."
    if not records:
        return usual
    numbers = records[0].numbers
    weakest = min(_PICTURE_FLAWS, key=lambda name: numbers.get(name, 1.0))
    return f"{_PICTURE_FLAWS[weakest]} {usual}" if numbers.get(weakest, 1.0) < policy.match_floor else usual


def _is_seen(record: Record, policy: QualityPolicy) -> bool:
    """As `FaceQuality.may_be_listed`: what is less is no second face, but grain of the background."""
    return min(record.numbers.get(name, 0.0) for name in ("size", "sharpness", "light")) >= policy.list_floor
