"""Motion finds, a modest model names.

The embedded detector has learned from few places. Where it is wrong it is mostly wrong about what stands still: chairs,
posts, marks on a road. So its boxes count only on what differs from the background, and what it does not name stays
what the motion detector calls it, an object. Where it is not known what moves (a still picture, a stream's first
moments, light that changed) only its surest boxes count. Pure. Design: docs/design/detector.md.
"""

import numpy as np
from numpy.typing import NDArray

from vedette.core.detections import CLASS_NAMES, Detections, join_detections
from vedette.vision.boxes import Boxes, are_parts, areas, shared_areas
from vedette.vision.motion import Motion

_ON_THINGS = 0.4
"""Share of a box that must lie on what differs from the background."""
_EXPLAINED = 0.5
"""A thing is named by a box that shares this much of the smaller of both."""
_NAMING = 0.35
"""Confidence from which a box names a thing."""
_SURE_ALONE = 0.6
"""Confidence from which a box counts that nothing supports, and a vehicle that the picture's edge cuts: close to the
camera there is a head or a leg, of which the network makes one.
"""
_LARGE, _SURE_OF_LARGE = 0.4, 0.75
"""Share of the picture from which a vehicle must be surer still: a table in front of the camera was one to .59."""
_PART = 0.8
"""Share of a vehicle that lies in a larger, surer one, from which it is a part of that: the roof or the bonnet."""
_EDGE = 0.01
_VEHICLE = CLASS_NAMES.index("vehicle")


def name_things(named: Detections, motion: Motion) -> Detections:
    """The model's boxes that lie on moving things, and the things that none of them names."""
    if motion.moving is None:
        return named.select(named.confidence >= _SURE_ALONE)
    named = named.select(~_are_no_vehicles(named))
    things = motion.objects
    shared = shared_areas(named.boxes_norm_xyxy, things.boxes_norm_xyxy)
    own, theirs = areas(named.boxes_norm_xyxy), areas(things.boxes_norm_xyxy)
    moving = shared.sum(axis=1) >= _ON_THINGS * own
    smaller = np.minimum(own[:, None], theirs[None, :])
    naming = (moving & (named.confidence >= _NAMING))[:, None]
    explained = ((shared >= _EXPLAINED * smaller) & naming).any(axis=0)
    return join_detections([named.select(moving), things.select(~explained)])


def _are_no_vehicles(named: Detections) -> NDArray[np.bool_]:
    """(N,) which boxes of vehicles are not to be believed."""
    boxes, confidence = named.boxes_norm_xyxy, named.confidence
    is_large = areas(boxes) >= _LARGE
    doubtful = (_are_cut(boxes) & (confidence < _SURE_ALONE)) | (is_large & (confidence < _SURE_OF_LARGE))
    parts = are_parts(boxes, confidence, named.class_id, _PART)
    return np.asarray((named.class_id == _VEHICLE) & (doubtful | parts), np.bool_)


def _are_cut(boxes: Boxes) -> NDArray[np.bool_]:
    """(N,) whether a box touches the picture's edge."""
    return np.asarray((boxes[:, :2] <= _EDGE).any(axis=1) | (boxes[:, 2:] >= 1 - _EDGE).any(axis=1), np.bool_)
