"""Hazards of rendered training data: labels beside the signs, another sample for the same seed, texts no plate has."""

import numpy as np
import pytest

from vedette.lab.plates.camera import placed, transformed
from vedette.lab.plates.designs import GROUNDS, draw_design
from vedette.lab.plates.detector_samples import GRID, LAYERS, SIDE_PX, draw_detector_sample, mark_plate
from vedette.lab.plates.glyphs import LETTERS, draw_alphabet
from vedette.lab.plates.painting import paint
from vedette.lab.plates.reader_samples import BLANK, IGNORED, cut_matrix, draw_reader_sample, label_grid
from vedette.vision.recognize.plate_corners import READER_WH, decode_plates
from vedette.vision.recognize.plate_grammar import parse_vietnamese
from vedette.vision.recognize.plate_signs import SIGNS, find_signs


def test_the_reader_and_the_product_agree_on_the_order_of_signs() -> None:
    assert LETTERS == SIGNS


def test_every_sign_can_be_drawn_and_stays_near_its_box() -> None:
    alphabet = draw_alphabet(np.random.default_rng(1))
    assert set(alphabet.strokes) == set(LETTERS)
    for strokes in alphabet.strokes.values():
        points = np.concatenate(strokes)
        assert points.min() > -0.3
        assert points.max() < 1.3


def test_the_same_seed_gives_the_same_sample() -> None:
    first, second = (draw_reader_sample(np.random.default_rng(7)) for _ in range(2))
    np.testing.assert_array_equal(first[0], second[0])
    np.testing.assert_array_equal(first[1], second[1])


def test_labels_of_a_flat_plate_read_back_as_its_text() -> None:
    rng = np.random.default_rng(3)
    for _ in range(40):
        plate = paint(draw_design(rng), rng)
        labels = label_grid(plate, cut_matrix(plate.corners_xy))
        grid = np.zeros((8, 40, 37), np.float32)
        np.put_along_axis(grid, np.where(labels == IGNORED, BLANK, labels)[..., None].astype(int), 1.0, axis=2)
        found = find_signs(grid)
        assert "".join(SIGNS[i] for i in found.probabilities.argmax(axis=1)) == plate.text


def test_most_rendered_vietnamese_numbers_are_allowed_by_the_grammar() -> None:
    rng = np.random.default_rng(5)
    texts = [design.text for design in (draw_design(rng) for _ in range(400)) if design.region == "vn"]
    assert len(texts) > 150
    assert sum(parse_vietnamese(text) is not None for text in texts) > 0.75 * len(texts)


def test_army_plates_are_red_and_begin_with_two_letters() -> None:
    rng = np.random.default_rng(6)
    army = [d for d in (draw_design(rng) for _ in range(900)) if d.region == "vn" and d.ground == GROUNDS["red"][0]]
    assert army
    assert all(design.text[:2].isalpha() for design in army)


@pytest.mark.parametrize("labelled", [True, False])
def test_detector_samples_have_weights_and_corners_where_a_plate_is(*, labelled: bool) -> None:
    rng = np.random.default_rng(8)
    picture, target = draw_detector_sample([], [], rng)
    while (target[:, :, 0].any()) != labelled:
        picture, target = draw_detector_sample([], [], rng)
    assert (picture.shape, picture.dtype, target.shape) == ((SIDE_PX, SIDE_PX, 3), np.uint8, (GRID, GRID, LAYERS))
    assert (target[:, :, 1][target[:, :, 0] == 1] == 1).all()
    assert (target[:, :, 10][target[:, :, 0] == 0] == 0).all()


def test_marked_corners_are_what_the_product_decodes() -> None:
    target = np.zeros((GRID, GRID, LAYERS), np.float32)
    corners = np.array([[60, 70], [130, 80], [128, 100], [58, 90]], np.float32)
    mark_plate(target, corners, 1.0)
    answer = np.concatenate([target[:, :, :1], target[:, :, 2:10]], axis=2)
    found = decode_plates(answer, 0.5)
    assert len(found) == 1
    np.testing.assert_allclose(found.corners_xy[0], corners, atol=0.01)


def test_a_plate_smaller_than_a_cell_still_has_one() -> None:
    target = np.zeros((GRID, GRID, LAYERS), np.float32)
    mark_plate(target, np.array([[50, 50], [56, 50], [56, 53], [50, 53]], np.float32), 1.0)
    assert target[:, :, 0].sum() >= 1


def test_a_view_is_moved_so_that_all_of_it_is_seen() -> None:
    turn = np.array([[0.0, -1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
    matrix, size = placed(turn, (40, 20))
    box = transformed(np.array([[0, 0], [40, 0], [40, 20], [0, 20]], np.float32), matrix)
    assert size == (20, 40)
    assert box.min() == pytest.approx(0.0)


def test_the_cut_out_for_training_is_the_one_of_the_product() -> None:
    matrix = cut_matrix(np.array([[10, 10], [110, 10], [110, 50], [10, 50]], np.float32))
    corners = transformed(np.array([[10, 10], [110, 50]], np.float32), matrix)
    width, height = READER_WH
    np.testing.assert_allclose(corners[0] + corners[1], [width, height], atol=0.1)
    assert corners[0, 0] == pytest.approx(width * 0.06 / 1.12, abs=0.1)
