"""A decoded picture as its planes, and how large one may be. Who only handles pictures loads no decoder with this."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

MAX_SIDE_PX = 8192
MAX_AREA_PX = 36_000_000
"""8K is 33 megapixels. More is a decompression bomb, not a camera."""

Plane = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class PlanarFrame:
    """One decoded picture as views on its planes; valid as long as it is referenced.

    Attributes:
        pts_90k: As given with the packet, or from the file's start.
        y: (H, W) uint8 luma.
        u, v: (ceil(H/2), ceil(W/2)) uint8 chroma.
    """

    pts_90k: int
    y: Plane
    u: Plane
    v: Plane

    @property
    def size_px(self) -> tuple[int, int]:
        """Width and height."""
        return self.y.shape[1], self.y.shape[0]
