"""Attributes of vehicles: type and colour.

The type needs two models that agree: barrier-0039 is right of cars from the front and takes half of those seen from
behind for trucks; YOLOX-nano errs elsewhere. What is seen from above is neither's, so it gets no type. Colour is ours
alone. Make and model: no weights with a licence exist. Figures: docs/design/recognition.md.
"""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from vedette.core.objects import VEHICLE_TYPES
from vedette.vision.colors import PAINT_BONUS, UNKNOWN, Light, name_colour, weigh_body
from vedette.vision.picture import Image
from vedette.vision.ports import Network, Recognizer
from vedette.vision.recognize.attribute_forms import VEHICLES_FORM
from vedette.vision.recognize.crop import Crop
from vedette.vision.recognize.light import describe_in_light, read_light
from vedette.vision.recognize.records import Form, Label, Record
from vedette.vision.recognize.yolox import pad_square

KINDS_SIDE_PX = 224
_COCO_CAR, _COCO_BUS, _COCO_TRUCK = 2, 5, 7
_KINDS = (_COCO_CAR, _COCO_BUS, _COCO_TRUCK, _COCO_CAR)
"""COCO class that stands for each type: to COCO a van is a car."""
_SEEN = 0.4
"""YOLOX score from which it saw the vehicle at all."""
_MIN_TYPE_HEIGHT_PX = 40
_MIN_COLOUR_HEIGHT_PX = 24
_FROM_ABOVE = 1.25
"""Height to width from which a vehicle is seen from above: along its length."""
_AIR = 0.1


class VehicleRecognizer(Recognizer):
    """Type by two models, colour by our own naming."""

    def __init__(self, types: Network, kinds: Network) -> None:
        self._types = types
        self._kinds = kinds

    @property
    def form(self) -> Form:
        return VEHICLES_FORM

    @property
    def release(self) -> str:
        return f"{self._types.release}+{self._kinds.release}+colors-r1"

    def describe(self, crops: Sequence[Crop]) -> list[list[Record]]:
        return describe_in_light(crops, self._describe)

    def warm_up(self, crop: Crop) -> None:
        self._judge_type(crop)
        _name_paint(crop.image_bgr, read_light(crop))

    def _describe(self, crop: Crop, light: Light) -> list[Record]:
        width, height = crop.size_px
        labels = {}
        if height >= _MIN_TYPE_HEIGHT_PX and height < _FROM_ABOVE * width:
            labels["type"] = self._judge_type(crop)
        if height >= _MIN_COLOUR_HEIGHT_PX:
            labels |= _name_paint(crop.image_bgr, light)
        return [Record(VEHICLES_FORM.name, labels=labels)] if labels else []

    def _judge_type(self, crop: Crop) -> Label:
        picture = cv2.resize(crop.image_bgr, (72, 72), interpolation=cv2.INTER_LINEAR)
        types = self._types.infer(picture.transpose(2, 0, 1)[None].astype(np.float32))["type"].reshape(-1)
        return join_types(types, self._score_kinds(crop))

    def _score_kinds(self, crop: Crop) -> NDArray[np.float32]:
        """(80,) the best score of each COCO class about the vehicle."""
        left, top, right, bottom = crop.box_px
        air_x, air_y = round((right - left) * _AIR), round((bottom - top) * _AIR)
        image = crop.cut((left - air_x, top - air_y, right + air_x, bottom + air_y))
        [rows, *_] = self._kinds.infer(pad_square(image, KINDS_SIDE_PX)).values()
        rows = rows.reshape(-1, rows.shape[-1])
        return np.asarray((rows[:, 4:5] * rows[:, 5:]).max(axis=0), np.float32)


def join_types(types: NDArray[np.float32], kinds: NDArray[np.float32]) -> Label:
    """The best type of the mean of both models; one that did not see a vehicle counts for little.

    Args:
        types: (4,) probabilities of `VEHICLE_TYPES`.
        kinds: (80,) scores of COCO classes.
    """
    scores = kinds[list(_KINDS)].astype(np.float64)
    total = scores[: len(set(_KINDS))].sum()
    seen = min(1.0, float(scores.max()) / _SEEN)
    shares = scores / max(float(total), 1e-6) * seen
    joined = np.clip((shares + types) / 2, 0.0, 1.0)
    best = int(joined.argmax())
    return Label(VEHICLE_TYPES[best], float(joined[best]))


def _name_paint(vehicle_bgr: Image, light: Light) -> dict[str, Label]:
    named = name_colour(vehicle_bgr, weigh_body(*vehicle_bgr.shape[:2]), light, PAINT_BONUS)
    return {} if named.name == UNKNOWN else {"colour": Label(named.name, named.confidence)}
