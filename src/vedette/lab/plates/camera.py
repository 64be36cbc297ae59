"""What a camera does to a plate: view angle, distance, light, dirt, blur, noise and compression.

Pure: a picture and a random generator in, a picture out; inputs are not modified.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]
Matrix = NDArray[np.float64]


def draw_view(corners_xy: NDArray[np.float32], width_px: float, aspect_kept: float, rng: np.random.Generator) -> Matrix:
    """Draws a homography (3, 3) that shows the plate about `width_px` wide, turned, in perspective, around (0, 0)."""
    flat_width = float(corners_xy[1, 0] - corners_xy[0, 0])
    scale = width_px / flat_width
    squeeze_x = rng.uniform(0.6, 1.0) if rng.random() > aspect_kept else 1.0
    angle = np.radians(rng.normal(0, 7) if rng.random() < 0.8 else rng.uniform(-25, 25))
    shear = rng.normal(0, 0.08)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    linear = turn @ np.array([[scale * squeeze_x, scale * shear], [0, scale]])
    matrix = np.eye(3)
    matrix[:2, :2] = linear
    centre = corners_xy.mean(axis=0)
    towards = rng.normal(0, 0.12, 2) / flat_width
    perspective = np.eye(3)
    perspective[2, :2] = towards
    move = np.eye(3)
    move[:2, 2] = -centre
    return matrix @ perspective @ move


def placed(matrix: Matrix, size_wh: tuple[int, int]) -> tuple[Matrix, tuple[int, int]]:
    """Moves a view so that the whole of a flat picture of this size lies from (0, 0) on; returns it and its size."""
    w, h = size_wh
    box = transformed(np.array([[0, 0], [w, 0], [w, h], [0, h]], np.float32), matrix)
    low, high = box.min(axis=0), box.max(axis=0)
    move = np.eye(3)
    move[:2, 2] = -low
    return move @ matrix, (max(int(np.ceil(high[0] - low[0])), 8), max(int(np.ceil(high[1] - low[1])), 8))


def transformed(points_xy: NDArray[np.float32], matrix: Matrix) -> NDArray[np.float32]:
    """Applies a homography to (N, 2) points."""
    ones = np.concatenate([points_xy.astype(np.float64), np.ones((len(points_xy), 1))], axis=1) @ matrix.T
    return (ones[:, :2] / ones[:, 2:]).astype(np.float32)


def lit(picture: Picture, rng: np.random.Generator) -> Picture:
    """Light on the plate: one colour cast, a slope of brightness, sometimes a hard shadow, dirt, glare or night."""
    h, w = picture.shape[:2]
    light = np.full((h, w), 1.0, np.float32)
    if rng.random() < 0.6:
        slope = rng.normal(0, 0.25, 2)
        x, y = np.linspace(-1, 1, w, dtype=np.float32), np.linspace(-1, 1, h, dtype=np.float32)[:, None]
        light = light + np.float32(slope[0]) * x + np.float32(slope[1]) * y
    if rng.random() < 0.3:
        light = light * _shadow(h, w, rng)
    gain = rng.uniform(0.25, 0.6) if rng.random() < 0.2 else rng.uniform(0.6, 1.15)
    cast = rng.normal(1.0, 0.07, 3).astype(np.float32)
    result = picture.astype(np.float32) * np.clip(light, 0.15, 1.8)[:, :, None] * (cast * np.float32(gain))
    if rng.random() < 0.3:  # washed out or misty: contrast is lost around a grey
        keep = rng.uniform(0.35, 0.9)
        result = result * keep + rng.uniform(40, 190) * (1 - keep)
    return np.clip(result, 0, 255).astype(np.uint8)


def _shadow(h: int, w: int, rng: np.random.Generator) -> NDArray[np.float32]:
    mask = np.ones((h, w), np.float32)
    polygon = np.stack([rng.uniform(-0.3, 1.3, 4) * w, rng.uniform(-0.3, 1.3, 4) * h], axis=1).astype(np.int32)
    cv2.fillPoly(mask, [cv2.convexHull(polygon)], float(rng.uniform(0.35, 0.8)))
    return mask if rng.random() < 0.5 else np.asarray(cv2.blur(mask, (max(w // 12, 1),) * 2), np.float32)


def dirtied(picture: Picture, rng: np.random.Generator) -> Picture:
    """Mud, scratches, worn paint and glare spots on the flat plate, before the camera sees it."""
    result = picture.copy()
    h, w = result.shape[:2]
    if rng.random() < 0.25:
        layer = result.copy()
        for _ in range(int(rng.integers(1, 7))):
            centre = (int(rng.integers(w)), int(rng.integers(h)))
            axes = (int(rng.integers(2, max(w // 10, 3))), int(rng.integers(2, max(h // 6, 3))))
            cv2.ellipse(
                layer, centre, axes, float(rng.uniform(0, 180)), 0, 360, [int(v) for v in rng.integers(20, 240, 3)], -1
            )
        strength = float(rng.uniform(0.15, 0.6))
        result = np.asarray(cv2.addWeighted(layer, strength, result, 1 - strength, 0), np.uint8)
    if rng.random() < 0.15:
        small = rng.normal(0, 30, (max(h // 12, 2), max(w // 12, 2))).astype(np.float32)
        patches = cv2.resize(small, (w, h), interpolation=cv2.INTER_CUBIC)
        result = np.clip(result + patches[:, :, None], 0, 255).astype(np.uint8)
    return result


def filmed(picture: Picture, sharpness_px: float, rng: np.random.Generator) -> Picture:
    """Optics, motion, sensor and codec. `sharpness_px` is the letters' height: blur is a fraction of it."""
    result = picture
    if rng.random() < 0.7:
        sigma = float(rng.uniform(0.02, 0.085) * sharpness_px)
        if sigma > 0.3:
            result = np.asarray(cv2.GaussianBlur(result, (0, 0), sigma), np.uint8)
    if rng.random() < 0.25:
        kernel = _motion_kernel(float(rng.uniform(0.05, 0.28) * sharpness_px), rng)
        result = np.asarray(cv2.filter2D(result, -1, kernel), np.uint8)
    noise = rng.uniform(0, 4) if rng.random() < 0.7 else rng.uniform(4, 18)
    if noise > 0.5:
        result = np.clip(result + rng.standard_normal(result.shape, np.float32) * np.float32(noise), 0, 255).astype(
            np.uint8
        )
    if rng.random() < 0.15:
        blurred = cv2.GaussianBlur(result, (0, 0), 1.2)
        result = np.asarray(cv2.addWeighted(result, 2.0, blurred, -1.0, 0), np.uint8)
    if rng.random() < 0.7:
        _, data = cv2.imencode(".jpg", result, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(22, 95))])
        decoded = cv2.imdecode(data, cv2.IMREAD_COLOR)
        assert decoded is not None  # we encoded it a line above
        result = decoded.astype(np.uint8, copy=False)
    return result


def _motion_kernel(length_px: float, rng: np.random.Generator) -> NDArray[np.float32]:
    size = max(3, int(length_px) | 1)
    kernel = np.zeros((size, size), np.float32)
    angle = rng.normal(0, 0.35) if rng.random() < 0.6 else rng.uniform(0, np.pi)
    half = size / 2 - 0.5
    dx, dy = np.cos(angle) * half, np.sin(angle) * half
    cv2.line(kernel, (round(half - dx), round(half - dy)), (round(half + dx), round(half + dy)), 1.0, 1)
    return np.asarray(kernel / kernel.sum(), np.float32)
