"""A detector that needs no model: what is bright is a person. It cuts at a window's edge, as real ones do."""

from collections import deque
from collections.abc import Sequence

import cv2
import numpy as np
from typing_extensions import override

from vedette.core.detections import Detections
from vedette.media.planes import PlanarFrame
from vedette.vision.focus import WHOLE, Window
from vedette.vision.ports import Detector, Look

_BRIGHT = 150


class _BrightLook(Look):
    def __init__(self, found: Detections, under_way: deque["_BrightLook"]) -> None:
        self._found = found
        self._under_way = under_way
        under_way.append(self)

    @override
    def wait(self) -> Detections:
        self._under_way.remove(self)
        return self._found


class BrightDetector(Detector):
    """Finds bright things, each with a confidence of 0.9.

    Args:
        windows: Parts that it can look at alone, as `Detector.windows`.
        ahead: As `Detector.ahead`.
        least_px: Smallest side that it sees, in pixels of its input.
        needs_motion: As `Detector.needs_motion`.
    """

    def __init__(
        self,
        windows: Sequence[tuple[float, float]] = (),
        ahead: int = 1,
        least_px: float = 0.0,
        *,
        needs_motion: bool = False,
    ) -> None:
        self._needs_motion = needs_motion
        self._windows = windows
        self._least_px = least_px
        self._input_px = (160, 90)
        self._ahead = ahead
        self._under_way: deque[_BrightLook] = deque()
        self.asked: list[Window] = []
        """Where it looked, in order."""
        self.most_under_way = 0

    @property
    @override
    def release(self) -> str:
        return "bright-r1"

    @property
    @override
    def windows(self) -> Sequence[tuple[float, float]]:
        return self._windows

    @property
    @override
    def needs_motion(self) -> bool:
        return self._needs_motion

    @property
    @override
    def input_px(self) -> tuple[int, int]:
        return self._input_px

    @property
    @override
    def ahead(self) -> int:
        return self._ahead

    @override
    def start(self, frame: PlanarFrame, window: Window = WHOLE) -> Look:
        return self._look(frame, window)

    @override
    def start_tile(self, frame: PlanarFrame, tile: Window) -> Look:
        return self._look(frame, tile)

    def _look(self, frame: PlanarFrame, window: Window) -> Look:
        self.asked.append(window)
        found = _find_bright(frame, window)
        sides_px = found.boxes_norm_xyxy[:, 2:] - found.boxes_norm_xyxy[:, :2]
        seen_px = sides_px / [window.width, window.height] * self._input_px
        is_seen = np.asarray((seen_px >= self._least_px).all(axis=1), np.bool_)
        look = _BrightLook(found.select(is_seen), self._under_way)
        self.most_under_way = max(self.most_under_way, len(self._under_way))
        return look


def _find_bright(frame: PlanarFrame, window: Window) -> Detections:
    width, height = frame.size_px
    left, top = round(window.left * width), round(window.top * height)
    right, bottom = left + round(window.width * width), top + round(window.height * height)
    bright = (frame.y[top:bottom, left:right] > _BRIGHT).astype(np.uint8)
    _, _, stats, _ = cv2.connectedComponentsWithStats(bright)
    x, y, box_width, box_height, _ = stats[1:].T
    corners = np.stack([x + left, y + top, x + left + box_width, y + top + box_height], axis=1)
    boxes = (corners / [width, height, width, height]).astype(np.float32)
    return Detections(boxes, np.full(len(boxes), 0.9, np.float32), np.zeros(len(boxes), np.int16))
