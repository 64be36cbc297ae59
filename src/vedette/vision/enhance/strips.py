"""Runs the network strip by strip: a strip per thread, and maps that stay in the processor's cache.

The result is that of the whole frame, bit by bit, because every strip is a window of one height that lies inside the
frame: where it ends at the frame's border the network pads it as it would the frame, and elsewhere the rows that see
less than the whole (`HALO_PX`) are thrown away. The last strip is moved up until it fits.
Design: docs/design/enhance.md.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from vedette.core.errors import InvalidInputError
from vedette.vision.enhance.network import HALO_PX, SCALE

Plane = NDArray[np.uint8]
STRIP_ROWS = 90
"""540, 720 and 1,080 rows are a whole number of strips for two threads. With AVX-512 54 to 90 rows are fastest in
bfloat16 (16 ms a frame of 540 rows), and 36 to 54 in float32 (28 ms; with 90 rows 42); integers keep single rows in the
cache, and less is computed twice.
"""
NOT_BYPASSED = -1
FLAT_BELOW = 3
"""Steps of one or two levels are noise of a coder: nothing that the network could sharpen."""


class StripNetwork(Protocol):
    """The network compiled for windows of one size, with several requests under way at a time."""

    @property
    def window_px(self) -> tuple[int, int]:
        """Width and height of the windows."""
        ...

    @property
    def ahead(self) -> int:
        """Windows that may be under way."""
        ...

    def start(self, window: Plane, out: Plane, first: int) -> None:
        """Begins with one window, (height, width) uint8; `out` will hold what becomes of it from its row `first` on.

        Both arrays must stay as they are until it is done.
        """
        ...

    def finish(self) -> None:
        """Waits until the oldest window is done."""
        ...


OpenStripNetwork = Callable[[int, int], StripNetwork]
"""Makes one for windows of this width and height."""


@dataclass(frozen=True, slots=True)
class Strip:
    """One window of the frame: input rows `top` to `bottom`, of which `first` to `last` are kept."""

    top: int
    bottom: int
    first: int
    last: int


def plan_strips(height: int, strip_rows: int = STRIP_ROWS) -> list[Strip]:
    """Cuts a frame's rows into windows of one height; a frame that is not higher than one window is one.

    Raises:
        InvalidInputError: strips without rows.
    """
    if strip_rows < 1:
        raise InvalidInputError(f"strips of {strip_rows} rows keep nothing")
    halo = HALO_PX[1]
    window_rows = strip_rows + 2 * halo
    if height <= window_rows:
        return [Strip(0, height, 0, height)]
    strips, done = [], 0
    while done < height:
        top = min(max(0, done - halo), height - window_rows)
        bottom = top + window_rows
        last = height if bottom == height else bottom - halo
        strips.append(Strip(top, bottom, done, last))
        done = last
    return strips


class StripRunner:
    """Enlarges frames of one size.

    Args:
        open_network: Called once, with the size of the windows.
        flat_below: Strips whose neighbouring pixels differ nowhere by this much are enlarged bicubically: the
            network adds nothing to them. -1: all go through the network.
    """

    def __init__(
        self,
        size_px: tuple[int, int],
        open_network: OpenStripNetwork,
        *,
        strip_rows: int = STRIP_ROWS,
        flat_below: int = NOT_BYPASSED,
    ) -> None:
        width, height = size_px
        self._size_px = size_px
        self._strips = plan_strips(height, strip_rows)
        self._network = open_network(width, self._strips[0].bottom)
        self._flat_below = flat_below
        self.bypassed = 0
        """Strips that the network was spared."""

    def enlarge(self, luma: Plane) -> Plane:
        """Luma (H, W) uint8 of the size given at the start, twice as large, rounded.

        Raises:
            InvalidInputError: it has another size.
        """
        height, width = luma.shape
        if (width, height) != self._size_px:
            raise InvalidInputError(f"a picture of {width} x {height} pixels came where {self._size_px} was announced")
        out = np.empty((SCALE * height, SCALE * width), np.uint8)
        under_way = 0
        for strip in self._strips:
            window = luma[strip.top : strip.bottom]
            if self._is_flat(window):
                _enlarge_bicubic(window, strip, out)
                self.bypassed += 1
                continue
            if under_way == self._network.ahead:
                self._network.finish()
                under_way -= 1
            self._network.start(window, out[SCALE * strip.first : SCALE * strip.last], strip.first - strip.top)
            under_way += 1
        for _ in range(under_way):
            self._network.finish()
        return out

    def _is_flat(self, window: Plane) -> bool:
        return self._flat_below > NOT_BYPASSED and edge_measure(window) < self._flat_below


def edge_measure(luma: Plane) -> int:
    """The largest difference between neighbouring pixels, across or down; 0 for a single pixel."""
    across = cv2.absdiff(luma[:, 1:], luma[:, :-1]) if luma.shape[1] > 1 else np.zeros(1, np.uint8)
    down = cv2.absdiff(luma[1:], luma[:-1]) if luma.shape[0] > 1 else np.zeros(1, np.uint8)
    return int(max(np.max(across), np.max(down)))


def _enlarge_bicubic(window: Plane, strip: Strip, out: Plane) -> None:
    size = (SCALE * window.shape[1], SCALE * window.shape[0])
    larger = cv2.resize(window, size, interpolation=cv2.INTER_CUBIC)
    kept = slice(SCALE * (strip.first - strip.top), SCALE * (strip.last - strip.top))
    out[SCALE * strip.first : SCALE * strip.last] = larger[kept]
