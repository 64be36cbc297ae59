"""Hazards of tracking: flicker, gaps, crossings, jumps in time, classes that change, the number of objects."""

import numpy as np
import pytest

from vedette.core.detections import Detections
from vedette.vision.track.box_filter import BoxFilter, to_cxcywh, to_xyxy
from vedette.vision.track.tracker import Tracker, TrackPolicy

PERSON, VEHICLE, TWO_WHEELER, OBJECT = 0, 1, 2, 3


def found(*boxes: tuple[float, float, float, float], confidence: float = 0.8, class_id: int = PERSON) -> Detections:
    return Detections(
        np.array(boxes, np.float32).reshape(-1, 4),
        np.full(len(boxes), confidence, np.float32),
        np.full(len(boxes), class_id, np.int16),
    )


def walker(x: float, y: float = 0.5) -> tuple[float, float, float, float]:
    return (x - 0.03, y - 0.1, x + 0.03, y + 0.1)


def numbers(tracker: Tracker, steps: list[Detections], fps: float = 10.0, start_s: float = 0.0) -> list[list[int]]:
    return [sorted(tracker.push(d, start_s + i / fps).tracks.track_id.tolist()) for i, d in enumerate(steps)]


def test_no_detections_at_all() -> None:
    update = Tracker().push(found(), 0.0)
    assert len(update.tracks) == 0
    assert update.tracks.boxes_norm_xyxy.shape == (0, 4)
    assert update.ended == ()


def test_object_is_numbered_after_min_hits_and_keeps_its_number() -> None:
    seen = numbers(Tracker(), [found(walker(0.1 + 0.02 * i)) for i in range(20)])
    assert seen == [[], []] + [[1]] * 18


def test_flicker_is_nobody() -> None:
    steps = [found(walker(0.5)), found(), found(), found(), found(), found(), found(), found(), found(walker(0.5))] * 3
    assert all(row == [] for row in numbers(Tracker(), steps))


def test_box_is_as_measured_not_predicted() -> None:
    tracker = Tracker()
    for i in range(5):
        update = tracker.push(found(walker(0.1 + 0.02 * i)), i / 10)
    np.testing.assert_allclose(update.tracks.boxes_norm_xyxy[0], walker(0.18), atol=1e-6)


def test_short_loss_behind_a_pillar_keeps_the_number() -> None:
    path = [found(walker(0.1 + 0.02 * i)) for i in range(30)]
    for i in range(12, 22):
        path[i] = found()
    seen = numbers(Tracker(), path)
    assert seen[-1] == [1]
    assert {n for row in seen for n in row} == {1}


def test_long_loss_is_a_new_object_and_the_old_one_is_told_as_ended() -> None:
    tracker = Tracker(TrackPolicy(lost_s=1.0))
    numbers(tracker, [found(walker(0.5))] * 5)
    ended = [tracker.push(found(), 0.5 + i / 10).ended for i in range(15)]
    assert [e for e in ended if e] == [(1,)]
    assert numbers(tracker, [found(walker(0.5))] * 4, start_s=2.1)[-1] == [2]


def test_two_who_cross_keep_their_numbers() -> None:
    tracker = Tracker()
    first: dict[int, float] = {}
    for i in range(40):
        left, right = 0.2 + 0.015 * i, 0.8 - 0.015 * i
        update = tracker.push(found(walker(left, 0.5), walker(right, 0.53)), i / 10)
        for number, box in zip(update.tracks.track_id.tolist(), update.tracks.boxes_norm_xyxy, strict=True):
            first.setdefault(number, float(box[0]))
    last = dict(zip(update.tracks.track_id.tolist(), update.tracks.boxes_norm_xyxy[:, 0].tolist(), strict=True))
    assert len(first) == 2
    for number, x in first.items():
        assert (x < 0.5) == (last[number] > 0.5), "each must come out on the other side"


def test_unsure_detection_keeps_a_followed_track_but_begins_none() -> None:
    tracker = Tracker()
    numbers(tracker, [found(walker(0.5))] * 4)
    assert numbers(tracker, [found(walker(0.5), confidence=0.2)] * 5, start_s=0.4) == [[1]] * 5
    assert all(row == [] for row in numbers(Tracker(), [found(walker(0.5), confidence=0.3)] * 10))


def test_fast_object_at_a_low_rate_is_one() -> None:
    steps = [found(walker(0.05 + 0.08 * i)) for i in range(11)]
    assert {n for row in numbers(Tracker(), steps, fps=5) for n in row} == {1}


def test_class_is_by_vote_and_a_car_never_becomes_a_person() -> None:
    tracker = Tracker()
    for i, class_id in enumerate([TWO_WHEELER, PERSON, TWO_WHEELER, TWO_WHEELER, PERSON, TWO_WHEELER]):
        update = tracker.push(found(walker(0.5), class_id=class_id), i / 10)
    assert update.tracks.track_id.tolist() == [1]
    assert update.tracks.class_id.tolist() == [TWO_WHEELER]
    numbers(tracker, [found(walker(0.5), class_id=VEHICLE)] * 4, start_s=0.6)
    update = tracker.push(found(walker(0.5), class_id=VEHICLE), 1.0)
    assert update.tracks.track_id.tolist() == [2]


def test_moving_thing_keeps_its_number_when_it_is_named_and_its_name_when_it_is_not() -> None:
    tracker = Tracker()
    classes = [OBJECT] * 5 + [PERSON] + [OBJECT] * 4
    for i, class_id in enumerate(classes):
        tracks = tracker.push(found(walker(0.1 + 0.01 * i), class_id=class_id), i / 10).tracks
    assert (tracks.track_id.tolist(), tracks.class_id.tolist()) == ([1], [PERSON])


def test_one_doubtful_look_names_no_moving_thing_and_two_do() -> None:
    tracker, told = Tracker(), []
    for i, class_id in enumerate([OBJECT, OBJECT, OBJECT, VEHICLE, OBJECT, VEHICLE]):
        step = found(walker(0.1 + 0.01 * i), class_id=class_id, confidence=0.5)
        told += tracker.push(step, i / 10).tracks.class_id.tolist()
    assert told == [OBJECT, OBJECT, OBJECT, VEHICLE]


def test_second_box_on_the_same_person_begins_no_track() -> None:
    inner = (0.475, 0.42, 0.525, 0.6)
    seen = numbers(Tracker(), [found(walker(0.5), inner)] * 10)
    assert {n for row in seen for n in row} == {1}


@pytest.mark.parametrize("jump_s", [-5.0, 0.0, 3600.0])
def test_time_may_jump(jump_s: float) -> None:
    tracker = Tracker()
    numbers(tracker, [found(walker(0.5))] * 5)
    update = tracker.push(found(walker(0.5)), 0.5 + jump_s)
    assert np.isfinite(update.tracks.boxes_norm_xyxy).all()


def test_input_is_not_modified() -> None:
    given = found(walker(0.5), walker(0.7))
    before = given.boxes_norm_xyxy.copy()
    tracker = Tracker()
    for i in range(4):
        tracker.push(given, i / 10)
    np.testing.assert_array_equal(given.boxes_norm_xyxy, before)


def test_filter_learns_the_speed() -> None:
    boxes = [np.array([walker(0.1 + 0.02 * i)], np.float32) for i in range(15)]
    state = BoxFilter.start(to_cxcywh(boxes[0]))
    for box in boxes[1:]:
        state = state.predict(0.1).update(np.array([0]), to_cxcywh(box))
    assert state.speed[0, 0] == pytest.approx(0.2, rel=0.15)
    ahead = to_xyxy(state.predict(0.5).position)
    assert ahead[0, 0] == pytest.approx(0.1 + 0.28 + 0.1 - 0.03, abs=0.02)


def test_a_still_picture_has_one_moment_and_everybody_in_it_counts() -> None:
    tracker = Tracker(TrackPolicy(min_hits=1))
    assert tracker.push(found(walker(0.2), walker(0.7)), 0.0).tracks.track_id.tolist() == [1, 2]
