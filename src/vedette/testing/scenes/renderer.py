"""Renders the frames of a scene and says where everybody is.

The still part is painted once; a frame is a copy of it with the actors drawn over, far ones first, and what
stands before them laid over them again.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from vedette.testing.scenes.cyclist import draw_cyclist
from vedette.testing.scenes.figure import (
    Figure,
    Image,
    draw_figure,
    draw_glow,
    draw_shadow,
)
from vedette.testing.scenes.light import apply_light
from vedette.testing.scenes.person import Person, cast_shadow, draw_person
from vedette.testing.scenes.scene import Actor, Prop, Scene, depth_of
from vedette.testing.scenes.vehicle import Vehicle, draw_vehicle
from vedette.testing.scenes.view import Floats

_MIN_SIDE_PX = 8
_MIN_INSIDE = 0.25
_NOISE_MARGIN = 64


@dataclass(frozen=True, slots=True)
class TrueBox:
    """Where an actor is in a frame.

    Attributes:
        track_id: The same in every frame, from 1.
        box_px: Left, top, width, height, clipped to the picture.
        visibility: Share of the whole actor that can be seen.
    """

    track_id: int
    class_id: int
    box_px: tuple[float, float, float, float]
    visibility: float


@dataclass(frozen=True, slots=True)
class _Hide:
    """A mask that hides what is farther away than it."""

    window: tuple[int, int, int, int]
    mask: NDArray[np.bool_]
    depth_m: float


@dataclass(frozen=True, slots=True)
class _Placed:
    depth_m: float
    figure: Figure
    place: Floats
    actor_index: int
    extent: tuple[float, float, float, float] | None


class SceneRenderer:
    """Renders one scene."""

    def __init__(self, scene: Scene, seed: int = 1) -> None:
        self._scene = scene
        self._hides: list[_Hide] = []
        self._standing = [self._stand(index) for index in range(len(scene.actors)) if _is_parked(scene.actors[index])]
        still = scene.background.copy()
        self._paint_props(still)
        self._still = apply_light(still, scene.light)
        self._standing_boxes = [self._box(item, self._standing) for item in self._standing]
        rng = np.random.default_rng(seed)
        size = (scene.view.height + _NOISE_MARGIN, scene.view.width + _NOISE_MARGIN, 1)
        grain = rng.normal(0, scene.noise, size)
        self._brighter = np.repeat(np.clip(grain, 0, 60).round().astype(np.uint8), 3, axis=2)
        self._darker = np.repeat(np.clip(-grain, 0, 60).round().astype(np.uint8), 3, axis=2)
        self._rng = rng

    def render(self, frame: int) -> tuple[Image, list[TrueBox]]:
        """Renders a frame: (H, W, 3) uint8 BGR, and the boxes of all actors in it."""
        scene = self._scene
        image = self._still.copy()
        placed = self._place(frame)
        for item in placed:
            blur_px = float(np.clip(scene.view.focal_px / item.depth_m * 0.05, 2, 12))
            draw_shadow(image, item.figure.shadow, scene.shadow, blur_px)
            if item.figure.glow:
                draw_glow(image, item.figure.glow, (70, 88, 92), blur_px * 3)
        for item in placed:
            touched = draw_figure(image, item.figure, self._light_at(item))
            if touched is not None:
                self._lay_over(image, touched, item.depth_m)
        self._add_noise(image)
        return image, self._truth(placed)

    def _paint_props(self, still: Image) -> None:
        parked = [Prop(item.figure, item.depth_m) for item in self._standing]
        props = sorted([*self._scene.props, *parked], key=lambda prop: -prop.depth_m)
        for prop in props:
            draw_shadow(still, prop.figure.shadow, self._scene.shadow, 6)
            before = still.copy()
            window = draw_figure(still, prop.figure)
            if window is not None:
                left, top, right, bottom = window
                change = cv2.absdiff(still[top:bottom, left:right], before[top:bottom, left:right]).max(axis=2)
                self._hides.append(_Hide(window, change > 5, prop.depth_m))
        height, width = still.shape[:2]
        for mask, depth_m in self._scene.hides:
            self._hides.append(_Hide((0, 0, width, height), mask > 127, depth_m))

    def _stand(self, index: int) -> _Placed:
        """Draws a parked vehicle, which is painted once with the place."""
        actor = self._scene.actors[index]
        place = np.array([*actor.track.position[0], 0.0])
        return _placed(depth_of(self._scene.view, place), self._draw(actor, 0, place), place, index)

    def _place(self, frame: int) -> list[_Placed]:
        scene = self._scene
        placed = []
        for index, actor in enumerate(scene.actors):
            if not actor.track.is_present[frame] or _is_parked(actor):
                continue
            place = np.array([*actor.track.position[frame], 0.0])
            depth_m = depth_of(scene.view, place)
            if depth_m > 1.0:
                placed.append(_placed(depth_m, self._draw(actor, frame, place), place, index))
        placed += [_placed(moving.depth_m, moving.draw(frame), np.zeros(3), -1) for moving in scene.moving]
        return sorted(placed, key=lambda item: -item.depth_m)

    def _draw(self, actor: Actor, frame: int, place: Floats) -> Figure:
        scene, track = self._scene, actor.track
        heading, moved_m = float(track.heading[frame]), float(track.moved_m[frame])
        if isinstance(actor.look, Vehicle):
            figure = draw_vehicle(scene.view, actor.look, place, heading, moved_m, scene.lamps)
            if scene.lamps and track.speed[frame] > 0.2:
                figure.glow.append(_headlight(scene, actor.look, place, heading))
        elif actor.rider:
            figure = draw_cyclist(scene.view, actor.look, place, heading, moved_m)
        else:
            walked_m = moved_m if track.speed[frame] > 0.15 else -1.0
            figure = draw_person(scene.view, actor.look, place, heading, walked_m)
        if scene.sun is not None:
            height_m = actor.look.height_m if isinstance(actor.look, Person) else actor.look.body.roof_z
            if isinstance(actor.look, Person):
                cast_shadow(figure, scene.view, place, height_m, scene.sun)
        return figure

    def _light_at(self, item: _Placed) -> Floats:
        x, y, _ = self._scene.view.project(item.place[None])[0]
        height, width = self._scene.light.shape[:2]
        column, row = int(np.clip(x, 0, width - 1)), int(np.clip(y, 0, height - 1))
        light: Floats = self._scene.light[row, column].astype(np.float64)
        return light

    def _lay_over(self, image: Image, touched: tuple[int, int, int, int], depth_m: float) -> None:
        for hide in self._hides:
            window = _overlap(hide.window, touched) if hide.depth_m < depth_m else None
            if window is not None:
                left, top, right, bottom = window
                mask = hide.mask[
                    top - hide.window[1] : bottom - hide.window[1], left - hide.window[0] : right - hide.window[0]
                ]
                part = image[top:bottom, left:right]
                part[mask] = self._still[top:bottom, left:right][mask]

    def _add_noise(self, image: Image) -> None:
        height, width = image.shape[:2]
        for noise, add in ((self._brighter, cv2.add), (self._darker, cv2.subtract)):
            top, left = self._rng.integers(0, _NOISE_MARGIN, 2)
            add(image, noise[top : top + height, left : left + width], dst=image)

    def _truth(self, moving: list[_Placed]) -> list[TrueBox]:
        """Boxes of all actors. A parked vehicle's is worked out anew only while somebody moves before it."""
        everyone = [*moving, *self._standing]
        boxes = [self._box(item, everyone) for item in moving]
        for item, still in zip(self._standing, self._standing_boxes, strict=True):
            is_covered = any(_covers(other, item) for other in moving)
            boxes.append(self._box(item, everyone) if is_covered else still)
        return sorted((box for box in boxes if box is not None), key=lambda box: box.track_id)

    def _box(self, item: _Placed, everyone: list[_Placed]) -> TrueBox | None:
        extent = item.extent
        if item.actor_index < 0 or extent is None:
            return None
        view = self._scene.view
        left, top = max(extent[0], 0.0), max(extent[1], 0.0)
        right, bottom = min(extent[2], float(view.width)), min(extent[3], float(view.height))
        whole = (extent[2] - extent[0]) * (extent[3] - extent[1])
        if right - left < _MIN_SIDE_PX or bottom - top < _MIN_SIDE_PX:
            return None
        if (right - left) * (bottom - top) < _MIN_INSIDE * whole:
            return None
        y, x = np.mgrid[0.05:1:0.1, 0.05:1:0.1]
        x, y = extent[0] + x * (extent[2] - extent[0]), extent[1] + y * (extent[3] - extent[1])
        seen = (x >= 0) & (x < view.width) & (y >= 0) & (y < view.height)
        for other in everyone:
            if other.extent is not None and _covers(other, item):
                x0, y0, x1, y1 = other.extent
                seen &= ~((x > x0) & (x < x1) & (y > y0) & (y < y1))
        whole_px = (int(extent[0]), int(extent[1]), int(extent[2]) + 1, int(extent[3]) + 1)
        for hide in self._hides:
            if hide.depth_m < item.depth_m - 0.05 and _overlap(hide.window, whole_px) is not None:
                seen &= ~_is_masked(hide, x, y)
        visibility = float(seen.mean())
        if visibility <= 0:
            return None
        actor = self._scene.actors[item.actor_index]
        size = (round(left, 1), round(top, 1), round(right - left, 1), round(bottom - top, 1))
        return TrueBox(item.actor_index + 1, actor.class_id, size, round(visibility, 2))


def _placed(depth_m: float, figure: Figure, place: Floats, actor_index: int) -> _Placed:
    return _Placed(depth_m, figure, place, actor_index, figure.extent())


def _covers(nearer: _Placed, item: _Placed) -> bool:
    """Tells whether an actor stands before another one, box over box."""
    one, other = nearer.extent, item.extent
    if one is None or other is None or nearer.depth_m >= item.depth_m:
        return False
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def _is_parked(actor: Actor) -> bool:
    return isinstance(actor.look, Vehicle) and float(actor.track.speed.max()) == 0.0


def _is_masked(hide: _Hide, x: Floats, y: Floats) -> NDArray[np.bool_]:
    left, top, right, bottom = hide.window
    inside = (x >= left) & (x < right) & (y >= top) & (y < bottom)
    column = np.clip(x - left, 0, right - left - 1).astype(np.int64)
    row = np.clip(y - top, 0, bottom - top - 1).astype(np.int64)
    masked: NDArray[np.bool_] = inside & hide.mask[row, column]
    return masked


def _headlight(scene: Scene, vehicle: Vehicle, place: Floats, heading: float) -> Floats:
    ahead = np.array([np.cos(heading), np.sin(heading), 0.0])
    across = np.array([-np.sin(heading), np.cos(heading), 0.0])
    front = place + ahead * vehicle.length_m / 2
    corners = [
        front + across * 0.6,
        front + ahead * 7 + across * 2.2,
        front + ahead * 7 - across * 2.2,
        front - across * 0.6,
    ]
    return scene.view.project_polygon(np.array(corners))


def _overlap(one: tuple[int, int, int, int], other: tuple[int, int, int, int]) -> tuple[int, int, int, int] | None:
    left, top = max(one[0], other[0]), max(one[1], other[1])
    right, bottom = min(one[2], other[2]), min(one[3], other[3])
    return (left, top, right, bottom) if right > left and bottom > top else None
