"""Where tracks were between two pictures. Pure."""

from collections.abc import Sequence

import numpy as np

from vedette.core.detections import Tracks, no_tracks
from vedette.core.time import NS_PER_S

MAX_GAP_NS = NS_PER_S
"""Between the pictures before and after; over a longer time a straight line is a guess."""


def place_tracks(history: Sequence[tuple[int, Tracks]], at_ns: int) -> Tracks:
    """The tracks at a moment between pictures, by a straight line between the two nearest.

    Args:
        history: Times and tracks of pictures, oldest first.
        at_ns: On the same line of time.

    Returns:
        Tracks seen in both pictures, or, when one of them is of exactly this moment, all that were seen then.
    """
    before = next(((seen_ns, tracks) for seen_ns, tracks in reversed(history) if seen_ns <= at_ns), None)
    after = next(((seen_ns, tracks) for seen_ns, tracks in history if seen_ns >= at_ns), None)
    if before is None or after is None or after[0] - before[0] > MAX_GAP_NS:
        return no_tracks()
    if after[0] == before[0]:
        return before[1]
    share = np.float32((at_ns - before[0]) / (after[0] - before[0]))
    numbers, rows, later = np.intersect1d(before[1].track_id, after[1].track_id, return_indices=True)
    boxes, moved = before[1].boxes_norm_xyxy[rows], after[1].boxes_norm_xyxy[later]
    confidence = np.minimum(before[1].confidence[rows], after[1].confidence[later])
    return Tracks(numbers, boxes + share * (moved - boxes), confidence, after[1].class_id[later])
