"""Detections and tracks of one frame, as arrays: one (N, 4), never N objects."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

CLASS_NAMES: tuple[str, ...] = ("person", "vehicle", "two_wheeler", "object")
"""Index = class id."""

MOVING_CLASS = "object"
"""A moving thing that no model has named (motion detector)."""


@dataclass(frozen=True, slots=True)
class Detections:
    """Boxes of one frame.

    Attributes:
        boxes_norm_xyxy: (N, 4) float32, 0..1 of the picture.
        confidence: (N,) float32, 0..1.
        class_id: (N,) int16, index into `CLASS_NAMES`.
    """

    boxes_norm_xyxy: NDArray[np.float32]
    confidence: NDArray[np.float32]
    class_id: NDArray[np.int16]

    def __len__(self) -> int:
        return len(self.confidence)

    def select(self, rows: NDArray[np.bool_] | NDArray[np.intp]) -> "Detections":
        """Some of them: by a mask, or by number in this order."""
        return Detections(self.boxes_norm_xyxy[rows], self.confidence[rows], self.class_id[rows])


@dataclass(frozen=True, slots=True)
class Tracks:
    """Tracks seen in one frame.

    Attributes:
        track_id: (N,) int64, unique on one stream for one life of the tracker, from 1.
        boxes_norm_xyxy: (N, 4) float32, as measured in this frame (not predicted).
        confidence: (N,) float32.
        class_id: (N,) int16, the track's class by vote.
    """

    track_id: NDArray[np.int64]
    boxes_norm_xyxy: NDArray[np.float32]
    confidence: NDArray[np.float32]
    class_id: NDArray[np.int16]

    def __len__(self) -> int:
        return len(self.track_id)


def no_detections() -> Detections:
    """Detections with N = 0."""
    return Detections(np.zeros((0, 4), np.float32), np.zeros(0, np.float32), np.zeros(0, np.int16))


def join_detections(parts: Sequence[Detections]) -> Detections:
    """The rows of all, in order; of one part at least."""
    return Detections(
        np.concatenate([part.boxes_norm_xyxy for part in parts]),
        np.concatenate([part.confidence for part in parts]),
        np.concatenate([part.class_id for part in parts]),
    )


def no_tracks() -> Tracks:
    """Tracks with N = 0."""
    return Tracks(np.zeros(0, np.int64), np.zeros((0, 4), np.float32), np.zeros(0, np.float32), np.zeros(0, np.int16))
