"""Small pictures out of planes. Scaling the planes before the colour conversion is the cheap order: 0.39 ms
against 1.9 for 1080p to 640x360 (media.md section 6).
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from vedette.media.decode import PlanarFrame

Image = NDArray[np.uint8]


def to_bgr(frame: PlanarFrame, width: int, height: int) -> Image:
    """Scales a frame to exactly `width` x `height` (both even), without keeping the aspect.

    Returns:
        (height, width, 3) uint8, BGR.
    """
    half = (width // 2, height // 2)
    shrinks = width < frame.size_px[0]
    how = cv2.INTER_AREA if shrinks and frame.size_px[0] > 2 * width else cv2.INTER_LINEAR
    i420 = np.concatenate(
        [
            cv2.resize(frame.y, (width, height), interpolation=how).reshape(-1),
            cv2.resize(frame.u, half, interpolation=cv2.INTER_LINEAR).reshape(-1),
            cv2.resize(frame.v, half, interpolation=cv2.INTER_LINEAR).reshape(-1),
        ]
    ).reshape(height * 3 // 2, width)
    return np.asarray(cv2.cvtColor(i420, cv2.COLOR_YUV2BGR_I420), np.uint8)


def fit_size(frame: PlanarFrame, max_width: int) -> tuple[int, int]:
    """The size with the frame's aspect, both sides even, that is at most `max_width` wide and never larger."""
    width, height = frame.size_px
    scale = min(1.0, max_width / width)
    return max(2, int(width * scale) // 2 * 2), max(2, round(height * scale) // 2 * 2)


def to_luma(frame: PlanarFrame, width: int, height: int) -> Image:
    """Scales the luma plane. Returns (height, width) uint8."""
    return np.asarray(cv2.resize(frame.y, (width, height), interpolation=cv2.INTER_AREA), np.uint8)
