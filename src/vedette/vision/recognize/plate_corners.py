"""From the plate detector's answer to corners, and from corners to the cut-out that the reader gets. Numeric, no IO."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from vedette.vision.boxes import iou_matrix, shared_areas

CELL_PX = 8
CORNER_UNIT_PX = 32.0
READER_WH = (160, 64)
_PAD = 0.06
"""Around the plate, of its own width and height: what the reader was trained with."""
_SAME_PLATE_IOU = 0.3


@dataclass(frozen=True, slots=True)
class FoundPlates:
    """Plates of one picture, surest first.

    Attributes:
        corners_xy: (N, 4, 2) float32, clockwise from the plate's own top left, in pixels.
        score: (N,) float32, 0..1.
    """

    corners_xy: NDArray[np.float32]
    score: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.score)

    @property
    def boxes_xyxy(self) -> NDArray[np.float32]:
        """(N, 4) upright boxes around the corners."""
        return np.concatenate([self.corners_xy.min(axis=1), self.corners_xy.max(axis=1)], axis=1).astype(np.float32)


def decode_plates(answer: NDArray[np.float32], floor: float) -> FoundPlates:
    """Decodes one answer of the detector.

    Args:
        answer: (rows, columns, 9): plate score 0..1, then x and y of four corners from the cell's middle.
        floor: Cells under it are nothing.
    """
    rows, columns = np.nonzero(answer[:, :, 0] >= floor)
    middles = (np.stack([columns, rows], axis=1) + 0.5) * CELL_PX
    offsets = answer[rows, columns, 1:].reshape(-1, 4, 2) * CORNER_UNIT_PX
    corners = (middles[:, None, :] + offsets).astype(np.float32)
    return merge_plates(FoundPlates(corners, answer[rows, columns, 0].astype(np.float32)))


def merge_plates(found: FoundPlates) -> FoundPlates:
    """One plate of all that overlap: corners averaged by score, the score is the best one's."""
    usable = np.isfinite(found.corners_xy).all(axis=(1, 2)) & (_areas(found.corners_xy) >= 12.0)
    corners, score = found.corners_xy[usable], found.score[usable]
    order = np.argsort(-score, kind="stable")
    corners, score = corners[order], score[order]
    overlap = _overlaps(FoundPlates(corners, score).boxes_xyxy)
    free = np.ones(len(score), bool)
    merged, best = [], []
    for row in range(len(score)):
        if not free[row]:
            continue
        group = free & (overlap[row] >= _SAME_PLATE_IOU)
        group[row] = True
        free &= ~group
        strong = group & (score >= score[row] * 0.6)
        merged.append(np.average(corners[strong], axis=0, weights=score[strong] ** 2))
        best.append(score[row])
    return FoundPlates(np.array(merged, np.float32).reshape(-1, 4, 2), np.array(best, np.float32))


def _overlaps(boxes: NDArray[np.float32]) -> NDArray[np.float32]:
    """(N, N) the larger of overlap-over-union and overlap-over-the-smaller: a part of a plate is the same plate."""
    union = iou_matrix(boxes, boxes)
    areas = (boxes[:, 2:] - boxes[:, :2]).prod(axis=1)
    smaller = np.maximum(np.minimum(areas[:, None], areas[None, :]), 1e-6)
    return np.asarray(np.maximum(union, shared_areas(boxes, boxes) / smaller * 0.5), np.float32)


def _areas(corners: NDArray[np.float32]) -> NDArray[np.float32]:
    """(N,) signed areas of quadrangles; a turned-over one is negative."""
    x, y = corners[:, :, 0], corners[:, :, 1]
    next_x, next_y = np.roll(x, -1, axis=1), np.roll(y, -1, axis=1)
    return np.asarray((x * next_y - next_x * y).sum(axis=1) / 2, np.float32)


def grown(corners_xy: NDArray[np.float32], left: float, right: float, tall: float) -> NDArray[np.float32]:
    """Corners (4, 2) moved out: the ends by fractions of the plate's width, both long sides by `tall` of its height."""
    width = (corners_xy[1] + corners_xy[2] - corners_xy[0] - corners_xy[3]) / 2
    height = (corners_xy[2] + corners_xy[3] - corners_xy[0] - corners_xy[1]) / 2
    ends = np.array([[-left], [right], [right], [-left]], np.float32)
    sides = np.array([[-1], [-1], [1], [1]], np.float32) * np.float32(tall / 2)
    return np.asarray(corners_xy + ends * width + sides * height, np.float32)


def cut_plate(image_bgr: NDArray[np.uint8], corners_xy: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Cuts one plate out and makes it upright: (64, 160) uint8 grey.

    A plate much larger than the cut-out is shrunk by averaging first: picking single pixels would tear thin strokes.
    """
    wanted = corners_xy.astype(np.float32)
    low = np.maximum(np.floor(wanted.min(axis=0) - 0.25 * np.ptp(wanted, axis=0)), 0).astype(int)
    high = np.ceil(wanted.max(axis=0) + 0.25 * np.ptp(wanted, axis=0)).astype(int)
    part = image_bgr[low[1] : max(high[1], low[1] + 2), low[0] : max(high[0], low[0] + 2)]
    if min(part.shape[:2], default=0) < 2:
        return np.zeros(READER_WH[::-1], np.uint8)
    wanted = wanted - low.astype(np.float32)
    shrink = READER_WH[0] * 1.2 / max(float(np.linalg.norm(wanted[1] - wanted[0])), 1.0)
    if shrink < 0.7:
        part = np.asarray(cv2.resize(part, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA), np.uint8)
        wanted = (wanted + 0.5) * shrink - 0.5
    grey = cv2.cvtColor(part, cv2.COLOR_BGR2GRAY)
    w, h = READER_WH
    px, py = w * _PAD / (1 + 2 * _PAD), h * _PAD / (1 + 2 * _PAD)
    target = np.array([[px, py], [w - px, py], [w - px, h - py], [px, h - py]], np.float32)
    matrix = cv2.getPerspectiveTransform(wanted.astype(np.float32), target)
    cut = cv2.warpPerspective(grey, matrix, READER_WH, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(cut, np.uint8)


def standardise(cut: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Mean 0 and deviation 1: the exposure is not the reader's concern. (1, 64, 160, 1) float32."""
    values = cut.astype(np.float32)
    spread = max(float(values.std()), 4.0)
    return ((values - float(values.mean())) / np.float32(spread))[None, :, :, None]
