"""Counts how many faces of a reference are found, and how many of ours are faces to it. Pure."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vedette.vision.boxes import Boxes, iou_matrix

MIN_SIDE_PX = 24
_SAME_IOU = 0.5


@dataclass(slots=True)
class Tally:
    """Over all pictures. What meets a face under the least side neither rewards nor punishes."""

    reference: int = 0
    found: int = 0
    ours: int = 0
    right: int = 0

    def add(self, reference: Boxes, ours: Boxes) -> None:
        """Takes the boxes of one picture."""
        is_large = _sides(reference) >= MIN_SIDE_PX
        meets = iou_matrix(reference, ours) >= _SAME_IOU
        counts = ~meets[~is_large].any(axis=0) & (_sides(ours) >= MIN_SIDE_PX)
        self.reference += int(is_large.sum())
        self.found += int(meets[is_large].any(axis=1).sum())
        self.ours += int(counts.sum())
        self.right += int((meets.any(axis=0) & counts).sum())

    @property
    def recall(self) -> float:
        """Of the reference's faces."""
        return self.found / max(self.reference, 1)

    @property
    def precision(self) -> float:
        """Of ours."""
        return self.right / max(self.ours, 1)


def _sides(boxes: Boxes) -> NDArray[np.float32]:
    return np.asarray(np.sqrt(np.prod(boxes[:, 2:] - boxes[:, :2], axis=1)), np.float32)
