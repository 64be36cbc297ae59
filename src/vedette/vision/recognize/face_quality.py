"""Judges whether the picture of a face is good enough to say anything about the face. Pure.

A library of faces is poisoned by its worst pictures: one blurred crop is a little like everybody. So size,
sharpness, pose, light and the detector's certainty are each measured, the worst decides, and what falls under the
floor is not used.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from vedette.vision.picture import Image

_BLUR_SIDE_PX = 96
"""Larger faces are judged at this size: blur that is gone after scaling to the embedding's input does no harm."""


@dataclass(frozen=True, slots=True)
class QualityPolicy:
    """What counts as nothing (0) and as good (1); between the two it is linear.

    Attributes:
        side_px: Of the face, the geometric mean of width and height.
        sharpness: 1 less the share of detail that one more blur would take (see `measure_detail`).
        turn: Yaw and pitch as shares, 0 is frontal; here the first number is the good one.
        certainty: Score of the detector. Backs of heads and profiles of the one-by-one clip have 0.60 to 0.80, ORL
            faces 0.90 and more, shrunk to 25 px still 0.84.
        mean, contrast: Of the luma.
        least: What a face in profile, or one that may be none, counts: it is listed, and never matched.
        list_floor: From here on, pose and certainty apart, a face is listed.
        match_floor: From here on a face may be enrolled or matched, and its age and sex be told.
    """

    side_px: tuple[float, float] = (16.0, 64.0)
    sharpness: tuple[float, float] = (0.22, 0.50)
    turn: tuple[float, float] = (0.35, 1.1)
    mean: tuple[float, float, float, float] = (20.0, 60.0, 205.0, 245.0)
    contrast: tuple[float, float] = (6.0, 24.0)
    certainty: tuple[float, float] = (0.78, 0.88)
    least: float = 0.05
    list_floor: float = 0.1
    match_floor: float = 0.3


@dataclass(frozen=True, slots=True)
class FaceQuality:
    """Each measure as 0..1; `score` is the worst of them."""

    size: float
    sharpness: float
    pose: float
    light: float
    certainty: float

    @property
    def score(self) -> float:
        return min(self.size, self.sharpness, self.pose, self.light, self.certainty)

    def may_be_listed(self, policy: QualityPolicy) -> bool:
        """Whether there is a face to see at all, from whatever side."""
        return min(self.size, self.sharpness, self.light) >= policy.list_floor

    def may_match(self, policy: QualityPolicy) -> bool:
        """Whether the picture may be enrolled or compared."""
        return self.score >= policy.match_floor

    @property
    def weakest(self) -> str:
        """What is worst, in a word."""
        words = {"tiny": self.size, "blurred": self.sharpness, "turned": self.pose, "badly lit": self.light}
        words["doubtful"] = self.certainty
        return min(words, key=lambda word: words[word])


def judge_face(face_bgr: Image, points: NDArray[np.float32], score: float, policy: QualityPolicy) -> FaceQuality:
    """Judges one face: `face_bgr` is its box, cut without scaling; `points` (5, 2) its landmarks, in any pixels."""
    luma = cv2.cvtColor(face_bgr, cv2.COLOR_BGR2GRAY)
    side_px = float(np.sqrt(luma.shape[0] * luma.shape[1]))
    mean, contrast = float(luma.mean()), float(luma.std())
    low, good_from, good_to, high = policy.mean
    light = min(_ramp(mean, (low, good_from)), _ramp(-mean, (-high, -good_to)), _ramp(contrast, policy.contrast))
    good, bad = policy.turn
    return FaceQuality(
        _ramp(side_px, policy.side_px),
        _ramp(measure_detail(np.asarray(luma, np.uint8)), policy.sharpness),
        max(policy.least, _ramp(-measure_turn(points), (-bad, -good))),
        light,
        max(policy.least, _ramp(score, policy.certainty)),
    )


def measure_detail(luma: NDArray[np.uint8]) -> float:
    """0..1: the share of neighbouring differences that a blur takes away (Crete et al. 2007, the worse direction).

    A sharp picture loses much, a blurred one has nothing left to lose; contrast and content matter little.
    """
    scale = min(1.0, _BLUR_SIDE_PX / max(luma.shape))
    if scale < 1.0:
        luma = np.asarray(cv2.resize(luma, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8)
    picture = luma.astype(np.float32)
    shares = []
    for axis, size in ((0, (1, 9)), (1, (9, 1))):
        before = np.abs(np.diff(picture, axis=axis))
        after = np.abs(np.diff(cv2.blur(picture, size), axis=axis))
        total = float(before.sum())
        shares.append(float(np.maximum(0.0, before - after).sum()) / total if total else 0.0)
    return min(shares)


def measure_turn(points: NDArray[np.float32]) -> float:
    """0 for a frontal face, about 1 in half profile: how far the nose is from where it should be between the eyes
    (yaw), and between eyes and mouth (pitch).
    """
    eyes, mouth, nose = points[:2].mean(axis=0), points[3:].mean(axis=0), points[2]
    across = points[1] - points[0]
    width = max(float(np.hypot(*across)), 1e-3)
    along = across / width
    down = np.array([-along[1], along[0]])
    height = max(float((mouth - eyes) @ down), 1e-3)
    yaw = abs(float((nose - (eyes + mouth) / 2) @ along)) / (width / 2)
    pitch = abs(float((nose - eyes) @ down) / height - 0.5) / 0.5
    narrow = max(0.0, 0.75 - width / height) / 0.75
    return max(yaw, pitch, 2 * narrow)


def _ramp(value: float, bounds: tuple[float, float]) -> float:
    return float(np.clip((value - bounds[0]) / (bounds[1] - bounds[0]), 0.0, 1.0))
