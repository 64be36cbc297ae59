"""Which tracks lie where motion counts. Pure."""

import numpy as np

from vedette.core.detections import Tracks
from vedette.core.motion import MotionSettings

_ACROSS = (0.0, 0.25, 0.5, 0.75, 1.0)
"""Where each box is looked at, as shares of its width and height: an object that reaches into the part counts."""


def keep_counted(tracks: Tracks, motion: MotionSettings) -> Tracks:
    """Drops tracks whose whole box lies where motion does not count; order and the rest stay as they are."""
    if not motion.zones or not len(tracks):
        return tracks
    keep = np.array([_reaches_in(box, motion) for box in tracks.boxes_norm_xyxy.tolist()], np.bool_)
    return Tracks(tracks.track_id[keep], tracks.boxes_norm_xyxy[keep], tracks.confidence[keep], tracks.class_id[keep])


def _reaches_in(box: list[float], motion: MotionSettings) -> bool:
    left, top, right, bottom = box
    return any(
        motion.counts_at(left + (right - left) * across, top + (bottom - top) * down)
        for across in _ACROSS
        for down in _ACROSS
    )
