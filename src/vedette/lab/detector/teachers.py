"""Labels pictures with detectors of the standard pack.

Two teachers see different things: person-vehicle-bike-detection-2004 what surveillance cameras show, YOLOX-nano what
stands close and what photographs show. Both together find the objects that are set into samples; what is said about
a sample is the first one's alone, with its scores.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vedette.core.detections import CLASS_NAMES
from vedette.vision.boxes import Boxes, suppress_overlaps
from vedette.vision.picture import Image, to_planes
from vedette.vision.ports import Detector, Network
from vedette.vision.recognize.yolox import pad_square, place_boxes

SURE, DOUBTFUL = 0.45, 0.25
HEARD, CERTAIN = 0.1, 0.5
YOLOX_SIDE_PX = 416
_CLASS_OF_COCO = {0: "person", 1: "two_wheeler", 2: "vehicle", 3: "two_wheeler", 5: "vehicle", 7: "vehicle"}
_SAME_IOU = 0.5
_TILED_FROM_PX = 900
_CUT_PX = 4


@dataclass(frozen=True, slots=True)
class Found:
    """Boxes of one picture in its pixels.

    Attributes:
        boxes_px: (N, 4) float32 left, top, right, bottom.
        score: (N,) float32.
        class_id: (N,) int16, index into `CLASS_NAMES`.
    """

    boxes_px: Boxes
    score: NDArray[np.float32]
    class_id: NDArray[np.int16]

    def select(self, rows: NDArray[np.bool_] | NDArray[np.intp]) -> "Found":
        """Some of them."""
        return Found(self.boxes_px[rows], self.score[rows], self.class_id[rows])

    def moved(self, x: int, y: int) -> "Found":
        """As seen from a picture in which this one begins at (x, y)."""
        return Found(self.boxes_px + np.array([x, y, x, y], np.float32), self.score, self.class_id)


def ask(detector: Detector, image_bgr: Image) -> Found:
    """All that a detector says of a picture."""
    height, width = image_bgr.shape[:2]
    seen = detector.start(to_planes(image_bgr)).wait()
    boxes = seen.boxes_norm_xyxy * np.array([width, height, width, height], np.float32)
    return Found(boxes, seen.confidence, seen.class_id)


class Teachers:
    """Both teachers, asked about the whole picture, its mirror image and, where it is large, its quarters."""

    def __init__(self, surveillance: Detector, general: Network) -> None:
        self._surveillance = surveillance
        self._general = general

    def label(self, image_bgr: Image) -> Found:
        """Everything found from `DOUBTFUL` on, each object once; the surer teacher's box."""
        found = [
            self._look(image_bgr),
            mirrored(self._look(np.ascontiguousarray(image_bgr[:, ::-1])), image_bgr.shape[1]),
        ]
        if max(image_bgr.shape[:2]) >= _TILED_FROM_PX:
            found += [self._look_at_part(image_bgr, *part) for part in _quarters(*image_bgr.shape[:2])]
        joined = join(found)
        keep = suppress_overlaps(joined.boxes_px, joined.score, joined.class_id, _SAME_IOU)
        return joined.select(keep)

    def look(self, image_bgr: Image) -> Found:
        """What the surveillance teacher alone says of a picture, from `HEARD` on; from `CERTAIN` on as if it were sure.

        It is right about most of what it gives half of all confidence, and a network that must learn such scores hears
        little else than that nothing is there.
        """
        found = self._watch(image_bgr)
        score = np.minimum((found.score - HEARD) / (CERTAIN - HEARD), 1).astype(np.float32)
        return Found(found.boxes_px, score, found.class_id)

    def _look(self, image_bgr: Image) -> Found:
        found = self._watch(image_bgr)
        return join([found.select(found.score >= DOUBTFUL), self._look_generally(image_bgr)])

    def _watch(self, image_bgr: Image) -> Found:
        """The surveillance teacher's own answer from `HEARD` on."""
        found = ask(self._surveillance, image_bgr)
        return found.select(found.score > HEARD)

    def _look_generally(self, image_bgr: Image) -> Found:
        [rows, *_] = self._general.infer(pad_square(image_bgr, YOLOX_SIDE_PX)).values()
        return decode_yolox(rows.reshape(-1, rows.shape[-1]), YOLOX_SIDE_PX / max(image_bgr.shape[:2]))

    def _look_at_part(self, image_bgr: Image, left: int, top: int, right: int, bottom: int) -> Found:
        """Boxes that the part's inner edges cut are left to the whole picture."""
        height, width = image_bgr.shape[:2]
        found = self._look(np.ascontiguousarray(image_bgr[top:bottom, left:right])).moved(left, top)
        inner = np.array([left or -width, top or -height, right if right < width else 2 * width,
                          bottom if bottom < height else 2 * height])  # fmt: skip
        whole = (np.abs(found.boxes_px - inner) > _CUT_PX).all(axis=1)
        return found.select(whole)


def decode_yolox(rows: NDArray[np.float32], scale: float) -> Found:
    """Boxes of a YOLOX answer.

    Args:
        rows: (cells of all strides, 85): offset, log size, objectness, 80 COCO classes.
        scale: Input pixels per pixel of the picture.
    """
    boxes = place_boxes(rows, YOLOX_SIDE_PX) / scale
    coco = list(_CLASS_OF_COCO)
    scores = rows[:, 4:5] * rows[:, [5 + index for index in coco]]
    best = scores.argmax(axis=1)
    score = scores.max(axis=1)
    names = np.array([CLASS_NAMES.index(_CLASS_OF_COCO[index]) for index in coco], np.int16)
    enough = score >= DOUBTFUL
    return Found(boxes[enough].astype(np.float32), score[enough].astype(np.float32), names[best][enough])


def _quarters(height: int, width: int) -> list[tuple[int, int, int, int]]:
    """Four parts that overlap by a fifth of the picture."""
    lefts, tops = (0, width * 2 // 5), (0, height * 2 // 5)
    spans = [((x, x + width * 3 // 5), (y, y + height * 3 // 5)) for x in lefts for y in tops]
    return [(left, top, min(right + 1, width), min(bottom + 1, height)) for (left, right), (top, bottom) in spans]


def mirrored(found: Found, width_px: int) -> Found:
    """As seen in the mirror image of a picture of this width."""
    boxes = found.boxes_px.copy()
    boxes[:, [0, 2]] = width_px - boxes[:, [2, 0]]
    return Found(boxes, found.score, found.class_id)


def join(parts: list[Found]) -> Found:
    """All of them."""
    return Found(
        np.concatenate([part.boxes_px for part in parts]),
        np.concatenate([part.score for part in parts]),
        np.concatenate([part.class_id for part in parts]),
    )
