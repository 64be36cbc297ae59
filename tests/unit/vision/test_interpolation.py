"""Hazards of placing tracks between pictures: a box taken from the wrong picture, another object's box, a guess over a
hole in time.
"""

import numpy as np

from vedette.core.detections import Tracks, no_tracks
from vedette.core.time import NS_PER_S
from vedette.vision.track.interpolation import place_tracks


def tracks(**left_by_number: float) -> Tracks:
    """Tracks `t1=0.1`: boxes of a tenth of the picture that begin there."""
    numbers = np.array([int(name[1:]) for name in left_by_number], np.int64)
    left = np.array(list(left_by_number.values()), np.float32)
    boxes = np.stack([left, left * 0, left + 0.1, left * 0 + 0.1], axis=1).reshape(-1, 4).astype(np.float32)
    return Tracks(numbers, boxes, np.full(len(left), 0.5, np.float32), np.zeros(len(left), np.int16))


def test_a_box_lies_on_the_line_between_the_nearest_pictures() -> None:
    history = [(0, tracks(t7=0.9)), (100, tracks(t7=0.2, t8=0.5)), (200, tracks(t8=0.6, t7=0.4)), (300, tracks(t7=0.8))]
    placed = place_tracks(history, 125)
    lefts = {int(n): round(float(box[0]), 3) for n, box in zip(placed.track_id, placed.boxes_norm_xyxy, strict=True)}
    assert lefts == {7: 0.25, 8: 0.525}


def test_a_picture_of_the_very_moment_is_taken_as_it_is() -> None:
    history = [(100, tracks(t7=0.2, t8=0.5)), (200, tracks(t7=0.4))]
    assert place_tracks(history, 100).track_id.tolist() == [7, 8]
    assert place_tracks(history, 200).track_id.tolist() == [7]


def test_who_was_seen_on_one_side_only_is_not_placed() -> None:
    assert place_tracks([(100, tracks(t7=0.2)), (200, tracks(t8=0.4))], 150).track_id.tolist() == []


def test_outside_of_the_history_and_over_a_hole_nothing_is_placed() -> None:
    history = [(100, tracks(t7=0.2)), (100 + 2 * NS_PER_S, tracks(t7=0.4))]
    for at_ns in (99, 101 + 2 * NS_PER_S, NS_PER_S):
        assert len(place_tracks(history, at_ns)) == 0
    assert len(place_tracks([], 5)) == 0
    assert len(place_tracks([(4, no_tracks()), (6, no_tracks())], 5)) == 0
