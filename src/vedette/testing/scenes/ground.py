"""The ground of a scene: painted from above in metres, then laid under the camera."""

import cv2
import numpy as np
from numpy.typing import NDArray

from vedette.testing.scenes.figure import Color, Image
from vedette.testing.scenes.view import View

_PX_PER_M = 32
_SHIFT = 4


class GroundPlan:
    """A plan of x0..x1 by y0..y1 metres."""

    def __init__(self, x_range: tuple[float, float], y_range: tuple[float, float], base: Color, seed: int) -> None:
        self._x0, self._y1 = x_range[0], y_range[1]
        width = round((x_range[1] - x_range[0]) * _PX_PER_M)
        height = round((y_range[1] - y_range[0]) * _PX_PER_M)
        self._rng = np.random.default_rng(seed)
        self._image: Image = np.empty((height, width, 3), np.uint8)
        self._image[:] = base

    def area(self, points_m: list[tuple[float, float]], color: Color) -> None:
        cv2.fillPoly(self._image, [self._pixels(points_m)], color, cv2.LINE_AA, _SHIFT)

    def rectangle(self, x0: float, y0: float, x1: float, y1: float, color: Color) -> None:
        self.area([(x0, y0), (x1, y0), (x1, y1), (x0, y1)], color)

    def stripe(
        self,
        start: tuple[float, float],
        end: tuple[float, float],
        width_m: float,
        color: Color,
        dash_m: tuple[float, float] | None = None,
    ) -> None:
        """Paints a line; `dash_m` gives the lengths of dash and gap."""
        a, b = np.array(start), np.array(end)
        length = float(np.linalg.norm(b - a))
        ahead = (b - a) / max(length, 1e-9)
        across = np.array([-ahead[1], ahead[0]]) * width_m / 2
        dash, gap = dash_m or (length, 0.0)
        position = 0.0
        while position < length:
            p, q = a + ahead * position, a + ahead * min(position + dash, length)
            self.area([tuple(p + across), tuple(q + across), tuple(q - across), tuple(p - across)], color)
            position += dash + gap

    def grid(self, x0: float, y0: float, x1: float, y1: float, step_m: float, color: Color) -> None:
        """Paints the joints of slabs."""
        for x in np.arange(x0, x1 + 1e-6, step_m):
            self.stripe((float(x), y0), (float(x), y1), 0.025, color)
        for y in np.arange(y0, y1 + 1e-6, step_m):
            self.stripe((x0, float(y)), (x1, float(y)), 0.025, color)

    def stains(self, count: int, darker: float, size_m: tuple[float, float] = (0.3, 1.6)) -> None:
        """Old oil and patches of repair, soft."""
        height, width = self._image.shape[:2]
        mask = np.zeros((height // 4, width // 4), np.uint8)
        for _ in range(count):
            centre = self._rng.integers(0, [width // 4, height // 4])
            axes = self._rng.uniform(*size_m, 2) * _PX_PER_M / 4
            cv2.ellipse(
                mask,
                (int(centre[0]), int(centre[1])),
                (max(int(axes[0]), 1), max(int(axes[1]), 1)),
                float(self._rng.uniform(0, 180)),
                0,
                360,
                int(self._rng.integers(80, 255)),
                -1,
            )
        soft = cv2.resize(cv2.GaussianBlur(mask, (0, 0), 3), (width, height)).astype(np.float32) / 255
        self._image[:] = (self._image * (1 - (1 - darker) * soft[:, :, None])).astype(np.uint8)

    def cracks(self, count: int, color: Color) -> None:
        """Thin wandering cracks in asphalt."""
        height, width = self._image.shape[:2]
        for _ in range(count):
            point = self._rng.uniform(0, [width, height])
            angle = self._rng.uniform(0, 2 * np.pi)
            points = [point]
            for _ in range(int(self._rng.integers(8, 30))):
                angle += self._rng.normal(0, 0.45)
                point = point + np.array([np.cos(angle), np.sin(angle)]) * 0.22 * _PX_PER_M
                points.append(point)
            cv2.polylines(
                self._image,
                [np.round(points).astype(np.int32)],
                isClosed=False,
                color=color,
                thickness=1,
                lineType=cv2.LINE_AA,
            )

    def lay(self, view: View, background: Image, grain: float = 5.0) -> None:
        """Lays the plan under the camera, over everything below the horizon of `background`."""
        self._add_grain(grain)
        scale = 2
        height, width = self._image.shape[:2]
        to_plan = np.array([[_PX_PER_M, 0, -self._x0 * _PX_PER_M], [0, -_PX_PER_M, self._y1 * _PX_PER_M], [0, 0, 1.0]])
        enlarge = np.diag([scale, scale, 1.0])
        matrix = enlarge @ view.ground_homography() @ np.linalg.inv(to_plan)
        size = (view.width * scale, view.height * scale)
        warped = cv2.warpPerspective(self._image, matrix, size, flags=cv2.INTER_LINEAR)
        mask = cv2.warpPerspective(np.full((height, width), 255, np.uint8), matrix, size, flags=cv2.INTER_NEAREST)
        horizon = int(max(view.horizon_px() * scale + 4, 0))
        mask[:horizon] = 0
        small = cv2.resize(warped, (view.width, view.height), interpolation=cv2.INTER_AREA)
        share = cv2.resize(mask, (view.width, view.height), interpolation=cv2.INTER_AREA)
        weight = share.astype(np.float32)[:, :, None] / 255
        background[:] = (background * (1 - weight) + small * weight).astype(np.uint8)

    def _add_grain(self, strength: float) -> None:
        """Noise of several sizes: the nearest thing to asphalt and stone without a photograph."""
        height, width = self._image.shape[:2]
        total: NDArray[np.float32] = np.zeros((height, width), np.float32)
        for octave, weight in ((1, 1.0), (4, 0.8), (24, 0.9), (120, 1.0)):
            small = self._rng.normal(0, 1, (height // octave + 2, width // octave + 2)).astype(np.float32)
            total += weight * cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC)
        self._image[:] = np.clip(self._image + strength * total[:, :, None], 0, 255).astype(np.uint8)

    def _pixels(self, points_m: list[tuple[float, float]]) -> NDArray[np.int32]:
        points = np.asarray(points_m, np.float64)
        pixels = np.column_stack([points[:, 0] - self._x0, self._y1 - points[:, 1]]) * _PX_PER_M
        return np.round(pixels * (1 << _SHIFT)).astype(np.int32)
