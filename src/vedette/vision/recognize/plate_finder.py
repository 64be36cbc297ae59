"""Finds number plates in a picture of any size with a detector of one fixed input. Inside the jail.

The detector knows plates of about 20 to 120 pixels. A vehicle's crop is looked at whole first, and in four overlapping
parts at twice the size only when that shows nothing sure; a whole picture is looked at in three sizes.
"""

from collections.abc import Iterator, Sequence

import cv2
import numpy as np

from vedette.vision.picture import Image
from vedette.vision.ports import Network
from vedette.vision.recognize.plate_corners import FoundPlates, decode_plates, merge_plates

SIDE_PX = 256
_STEP = 0.75
"""Of the side: neighbouring parts overlap by a quarter, more than the widest plate's half."""
_PADDING = 114


class PlateFinder:
    """Finds plates.

    Args:
        network: Input (1, 256, 256, 3) BGR 0..1, output `plates` (1, 32, 32, 9).
        floor: Of the score; `sure` ends the search for larger views.
    """

    def __init__(self, network: Network, floor: float, sure: float) -> None:
        self._network = network
        self._floor = floor
        self._sure = sure

    @property
    def release(self) -> str:
        """Which model."""
        return self._network.release

    def find(self, image_bgr: Image, zooms: Sequence[int]) -> FoundPlates:
        """Finds plates, corners in pixels of the picture.

        Args:
            image_bgr: (H, W, 3) uint8.
            zooms: Long side of the views in units of the detector's side, tried in order until something is sure.
        """
        corners, scores = [np.zeros((0, 4, 2), np.float32)], [np.zeros(0, np.float32)]
        for zoom in zooms:
            scale = zoom * SIDE_PX / max(image_bgr.shape[:2])
            if zoom > zooms[0] and (scale > 2.0 or max(map(float, np.concatenate(scores)), default=0.0) >= self._sure):
                break
            for found, offset in self._look(image_bgr, scale):
                corners.append((found.corners_xy + offset) / np.float32(scale))
                scores.append(found.score)
        return merge_plates(FoundPlates(np.concatenate(corners), np.concatenate(scores)))

    def find_everywhere(self, image_bgr: Image) -> FoundPlates:
        """Finds the plates of a whole picture: views up to the picture's own size, all of them."""
        finest = int(np.clip(np.ceil(max(image_bgr.shape[:2]) / SIDE_PX), 1, 5))
        views = [self.find(image_bgr, (zoom,)) for zoom in sorted({1, 2, 3, finest} - set(range(finest + 1, 4)))]
        return merge_plates(
            FoundPlates(
                np.concatenate([view.corners_xy for view in views]), np.concatenate([view.score for view in views])
            )
        )

    def _look(self, image_bgr: Image, scale: float) -> Iterator[tuple[FoundPlates, np.ndarray]]:
        way = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
        height, width = (max(2, round(side * scale)) for side in image_bgr.shape[:2])
        view = np.asarray(cv2.resize(image_bgr, (width, height), interpolation=way), np.uint8)
        for top in _starts(height):
            for left in _starts(width):
                part = view[top : top + SIDE_PX, left : left + SIDE_PX]
                padded = np.full((SIDE_PX, SIDE_PX, 3), _PADDING, np.uint8)
                padded[: part.shape[0], : part.shape[1]] = part
                answer = self._network.infer(padded[None].astype(np.float32) / np.float32(255))["plates"]
                yield decode_plates(answer[0], self._floor), np.array([left, top], np.float32)


def _starts(length: int) -> list[int]:
    """Where parts begin so that they cover the length, the last one flush with its end."""
    if length <= SIDE_PX:
        return [0]
    count = int(np.ceil((length - SIDE_PX) / (SIDE_PX * _STEP))) + 1
    return [int(start) for start in np.linspace(0, length - SIDE_PX, count).round()]
