"""Hazards of parts that analysis does not look at: they wake the model, tracks of nobody, blindness next door."""

import numpy as np

from tests.unit.vision.test_motion_zones import EXCLUDE, H, W, ground, put, rectangle, run, zones
from vedette.core.detections import Detections, no_detections
from vedette.core.motion import MotionSettings, MotionZoneKind
from vedette.media.planes import PlanarFrame
from vedette.testing.bright_detector import BrightDetector
from vedette.vision.engine import PictureAnalysis
from vedette.vision.motion import MotionDetector
from vedette.vision.motion_area import draw_counted, draw_looked_at
from vedette.vision.regions import keep_looked_at
from vedette.vision.wire import decode_boxes

LOOK, IGNORE = MotionZoneKind.LOOK, MotionZoneKind.IGNORE
ROAD = zones((IGNORE, rectangle(0, 0.5, 1, 1)))


def boxes(*corners: tuple[float, float, float, float]) -> Detections:
    rows = np.array(corners, np.float32).reshape(-1, 4)
    return Detections(rows, np.full(len(rows), 0.9, np.float32), np.zeros(len(rows), np.int16))


def frame(step: int, picture: np.ndarray) -> PlanarFrame:
    chroma = np.full((H // 2, W // 2), 128, np.uint8)
    return PlanarFrame(step * 9000, picture.astype(np.uint8), chroma, chroma)


def test_object_is_where_it_stands_and_not_where_its_head_is() -> None:
    found = boxes((0.1, 0.1, 0.2, 0.49), (0.3, 0.2, 0.4, 0.6), (0.5, 0.6, 0.6, 0.9))
    assert keep_looked_at(found, ROAD).boxes_norm_xyxy[:, 0].tolist() == [np.float32(0.1)]
    assert keep_looked_at(found, MotionSettings()) is found
    assert keep_looked_at(found, zones((EXCLUDE, rectangle(0, 0, 1, 1)))) is found, "motion zones are not regions"
    assert len(keep_looked_at(no_detections(), ROAD)) == 0


def test_what_moves_where_analysis_does_not_look_wakes_nothing() -> None:
    detector = MotionDetector(ROAD)
    run(detector, [ground(seed) for seed in range(20)])
    seen = run(detector, [put(ground(20 + at), 4 + 4 * at, 55, 20, 30) for at in range(15)], 20)
    assert max(one.anywhere for one in seen) == max(one.level for one in seen) == 0.0
    assert sum(len(one.objects) for one in seen) == 0
    assert all(one.moving is not None and not len(one.moving) for one in seen)


def test_person_beside_an_ignored_road_is_found_and_the_cars_are_not_asked_for() -> None:
    detector = BrightDetector()
    analysis = PictureAnalysis(detector, (), gated=True, motion=ROAD)
    for step in range(40):
        analysis.analyse(frame(step, put(ground(step), 4 + 3 * step, 55, 20, 30)))
    looks = len(detector.asked)
    assert looks <= 6, "one at the start and one each 0.8 s: a moving car does not wake the model"
    found = analysis.analyse(frame(40, put(put(ground(40), 100, 55, 20, 30), 20, 10, 12, 30)))
    assert found.boxes is not None
    kept = decode_boxes(found.boxes)
    assert [round(box[3], 1) for box in kept.boxes_norm_xyxy.tolist()] == [round(40 / H, 1)]
    analysis.tune(MotionSettings())
    later = analysis.analyse(frame(41, put(put(ground(41), 100, 55, 20, 30), 20, 10, 12, 30)))
    assert later.boxes is not None
    assert len(decode_boxes(later.boxes)) == 2


def test_moving_thing_found_without_a_model_is_dropped_where_nobody_looks() -> None:
    analysis = PictureAnalysis(None, (), gated=True, motion=ROAD)
    results = [analysis.analyse(frame(step, put(ground(step), 4 + 4 * step, 55, 20, 30))) for step in range(30)]
    assert all(len(decode_boxes(result.boxes or b"")) == 0 for result in results[10:])


def test_tall_thing_on_an_ignored_road_is_not_the_half_of_it_that_shows_above() -> None:
    detector = MotionDetector(ROAD)
    run(detector, [ground(seed) for seed in range(20)])
    tall = [put(ground(20 + at), 4 + 4 * at, 25, 16, 50) for at in range(15)]
    assert sum(len(one.objects) for one in run(detector, tall, 20)) == 0
    detector = MotionDetector(zones((EXCLUDE, rectangle(0, 0.5, 1, 1))))
    run(detector, [ground(seed) for seed in range(20)])
    assert sum(len(one.objects) for one in run(detector, tall, 20)) > 0, "motion zones cut, as before"


def test_look_zone_is_all_that_counts_and_motion_zones_narrow_it_further() -> None:
    both = zones((LOOK, rectangle(0, 0, 0.5, 1)), (EXCLUDE, rectangle(0, 0, 0.25, 1)))
    looked_at, counted = draw_looked_at(both, H, W), draw_counted(both, H, W)
    assert looked_at is not None
    assert counted is not None
    row = H // 2
    assert [bool(looked_at[row, x]) for x in (20, 60, 120)] == [True, True, False]
    assert [bool(counted[row, x]) for x in (20, 60, 120)] == [False, True, False]
    assert (both.looks_at(0.1, 0.5), both.counts_at(0.1, 0.5), both.counts_at(0.4, 0.5)) == (True, False, True)
    assert draw_looked_at(zones((EXCLUDE, rectangle(0, 0, 1, 1))), H, W) is None
