"""Faces compared one to one as NIST's FRTE 1:1 asks for: pictures to a template of bytes, two templates to a number.

Pure but for the networks. No state between calls and no clock: the same pictures give the same bytes, in any order of
calls. Whoever submits wraps these two functions in the C++ interface of FRTE, as an embedded interpreter or anew; the
return codes, the failed template, the eyes and the range of the similarity are FRTE's (`frvt_structs.h`, `frvt11.h` of
github.com/usnistgov/frvt). Design: docs/design/recognition.md, "FRTE".
"""

import hashlib
import struct
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import IntEnum

import cv2
import numpy as np
from numpy.typing import NDArray

from vedette.core.errors import VedetteError
from vedette.vision.picture import Image
from vedette.vision.recognize.face_detector import FaceFinder, Faces
from vedette.vision.recognize.face_quality import QualityPolicy, judge_face
from vedette.vision.recognize.face_track import Vector, mean_direction
from vedette.vision.recognize.face_traits import EMBEDDING_SIZE, FaceEmbedder

FAILED_SIMILARITY = -1.0
MAX_PICTURES = 255
_VERSION = 1
_HEAD = struct.Struct("<4sBBB8s")
"""Mark, version of this form, pictures with a face, quality in per cent, and of which embedding."""
_MARK = b"VFTE"
_LEAST_WEIGHT = 0.05
"""Of a picture in the mean: FRTE asks for a template of what there is, and a bad picture is better than none."""


class ReturnCode(IntEnum):
    """Those of FRTE that can come; the numbers are FRTE's."""

    SUCCESS = 0
    EXTRACT_ERROR = 4
    PARSE_ERROR = 5
    VERIF_TEMPLATE_ERROR = 7
    FACE_DETECTION_ERROR = 8
    NUM_DATA_ERROR = 9
    TEMPLATE_FORMAT_ERROR = 10


@dataclass(frozen=True, slots=True)
class EyePair:
    """Centres of the subject's eyes in pixels of the picture; None: not found, or outside of it."""

    left_xy: tuple[int, int] | None = None
    right_xy: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class CreatedTemplate:
    """What became of the pictures of one person.

    Attributes:
        template: Empty when the code is not SUCCESS; it may still be given to `match_templates`.
        eyes: One pair for each picture, in order.
        quality: 0 to 100, of the best picture; -1 when there is no template.
    """

    code: ReturnCode
    template: bytes = b""
    eyes: list[EyePair] = field(default_factory=list)
    quality: int = -1


@dataclass(frozen=True, slots=True)
class _Seen:
    eyes: EyePair
    vector: Vector | None = None
    quality: float = 0.0


class FaceVerifier:
    """The two functions of FRTE 1:1."""

    def __init__(self, detector: FaceFinder, embedder: FaceEmbedder) -> None:
        self._detector = detector
        self._embedder = embedder
        self._policy = QualityPolicy()
        self._release = hashlib.sha256(embedder.release.encode()).digest()[:8]

    def create_template(self, pictures: Sequence[NDArray[np.uint8]]) -> CreatedTemplate:
        """Makes one template of all pictures of one person: the mean of those with a face, weighted by quality.

        Of several faces in a picture the largest is taken. The role (enrolment or verification) makes no difference.

        Args:
            pictures: (H, W, 3) uint8 RGB or (H, W) uint8 grey, 1 to 255 of them.
        """
        unknown = [EyePair() for _ in pictures]
        if not 0 < len(pictures) <= MAX_PICTURES:
            return CreatedTemplate(ReturnCode.NUM_DATA_ERROR, eyes=unknown)
        if not all(_is_picture(picture) for picture in pictures):
            return CreatedTemplate(ReturnCode.PARSE_ERROR, eyes=unknown)
        try:
            seen = [self._look(_to_bgr(picture)) for picture in pictures]
        except (VedetteError, RuntimeError, cv2.error):
            return CreatedTemplate(ReturnCode.EXTRACT_ERROR, eyes=unknown)
        eyes = [one.eyes for one in seen]
        found = [(one.vector, one.quality) for one in seen if one.vector is not None]
        if not found:
            return CreatedTemplate(ReturnCode.FACE_DETECTION_ERROR, eyes=eyes)
        qualities = np.array([max(quality, _LEAST_WEIGHT) for _, quality in found], np.float32)
        vector = mean_direction(np.array([vector for vector, _ in found]), qualities)
        quality = round(100 * max(quality for _, quality in found))
        head = _HEAD.pack(_MARK, _VERSION, len(found), quality, self._release)
        return CreatedTemplate(ReturnCode.SUCCESS, head + vector.astype("<f4").tobytes(), eyes, quality)

    def match_templates(self, verification: bytes, enrolment: bytes) -> tuple[ReturnCode, float]:
        """Compares two templates of this embedding: 0 (opposite) to 2 (the same), -1 when there is nothing to say."""
        if not verification or not enrolment:
            return ReturnCode.VERIF_TEMPLATE_ERROR, FAILED_SIMILARITY
        vectors = [self._read(template) for template in (verification, enrolment)]
        first, second = vectors
        if first is None or second is None:
            return ReturnCode.TEMPLATE_FORMAT_ERROR, FAILED_SIMILARITY
        cosine = float(first.astype(np.float64) @ second.astype(np.float64))
        return ReturnCode.SUCCESS, min(max(1.0 + cosine, 0.0), 2.0)

    def _read(self, template: bytes) -> Vector | None:
        if len(template) != _HEAD.size + 4 * EMBEDDING_SIZE:
            return None
        mark, version, pictures, _, release = _HEAD.unpack_from(template)
        vector = np.frombuffer(template, "<f4", offset=_HEAD.size).astype(np.float32)
        is_sound = bool(np.isfinite(vector).all()) and abs(float(np.linalg.norm(vector)) - 1) < 1e-3 and pictures > 0
        return vector if is_sound and (mark, version, release) == (_MARK, _VERSION, self._release) else None

    def _look(self, image_bgr: Image) -> _Seen:
        faces = self._detector.detect(image_bgr)
        if not len(faces):
            return _Seen(EyePair())
        row = int((faces.boxes[:, 2:] - faces.boxes[:, :2]).prod(axis=1).argmax())
        height, width = image_bgr.shape[:2]
        # the eye that is left in the picture is the subject's right one
        eyes = EyePair(*(_within(faces.points[row, eye], width, height) for eye in (1, 0)))
        return _Seen(eyes, self._embedder.embed(image_bgr, faces.points[row]), self._judge(image_bgr, faces, row))

    def _judge(self, image_bgr: Image, faces: Faces, row: int) -> float:
        height, width = image_bgr.shape[:2]
        left, top, right, bottom = np.clip(faces.boxes[row].round(), 0, [width, height, width, height]).astype(int)
        if right - left < 4 or bottom - top < 4:
            return 0.0
        face = image_bgr[top:bottom, left:right]
        return judge_face(face, faces.points[row], float(faces.scores[row]), self._policy).score


def _is_picture(picture: NDArray[np.uint8]) -> bool:
    has_shape = picture.ndim == 2 or (picture.ndim == 3 and picture.shape[2] == 3)
    return has_shape and picture.dtype == np.uint8 and min(picture.shape[:2]) > 1


def _to_bgr(picture: NDArray[np.uint8]) -> Image:
    code = cv2.COLOR_GRAY2BGR if picture.ndim == 2 else cv2.COLOR_RGB2BGR
    return np.asarray(cv2.cvtColor(picture, code), np.uint8)


def _within(point: NDArray[np.float32], width: int, height: int) -> tuple[int, int] | None:
    x, y = (round(float(value)) for value in point)
    return (x, y) if 0 <= x < width and 0 <= y < height else None
