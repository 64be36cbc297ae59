"""Hazards of the embedded plate models: weights that do not fit the code, plates of one kind never read.

Plates are painted and hung into pictures here, from seeds that no training used.
"""

from pathlib import Path

import cv2
import numpy as np
import pytest

from vedette.lab.plates.designs import Design, draw_design
from vedette.lab.plates.painting import paint
from vedette.node.recognizers import load_recognizers
from vedette.vision.picture import to_planes
from vedette.vision.ports import Recognizer
from vedette.vision.recognize.crop import make_crop
from vedette.vision.recognize.plates import PLATES_FORM
from vedette.vision.recognize.records import WHOLE_PICTURE, Described, Record, check_described


@pytest.fixture(scope="module")
def recognizer(tmp_path_factory: pytest.TempPathFactory) -> Recognizer:
    (made,) = load_recognizers(Path(tmp_path_factory.mktemp("models")), ("plates",))
    return made


def hang(design: Design, seed: int, width_px: int) -> np.ndarray:
    """A car's back in one colour with one clean plate."""
    rng = np.random.default_rng((99, seed))
    plate = paint(design, rng).picture_bgr
    height_px = round(plate.shape[0] * width_px / plate.shape[1])
    picture = np.full((240, 320, 3), rng.integers(30, 200, 3), np.uint8)
    small = cv2.resize(plate, (width_px, height_px), interpolation=cv2.INTER_AREA)
    picture[120 : 120 + height_px, 90 : 90 + width_px] = small
    return picture


def describe(recognizer: Recognizer, picture: np.ndarray, class_name: str) -> list[Record]:
    crop = make_crop(to_planes(picture), (0.0, 0.0, 1.0, 1.0), class_name)
    records = recognizer.describe([crop])
    check_described([Described(0.5, records[0])], 1, {"plates": PLATES_FORM})
    return records[0]


def test_warm_up_and_a_bare_picture_say_nothing_sure(recognizer: Recognizer) -> None:
    bare = np.full((90, 120, 3), 90, np.uint8)
    recognizer.warm_up(make_crop(to_planes(bare), (0.0, 0.0, 1.0, 1.0), "vehicle"))
    assert all(record.numbers["confidence"] < 0.5 for record in describe(recognizer, bare, "vehicle"))
    assert all(record.numbers["confidence"] < 0.5 for record in describe(recognizer, bare, WHOLE_PICTURE))


@pytest.mark.parametrize(("lines", "read_least"), [(1, 7), (2, 16)])
def test_clear_plates_are_found_and_those_of_two_lines_read(
    recognizer: Recognizer, lines: int, read_least: int
) -> None:
    """Of 20: one line 9 read, two lines 20. The corners of long plates lie inside their first sign: undertrained."""
    rng = np.random.default_rng(4321)
    designs = [d for d in (draw_design(rng) for _ in range(200)) if d.region == "vn" and len(d.lines) == lines][:20]
    found = read = 0
    for seed, design in enumerate(designs):
        records = describe(recognizer, hang(design, seed, 170 if lines == 1 else 120), "vehicle")
        found += len(records) == 1
        read += bool(records) and records[0].text == design.text
    assert found >= 18
    assert read >= read_least
