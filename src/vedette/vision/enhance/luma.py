"""Luma as ITU-R BT.601 defines it, 16 to 235: what the network was trained on and what quality is measured on. Pure."""

import numpy as np
from numpy.typing import NDArray

Plane = NDArray[np.uint8]
_BGR = np.array([24.966, 128.553, 65.481])


def studio_luma(image_bgr: NDArray[np.uint8]) -> Plane:
    """Luma (H, W) uint8 of 16 to 235, rounded, of a picture (H, W, 3)."""
    return np.asarray(np.floor(16.5 + image_bgr.astype(np.float64) @ _BGR / 255), np.uint8)
