"""The recognizer of number plates: where one is on a vehicle and what stands on it."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from typing_extensions import override

from vedette.vision.ports import Recognizer
from vedette.vision.recognize.crop import Crop
from vedette.vision.recognize.plate_finder import PlateFinder
from vedette.vision.recognize.plate_reader import MAX_SIGNS, PlateReader, ReadPlate
from vedette.vision.recognize.plate_signs import SIGNS
from vedette.vision.recognize.records import WHOLE_PICTURE, Form, Record

_MAX_PLATES = 16
"""In a whole picture; a vehicle has one."""
PLATES_FORM = Form(
    name="plates",
    group="plates",
    classes=frozenset({"vehicle", "two_wheeler", "object", WHOLE_PICTURE}),
    numbers={
        "confidence": (0.0, 1.0),
        "score": (0.0, 1.0),
        "lines": (1.0, 2.0),
        "width_px": (0.0, 8192.0),
        **{f"sign_{place}": (0.0, 1.0) for place in range(MAX_SIGNS)},
    },
    alphabet=SIGNS,
    max_text=MAX_SIGNS,
    max_records=_MAX_PLATES,
)
_CROP_ZOOMS = (1, 2)
_CROP_FINDS = 3
_CROP_READS = 2
"""Of the finds on one vehicle, the surest are read; a bumper sticker may be surer than the plate."""
_MIN_WIDTH_PX = 16.0
"""Narrower plates show less than two pixels a sign: nothing to read."""


class PlateRecognizer(Recognizer):
    """Finds and reads plates on the crops of vehicles, and in whole pictures."""

    def __init__(self, finder: PlateFinder, reader: PlateReader) -> None:
        self._finder = finder
        self._reader = reader

    @property
    @override
    def form(self) -> Form:
        return PLATES_FORM

    @property
    @override
    def release(self) -> str:
        return f"{self._finder.release}+{self._reader.release}"

    @override
    def describe(self, crops: Sequence[Crop]) -> list[list[Record]]:
        return [self._describe(crop) for crop in crops]

    @override
    def warm_up(self, crop: Crop) -> None:
        image = crop.image_bgr
        self._finder.find(image, _CROP_ZOOMS)
        height, width = image.shape[:2]
        self._reader.read(image, np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32))

    def _describe(self, crop: Crop) -> list[Record]:
        image = crop.image_bgr
        whole = crop.class_name == WHOLE_PICTURE
        found = self._finder.find_everywhere(image) if whole else self._finder.find(image, _CROP_ZOOMS, _CROP_FINDS)
        records = []
        most = _MAX_PLATES if whole else _CROP_READS
        for corners, score in zip(found.corners_xy[:most], found.score[:most], strict=True):
            width_px = float(np.linalg.norm(corners[1] - corners[0]))
            read = self._reader.read(image, corners) if width_px >= _MIN_WIDTH_PX else None
            records.append(_record(crop, corners, float(score), width_px, read))
        records.sort(key=lambda record: (record.text == "", -record.numbers["score"] * record.numbers["confidence"]))
        return records[: _MAX_PLATES if whole else 1]


def _record(crop: Crop, corners: NDArray[np.float32], score: float, width_px: float, read: ReadPlate | None) -> Record:
    """A plate that is seen but not read has no text: it says where one is, and counts for nothing in the vote."""
    width, height = crop.frame.size_px
    x, y = corners[:, 0] + crop.box_px[0], corners[:, 1] + crop.box_px[1]
    box = (_share(x.min(), width), _share(y.min(), height), _share(x.max(), width), _share(y.max(), height))
    numbers = {
        "confidence": 0.0,
        "score": round(min(score, 1.0), 4),
        "width_px": round(min(width_px, 8192.0), 1),
    }
    if read is None:
        return Record("plates", numbers=numbers, box=box)
    numbers |= {"confidence": round(read.confidence, 4), "lines": float(read.lines)}
    numbers |= {f"sign_{place}": round(float(value), 4) for place, value in enumerate(read.sign_confidence)}
    return Record("plates", numbers=numbers, box=box, text=read.text)


def _share(value_px: np.floating, side_px: int) -> float:
    return float(np.clip(value_px / side_px, 0.0, 1.0))
