"""What workers say of sent pictures, and the check of it: they have handled foreign bytes and may say anything."""

import msgspec
import numpy as np

from vedette.core.errors import InvalidInputError, VedetteError
from vedette.vision.classify.classifier import Verdict
from vedette.vision.enhance.headers import NoPictureError, PictureTooLargeError

LOOK = 1
FAILED = 255
_MAX_TEXT = 300
_KINDS: dict[str, type[InvalidInputError]] = {kind.code: kind for kind in (NoPictureError, PictureTooLargeError)}


class _Answer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    probabilities: list[float]
    is_known: bool


class _Failure(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    code: str
    message: str
    hint: str


def encode_verdict(verdict: Verdict) -> bytes:
    """A verdict as bytes."""
    return msgspec.msgpack.encode(_Answer([float(value) for value in verdict.probabilities], verdict.is_known))


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


def decode_failure(data: bytes) -> InvalidInputError:
    """The error that a worker told, as one of the kinds that it may tell."""
    try:
        told = msgspec.msgpack.decode(data, type=_Failure)
    except (msgspec.DecodeError, ValueError):
        return NoPictureError("this picture cannot be decoded", "Save it anew, as JPEG or PNG.")
    kind = _KINDS.get(told.code, NoPictureError)
    return kind(told.message[:_MAX_TEXT], told.hint[:_MAX_TEXT])
