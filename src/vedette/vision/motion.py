"""Finds what moves, without a model: background subtraction on a small luma picture.

Pure state in, boxes out; no clock (times come with the frames). The detector where there is no model, the gate before
one, what a modest one is believed by (`naming.py`), and the source of the timeline's heat line. Design and figures:
docs/design/vision.md.

Each pixel has a slow background and a noise estimate. A change of the whole picture by one offset (a cloud, the
camera's exposure) is taken out first; a change of more than `flood_share` is light or a scene cut, not motion:
the background starts again and nothing is reported.

With motion zones only what lies in the counted part is reported. The background is learned everywhere, so zones may
change at any time. What moves in the other part must not hide what moves in this one, nor be taken for it: an offset
is taken out as far as the whole picture and the counted part agree on it, and a flood must be one in both. Where
analysis does not look nothing is reported at all: it wakes no model.
"""

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from vedette.core.detections import CLASS_NAMES, Detections, no_detections
from vedette.core.motion import THRESHOLDS, MotionSensitivity, MotionSettings
from vedette.vision.boxes import Boxes
from vedette.vision.motion_area import draw_counted, draw_looked_at, draw_motion_zones
from vedette.vision.picture import Image
from vedette.vision.regions import keep_looked_at

OBJECT_CLASS = CLASS_NAMES.index("object")
_NORMAL = THRESHOLDS[MotionSensitivity.NORMAL]


@dataclass(frozen=True, slots=True)
class MotionPolicy:
    """How sensitive the motion detector is.

    Attributes:
        contrast: Least difference from the background, in grey levels of 255.
        noise_factor: A pixel must differ by this many of its own mean deviations.
        background_s: Time in which an unmoved pixel follows the picture.
        object_s: Time after which a thing that stays becomes background.
        recent_s: Motion is a change within about this time.
        min_share: Smallest object, as a share of the picture.
        flood_share: A change of more than this share is not motion.
        settle_s: After a start or a flood nothing is reported for this long.
    """

    contrast: float = _NORMAL.contrast
    noise_factor: float = 4.0
    background_s: float = 6.0
    object_s: float = 60.0
    recent_s: float = 0.7
    min_share: float = _NORMAL.object_share
    flood_share: float = 0.7
    settle_s: float = 0.6


@dataclass(frozen=True, slots=True)
class Motion:
    """What moves in one picture.

    Attributes:
        level: Share of the picture that moved within the last moments where motion counts, 0..1.
        objects: Boxes of class `object` around what differs from the background where motion counts.
        anywhere: Share of the picture that moved where analysis looks, whether it counts or not.
        moving: (N, 4) boxes around that; None: not known (a start, a flood).
    """

    level: float
    objects: Detections
    anywhere: float = 0.0
    moving: Boxes | None = None


class MotionDetector:
    """One instance per stream. Feed it luma pictures of one size, in order.

    Args:
        settings: Where and how much motion counts.
        finds_objects: Whether `Motion.objects` is wanted; else it is empty.
    """

    def __init__(self, settings: MotionSettings | None = None, *, finds_objects: bool = True) -> None:
        self._finds_objects = finds_objects
        self._policy = MotionPolicy()
        self._settings = MotionSettings()
        self._counted: NDArray[np.bool_] | None = None
        self._looked_at: NDArray[np.bool_] | None = None
        self._zones: NDArray[np.bool_] | None = None
        self._background: NDArray[np.float32] | None = None
        self._recent = np.zeros((0, 0), np.float32)
        self._noise = np.zeros((0, 0), np.float32)
        self._stood_s = np.zeros((0, 0), np.float32)
        self._last_s = 0.0
        self._quiet_until_s = 0.0
        self.tune(settings or MotionSettings())

    def tune(self, settings: MotionSettings) -> None:
        """Follows other zones or another sensitivity from the next picture on. What was learned stays."""
        self._settings = settings
        wanted = settings.thresholds
        self._policy = replace(self._policy, contrast=wanted.contrast, min_share=wanted.object_share)
        if self._background is not None:
            self._draw_areas(*self._background.shape)

    def _draw_areas(self, height: int, width: int) -> None:
        self._counted = draw_counted(self._settings, height, width)
        self._looked_at = draw_looked_at(self._settings, height, width)
        self._zones = draw_motion_zones(self._settings, height, width)

    def push(self, luma: Image, at_s: float) -> Motion:
        """Takes one picture.

        Args:
            luma: (H, W) uint8, about 160 pixels wide.
            at_s: Its time on any line that does not go back.
        """
        picture = cv2.GaussianBlur(luma, (3, 3), 0).astype(np.float32)
        if self._background is None or self._background.shape != picture.shape:
            self._start(picture, at_s)
            return Motion(0.0, no_detections())
        elapsed_s = min(max(at_s - self._last_s, 0.001), 2.0)
        self._last_s = at_s
        foreground = self._find_foreground(picture, self._background)
        if self._is_flood(foreground):
            self._start(picture, at_s)
            return Motion(0.0, no_detections())
        moving = self._find_moving(picture)
        self._learn(picture, foreground, elapsed_s)
        if at_s < self._quiet_until_s:
            return Motion(0.0, no_detections())
        if self._looked_at is not None:
            moving &= self._looked_at
        anywhere = float(moving.mean())
        level = anywhere if self._counted is None else float((moving & self._counted).mean())
        objects = self._find_things(foreground) if self._finds_objects else no_detections()
        return Motion(level, objects, anywhere, _find_boxes(moving))

    def _find_things(self, foreground: NDArray[np.bool_]) -> Detections:
        """Objects, cut by motion zones but not by regions: there their feet say whether they are looked at."""
        within = foreground if self._zones is None else foreground & self._zones
        return keep_looked_at(_find_objects(within, self._policy.min_share), self._settings)

    def _start(self, picture: NDArray[np.float32], at_s: float) -> None:
        self._background = picture.copy()
        self._recent = picture.copy()
        self._noise = np.full_like(picture, 2.0)
        self._stood_s = np.zeros_like(picture)
        self._last_s = at_s
        self._quiet_until_s = at_s + self._policy.settle_s
        self._draw_areas(*picture.shape)

    def _is_flood(self, foreground: NDArray[np.bool_]) -> bool:
        """Light or a cut changes the whole picture and the counted part; a lorry may fill one of them."""
        share, counted = self._policy.flood_share, self._counted
        if float(foreground.mean()) <= share:
            return False
        return counted is None or not counted.any() or float(foreground[counted].mean()) > share

    def _take_out_offset(self, difference: NDArray[np.float32]) -> None:
        """One offset for all: exposure, a cloud. In place."""
        sparse = difference[::2, ::2]
        offset = np.float32(np.median(sparse))
        if self._counted is not None:
            part = sparse[self._counted[::2, ::2]]
            inside = np.float32(np.median(part)) if len(part) else offset
            offset = min(offset, inside, key=abs) if offset * inside > 0 else np.float32(0)
        difference -= offset

    def _threshold(self) -> NDArray[np.float32]:
        scaled = self._noise * np.float32(self._policy.noise_factor)
        return np.asarray(np.maximum(scaled, self._policy.contrast), np.float32)

    def _find_foreground(self, picture: NDArray[np.float32], background: NDArray[np.float32]) -> NDArray[np.bool_]:
        difference = picture - background
        self._take_out_offset(difference)
        return _tidy(np.abs(difference) > self._threshold())

    def _find_moving(self, picture: NDArray[np.float32]) -> NDArray[np.bool_]:
        difference = picture - self._recent
        self._take_out_offset(difference)
        return _tidy(np.abs(difference) > self._threshold())

    def _learn(self, picture: NDArray[np.float32], foreground: NDArray[np.bool_], elapsed_s: float) -> None:
        """Lets the background follow where nothing stands, and swallow at once what has stood long enough.

        Not gradually: a background that has taken on a third of a person shows that person's hole, as an object,
        for a minute after the person has left.
        """
        assert self._background is not None
        policy = self._policy
        calm = np.logical_not(foreground).astype(np.float32)  # sums over all pixels are quicker than a choice of them
        rate = calm * np.float32(min(elapsed_s / policy.background_s, 1.0))
        step = picture - self._background
        self._noise += rate * (np.abs(step) - self._noise)
        self._background += rate * step
        self._stood_s += np.float32(elapsed_s)
        self._stood_s *= 1 - calm
        if float(self._stood_s.max()) > policy.object_s:
            swallowed = self._stood_s > policy.object_s
            self._background[swallowed] = picture[swallowed]
        self._recent += np.float32(min(elapsed_s / policy.recent_s, 1.0)) * (picture - self._recent)


_CROSS = cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3))
_BLOCK = np.ones((5, 5), np.uint8)


def _tidy(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Removes single pixels and closes small holes."""
    opened = cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_OPEN, _CROSS)
    return np.asarray(cv2.morphologyEx(opened, cv2.MORPH_CLOSE, _BLOCK), np.bool_)


def _find_boxes(moving: NDArray[np.bool_]) -> Boxes:
    """(N, 4) boxes around connected movement, in fractions, with two pixels of air."""
    height, width = moving.shape
    joined = cv2.dilate(moving.astype(np.uint8), _BLOCK)
    _, _, stats, _ = cv2.connectedComponentsWithStats(joined, connectivity=8)
    left, top, box_width, box_height, _ = stats[1:].T.astype(np.float32)
    scale = np.array([width, height, width, height], np.float32)
    return np.asarray(np.stack([left, top, left + box_width, top + box_height], axis=1) / scale, np.float32)


def _find_objects(foreground: NDArray[np.bool_], min_share: float) -> Detections:
    """Boxes around connected foreground. Confidence grows with how much of its box the thing fills."""
    height, width = foreground.shape
    joined = cv2.dilate(foreground.astype(np.uint8), _BLOCK)  # legs and head of one person are one thing
    count, labels, stats, _ = cv2.connectedComponentsWithStats(joined, connectivity=8)
    area = np.bincount(labels[foreground], minlength=count)[1:]  # label 0 is the background
    left, top, box_width, box_height, _ = stats[1:].T
    large = area >= min_share * height * width
    left, top, box_width, box_height, area = (v[large] for v in (left, top, box_width, box_height, area))
    boxes = np.stack(
        [
            (left + 2) / width,
            (top + 2) / height,
            (left + box_width - 2) / width,
            (top + box_height - 2) / height,
        ],
        axis=1,
    )
    filled = area / np.maximum((box_width - 4) * (box_height - 4), 1)  # without the rim that dilation added
    confidence = np.clip(filled, 0.0, 1.0)
    order = np.argsort(-area)
    return Detections(
        np.clip(boxes[order], 0.0, 1.0).astype(np.float32),
        confidence[order].astype(np.float32),
        np.full(len(order), OBJECT_CLASS, np.int16),
    )
