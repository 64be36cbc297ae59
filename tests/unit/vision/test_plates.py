"""Hazards of plates: two lines read as one, formats forced onto foreign plates, one picture that outvotes doubt."""

import numpy as np
import pytest

from vedette.core.objects import PlateReading
from vedette.vision.recognize.plate_corners import FoundPlates, cut_plate, decode_plates, merge_plates, standardise
from vedette.vision.recognize.plate_grammar import PROVINCES, fit_formats, normalise, parse_vietnamese
from vedette.vision.recognize.plate_reader import combine
from vedette.vision.recognize.plate_signs import SIGNS, SignRow, find_signs
from vedette.vision.recognize.plate_vote import decide_plate
from vedette.vision.recognize.records import Record, Sighting


def grid_of(signs: list[tuple[int, int, str]], presence: float = 0.9) -> np.ndarray:
    """An answer of the reader with signs at (row, column)."""
    grid = np.zeros((8, 40, 37), np.float32)
    grid[:, :, 36] = 1.0
    for row, column, sign in signs:
        grid[row, column, 36] = 1 - presence
        grid[row, column, SIGNS.index(sign)] = presence
    return grid


def texts(row: SignRow) -> str:
    return "".join(SIGNS[i] for i in row.probabilities.argmax(axis=1))


def sure_signs(text: str, confidence: float = 0.99) -> np.ndarray:
    probabilities = np.full((len(text), 36), (1 - confidence) / 35, np.float32)
    for place, sign in enumerate(text):
        probabilities[place, SIGNS.index(sign)] = confidence
    return probabilities


def between(text: str, place: int, first: str, second: str, share: float) -> np.ndarray:
    """Sure signs, but one hangs between two."""
    probabilities = sure_signs(text)
    probabilities[place] = 0.001
    probabilities[place, SIGNS.index(first)] = share
    probabilities[place, SIGNS.index(second)] = 1 - share
    return probabilities


def test_no_sign_is_an_empty_row() -> None:
    row = find_signs(grid_of([]))
    assert (len(row), row.lines, row.probabilities.shape) == (0, 1, (0, 36))


def test_two_lines_are_read_line_by_line() -> None:
    upper = [(2, 4 + 7 * i, sign) for i, sign in enumerate("29X5")]
    lower = [(6, 3 + 7 * i, sign) for i, sign in enumerate("07777")]
    row = find_signs(grid_of(upper + lower))
    assert (texts(row), row.lines) == ("29X507777", 2)


def test_a_slanted_single_line_stays_one_line() -> None:
    row = find_signs(grid_of([(2 + i // 3, 3 + 5 * i, sign) for i, sign in enumerate("30A3918")]))
    assert (texts(row), row.lines) == ("30A3918", 1)


def test_a_perfectly_level_line_stays_one_line() -> None:
    row = find_signs(grid_of([(4, 3 + 5 * i, sign) for i, sign in enumerate("30A3918")]))
    assert (texts(row), row.lines) == ("30A3918", 1)


def test_equal_neighbours_are_two_signs_and_one_wide_peak_is_one() -> None:
    row = find_signs(grid_of([(4, 3, "1"), (4, 6, "1"), (4, 12, "W"), (4, 13, "W")]))
    assert texts(row) == "11W"


def test_a_sign_at_the_grid_edge_is_read() -> None:
    assert texts(find_signs(grid_of([(0, 0, "A"), (7, 39, "B")]))) == "AB"


def test_a_peak_under_the_floor_is_doubt_not_a_sign() -> None:
    grid = grid_of([(4, 3, "1"), (4, 9, "2")])
    grid[4, 20, 36], grid[4, 20, 3] = 0.6, 0.4
    row = find_signs(grid)
    assert texts(row) == "12"
    assert row.clear == pytest.approx(0.6, abs=0.01)


@pytest.mark.parametrize(
    ("text", "kind", "written"),
    [
        ("30A33918", "car", "30A-339.18"),
        ("51F9999", "car", "51F-9999"),
        ("29X507777", "motorbike", "29-X5-077.77"),
        ("50LD00454", "car", "50LD-004.54"),
        ("80NG12345", "foreign", "80NG-123.45"),
        ("59MD112345", "motorbike", "59-MD1-123.45"),
        ("29AA12345", "motorbike", "29-AA-123.45"),
        ("TM1234", "army", "TM-12-34"),
    ],
)
def test_vietnamese_number_is_taken_apart(text: str, kind: str, written: str) -> None:
    plate = parse_vietnamese(text)
    assert plate is not None
    assert (plate.kind, plate.written, normalise(plate.written)) == (kind, written, text)


@pytest.mark.parametrize("text", ["", "RK755AJ", "13A12345", "30A339", "30A339181818", "30I33918", "29-X5", "30a33918"])
def test_what_no_circular_allows_is_not_vietnamese(text: str) -> None:
    assert parse_vietnamese(text) is None


def test_province_codes_are_two_figures_of_named_provinces() -> None:
    assert len(PROVINCES) == 81
    assert all(len(code) == 2 and name and not name[0].isdigit() for code, name in PROVINCES.items())


def test_letter_in_place_of_figure_is_put_right() -> None:
    fitted = fit_formats(between("30A33918", 4, "B", "3", 0.6))
    assert (fitted.text, fitted.format) == ("30A33918", "00A00000")


def test_plain_signs_are_not_bent_into_a_format() -> None:
    assert fit_formats(sure_signs("GWAGEN")).text == "GWAGEN"


def test_no_signs_fit_no_format() -> None:
    assert fit_formats(np.zeros((0, 36), np.float32)).text == ""


def test_an_unassigned_province_is_read_as_the_likeliest_assigned_one() -> None:
    assert fit_formats(between("13A12345", 1, "3", "8", 0.55)).text == "18A12345"


def test_looks_that_disagree_lower_the_confidence() -> None:
    row = SignRow(sure_signs("30A33918"), np.full(8, 0.99, np.float32), 1, 1.0)
    other = SignRow(sure_signs("30A33978"), np.full(8, 0.99, np.float32), 1, 1.0)
    agreed, split = combine([row, row, row], 3), combine([row, row, other], 3)
    assert agreed is not None
    assert split is not None
    assert (agreed.text, split.text) == ("30A33918", "30A33918")
    assert agreed.confidence > split.confidence


def test_a_sticker_that_looks_like_a_doubtful_sign_is_left_out_only_where_a_format_then_fits() -> None:
    probabilities = between("MRK755AJ", 0, "M", "W", 0.5)
    row = SignRow(probabilities, np.full(8, 0.9, np.float32), 1, 1.0)
    without = combine([row] * 3, 3)
    assert without is not None
    assert (without.text, len(without.sign_confidence)) == ("RK755AJ", 7)
    sure = combine([SignRow(sure_signs("MRK755AJ"), np.full(8, 0.9, np.float32), 1, 1.0)] * 3, 3)
    assert sure is not None
    assert sure.text == "MRK755AJ"


def test_no_look_at_a_plate_is_no_reading() -> None:
    assert combine([], 3) is None


def sighting(text: str, confidence: float, weight: float = 1.0) -> Sighting:
    numbers = {"confidence": confidence, **{f"sign_{place}": confidence for place in range(len(text))}}
    return Sighting(0.0, weight, Record("plates", text=text, numbers=numbers))


def test_no_sighting_is_no_plate() -> None:
    assert decide_plate([]) is None
    assert decide_plate([Sighting(0.0, 1.0, Record("plates"))]) is None


def test_one_sure_picture_is_read_and_one_unsure_is_not() -> None:
    assert decide_plate([sighting("30A33918", 0.9)]) == PlateReading("30A33918", 0.9, "read")
    unsure = decide_plate([sighting("30A33918", 0.3)])
    assert unsure is not None
    assert unsure.state == "unsure"


def test_two_texts_of_equal_weight_are_unsure() -> None:
    decided = decide_plate([sighting("30A33918", 0.9), sighting("51F99999", 0.9)])
    assert decided is not None
    assert decided.state == "unsure"


def test_many_fair_readings_make_a_sure_one() -> None:
    one, many = decide_plate([sighting("30A33918", 0.7)]), decide_plate([sighting("30A33918", 0.7)] * 5)
    assert one is not None
    assert many is not None
    assert (one.state, many.state) == ("unsure", "read")


def test_signs_are_voted_one_by_one_but_a_text_nobody_saw_is_unsure() -> None:
    decided = decide_plate([sighting("30A33910", 0.7), sighting("30A33018", 0.7), sighting("38A33918", 0.7)])
    assert decided is not None
    assert (decided.text, decided.state) == ("30A33918", "unsure")


def test_corners_come_back_in_pixels_and_overlaps_are_one_plate() -> None:
    answer = np.zeros((32, 32, 9), np.float32)
    corners = np.array([[80, 84], [144, 84], [144, 100], [80, 100]], np.float32)
    for column, score in ((13, 0.9), (14, 0.7)):
        middle = np.array([column * 8 + 4, 11 * 8 + 4], np.float32)
        answer[11, column, 0], answer[11, column, 1:] = score, ((corners - middle) / 32).reshape(8)
    found = decode_plates(answer, 0.3)
    assert len(found) == 1
    assert found.score[0] == np.float32(0.9)
    np.testing.assert_allclose(found.corners_xy[0], corners, atol=0.01)


def test_turned_over_and_unbounded_corners_are_dropped() -> None:
    square = np.array([[0, 0], [9, 0], [9, 9], [0, 9]], np.float32)
    broken = square.copy()
    broken[0, 0] = np.nan
    found = merge_plates(FoundPlates(np.stack([square[::-1], broken]), np.ones(2, np.float32)))
    assert len(found) == 0
    assert found.boxes_xyxy.shape == (0, 4)


def test_a_turned_plate_is_cut_out_upright_and_outside_the_picture_nothing_fails() -> None:
    image = np.zeros((200, 300, 3), np.uint8)
    image[80:120, 100:180] = 255
    cut = cut_plate(image, np.array([[180, 80], [180, 120], [100, 120], [100, 80]], np.float32))
    assert cut.shape == (64, 160)
    assert cut[32, 80] == 255
    away = cut_plate(image, np.array([[900, 900], [950, 900], [950, 920], [900, 920]], np.float32))
    assert away.shape == (64, 160)
    assert np.isfinite(standardise(away)).all()
