"""Hazards of measuring plates: one reading that counts twice, a doubtful label that punishes, boxes read as texts."""

from pathlib import Path

import numpy as np
import pytest

from vedette.core.errors import InvalidInputError, NotFoundError
from vedette.core.objects import PlateReading
from vedette.lab.plates.labels import LabelledPicture, PlateLabel, is_held_out, read_labels
from vedette.lab.plates.tally import Tally, count_edits, judge, match_boxes, match_texts, wanted_text
from vedette.vision.picture import to_planes
from vedette.vision.recognize.crop import make_crop
from vedette.vision.recognize.plate_corners import FoundPlates
from vedette.vision.recognize.plate_finder import SIDE_PX, PlateFinder
from vedette.vision.recognize.plates import PLATES_FORM, _record
from vedette.vision.recognize.records import WHOLE_PICTURE, Described, Record, check_described


@pytest.mark.parametrize(
    ("read", "wanted", "edits"),
    [("", "", 0), ("AB12", "AB12", 0), ("AB1", "AB12", 1), ("AB13", "AB1?", 0), ("", "AB", 2)],
)
def test_edits(read: str, wanted: str, edits: int) -> None:
    assert count_edits(read, wanted) == edits


def test_label_keeps_only_signs_and_question_marks() -> None:
    assert wanted_text(PlateLabel("59-MĐ1 123.4?", None)) == "59MD11234?"


def test_one_reading_counts_for_one_label() -> None:
    labels = [PlateLabel("30A33918", None), PlateLabel("30A33919", None)]
    assert match_texts(["30A33918"], labels) == [0, None]
    assert match_texts([], labels) == [None, None]


def test_boxes_match_by_overlap_each_once() -> None:
    labels = [PlateLabel("A", (0, 0, 100, 50)), PlateLabel("B", (500, 0, 600, 50))]
    records = [Record("plates", box=(0.5, 0.0, 0.6, 0.1)), Record("plates", box=(0.0, 0.0, 0.09, 0.1))]
    assert match_boxes(records, labels, (1000, 500)) == [1, 0]
    assert match_boxes([], labels, (1000, 500)) == [None, None]


def test_wrong_but_sure_is_counted_and_unsure_is_not() -> None:
    tally = Tally()
    labels = [PlateLabel("AB12", None), PlateLabel("AB12", None), PlateLabel("AB12", None)]
    readings = [PlateReading("AB13", 0.9, "read"), PlateReading("AB13", 0.2, "unsure"), None]
    judge(tally, labels, readings, [0, 1, None])
    figures = tally.figures()
    assert figures["wrong_but_sure"] == pytest.approx(1 / 3)
    assert figures["found"] == pytest.approx(2 / 3)
    assert figures["character_error_rate"] == pytest.approx(6 / 12)


def test_labels_of_both_kinds_are_read_and_bad_ones_told(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError):
        read_labels(tmp_path)
    (tmp_path / "a.txt").write_text("a.jpg\t10\t20\t30\t8\tAB12\n")
    (tmp_path / "plates_gt_dev.csv").write_text("file,plates\nb.jpg,29X507777;30A7051?,x,y\n")
    first, second = read_labels(tmp_path)
    assert first.plates == (PlateLabel("AB12", (10, 20, 40, 28)),)
    assert [plate.text for plate in second.plates] == ["29X507777", "30A7051?"]
    (tmp_path / "a.txt").write_text("a.jpg 10 20\n")
    with pytest.raises(InvalidInputError):
        read_labels(tmp_path)


def test_a_picture_is_for_training_or_for_measuring_wherever_it_lies() -> None:
    pictures = [LabelledPicture(Path(f"/a/eu{n}.jpg"), ()) for n in range(100)]
    moved = [LabelledPicture(Path(f"/b/c/eu{n}.jpg"), ()) for n in range(100)]
    held = [is_held_out(picture) for picture in pictures]
    assert held == [is_held_out(picture) for picture in moved]
    assert 30 < sum(held) < 70


class MarkedPlaces:
    """A detector that finds a plate wherever a cell is white."""

    release = "marked-places"

    def infer(self, tensor: np.ndarray) -> dict[str, np.ndarray]:
        cells = tensor[0].mean(axis=2).reshape(32, 8, 32, 8).mean(axis=(1, 3))
        answer = np.zeros((1, 32, 32, 9), np.float32)
        answer[0, :, :, 0] = (cells > 0.9) * 0.9
        answer[0, :, :, 1:] = np.array([-1, -0.4, 1, -0.4, 1, 0.4, -1, 0.4], np.float32)
        return {"plates": answer}


@pytest.mark.parametrize("size", [(80, 60), (256, 256), (900, 300), (300, 1400)])
def test_a_plate_is_found_at_its_place_in_pictures_of_any_shape(size: tuple[int, int]) -> None:
    width, height = size
    image = np.zeros((height, width, 3), np.uint8)
    scale = SIDE_PX / max(size)
    x, y = width // 2, height // 2
    reach = int(12 / scale) + 1
    image[max(y - reach, 0) : y + reach, max(x - reach, 0) : x + reach] = 255
    found = PlateFinder(MarkedPlaces(), 0.3, 0.6).find(image, (1, 2))
    assert len(found) >= 1
    centre = found.corners_xy[0].mean(axis=0)
    assert np.abs(centre - [x, y]).max() <= 10 / scale


def test_whole_pictures_are_covered_to_their_edges() -> None:
    image = np.zeros((700, 1000, 3), np.uint8)
    image[-24:, -40:] = 255
    found = PlateFinder(MarkedPlaces(), 0.3, 0.6).find_everywhere(image)
    assert isinstance(found, FoundPlates)
    assert (found.corners_xy.mean(axis=1) > [900, 640]).all(axis=1).any()


def test_a_plate_that_cannot_be_read_says_where_it_is_and_fits_the_form() -> None:
    crop = make_crop(to_planes(np.zeros((64, 96, 3), np.uint8)), (0.0, 0.0, 1.0, 1.0), WHOLE_PICTURE)
    corners = np.array([[-5, 10], [50, 10], [50, 30], [-5, 30]], np.float32)
    record = _record(crop, corners, 0.7, 55.0, None)
    check_described([Described(0.5, [record])], 1, {"plates": PLATES_FORM})
    assert (record.text, record.box) == (
        "",
        (0.0, pytest.approx(10 / 64), pytest.approx(50 / 96), pytest.approx(30 / 64)),
    )
