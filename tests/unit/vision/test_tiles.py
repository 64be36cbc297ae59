"""Hazards of tiles: who is cut by a seam is lost or counted twice, no end of looks, who stands is forgotten."""

import numpy as np
import pytest

from tests.unit.vision.test_regions import boxes
from vedette.core.detections import no_detections
from vedette.media.planes import PlanarFrame
from vedette.testing.bright_detector import BrightDetector
from vedette.vision.engine import PictureAnalysis
from vedette.vision.focus import Window
from vedette.vision.tiles import TileBudget, TilePolicy, TileSearch, plan_grid
from vedette.vision.wire import decode_boxes

SIZE, INPUT = (640, 360), (160, 90)
POLICY = TilePolicy(most=64)
NOTHING = np.zeros((0, 4), np.float32)


def picture(step: int, *places: tuple[int, int, int, int]) -> PlanarFrame:
    luma = np.random.default_rng(step).integers(60, 64, SIZE[::-1], np.uint8)
    for left, top, width, height in places:
        luma[top : top + height, left : left + width] = 220
    chroma = np.full((SIZE[1] // 2, SIZE[0] // 2), 128, np.uint8)
    return PlanarFrame(step * 9000, luma, chroma, chroma)


@pytest.mark.parametrize("size", [(640, 360), (3840, 2160), (4096, 700), (641, 1999)])
def test_tiles_cover_the_picture_and_overlap_as_asked(size: tuple[int, int]) -> None:
    grid = plan_grid(size, INPUT, POLICY)
    covered = np.zeros((100, 100), int)
    for tile in grid:
        assert tile.left + tile.width <= 1 + 1e-6
        assert tile.top + tile.height <= 1 + 1e-6
        left, top, right, bottom = (round(float(edge) * 100) for edge in tile.box_norm_xyxy)
        covered[top:bottom, left:right] += 1
    assert covered.min() >= 1
    across = sorted({tile.left for tile in grid})
    gaps = np.diff(across) if len(across) > 1 else np.zeros(1)
    assert gaps.max(initial=0.0) <= grid[0].width * (1 - POLICY.overlap) + 1e-6


def test_small_picture_and_empty_one_have_no_tiles() -> None:
    assert plan_grid((320, 180), INPUT, POLICY) == []
    assert plan_grid((350, 190), INPUT, POLICY) == []
    assert TileSearch(POLICY).plan(0.0, (320, 180), INPUT, None) == []


@pytest.mark.parametrize(("policy", "size"), [(TilePolicy(most=0), (3840, 2160)), (POLICY, (320, 180))])
def test_without_tiles_what_the_model_found_stays_as_it_is(policy: TilePolicy, size: tuple[int, int]) -> None:
    found = boxes((0.1, 0.1, 0.5, 0.5), (0.1, 0.1, 0.5, 0.4), (0.2, 0.2, 0.3, 0.3))
    search = TileSearch(policy)
    assert search.plan(0.0, size, INPUT, None) == []
    assert search.join(found, []) is found, "overlapping people and parts are the model's affair"


def test_tiles_that_are_taken_away_leave_nothing_behind() -> None:
    search = TileSearch(POLICY)
    first, *_ = search.plan(0.0, SIZE, INPUT, NOTHING)
    assert len(search.join(no_detections(), [(first, boxes((0.05, 0.05, 0.1, 0.1)))])) == 1
    search.set_most(0)
    assert search.plan(0.1, SIZE, INPUT, NOTHING) == []
    assert len(search.join(no_detections(), [])) == 0


def test_who_is_on_a_seam_is_found_once_and_whole() -> None:
    detector = BrightDetector(least_px=8)
    small, on_a_seam = (300, 100, 18, 30), (312, 160, 18, 34)
    without = PictureAnalysis(detector, (), gated=False).analyse(picture(0, small, on_a_seam))
    assert len(decode_boxes(without.boxes or b"")) == 0, "too small for the whole"
    analysis = PictureAnalysis(detector, (), gated=False, tiles=POLICY)
    found = decode_boxes(analysis.analyse(picture(0, small, on_a_seam)).boxes or b"")
    corners = sorted((found.boxes_norm_xyxy * np.array(SIZE * 2)).round().astype(int).tolist())
    assert corners == [[300, 100, 318, 130], [312, 160, 330, 194]]


def test_who_is_larger_than_a_tile_stays_one() -> None:
    detector = BrightDetector(least_px=8)
    analysis = PictureAnalysis(detector, (), gated=False, tiles=POLICY)
    found = decode_boxes(analysis.analyse(picture(0, (100, 20, 200, 330))).boxes or b"")
    assert (found.boxes_norm_xyxy * np.array(SIZE * 2)).round().astype(int).tolist() == [[100, 20, 300, 350]]


def test_looks_are_bounded_and_where_it_moves_comes_first() -> None:
    search = TileSearch(TilePolicy(most=2))
    corner = np.array([[0.9, 0.9, 0.95, 0.95]], np.float32)
    seen = set()
    for step in range(20):
        chosen = search.plan(step * 0.1, SIZE, INPUT, corner)
        assert 1 <= len(chosen) <= 2
        assert any(tile.left + tile.width > 0.95 and tile.top + tile.height > 0.95 for tile in chosen)
        seen |= set(chosen)
    assert seen == set(plan_grid(SIZE, INPUT, POLICY)), "the others come in turn"


def test_who_stands_is_said_again_until_his_tile_is_looked_at_or_something_moves_there() -> None:
    search = TileSearch(TilePolicy(most=1))
    grid = plan_grid(SIZE, INPUT, POLICY)
    left, top = grid[0].width / 2, grid[0].height / 2
    person = boxes((left, top, left + 0.02, top + 0.05))
    assert search.plan(0.0, SIZE, INPUT, NOTHING) == [grid[0]]
    assert len(search.join(no_detections(), [(grid[0], person)])) == 1
    assert search.plan(0.1, SIZE, INPUT, NOTHING) == [grid[1]]
    assert len(search.join(no_detections(), [(grid[1], no_detections())])) == 1
    there = np.array([[left, top, left + 0.02, top + 0.05], [0.9, 0.9, 1, 1]], np.float32)
    last = search.plan(0.2, SIZE, INPUT, there[1:])
    assert grid[0] not in last
    assert len(search.join(no_detections(), [(tile, no_detections()) for tile in last])) == 1
    search.set_most(9)
    again = search.plan(0.3, SIZE, INPUT, there[:1])
    assert grid[0] in again
    assert len(search.join(no_detections(), [(tile, no_detections()) for tile in again])) == 0


def test_still_tiles_are_left_alone_once_all_are_fresh() -> None:
    search = TileSearch(POLICY)
    assert len(search.plan(0.0, SIZE, INPUT, NOTHING)) == len(plan_grid(SIZE, INPUT, POLICY))
    assert search.plan(0.1, SIZE, INPUT, NOTHING) == []
    assert search.plan(0.9, SIZE, INPUT, NOTHING) != []
    assert search.plan(0.5, SIZE, INPUT, NOTHING) != [], "time went back"


def test_torso_in_a_tile_is_no_second_person_but_a_surer_small_one_before_a_large_one_is() -> None:
    search, window = TileSearch(POLICY), Window(0.0, 0.0, 0.5, 0.5)
    grid = search.plan(0.0, SIZE, INPUT, NOTHING)
    person = boxes((0.1, 0.1, 0.2, 0.4))
    torso = boxes((0.12, 0.15, 0.19, 0.25))
    assert window == grid[0]
    assert len(search.join(person, [(window, torso)])) == 1
    weak = type(person)(person.boxes_norm_xyxy, person.confidence * 0.5, person.class_id)
    assert len(search.join(weak, [(window, torso)])) == 2


def test_busy_processor_takes_tiles_before_pictures_and_gives_them_back_slowly() -> None:
    budget = TileBudget(8)
    for expected in (4, 2, 1, 0, 0):
        budget.note_round(has_time=False)
        assert budget.allowed == expected
    rounds = [budget.note_round(has_time=True) or budget.allowed for _ in range(100)]
    assert (rounds[8], rounds[9], rounds[-1]) == (0, 1, 8)
