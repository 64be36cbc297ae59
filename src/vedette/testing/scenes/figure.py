"""What is drawn: a figure is a list of flat shapes, far ones first, in pixels of the picture.

Drawn at twice the size on a copy of the picture under it and scaled back: smooth edges without alpha.
"""

from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from vedette.testing.scenes.view import Floats

Image = NDArray[np.uint8]
Color = tuple[float, float, float]
"""Blue, green, red, 0..255."""

_SCALE = 2
_SHIFT = 4
_CIRCLE = np.stack([np.cos(np.arange(14) * np.pi / 7), np.sin(np.arange(14) * np.pi / 7)], axis=1)


@dataclass(frozen=True, slots=True)
class Shape:
    """A filled polygon, (N, 2) pixels."""

    points_px: Floats
    color: Color


@dataclass(slots=True)
class Figure:
    """Shapes in drawing order.

    Attributes:
        shadow: (N, 2) polygons of shadow on the ground, drawn soft and below everything.
        glow: (N, 2) polygons of lamp light on the ground.
    """

    shapes: list[Shape] = field(default_factory=list)
    shadow: list[Floats] = field(default_factory=list)
    glow: list[Floats] = field(default_factory=list)

    def polygon(self, points_px: Floats, color: Color) -> None:
        if len(points_px) >= 3:
            self.shapes.append(Shape(points_px, color))

    def capsule(self, ends_px: Floats, radii_px: tuple[float, float], color: Color) -> None:
        """Adds the hull of two discs: (2, 2) centres."""
        self.shapes.append(Shape(hull_of_discs(ends_px, radii_px), color))

    def extent(self) -> tuple[float, float, float, float] | None:
        """Left, top, right, bottom of all shapes, without the shadow; None when there are none."""
        if not self.shapes:
            return None
        points = np.concatenate([shape.points_px for shape in self.shapes])
        (left, top), (right, bottom) = points.min(axis=0), points.max(axis=0)
        return float(left), float(top), float(right), float(bottom)


def hull_of_discs(centres_px: Floats, radii_px: tuple[float, ...]) -> Floats:
    """Returns the convex outline around discs."""
    points = np.concatenate([centre + _CIRCLE * radius for centre, radius in zip(centres_px, radii_px, strict=True)])
    hull: Floats = cv2.convexHull(points.astype(np.float32))[:, 0, :].astype(np.float64)
    return hull


def shade(color: Color, factor: float) -> Color:
    """Makes a colour lighter or darker."""
    blue, green, red = (min(max(channel * factor, 0.0), 255.0) for channel in color)
    return blue, green, red


def blend(one: Color, other: Color, share: float) -> Color:
    """Mixes two colours; `share` of the second."""
    blue, green, red = (a + (b - a) * share for a, b in zip(one, other, strict=True))
    return blue, green, red


def fill(image: Image, points_px: Floats, color: Color, scale: float = 1.0) -> None:
    """Fills a polygon on an image that is `scale` times the size of the pixels given."""
    fixed = np.round(points_px * scale * (1 << _SHIFT)).astype(np.int32)
    cv2.fillPoly(image, [fixed], color, cv2.LINE_AA, _SHIFT)


def draw_figure(image: Image, figure: Figure, light: Floats | None = None) -> tuple[int, int, int, int] | None:
    """Draws a figure into a picture, (H, W, 3) uint8 BGR, in the (3,) light of the place where it stands.

    Returns:
        The touched rectangle: left, top, right, bottom; None when the figure is outside.
    """
    extent = figure.extent()
    window = None if extent is None else clip_window(extent, image, 2)
    if window is None:
        return None
    left, top, right, bottom = window
    part = image[top:bottom, left:right]
    size = (right - left, bottom - top)
    larger = (size[0] * _SCALE, size[1] * _SCALE)
    large = np.asarray(cv2.resize(part, larger, interpolation=cv2.INTER_NEAREST), np.uint8)
    factors = np.ones(3) if light is None else light
    offset = np.array([left, top], np.float64)
    for shape in figure.shapes:
        blue, green, red = np.clip(np.asarray(shape.color) * factors, 0, 255)
        fill(large, shape.points_px - offset, (float(blue), float(green), float(red)), _SCALE)
    image[top:bottom, left:right] = cv2.resize(large, size, interpolation=cv2.INTER_AREA)
    return window


def draw_shadow(image: Image, polygons: list[Floats], strength: float, blur_px: float) -> None:
    """Darkens the ground inside polygons, softly."""
    placed = _soft_mask(image, polygons, blur_px)
    if placed is None or strength <= 0:
        return
    mask, (left, top, right, bottom) = placed
    factor = 255 - cv2.convertScaleAbs(mask, alpha=strength)
    part = image[top:bottom, left:right]
    image[top:bottom, left:right] = cv2.multiply(part, cv2.merge([factor, factor, factor]), scale=1 / 255)


def draw_glow(image: Image, polygons: list[Floats], color: Color, blur_px: float) -> None:
    """Adds light inside polygons, softly."""
    placed = _soft_mask(image, polygons, blur_px)
    if placed is None:
        return
    mask, (left, top, right, bottom) = placed
    light = cv2.merge([cv2.convertScaleAbs(mask, alpha=channel / 255) for channel in color])
    image[top:bottom, left:right] = cv2.add(image[top:bottom, left:right], light)


def _soft_mask(image: Image, polygons: list[Floats], blur_px: float) -> tuple[Image, tuple[int, int, int, int]] | None:
    polygons = [polygon for polygon in polygons if len(polygon) >= 3]
    if not polygons:
        return None
    points = np.concatenate(polygons)
    (left, top), (right, bottom) = points.min(axis=0), points.max(axis=0)
    window = clip_window((float(left), float(top), float(right), float(bottom)), image, round(blur_px * 2) + 2)
    if window is None:
        return None
    x0, y0, x1, y1 = window
    mask = np.zeros((y1 - y0, x1 - x0), np.uint8)
    for polygon in polygons:
        fill(mask, polygon - [x0, y0], (255, 255, 255))
    size = max(round(blur_px) * 2 + 1, 3)
    soft = cv2.blur(cv2.blur(mask, (size, size)), (size, size))
    return np.asarray(soft, np.uint8), window


def clip_window(
    extent: tuple[float, float, float, float], image: Image, margin_px: int
) -> tuple[int, int, int, int] | None:
    """Whole pixels around an extent that lie in the picture; None when nothing does."""
    height, width = image.shape[:2]
    left, top = max(int(extent[0]) - margin_px, 0), max(int(extent[1]) - margin_px, 0)
    right = min(int(np.ceil(extent[2])) + margin_px, width)
    bottom = min(int(np.ceil(extent[3])) + margin_px, height)
    return (left, top, right, bottom) if right > left and bottom > top else None
