"""The recognizer of faces: where one is, how good its picture is, age, sex, glasses, liveness, and a small picture.

No template (embedding) is made here: listing faces needs none, and what is not made cannot leak.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from typing_extensions import override

from vedette.vision.drawing import encode_jpeg
from vedette.vision.picture import Image, shrink
from vedette.vision.ports import Recognizer
from vedette.vision.recognize.attribute_forms import FACE_ATTRIBUTES, GLASSES
from vedette.vision.recognize.crop import BoxPx, Crop
from vedette.vision.recognize.face_detector import FaceFinder, Faces
from vedette.vision.recognize.face_quality import FaceQuality, QualityPolicy, judge_face
from vedette.vision.recognize.face_traits import MAX_AGE_YEARS, AgeSexEstimator, LivenessJudge
from vedette.vision.recognize.glasses import GlassesJudge
from vedette.vision.recognize.records import WHOLE_PICTURE, Form, Label, Record

FACES = "faces"
FACES_FORM = Form(
    name=FACES,
    group=FACES,
    classes=frozenset({"person", "two_wheeler", "object", WHOLE_PICTURE}),
    labels={"sex": ("female", "male"), **FACE_ATTRIBUTES},
    numbers={
        "quality": (0.0, 1.0),
        "score": (0.0, 1.0),
        "side_px": (0.0, 8192.0),
        "age": (0.0, MAX_AGE_YEARS),
        "live": (0.0, 1.0),
    },
    max_records=64,
)
_TRAITS_SIDE_PX = 32.0
"""Of smaller faces, and of those in profile, age, sex and glasses are noise (from 20 px downwards; with a margin)."""
_LIVE_SIDE_PX = 48.0
_SEX_FLOOR = 0.7
_ADULT_AGE = 16.0
"""Below it the sex is not told: the model was not trained on children."""
_JPEG_SIDE_PX = 256
_MARGIN = 0.3


@dataclass(frozen=True, slots=True)
class _Found:
    """A face that may be listed. `box_px`: in the picture; `points`: in pixels of `image`, where it was searched."""

    box_px: BoxPx
    score: float
    quality: FaceQuality
    image: Image
    points: NDArray[np.float32]

    @property
    def side_px(self) -> float:
        left, top, right, bottom = self.box_px
        return float(np.sqrt((right - left) * (bottom - top)))


class FaceRecognizer(Recognizer):
    """Finds and judges faces.

    Args:
        detectors: By class of the crop; `person` searches its head region, others the whole crop.
        age_sex, liveness, glasses: None: nothing is said of it.
    """

    def __init__(
        self,
        detectors: Mapping[str, FaceFinder],
        age_sex: AgeSexEstimator | None,
        liveness: LivenessJudge | None,
        glasses: GlassesJudge | None = None,
        quality: QualityPolicy | None = None,
    ) -> None:
        self._detectors = detectors
        self._age_sex = age_sex
        self._liveness = liveness
        self._glasses = glasses
        self._quality = quality or QualityPolicy()

    @property
    @override
    def form(self) -> Form:
        return FACES_FORM

    @property
    @override
    def release(self) -> str:
        detector = next(iter(self._detectors.values()))
        traits = (self._age_sex, self._liveness, self._glasses)
        return "+".join([detector.release, *(trait.release for trait in traits if trait is not None)])

    @override
    def describe(self, crops: Sequence[Crop]) -> list[list[Record]]:
        return [self._describe(crop) for crop in crops]

    @override
    def warm_up(self, crop: Crop) -> None:
        for class_name in self._detectors:
            self._detectors[class_name].detect(crop.image_bgr)
        points = np.array([[40, 40], [60, 40], [50, 50], [42, 60], [58, 60]], np.float32)
        judge_face(crop.image_bgr, points, 1.0, self._quality)
        best = FaceQuality(1.0, 1.0, 1.0, 1.0, 1.0)
        self._record(crop, _Found(crop.box_px, 1.0, best, crop.image_bgr, points))

    def _describe(self, crop: Crop) -> list[Record]:
        area = plan_search(crop)
        image = crop.cut(area)
        faces = self._detectors[crop.class_name].detect(image)
        limit = FACES_FORM.max_records if crop.class_name == WHOLE_PICTURE else 1
        found = [self._judge(crop, area, image, faces, row) for row in range(len(faces))]
        kept = [self._record(crop, face) for face in found if face is not None]
        return sorted(kept, key=lambda record: -record.numbers["score"])[:limit]

    def _judge(self, crop: Crop, area: BoxPx, image: Image, faces: Faces, row: int) -> _Found | None:
        """One face, None when its picture is under the floor."""
        box = place_face(faces.boxes[row], area, crop.frame.size_px)
        if box is None:
            return None
        points, score = faces.points[row], float(faces.scores[row])
        quality = judge_face(crop.cut(box), points, score, self._quality)
        return _Found(box, score, quality, image, points) if quality.may_be_listed(self._quality) else None

    def _record(self, crop: Crop, face: _Found) -> Record:
        box, side_px = face.box_px, face.side_px
        numbers = {"quality": round(face.quality.score, 4), "score": round(face.score, 4), "side_px": round(side_px, 1)}
        labels: dict[str, Label] = {}
        shows_traits = side_px >= _TRAITS_SIDE_PX and face.quality.may_match(self._quality)
        if self._age_sex is not None and shows_traits:
            age, sex, confidence = self._age_sex.estimate(crop.cut(box))
            numbers["age"] = round(age, 1)
            if confidence >= _SEX_FLOOR and age >= _ADULT_AGE:
                labels["sex"] = Label(sex, round(confidence, 4))
        if self._glasses is not None and shows_traits:
            worn = self._glasses.judge(face.image, face.points)
            labels[GLASSES] = Label("yes" if worn >= 0.5 else "no", round(max(worn, 1 - worn), 4))
        if self._liveness is not None and side_px >= _LIVE_SIDE_PX:
            numbers["live"] = round(self._liveness.judge(crop, box), 4)
        width, height = crop.frame.size_px
        norm = (box[0] / width, box[1] / height, box[2] / width, box[3] / height)
        return Record("faces", labels, numbers, norm, jpeg=encode_jpeg(cut_portrait(crop, box)))


def plan_search(crop: Crop) -> BoxPx:
    """Where in the picture a crop's face is searched: a person's upper part and a little above it."""
    left, top, right, _ = crop.box_px
    if crop.class_name != "person":
        return crop.box_px
    width, height = crop.size_px
    side = round(min(max(0.5 * height, 1.2 * width), height))
    air_x, air_y = round(0.1 * width), round(0.05 * height)
    return left - air_x, top - air_y, right + air_x, top + side


def place_face(box: NDArray[np.float32], area: BoxPx, size_px: tuple[int, int]) -> BoxPx | None:
    """A face's box in pixels of the picture, clipped to it; None when nothing is left."""
    left_px, top_px = max(area[0], 0), max(area[1], 0)
    left, right = (int(np.clip(round(float(v)) + left_px, 0, size_px[0])) for v in (box[0], box[2]))
    top, bottom = (int(np.clip(round(float(v)) + top_px, 0, size_px[1])) for v in (box[1], box[3]))
    return (left, top, right, bottom) if right - left >= 4 and bottom - top >= 4 else None


def cut_portrait(crop: Crop, box: BoxPx) -> Image:
    """The face with a margin, scaled down where it is large."""
    left, top, right, bottom = box
    air_x, air_y = round((right - left) * _MARGIN), round((bottom - top) * _MARGIN)
    return shrink(crop.cut((left - air_x, top - air_y, right + air_x, bottom + air_y)), _JPEG_SIDE_PX)
