"""Finds faces with five landmarks in a picture or a part of one: YuNet, decoded here. Inside the jail."""

from dataclasses import astuple, dataclass
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from vedette.vision.boxes import suppress_overlaps
from vedette.vision.picture import Image
from vedette.vision.ports import Network

_STRIDES = (8, 16, 32)
_NMS_IOU = 0.3
_SMALL_SIDE_SHARE = 0.1
"""Of the network's side: a face below it is small."""


@dataclass(frozen=True, slots=True)
class Faces:
    """N faces, best first, in pixels of the image that was searched.

    Attributes:
        boxes: (N, 4) float32 left, top, right, bottom; may reach over the edge.
        points: (N, 5, 2) float32: eye left and right in the image, nose tip, corners of the mouth left and right.
        scores: (N,) float32, 0..1.
    """

    boxes: NDArray[np.float32]
    points: NDArray[np.float32]
    scores: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.scores)


class FaceFinder(Protocol):
    """Finds faces in images of any size."""

    @property
    def release(self) -> str: ...

    def detect(self, image_bgr: Image) -> Faces: ...


class FaceDetector:
    """One network of one square input size.

    Args:
        side_px: Of the network's input.
        min_score: Geometric mean of the class and object scores.
        most_enlarged: A picture that is smaller than the input is shown up to so many times as large.
    """

    def __init__(self, network: Network, side_px: int, min_score: float, most_enlarged: float = 1.0) -> None:
        self._network = network
        self._side_px = side_px
        self._min_score = min_score
        self._most_enlarged = most_enlarged
        self._grids = {stride: _make_grid(side_px // stride) for stride in _STRIDES}

    @property
    def release(self) -> str:
        return self._network.release

    @property
    def side_px(self) -> int:
        return self._side_px

    def detect(self, image_bgr: Image) -> Faces:
        """Finds the faces of an image of any size, in the middle of a grey frame: YuNet misses cut-off faces.

        YuNet is not shown small images enlarged: that moved its landmarks (two genuine pairs of ORL under the threshold
        instead of one).
        """
        height, width = image_bgr.shape[:2]
        scale = min(self._side_px / max(height, width), self._most_enlarged)
        size = (max(1, round(width * scale)), max(1, round(height * scale)))
        how = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
        framed = np.full((self._side_px, self._side_px, 3), 114, np.uint8)
        left, top = (self._side_px - size[0]) // 2, (self._side_px - size[1]) // 2
        framed[top : top + size[1], left : left + size[0]] = cv2.resize(image_bgr, size, interpolation=how)
        outputs = self._network.infer(framed.transpose(2, 0, 1)[None].astype(np.float32))
        found = self._decode(outputs)
        back = np.array([left, top], np.float32)
        scales = np.array([width / size[0], height / size[1]], np.float32)
        boxes = (found.boxes.reshape(-1, 2, 2) - back) * scales
        return Faces(boxes.reshape(-1, 4), (found.points - back) * scales, found.scores)

    def _decode(self, outputs: dict[str, NDArray[np.float32]]) -> Faces:
        parts = [self._decode_stride(outputs, stride) for stride in _STRIDES]
        boxes, points, scores = (np.concatenate(rows).astype(np.float32) for rows in zip(*parts, strict=True))
        keep = suppress_overlaps(boxes, scores, np.zeros(len(scores), np.int16), _NMS_IOU)
        return Faces(boxes[keep], points[keep], scores[keep])

    def _decode_stride(
        self, outputs: dict[str, NDArray[np.float32]], stride: int
    ) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
        kind, thing = (np.clip(outputs[f"{name}_{stride}"][0, :, 0], 0, 1) for name in ("cls", "obj"))
        score = np.sqrt(kind * thing)
        rows = np.flatnonzero(score >= self._min_score)
        grid = self._grids[stride][rows]
        shape = outputs[f"bbox_{stride}"][0, rows]
        centre = (grid + shape[:, :2]) * stride
        half = np.exp(np.clip(shape[:, 2:], -8, 8)) * stride / 2
        points = (outputs[f"kps_{stride}"][0, rows].reshape(-1, 5, 2) + grid[:, None, :]) * stride
        return np.concatenate([centre - half, centre + half], axis=1), points, score[rows]


class TwoScaleFaceDetector:
    """Small faces are looked for in the picture enlarged, the others in the picture as it is (an image pyramid).

    A network of few weights finds no face of 24 pixels, and none that fills the picture once it is enlarged.
    """

    def __init__(self, plain: FaceDetector, enlarged: FaceDetector) -> None:
        self._plain = plain
        self._enlarged = enlarged

    @property
    def release(self) -> str:
        return self._plain.release

    def detect(self, image_bgr: Image) -> Faces:
        """As `FaceDetector.detect`."""
        largest_px = _SMALL_SIDE_SHARE * max(self._plain.side_px, *image_bgr.shape[:2])
        small, large = self._enlarged.detect(image_bgr), self._plain.detect(image_bgr)
        parts = (_take(small, _sides(small) < largest_px), _take(large, _sides(large) >= largest_px))
        both = Faces(*(np.concatenate(rows) for rows in zip(*map(astuple, parts), strict=True)))
        return _take(both, suppress_overlaps(both.boxes, both.scores, np.zeros(len(both), np.int16), _NMS_IOU))


def _sides(faces: Faces) -> NDArray[np.float32]:
    """(N,) the root of each box's area."""
    sides: NDArray[np.float32] = np.sqrt(np.prod(faces.boxes[:, 2:] - faces.boxes[:, :2], axis=1))
    return sides


def _take(faces: Faces, rows: NDArray[np.bool_] | NDArray[np.intp]) -> Faces:
    return Faces(faces.boxes[rows], faces.points[rows], faces.scores[rows])


def _make_grid(cells: int) -> NDArray[np.float32]:
    """(cells * cells, 2) x and y of each cell, row by row."""
    y, x = np.mgrid[:cells, :cells]
    return np.stack([x.reshape(-1), y.reshape(-1)], axis=1).astype(np.float32)
