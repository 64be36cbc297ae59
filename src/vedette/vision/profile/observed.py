"""What a jailed worker says of one picture of a gallery, and the check of it: the worker handles foreign bytes.

Nothing but numbers, closed words, unit vectors and a small JPEG made anew can come out.
"""

import math
from enum import IntEnum
from typing import Literal

import msgspec
import numpy as np
from numpy.typing import NDArray

from vedette.core.errors import InvalidInputError
from vedette.vision import wire
from vedette.vision.recognize.face_traits import EMBEDDING_SIZE as TEMPLATE_SIZE
from vedette.vision.recognize.face_traits import MAX_AGE_YEARS
from vedette.vision.recognize.records import MAX_RECORD_JPEG_BYTES, is_unit_vector

EMBEDDING_SIZE = 1280
CLASS_COUNT = 1001
MAX_CLASSES = 10
MAX_FACES = 16
_MAX_AT_S = 7 * 86_400.0


class Kind(IntEnum):
    """Message kinds. Replies carry the kind of their request, or `FAILED`."""

    READY = 0
    PICTURE = 1
    NEXT = 2
    VIDEO = 3
    FAILED = wire.Kind.FAILED.value


class SeenFace(msgspec.Struct, frozen=True):
    """One face that may be compared. `age` and `sex` are left out where the picture does not tell them surely.

    Attributes:
        template: float32, of unit length. It never leaves the memory of the two processes.
    """

    quality: float
    template: bytes
    age: float | None = None
    sex: Literal["female", "male", ""] = ""
    sex_confidence: float = 0.0


class Observed(msgspec.Struct, frozen=True):
    """One picture, or one frame of a video.

    Attributes:
        at_s: Of a frame, from the start of its video.
        classes: Number of the class and 0..1, surest first.
        embedding: float32, of unit length.
        jpeg: A small picture, made anew.
    """

    at_s: float
    classes: list[tuple[int, float]]
    embedding: bytes
    faces: list[SeenFace]
    jpeg: bytes


class Answer(msgspec.Struct, frozen=True):
    """Answers PICTURE, VIDEO and NEXT. Without a picture a video is at its end."""

    observed: Observed | None
    duration_s: float = 0.0


def decode_answer(payload: bytes) -> Answer:
    """Decodes and checks an answer.

    Raises:
        InvalidInputError: it is none, or a value is out of range.
    """
    answer = wire.decode(payload, Answer)
    seen = answer.observed
    if seen is not None and not _is_sane(seen):
        raise InvalidInputError("a worker's picture of the gallery is out of range")
    return answer


def _is_sane(seen: Observed) -> bool:
    return (
        _is_within(seen.at_s, _MAX_AT_S)
        and len(seen.classes) <= MAX_CLASSES
        and len({number for number, _ in seen.classes}) == len(seen.classes)
        and all(0 <= number < CLASS_COUNT and _is_within(share, 1.0) for number, share in seen.classes)
        and is_unit_vector(seen.embedding, EMBEDDING_SIZE)
        and len(seen.embedding) > 0
        and len(seen.faces) <= MAX_FACES
        and all(map(_is_sane_face, seen.faces))
        and seen.jpeg[:3] == b"\xff\xd8\xff"
        and seen.jpeg[-2:] == b"\xff\xd9"
        and len(seen.jpeg) <= MAX_RECORD_JPEG_BYTES
    )


def _is_sane_face(face: SeenFace) -> bool:
    return (
        _is_within(face.quality, 1.0)
        and _is_within(face.sex_confidence, 1.0)
        and (face.age is None or _is_within(face.age, MAX_AGE_YEARS))
        and len(face.template) > 0
        and is_unit_vector(face.template, TEMPLATE_SIZE)
    )


def _is_within(value: float, most: float) -> bool:
    return math.isfinite(value) and 0.0 <= value <= most


def to_vector(data: bytes) -> NDArray[np.float32]:
    """(N,) float32 of checked bytes."""
    return np.frombuffer(data, np.float32)
