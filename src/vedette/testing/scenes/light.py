"""Light of a scene: the tint of the hour, the darker corners of a lens, and pools of lamp light."""

import cv2
import numpy as np
from numpy.typing import NDArray

from vedette.testing.scenes.figure import Color, Image
from vedette.testing.scenes.view import View

LIT_WINDOW: Color = (120, 205, 250)


def make_light(view: View, tint: Color, vignette: float = 0.22) -> NDArray[np.float32]:
    """Makes a light map of one tint (factors of blue, green, red), darker towards the corners."""
    y, x = np.mgrid[0 : view.height, 0 : view.width].astype(np.float32)
    distance = np.hypot((x - view.width / 2) / view.width, (y - view.height / 2) / view.height) / 0.7071
    fall = 1 - vignette * distance**2.2
    light: NDArray[np.float32] = (fall[:, :, None] * np.asarray(tint, np.float32)).astype(np.float32)
    return light


def add_lamp(light: NDArray[np.float32], view: View, place: tuple[float, float], radius_m: float, color: Color) -> None:
    """Adds a pool of light around a point of the ground."""
    horizon = int(np.clip(view.horizon_px() + 8, 0, view.height))
    y, x = np.mgrid[horizon : view.height, 0 : view.width].astype(np.float64)
    to_ground = np.linalg.inv(view.ground_homography())
    ground = np.stack([x, y, np.ones_like(x)], axis=-1) @ to_ground.T
    ground = ground[:, :, :2] / ground[:, :, 2:]
    distance2 = ((ground - np.asarray(place)) ** 2).sum(axis=-1) / radius_m**2
    pool = (1 / (1 + distance2 * 2.2) ** 1.6).astype(np.float32)
    light[horizon:] += pool[:, :, None] * np.asarray(color, np.float32)


def apply_light(image: Image, light: NDArray[np.float32]) -> Image:
    """Lights a picture; lit windows keep most of their own light and shine a little around them."""
    lit = image * light
    own = np.abs(image.astype(np.float32) - np.asarray(LIT_WINDOW, np.float32)).max(axis=2)
    shining = np.clip(1 - own / 60, 0, 1).astype(np.float32)
    dark = float(np.clip(1 - light.mean(), 0, 1))
    keep = (shining * min(dark * 2.2, 1.0))[:, :, None]
    lit = lit * (1 - keep) + image * keep
    halo = cv2.GaussianBlur(shining, (0, 0), 9)[:, :, None] * np.asarray(LIT_WINDOW, np.float32) * dark * 0.35
    result: Image = np.clip(lit + halo, 0, 255).astype(np.uint8)
    return result
