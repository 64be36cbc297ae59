"""Which objects stand where analysis looks. Pure.

An object is where it stands: the middle of its box's lower edge. Who walks behind a hedge that is ignored is seen, who
walks on a road that is ignored is not, whatever his head covers.
"""

import numpy as np

from vedette.core.detections import Detections
from vedette.core.motion import MotionSettings


def keep_looked_at(found: Detections, settings: MotionSettings) -> Detections:
    """Drops what stands where analysis does not look; order and the rest stay as they are."""
    if settings.looks_everywhere or not len(found):
        return found
    boxes = found.boxes_norm_xyxy
    middles, feet = (boxes[:, 0] + boxes[:, 2]) / 2, boxes[:, 3]
    is_seen = [settings.looks_at(x, y) for x, y in zip(middles.tolist(), feet.tolist(), strict=True)]
    return found.select(np.array(is_seen, np.bool_))
