"""The pinhole camera that looks at a generated scene.

World: metres, x to the right, y away from the camera, z up, the ground at z = 0. Pixels: x right, y down.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_NEAR_M = 0.5


@dataclass(frozen=True, slots=True)
class View:
    """Where the camera hangs and how it looks.

    Attributes:
        position: World position of the lens.
        yaw_deg: Turned to the right of the y axis.
        pitch_deg: Tilted down from the horizon.
        focal_px: Focal length in pixels of a picture `width` wide.
    """

    position: tuple[float, float, float]
    yaw_deg: float
    pitch_deg: float
    focal_px: float
    width: int = 1280
    height: int = 720
    rotation: Floats = field(init=False, repr=False, compare=False)
    """(3, 3): rows are the camera's right, down and forward in world coordinates."""
    eye: Floats = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        yaw, pitch = np.radians(self.yaw_deg), np.radians(self.pitch_deg)
        forward = np.array([np.sin(yaw) * np.cos(pitch), np.cos(yaw) * np.cos(pitch), -np.sin(pitch)])
        right = np.array([np.cos(yaw), -np.sin(yaw), 0.0])
        object.__setattr__(self, "rotation", np.stack([right, np.cross(forward, right), forward]))
        object.__setattr__(self, "eye", np.asarray(self.position, np.float64))

    def to_camera(self, points: Floats) -> Floats:
        """(N, 3) world -> (N, 3) right, down, forward (depth)."""
        inside: Floats = (points - self.eye) @ self.rotation.T
        return inside

    def project(self, points: Floats) -> Floats:
        """(N, 3) world -> (N, 3): x_px, y_px, depth_m. Depth is held at the near plane."""
        return self._to_pixels(self.to_camera(points))

    def project_polygon(self, points: Floats) -> Floats:
        """(N, 3) world -> (M, 2) pixels of the part in front of the camera; M may be 0."""
        inside = self.to_camera(points)
        if inside[:, 2].min() >= _NEAR_M:
            return self._to_pixels(inside)[:, :2]
        clipped: list[Floats] = []
        for here, after in zip(inside, np.roll(inside, -1, axis=0), strict=True):
            if here[2] >= _NEAR_M:
                clipped.append(here)
            if (here[2] >= _NEAR_M) != (after[2] >= _NEAR_M):
                share = (_NEAR_M - here[2]) / (after[2] - here[2])
                clipped.append(here + share * (after - here))
        if len(clipped) < 3:
            return np.zeros((0, 2))
        return self._to_pixels(np.array(clipped))[:, :2]

    def ground_homography(self) -> Floats:
        """(3, 3): ground (x, y, 1) in metres -> pixels."""
        rotation = self.rotation
        translation = -rotation @ self.eye
        intrinsic = np.array([[self.focal_px, 0, self.width / 2], [0, self.focal_px, self.height / 2], [0, 0, 1]])
        matrix: Floats = intrinsic @ np.column_stack([rotation[:, 0], rotation[:, 1], translation])
        return matrix

    def horizon_px(self) -> float:
        """Row of the horizon."""
        return self.height / 2 - self.focal_px * float(np.tan(np.radians(self.pitch_deg)))

    def _to_pixels(self, inside: Floats) -> Floats:
        pixels = np.empty_like(inside)
        pixels[:, 2] = np.maximum(inside[:, 2], _NEAR_M)
        scale = self.focal_px / pixels[:, 2]
        pixels[:, 0] = self.width / 2 + inside[:, 0] * scale
        pixels[:, 1] = self.height / 2 + inside[:, 1] * scale
        return pixels


def by(*steps: float) -> Floats:
    """A step as an array, to add to a place or a pixel."""
    return np.array(steps, np.float64)


def normal_of(corners: Floats) -> tuple[float, float, float]:
    """Normal of a flat polygon from its first three corners, not of unit length.

    Plain arithmetic: for three numbers `numpy.cross` takes 80 us, and a car has 30 faces.
    """
    (ax, ay, az), (bx, by, bz), (cx, cy, cz) = corners[:3].tolist()
    ux, uy, uz, vx, vy, vz = bx - ax, by - ay, bz - az, cx - ax, cy - ay, cz - az
    return uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx
