"""What workers say of sent pictures, and the check of it: they have handled foreign bytes and may say anything."""

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec
import numpy as np

from vedette.core.errors import InvalidInputError, VedetteError
from vedette.vision.classify.changes import CHANGES
from vedette.vision.classify.classifier import Verdict
from vedette.vision.enhance.headers import NoPictureError, PictureTooLargeError
from vedette.vision.picture import Image

LOOK = 1
LOOK_CHANGED = 2
"""As it is, and under each of `CHANGES`."""
FAILED = 255
VIEW_PX = 112
"""Longest side of the changed pictures that are shown beside the answers."""
_MAX_TEXT = 300
_KINDS: dict[str, type[InvalidInputError]] = {kind.code: kind for kind in (NoPictureError, PictureTooLargeError)}


class _Answer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    probabilities: list[float]
    is_known: bool


class _Looks(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    height: int
    width: int
    looks: list[tuple[bytes, bytes]]


@dataclass(frozen=True, slots=True)
class ChangedLook:
    """What a worker says of one changed picture.

    Attributes:
        answer: As it would say it of a picture alone.
        view: (H, W, 3) uint8 BGR: the changed picture, small.
    """

    answer: bytes
    view: Image


class _Failure(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    code: str
    message: str
    hint: str


def encode_verdict(verdict: Verdict) -> bytes:
    """A verdict as bytes."""
    return msgspec.msgpack.encode(_Answer([float(value) for value in verdict.probabilities], verdict.is_known))


def encode_looks(looks: Sequence[ChangedLook]) -> bytes:
    """Looks at one picture as bytes; all views have one size."""
    height, width = looks[0].view.shape[:2]
    return msgspec.msgpack.encode(_Looks(height, width, [(one.answer, one.view.tobytes()) for one in looks]))


def encode_failure(error: VedetteError) -> bytes:
    """What was wrong with a picture, as bytes."""
    return msgspec.msgpack.encode(_Failure(error.code, error.message, error.hint))


def decode_verdict(data: bytes, classes: int) -> Verdict:
    """Decodes and checks a verdict.

    Raises:
        InvalidInputError: it is none that a sound worker would give.
    """
    try:
        answer = msgspec.msgpack.decode(data, type=_Answer)
    except (msgspec.DecodeError, ValueError) as error:
        raise InvalidInputError(f"a worker's answer is no verdict: {error}") from error
    values = np.array(answer.probabilities, np.float32)
    sane = values.shape == (classes,) and np.isfinite(values).all() and (values >= 0).all()
    if not sane or abs(float(values.sum()) - 1) > 1e-2:
        raise InvalidInputError("a worker's probabilities cannot be")
    return Verdict(values, answer.is_known)


def decode_looks(data: bytes) -> list[ChangedLook]:
    """Decodes and checks them: the picture itself, then `CHANGES` in their order. Views are pixels, so nobody who
    shows one has to decode what a worker made. The answers are for the caller to check.

    Raises:
        InvalidInputError: they are none that a sound worker would give.
    """
    try:
        told = msgspec.msgpack.decode(data, type=_Looks)
    except (msgspec.DecodeError, ValueError) as error:
        raise InvalidInputError(f"a worker's answer is no looks: {error}") from error
    shape = (told.height, told.width, 3)
    if not (0 < told.height <= VIEW_PX and 0 < told.width <= VIEW_PX and len(told.looks) == 1 + len(CHANGES)):
        raise InvalidInputError(f"a worker tells {len(told.looks)} looks of {told.width} x {told.height}")
    if any(len(pixels) != told.height * told.width * 3 for _, pixels in told.looks):
        raise InvalidInputError("a worker's pictures are of another size than it says")
    return [ChangedLook(answer, np.frombuffer(pixels, np.uint8).reshape(shape)) for answer, pixels in told.looks]


def decode_failure(data: bytes) -> InvalidInputError:
    """The error that a worker told, as one of the kinds that it may tell."""
    try:
        told = msgspec.msgpack.decode(data, type=_Failure)
    except (msgspec.DecodeError, ValueError):
        return NoPictureError("this picture cannot be decoded", "Save it anew, as JPEG or PNG.")
    kind = _KINDS.get(told.code, NoPictureError)
    return kind(told.message[:_MAX_TEXT], told.hint[:_MAX_TEXT])
