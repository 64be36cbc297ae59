"""Hazards: an object's picture is its worst, every picture is asked for, one track's picture stops another's."""

import numpy as np

from vedette.core.detections import Tracks
from vedette.vision.best_shot import BestShots, add_air

SIZE = (1000, 500)


def tracks(*rows: tuple[int, float, float]) -> Tracks:
    """Number, left edge and width of boxes as high as wide in pixels."""
    boxes = [(left, 0.2, left + side, 0.2 + 2 * side) for _, left, side in rows]
    count = len(rows)
    return Tracks(
        np.array([number for number, _, _ in rows], np.int64),
        np.array(boxes, np.float32).reshape(count, 4),
        np.full(count, 0.9, np.float32),
        np.zeros(count, np.int16),
    )


def test_nothing_is_picked_of_nobody() -> None:
    assert BestShots().pick(tracks(), SIZE, 2) == []


def test_first_moment_is_picked_then_only_clearly_better_ones() -> None:
    shots = BestShots()
    assert shots.pick(tracks((1, 0.1, 0.05)), SIZE, 2) == [0]
    assert shots.pick(tracks((1, 0.1, 0.06)), SIZE, 2) == []
    assert shots.pick(tracks((1, 0.1, 0.08)), SIZE, 2) == [0]
    assert shots.pick(tracks((1, 0.1, 0.05)), SIZE, 2) == []


def test_best_come_first_and_the_rest_later() -> None:
    shots = BestShots()
    two = tracks((1, 0.1, 0.05), (2, 0.6, 0.08))
    assert shots.pick(two, SIZE, 1) == [1]
    assert shots.pick(two, SIZE, 1) == [0]


def test_larger_stream_is_better() -> None:
    shots = BestShots()
    assert shots.pick(tracks((1, 0.1, 0.05)), SIZE, 1) == [0]
    assert shots.pick(tracks((1, 0.1, 0.05)), (2000, 1000), 1) == [0]


def test_forgotten_track_begins_anew() -> None:
    shots = BestShots()
    shots.pick(tracks((1, 0.1, 0.1)), SIZE, 1)
    shots.forget([1])
    assert shots.pick(tracks((1, 0.1, 0.05)), SIZE, 1) == [0]


def test_specks_are_not_picked() -> None:
    assert BestShots().pick(tracks((1, 0.1, 0.01)), SIZE, 1) == []


def test_air_stays_within_the_picture() -> None:
    assert add_air((0.0, 0.0, 0.5, 1.0)) == (0.0, 0.0, 0.54, 1.0)
