"""Hazards of a modest model: posts that are surely people, people whom it does not know, two tracks for one thing."""

import numpy as np

from vedette.core.detections import CLASS_NAMES, Detections
from vedette.media.planes import PlanarFrame
from vedette.testing.bright_detector import BrightDetector
from vedette.vision.engine import PictureAnalysis
from vedette.vision.motion import Motion
from vedette.vision.naming import name_things
from vedette.vision.wire import decode_boxes

PERSON, VEHICLE, OBJECT = (CLASS_NAMES.index(name) for name in ("person", "vehicle", "object"))
Row = tuple[float, float, float, float, float]


def boxes(class_id: int, *rows: Row) -> Detections:
    table = np.array(rows, np.float32).reshape(-1, 5)
    return Detections(table[:, :4], table[:, 4], np.full(len(rows), class_id, np.int16))


def motion(*things: Row, is_known: bool = True) -> Motion:
    objects = boxes(OBJECT, *things)
    return Motion(0.1, objects, 0.1, objects.boxes_norm_xyxy if is_known else None)


def told(found: Detections) -> list[tuple[str, float]]:
    return [
        (CLASS_NAMES[c], round(float(box[0]), 3)) for c, box in zip(found.class_id, found.boxes_norm_xyxy, strict=True)
    ]


def test_sure_box_on_what_stands_still_counts_for_nothing() -> None:
    named = boxes(PERSON, (0.1, 0.2, 0.15, 0.5, 0.95), (0.6, 0.2, 0.65, 0.5, 0.5))
    assert told(name_things(named, motion((0.59, 0.2, 0.66, 0.5, 0.8)))) == [("person", 0.6)]


def test_thing_without_a_name_stays_an_object_and_one_with_a_name_is_told_once() -> None:
    named = boxes(PERSON, (0.6, 0.2, 0.65, 0.5, 0.5))
    things = motion((0.59, 0.2, 0.66, 0.5, 0.8), (0.2, 0.2, 0.3, 0.5, 0.8))
    assert told(name_things(named, things)) == [("person", 0.6), ("object", 0.2)]


def test_doubtful_box_names_nothing_but_is_passed_on_to_the_tracker() -> None:
    named = boxes(PERSON, (0.6, 0.2, 0.65, 0.5, 0.2))
    assert told(name_things(named, motion((0.59, 0.2, 0.66, 0.5, 0.8)))) == [("person", 0.6), ("object", 0.59)]


def test_one_named_in_a_group_explains_the_group() -> None:
    named = boxes(PERSON, (0.5, 0.2, 0.55, 0.5, 0.7))
    assert told(name_things(named, motion((0.4, 0.2, 0.7, 0.5, 0.8)))) == [("person", 0.5)]


def test_head_at_the_pictures_edge_is_no_vehicle_and_a_car_that_comes_in_is() -> None:
    thing = motion((0.4, 0.7, 0.6, 1.0, 0.8))
    assert told(name_things(boxes(VEHICLE, (0.41, 0.7, 0.6, 1.0, 0.5)), thing)) == [("object", 0.4)]
    assert told(name_things(boxes(VEHICLE, (0.41, 0.7, 0.6, 1.0, 0.7)), thing)) == [("vehicle", 0.41)]
    assert told(name_things(boxes(PERSON, (0.41, 0.7, 0.6, 1.0, 0.5)), thing)) == [("person", 0.41)]


def test_a_part_of_a_vehicle_is_no_second_one_and_one_beside_or_surer_is() -> None:
    thing = motion((0.2, 0.2, 0.6, 0.8, 0.9))
    car, bonnet, beside = (0.2, 0.2, 0.6, 0.8, 0.5), (0.25, 0.5, 0.55, 0.75, 0.45), (0.45, 0.4, 0.8, 0.75, 0.45)
    assert told(name_things(boxes(VEHICLE, bonnet, car), thing)) == [("vehicle", 0.2)]
    assert told(name_things(boxes(VEHICLE, beside, car), thing)) == [("vehicle", 0.45), ("vehicle", 0.2)]
    assert len(told(name_things(boxes(VEHICLE, (*bonnet[:4], 0.6), car), thing))) == 2, "a car in front of a lorry"
    assert len(told(name_things(boxes(PERSON, bonnet, car), thing))) == 2, "a child before its mother"


def test_a_vehicle_that_nearly_fills_the_picture_must_be_nearly_certain() -> None:
    thing = motion((0.1, 0.1, 0.9, 0.9, 0.9))
    assert told(name_things(boxes(VEHICLE, (0.1, 0.1, 0.9, 0.9, 0.7)), thing)) == [("object", 0.1)]
    assert told(name_things(boxes(VEHICLE, (0.1, 0.1, 0.9, 0.9, 0.8)), thing)) == [("vehicle", 0.1)]
    assert told(name_things(boxes(PERSON, (0.1, 0.1, 0.9, 0.9, 0.7)), thing)) == [("person", 0.1)]


def test_where_motion_is_not_known_the_surest_count() -> None:
    named = boxes(PERSON, (0.6, 0.2, 0.65, 0.5, 0.7), (0.1, 0.2, 0.15, 0.5, 0.5))
    assert told(name_things(named, motion(is_known=False))) == [("person", 0.6)]


def test_engine_tells_a_walker_and_not_the_lamp() -> None:
    """Both are bright, so the model calls both a person; only one moves."""
    analysis = PictureAnalysis(BrightDetector(needs_motion=True), (), gated=False)
    for index in range(40):
        luma = np.full((180, 320), 60, np.uint8)
        luma[40:120, 20:40] = 220
        left = 6 * index
        if index > 10:
            luma[60:140, left : left + 24] = 220
        chroma = np.full((90, 160), 128, np.uint8)
        result = analysis.analyse(PlanarFrame(index * 9000, luma, chroma, chroma))
    assert result.boxes is not None
    [(name, at)] = told(decode_boxes(result.boxes))
    assert name == "person"
    assert abs(at - left / 320) < 0.03
