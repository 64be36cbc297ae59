"""Without rules of its own a camera tells of nothing that lies wholly outside its motion zones."""

import numpy as np

from vedette.behavior.counted import keep_counted
from vedette.core.detections import Tracks
from vedette.core.geometry import Polygon
from vedette.core.motion import MotionSettings, MotionZone, MotionZoneKind

ROAD = MotionSettings(
    zones=(MotionZone("Road", MotionZoneKind.EXCLUDE, Polygon(((0, 0.5), (1, 0.5), (1, 1), (0, 1)))),)
)


def tracks(*boxes: tuple[float, float, float, float]) -> Tracks:
    count = len(boxes)
    return Tracks(
        np.arange(count, dtype=np.int64),
        np.array(boxes, np.float32).reshape(-1, 4),
        np.ones(count, np.float32),
        np.zeros(count, np.int16),
    )


def test_no_tracks_are_no_tracks() -> None:
    assert len(keep_counted(tracks(), ROAD)) == 0


def test_what_reaches_into_the_counted_part_stays_and_what_is_wholly_outside_goes() -> None:
    found = keep_counted(tracks((0.1, 0.6, 0.2, 0.9), (0.1, 0.3, 0.2, 0.9), (0.5, 0.1, 0.6, 0.2)), ROAD)
    assert found.track_id.tolist() == [1, 2]


def test_without_zones_everything_stays() -> None:
    assert len(keep_counted(tracks((0.1, 0.6, 0.2, 0.9)), MotionSettings())) == 1
