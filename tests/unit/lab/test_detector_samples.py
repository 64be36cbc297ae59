"""Hazards of training data: boxes that slip when a picture is cut or mirrored, doubtful things taught as background,
covered things still taught as there, an answer that is decoded to the wrong place.
"""

from pathlib import Path

import cv2
import numpy as np
import pytest

from vedette.core.detections import CLASS_NAMES
from vedette.core.errors import InvalidInputError
from vedette.lab.detector.pictures import TaughtPicture, collect_pictures
from vedette.lab.detector.samples import CLASSES, GRID_HW, INPUT_WH, STRIDE, Scene, Stock, draw_sample, make_target
from vedette.lab.detector.teachers import Found, Teachers, decode_yolox, split_sure
from vedette.testing.bright_detector import BrightDetector

RED = (0, 0, 255)


def found(*rows: tuple[float, float, float, float, float, int]) -> Found:
    table = np.array(rows, np.float32).reshape(-1, 6)
    return Found(table[:, :4], table[:, 4], table[:, 5].astype(np.int16))


def red_square(x: int, y: int, side: int = 60, score: float = 0.9) -> TaughtPicture:
    image = np.full((360, 640, 3), 90, np.uint8)
    cv2.rectangle(image, (x, y), (x + side - 1, y + side - 1), RED, -1)
    return TaughtPicture(image, found((x, y, x + side, y + side, score, 1)))


def boxes_of(target: np.ndarray) -> list[tuple[int, np.ndarray]]:
    """Class and box in pixels at every peak."""
    tops = []
    for row, column, class_id in np.argwhere(target[..., :CLASSES] > 0.99):
        left, top, right, bottom = target[row, column, 2 * CLASSES : -1]
        middle = np.array([column + 0.5, row + 0.5] * 2)
        tops.append((int(class_id), (middle + np.array([-left, -top, right, bottom])) * STRIDE))
    return tops


def is_red(image: np.ndarray) -> np.ndarray:
    blue, green, red = (image[..., channel].astype(int) for channel in range(3))
    return red - np.maximum(blue, green) > 60


def test_boxes_lie_on_their_objects_after_cut_stretch_and_mirror() -> None:
    stock = Stock([[red_square(120, 90)], [red_square(400, 200)]])
    rng = np.random.default_rng(3)
    judged = 0
    for _ in range(40):
        image, target = draw_sample(stock, rng)
        red = is_red(image)
        for class_id, box in boxes_of(target):
            left, top, right, bottom = np.clip(box.round().astype(int), 0, [*INPUT_WH, *INPUT_WH])
            assert class_id == 1
            if red.sum() > 400:  # a strong change of light can take the colour away
                judged += 1
                assert red[top:bottom, left:right].mean() > 0.6
    assert judged > 20


def test_doubtful_places_teach_nothing_and_plain_ones_do() -> None:
    scene = Scene(
        np.zeros((*INPUT_WH[::-1], 3), np.uint8),
        np.array([[40, 40, 80, 120]], np.float32),
        np.array([0], np.int16),
        np.array([[200, 40, 300, 120]], np.float32),
        np.array([1], np.int16),
    )
    target = make_target(scene)
    weights = target[..., CLASSES : 2 * CLASSES]
    assert weights[5:15, 25:37, 1].max() == 0
    assert weights[..., 0].min() == 1, "doubt about a vehicle is none about people"
    [(class_id, box)] = boxes_of(target)
    assert class_id == 0
    np.testing.assert_allclose(box, [40, 40, 80, 120], atol=1e-4)


def test_small_object_before_a_large_one_keeps_its_box() -> None:
    boxes = np.array([[0, 0, 380, 220], [180, 100, 204, 124]], np.float32)
    nothing = np.zeros((0, 4), np.float32)
    scene = Scene(np.zeros((1, 1, 3), np.uint8), boxes, np.array([1, 0], np.int16), nothing, np.zeros(0, np.int16))
    told = dict(boxes_of(make_target(scene)))
    np.testing.assert_allclose(told[0], boxes[1], atol=1e-3)


def test_sure_box_silences_the_doubt_about_the_same_object() -> None:
    clear, doubtful = split_sure(found((0, 0, 10, 10, 0.8, 0), (1, 0, 10, 10, 0.3, 0), (1, 0, 10, 10, 0.3, 1)))
    assert len(clear.score) == 1
    assert doubtful.class_id.tolist() == [1]


def test_yolox_answer_is_decoded_to_its_place_and_class() -> None:
    rows = np.zeros((52 * 52 + 26 * 26 + 13 * 13, 85), np.float32)
    cell = 52 * 52 + 5 * 26 + 7  # stride 16, column 7, row 5
    rows[cell, :5] = [0.5, 0.25, np.log(2), np.log(4), 0.9]
    rows[cell, 5 + 2] = 0.8  # a car
    told = decode_yolox(rows, 2.0)
    assert [CLASS_NAMES[index] for index in told.class_id] == ["vehicle"]
    middle, half = np.array([7.5 * 16, 5.25 * 16]), np.array([16, 32])
    np.testing.assert_allclose(told.boxes_px[0], np.concatenate([middle - half, middle + half]) / 2)
    assert told.score[0] == pytest.approx(0.72)


class _Silent:
    release = "silent"

    def infer(self, tensor: np.ndarray) -> dict[str, np.ndarray]:
        return {"output": np.zeros((1, 3549, 85), np.float32)}


def test_labelled_pictures_are_kept_and_nothing_to_learn_from_is_said(tmp_path: Path) -> None:
    asked: list[str] = []

    def teachers() -> Teachers:
        asked.append("made")
        return Teachers(BrightDetector(), _Silent())  # type: ignore[arg-type]

    photos = tmp_path / "photos"
    photos.mkdir()
    with pytest.raises(InvalidInputError, match="no picture"):
        collect_pictures([photos], teachers, tmp_path / "kept", asked.append)
    for name in ("a.jpg", "b.png"):
        cv2.imwrite(str(photos / name), red_square(10, 10).image_bgr)
    (photos / "broken.mp4").write_bytes(b"no video")
    first = collect_pictures([photos], teachers, tmp_path / "kept", lambda _: None)
    again = collect_pictures([photos], teachers, tmp_path / "kept", lambda _: None)
    assert asked == ["made"], "labels are made once"
    assert [len(group) for group in again] == [2]
    np.testing.assert_array_equal(first[0][0].image_bgr, again[0][0].image_bgr)


def test_a_sample_has_the_networks_size() -> None:
    image, target = draw_sample(Stock([[red_square(10, 10)]]), np.random.default_rng(0))
    assert (image.shape, image.dtype, target.shape[:2]) == ((INPUT_WH[1], INPUT_WH[0], 3), np.uint8, GRID_HW)
