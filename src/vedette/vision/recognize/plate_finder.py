"""Finds number plates in a picture of any size with a detector of one fixed input. Inside the jail.

The detector knows plates of about 20 to 120 pixels. A vehicle's crop is looked at whole first, and in four overlapping
parts at twice the size only when that shows nothing sure; a whole picture is looked at in three sizes.
"""

from collections.abc import Iterator, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from vedette.vision.picture import Image
from vedette.vision.ports import Network
from vedette.vision.recognize.plate_corners import FoundPlates, decode_plates, merge_plates

SIDE_PX = 256
_STEP = 0.75
"""Of the side: neighbouring parts overlap by a quarter, more than the widest plate's half."""
_PADDING = 114
_WIDTHS_PX = (44.0, 38.0, 52.0)
"""Of a plate in the second looks: wider ones come out too narrow. Chosen on OpenALPR US."""
MOST_FINDS = 8


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

    def find(self, image_bgr: Image, zooms: Sequence[int], most: int = MOST_FINDS) -> FoundPlates:
        """Finds plates, corners in pixels of the picture.

        Args:
            image_bgr: (H, W, 3) uint8.
            zooms: Long side of the views in units of the detector's side, tried in order until something is sure.
            most: How many of the surest to look at again; the others are dropped.
        """
        corners, scores = [np.zeros((0, 4, 2), np.float32)], [np.zeros(0, np.float32)]
        for zoom in zooms:
            scale = zoom * SIDE_PX / max(image_bgr.shape[:2])
            if zoom > zooms[0] and (scale > 2.0 or max(map(float, np.concatenate(scores)), default=0.0) >= self._sure):
                break
            for found, offset in self._look(image_bgr, scale):
                corners.append((found.corners_xy + offset) / np.float32(scale))
                scores.append(found.score)
        found = merge_plates(FoundPlates(np.concatenate(corners), np.concatenate(scores)))
        return self._looked_at_again(image_bgr, found.corners_xy[:most])

    def find_everywhere(self, image_bgr: Image) -> FoundPlates:
        """Finds the plates of a whole picture: views up to the picture's own size, all of them."""
        finest = int(np.clip(np.ceil(max(image_bgr.shape[:2]) / SIDE_PX), 1, 5))
        views = [self.find(image_bgr, (zoom,)) for zoom in sorted({1, 2, 3, finest} - set(range(finest + 1, 4)))]
        corners, scores = (
            np.concatenate(parts) for parts in zip(*((v.corners_xy, v.score) for v in views), strict=True)
        )
        return merge_plates(FoundPlates(corners, scores))

    def _looked_at_again(self, image_bgr: Image, finds: NDArray[np.float32]) -> FoundPlates:
        """Looks at each of the finds again, in the middle of views in which a plate has the sizes whose corners
        the detector tells best; their mean is taken. What is a plate in none of them is dropped.
        """
        corners, scores = [np.zeros((0, 4, 2), np.float32)], [np.zeros(0, np.float32)]
        for first in finds:
            looks = [look for width in _WIDTHS_PX if len((look := self._look_near(image_bgr, first, width)).score)]
            if looks:
                corners.append(np.mean([look.corners_xy for look in looks], axis=0))
                scores.append(np.max([look.score for look in looks], axis=0))
        return merge_plates(FoundPlates(np.concatenate(corners), np.concatenate(scores)))

    def _look_near(self, image_bgr: Image, around: NDArray[np.float32], width_px: float) -> FoundPlates:
        """The plate in the middle of a view in which these corners are so wide; none or one."""
        low, high = around.min(axis=0), around.max(axis=0)
        scale = width_px / max(float(high[0] - low[0]), 2.0 * float(high[1] - low[1]), 4.0)
        shift = SIDE_PX / 2 - (low + high) / 2 * scale
        view = _zoomed(image_bgr, scale, shift)
        again = decode_plates(
            self._network.infer(view[None].astype(np.float32) / np.float32(255))["plates"][0], self._floor
        )
        near = np.abs(again.corners_xy.mean(axis=1) - SIDE_PX / 2).max(axis=1, initial=0.0) <= width_px / 2
        return FoundPlates(
            (again.corners_xy[near][:1] - shift.astype(np.float32)) / np.float32(scale), again.score[near][:1]
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


def _zoomed(image_bgr: Image, scale: float, shift_xy: NDArray[np.float32]) -> Image:
    """A view of one place, (256, 256, 3): what lies outside the picture is grey. Shrinks by averaging."""
    source, rest = image_bgr, scale
    if scale < 0.7:
        low = np.maximum(np.floor(-shift_xy / scale), 0).astype(int)
        high = np.ceil((SIDE_PX - shift_xy) / scale).astype(int)
        part = image_bgr[low[1] : max(high[1], low[1] + 2), low[0] : max(high[0], low[0] + 2)]
        source = np.asarray(cv2.resize(part, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8)
        shift_xy, rest = (shift_xy + low * scale).astype(np.float32), 1.0
    matrix = np.array([[rest, 0, shift_xy[0]], [0, rest, shift_xy[1]]], np.float64)
    border = (_PADDING, _PADDING, _PADDING)
    return np.asarray(cv2.warpAffine(source, matrix, (SIDE_PX, SIDE_PX), borderValue=border), np.uint8)


def _starts(length: int) -> list[int]:
    """Where parts begin so that they cover the length, the last one flush with its end."""
    if length <= SIDE_PX:
        return [0]
    count = int(np.ceil((length - SIDE_PX) / (SIDE_PX * _STEP))) + 1
    return [int(start) for start in np.linspace(0, length - SIDE_PX, count).round()]
