"""Hazards of training data: boxes that slip when a picture is cut or mirrored, the teacher's doubts lost, drawn things
that are covered still taught as there, an answer that is decoded to the wrong place.
"""

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from vedette.core.detections import CLASS_NAMES
from vedette.core.errors import InvalidInputError
from vedette.lab.detector.pictures import TaughtPicture, collect_pictures
from vedette.lab.detector.samples import CLASSES, GRID_HW, INPUT_WH, STRIDE, Stock, draw_sample, make_target
from vedette.lab.detector.teachers import Found, Teachers, decode_yolox
from vedette.testing.bright_detector import BrightDetector

RED = (0, 0, 255)


def found(*rows: tuple[float, float, float, float, float, int]) -> Found:
    table = np.array(rows, np.float32).reshape(-1, 6)
    return Found(table[:, :4], table[:, 4], table[:, 5].astype(np.int16))


def red_square(x: int, y: int, side: int = 60, score: float = 0.9) -> TaughtPicture:
    image = np.full((360, 640, 3), 90, np.uint8)
    cv2.rectangle(image, (x, y), (x + side - 1, y + side - 1), RED, -1)
    return TaughtPicture(image, found((x, y, x + side, y + side, score, 1)))


def boxes_of(target: np.ndarray) -> list[tuple[int, float, np.ndarray]]:
    """Class, score and box in the network's pixels at every top."""
    tops = []
    for row, column, class_id in np.argwhere(target[..., CLASSES : 2 * CLASSES] > 0):
        left, top, right, bottom = target[row, column, 2 * CLASSES : -1]
        middle = np.array([column + 0.5, row + 0.5] * 2)
        score = target[row, column, CLASSES + class_id]
        tops.append((int(class_id), float(score), (middle + np.array([-left, -top, right, bottom])) * STRIDE))
    return tops


def is_red(image: np.ndarray) -> np.ndarray:
    blue, green, red = (image[..., channel].astype(int) for channel in range(3))
    return red - np.maximum(blue, green) > 60


def look_for_red(image: np.ndarray) -> Found:
    """A teacher that finds the largest red thing, and is never quite sure."""
    assert image.shape == (*INPUT_WH[::-1], 3)
    count, _, spots, _ = cv2.connectedComponentsWithStats(is_red(image).astype(np.uint8))
    if count < 2:
        return found()
    left, top, width, height, _ = spots[1 + int(spots[1:, cv2.CC_STAT_AREA].argmax())]
    return found((left, top, left + width, top + height, 0.625, 1))


def test_drawn_boxes_lie_on_their_objects_after_cut_stretch_and_mirror() -> None:
    stock = Stock([[replace(red_square(*at, score=1.0), labels_of="scene")] for at in ((120, 90), (400, 200))])

    def never(_: np.ndarray) -> Found:
        raise AssertionError("nobody is asked about what was drawn")

    rng = np.random.default_rng(3)
    judged = 0
    for _ in range(40):
        image, target = draw_sample(stock, rng, never)
        red = is_red(image)
        for class_id, score, box in boxes_of(target):
            left, top, right, bottom = np.clip(box.round().astype(int), 0, [*INPUT_WH, *INPUT_WH])
            assert class_id == 1
            if score == 1 and red.sum() > 400:  # a strong change of light can take the colour away
                judged += 1
                assert red[top:bottom, left:right].mean() > 0.6
    assert judged > 20


def test_a_teacher_is_asked_about_the_sample_itself_and_its_doubt_is_taught() -> None:
    """The pictures' own boxes are wrong, and count for nothing."""
    stock = Stock([[TaughtPicture(red_square(120, 90).image_bgr, found((500, 10, 620, 60, 0.4, 0)))]])
    rng = np.random.default_rng(3)
    single, parts = 0, 0
    for _ in range(40):
        answers: list[Found] = []

        def look(image: np.ndarray, answers: list[Found] = answers) -> Found:
            answers.append(look_for_red(image))
            return answers[-1]

        image, target = draw_sample(stock, rng, look)
        told = boxes_of(target)
        assert all(class_id == 1 for class_id, _, _ in told)
        if len(answers) == 1:
            assert all(score == 0.625 for _, score, _ in told)
            single += len(told)
            for (_, _, box), right in zip(told, answers[0].boxes_px, strict=True):
                np.testing.assert_allclose(box, right, atol=1e-2)
        else:
            assert len(answers) == 4, "the parts of a mosaic, each in its whole size"
            red = is_red(image)
            for _, score, box in told:
                assert score == pytest.approx(0.625) or score == pytest.approx(0.2), "a sliver counts for little"
                left, top, right, bottom = box.round().astype(int)
                is_seen = red[top:bottom, left:right].mean() > 0.6
                parts += is_seen or red.sum() < 400  # a strong change of light can take the colour away
                assert right - left <= INPUT_WH[0] / 2 + 1
    assert min(single, parts) > 5


def test_each_share_of_the_stock_is_drawn_from() -> None:
    vehicles, people, nothing = red_square(10, 10), red_square(20, 10), red_square(30, 10)
    people = replace(people, found=found((20, 10, 80, 70, 0.9, 0)))
    nothing = replace(nothing, found=found((30, 10, 90, 70, 0.3, 0)))
    stock = Stock([[people] * 50, [vehicles], [nothing]])
    rng = np.random.default_rng(1)
    drawn = [float(stock.draw(rng).found.boxes_px[0, 0]) for _ in range(600)]
    shares = [drawn.count(left) / 600 for left in (10.0, 20.0, 30.0)]
    np.testing.assert_allclose(shares, [0.45, 0.4, 0.15], atol=0.06)


def test_small_object_before_a_large_one_keeps_its_box() -> None:
    small = (180, 100, 204, 124)
    told = {name: (score, box) for name, score, box in
            boxes_of(make_target(found((0, 0, 440, 250, 1.0, 1), (*small, 0.4, 0))))}  # fmt: skip
    assert told[0][0] == pytest.approx(0.4)
    np.testing.assert_allclose(told[0][1], small, atol=1e-3)


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
    told: list[str] = []
    teachers = Teachers(BrightDetector(), _Silent())  # type: ignore[arg-type]
    photos = tmp_path / "photos"
    photos.mkdir()
    with pytest.raises(InvalidInputError, match="no picture"):
        collect_pictures([photos], teachers, tmp_path / "kept", told.append)
    for name in ("a.jpg", "b.png"):
        cv2.imwrite(str(photos / name), red_square(10, 10).image_bgr)
    (photos / "broken.mp4").write_bytes(b"no video")
    first = collect_pictures([photos], teachers, tmp_path / "kept", told.append)
    labelled = len(told)
    again = collect_pictures([photos], teachers, tmp_path / "kept", told.append)
    assert 0 < labelled == len(told), "labels are made once"
    assert [len(group) for group in again] == [2]
    np.testing.assert_array_equal(first[0][0].image_bgr, again[0][0].image_bgr)


def test_what_people_labelled_in_a_voc_folder_is_taught_as_they_said(tmp_path: Path) -> None:
    photos, labels = tmp_path / "road" / "JPEGImages", tmp_path / "road" / "Annotations"
    photos.mkdir(parents=True)
    labels.mkdir()
    large = cv2.resize(red_square(120, 90).image_bgr, None, fx=3, fy=3)  # kept at half of this size
    for name in ("labelled", "not"):
        cv2.imwrite(str(photos / f"{name}.png"), large)
    rows = "".join(
        f"<object><name>{name}</name><bndbox><xmin>{x}</xmin><ymin>270</ymin><xmax>{x + 180}</xmax><ymax>450</ymax>"
        "</bndbox></object>"
        for name, x in (("van", 360), ("ignore", 900), ("tree", 1200))
    )
    (labels / "labelled.xml").write_text(f"<annotation>{rows}</annotation>", "utf-8")
    teachers = Teachers(BrightDetector(), _Silent())  # type: ignore[arg-type]
    for _ in ("made", "kept"):
        [group] = collect_pictures([tmp_path / "road"], teachers, tmp_path / "kept", lambda _: None)
        one, other = group
        assert (one.labels_of, other.labels_of) == ("people", "teachers")
        np.testing.assert_allclose(one.found.boxes_px, [[180, 135, 270, 225], [450, 135, 540, 225]])
        assert one.found.score.tolist() == pytest.approx([1, 0.3])
        assert [CLASS_NAMES[index] for index in one.found.class_id] == ["vehicle", "vehicle"]


def test_four_in_one_keep_what_people_labelled_and_ask_about_the_rest() -> None:
    asked: list[np.ndarray] = []

    def look(image: np.ndarray) -> Found:
        asked.append(image)
        return look_for_red(image)

    labelled = replace(red_square(120, 90, 200, score=1.0), labels_of="people")
    rng = np.random.default_rng(8)
    tops = [score for _ in range(30) for _, score, _ in boxes_of(draw_sample(Stock([[labelled]]), rng, look)[1])]
    assert not asked
    assert max(tops) == 1
    assert sum(score == 1 for score in tops) > 30
    draw_sample(Stock([[labelled], [red_square(120, 90)]]), np.random.default_rng(1), look)
    assert asked


def test_a_sample_has_the_networks_size() -> None:
    image, target = draw_sample(Stock([[red_square(10, 10)]]), np.random.default_rng(0), look_for_red)
    assert (image.shape, image.dtype, target.shape[:2]) == ((INPUT_WH[1], INPUT_WH[0], 3), np.uint8, GRID_HW)
