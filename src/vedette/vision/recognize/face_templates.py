"""The recognizer that makes face templates: 256 numbers by which a face is found again. Biometric data.

It is a group of its own (`face_templates`), so that a camera without a list of faces makes no template although it
lists faces: the analyzer asks this group only for cameras that a list names, and for pictures given to be enrolled.
Design: docs/design/recognition.md.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from typing_extensions import override

from vedette.vision.drawing import encode_jpeg
from vedette.vision.picture import Image
from vedette.vision.ports import Recognizer
from vedette.vision.recognize.crop import BoxPx, Crop
from vedette.vision.recognize.face_detector import FaceFinder
from vedette.vision.recognize.face_quality import FaceQuality, QualityPolicy, judge_face
from vedette.vision.recognize.face_traits import EMBEDDING_SIZE, FaceEmbedder
from vedette.vision.recognize.faces import cut_portrait, place_face, plan_search
from vedette.vision.recognize.records import WHOLE_PICTURE, Form, Record

FACE_TEMPLATES = "face_templates"
FACE_TEMPLATES_FORM = Form(
    name=FACE_TEMPLATES,
    group=FACE_TEMPLATES,
    classes=frozenset({"person", "two_wheeler", "object", WHOLE_PICTURE}),
    numbers=dict.fromkeys(("size", "sharpness", "pose", "light", "certainty", "quality"), (0.0, 1.0)),
    vector_size=EMBEDDING_SIZE,
    max_records=64,
)

_UPRIGHT_POINTS = np.array([[40, 40], [60, 40], [50, 50], [42, 60], [58, 60]], np.float32)


class FaceTemplateRecognizer(Recognizer):
    """Finds faces, judges them, and embeds those that pass the match gate.

    Of an object only its surest face, and only when it passes; of a whole picture every face, or the picture itself
    when there is none, with what is wrong with it, so that whoever enrols it can be told.

    Args:
        detectors: By class of the crop.
    """

    def __init__(
        self, detectors: Mapping[str, FaceFinder], embedder: FaceEmbedder, quality: QualityPolicy | None = None
    ) -> None:
        self._detectors = detectors
        self._embedder = embedder
        self._quality = quality or QualityPolicy()

    @property
    @override
    def form(self) -> Form:
        return FACE_TEMPLATES_FORM

    @property
    @override
    def release(self) -> str:
        """That of the embedding alone: templates of one release can be compared, whatever found the faces."""
        return self._embedder.release

    @override
    def describe(self, crops: Sequence[Crop]) -> list[list[Record]]:
        return [self._describe(crop) for crop in crops]

    @override
    def warm_up(self, crop: Crop) -> None:
        for detector in self._detectors.values():
            detector.detect(crop.image_bgr)
        _judge_picture(crop.image_bgr, self._quality)
        vector = self._embedder.embed(crop.image_bgr, _UPRIGHT_POINTS).tobytes()
        whole = Crop(crop.frame, crop.box_px, WHOLE_PICTURE)
        _record(whole, crop.box_px, FaceQuality(1.0, 1.0, 1.0, 1.0, 1.0), vector)

    def _describe(self, crop: Crop) -> list[Record]:
        area = plan_search(crop)
        image = crop.cut(area)
        faces = self._detectors[crop.class_name].detect(image)
        limit = FACE_TEMPLATES_FORM.max_records if crop.class_name == WHOLE_PICTURE else 1
        records = []
        for row in range(min(limit, len(faces))):
            box = place_face(faces.boxes[row], area, crop.frame.size_px)
            if box is not None:
                quality = judge_face(crop.cut(box), faces.points[row], float(faces.scores[row]), self._quality)
                may_match = quality.may_match(self._quality)
                vector = self._embedder.embed(image, faces.points[row]).tobytes() if may_match else b""
                records.append(_record(crop, box, quality, vector))
        if crop.class_name == WHOLE_PICTURE:
            return records or [_judge_picture(image, self._quality)]
        return [record for record in records if record.vector]


def _judge_picture(image_bgr: Image, policy: QualityPolicy) -> Record:
    """What may be wrong with a picture in which no face is found. Without a box: it is about no face."""
    quality = judge_face(image_bgr, _UPRIGHT_POINTS, 0.0, policy)
    return Record(FACE_TEMPLATES, {}, _numbers(quality))


def _record(crop: Crop, box: BoxPx, quality: FaceQuality, vector: bytes) -> Record:
    """A given picture's face comes with its portrait, made anew here: what was given is never stored."""
    width, height = crop.frame.size_px
    norm = (box[0] / width, box[1] / height, box[2] / width, box[3] / height)
    is_given = crop.class_name == WHOLE_PICTURE and vector
    jpeg = encode_jpeg(cut_portrait(crop, box)) if is_given else b""
    return Record(FACE_TEMPLATES, {}, _numbers(quality), norm, vector=vector, jpeg=jpeg)


def _numbers(quality: FaceQuality) -> dict[str, float]:
    measures = {
        "size": quality.size,
        "sharpness": quality.sharpness,
        "pose": quality.pose,
        "light": quality.light,
        "certainty": quality.certainty,
        "quality": quality.score,
    }
    return {name: round(value, 4) for name, value in measures.items()}
