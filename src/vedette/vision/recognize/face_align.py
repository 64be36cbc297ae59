"""Turns a face upright and to one size by its five landmarks. Pure."""

import cv2
import numpy as np
from numpy.typing import NDArray

from vedette.vision.picture import Image

ALIGNED_PX = 128
TEMPLATE = np.array(
    [[0.3156, 0.4616], [0.6826, 0.4616], [0.5003, 0.6405], [0.3495, 0.8247], [0.6534, 0.8247]], np.float64
)
"""Where face-reidentification-retail-0095 wants the landmarks, in fractions of its input."""


def align_face(image_bgr: Image, points: NDArray[np.float32]) -> Image:
    """Moves, turns and scales a face so that its landmarks lie on the template, in the least-squares sense.

    `points` is (5, 2), in pixels of the image.

    Returns:
        (128, 128, 3) uint8 BGR; what lies outside of the image repeats its edge.
    """
    matrix = fit_similarity(points.astype(np.float64), TEMPLATE * ALIGNED_PX)
    size = (ALIGNED_PX, ALIGNED_PX)
    aligned = cv2.warpAffine(image_bgr, matrix, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(aligned, np.uint8)


def fit_similarity(source: NDArray[np.float64], target: NDArray[np.float64]) -> NDArray[np.float64]:
    """(2, 3) matrix of the rotation, scale and shift that takes `source` closest to `target`, both (N, 2).

    No mirroring is possible by its form, so that swapped eyes give a bad fit and never a mirrored face.
    """
    source_mean, target_mean = source.mean(axis=0), target.mean(axis=0)
    s, t = source - source_mean, target - target_mean
    spread = max(float((s**2).sum()), 1e-9)
    cos = float((s * t).sum()) / spread
    sin = float((s[:, 0] * t[:, 1] - s[:, 1] * t[:, 0]).sum()) / spread
    turn = np.array([[cos, -sin], [sin, cos]])
    return np.concatenate([turn, (target_mean - turn @ source_mean)[:, None]], axis=1)
