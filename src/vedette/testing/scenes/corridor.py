"""A corridor in an office building: people come and go, some from the side passage."""

import cv2
import numpy as np

from vedette.testing.scenes.backdrop import make_box, put_wall
from vedette.testing.scenes.figure import Color, Image, fill, shade
from vedette.testing.scenes.ground import GroundPlan
from vedette.testing.scenes.light import make_light
from vedette.testing.scenes.motion import Stop, plan_track
from vedette.testing.scenes.scene import FPS, LOOP_S, Actor, Scene
from vedette.testing.scenes.view import Floats, View, by
from vedette.testing.scenes.wardrobe import random_person

_HALF_M = 2.1
_HIGH_M = 3.0
_END_M = 27.0
_PASSAGE = (11.0, 13.6)
"""Where the left wall opens to the side passage."""
_PX_PER_M = 60


def make_corridor(seed: int) -> Scene:
    view = View((0.35, -0.3, 2.72), -1.5, 13.0, 800)
    rng = np.random.default_rng(seed)
    background = np.full((view.height, view.width, 3), 205, np.uint8)
    _paint_floor(background, view, seed)
    _paint_walls(background, view)
    _paint_ceiling(background, view)
    _reflect(background, view)
    light = make_light(view, (1.0, 0.99, 0.97), vignette=0.3)
    scene = Scene("corridor", "Office corridor", view, background, light, sun=None, shadow=0.34, noise=1.4)
    scene.hides.append((_mask_near_wall(view), _PASSAGE[0] - 0.2))
    _add_props(scene)
    _add_actors(scene, rng)
    return scene


def _paint_floor(background: Image, view: View, seed: int) -> None:
    plan = GroundPlan((-10, 4), (0.4, _END_M), (176, 180, 184), seed)
    plan.rectangle(-_HALF_M, 0.4, -_HALF_M + 0.35, _END_M, (140, 132, 122))
    plan.rectangle(_HALF_M - 0.35, 0.4, _HALF_M, _END_M, (140, 132, 122))
    plan.grid(-10, 0.4, 4, _END_M, 0.6, (160, 164, 168))
    plan.stripe((0.0, 0.4), (0.0, _END_M), 0.08, (170, 130, 70))
    plan.lay(view, background, grain=1.6)


def _paint_walls(background: Image, view: View) -> None:
    end = _wall_texture(2 * _HALF_M, doors=(), color=(214, 218, 220))
    _paint_end(end)
    far_side = _wall_texture(8.0, doors=(3.0,), color=(206, 212, 216))
    put_wall(background, view, _face((-10, _PASSAGE[1]), (-_HALF_M, _PASSAGE[1])), far_side, 0.86)
    put_wall(background, view, _face((-_HALF_M, _END_M), (_HALF_M, _END_M)), end, 1.0)
    left_far = _wall_texture(_END_M - _PASSAGE[1], doors=(2.2, 6.4, 10.6), color=(216, 222, 224))
    put_wall(background, view, _face((-_HALF_M, _PASSAGE[1]), (-_HALF_M, _END_M)), left_far, 0.97)
    right = _wall_texture(_END_M - 0.9, doors=(3.0, 8.2, 13.4, 18.6, 23.0), color=(216, 222, 224))
    put_wall(background, view, _face((_HALF_M, _END_M), (_HALF_M, 0.9)), right[:, ::-1].copy(), 0.93)
    left_near = _wall_texture(_PASSAGE[0] - 0.9, doors=(2.6, 6.8), color=(216, 222, 224))
    put_wall(background, view, _face((-_HALF_M, 0.9), (-_HALF_M, _PASSAGE[0])), left_near, 0.97)


def _face(left: tuple[float, float], right: tuple[float, float]) -> Floats:
    return np.array([[*left, 0], [*right, 0], [*right, _HIGH_M], [*left, _HIGH_M]], np.float64)


def _wall_texture(width_m: float, doors: tuple[float, ...], color: Color) -> Image:
    width, height = round(width_m * _PX_PER_M), round(_HIGH_M * _PX_PER_M)
    image: Image = np.empty((height, width, 3), np.uint8)
    image[:] = color

    def at(x: float, z: float) -> tuple[int, int]:
        return round(x * _PX_PER_M), height - round(z * _PX_PER_M)

    cv2.rectangle(image, at(0, 1.05), at(width_m, 0), shade(color, 0.93), -1)
    cv2.rectangle(image, at(0, 1.1), at(width_m, 0.98), (176, 130, 74), -1)
    cv2.rectangle(image, at(0, 0.12), at(width_m, 0), (104, 98, 92), -1)
    for x in doors:
        cv2.rectangle(image, at(x - 0.08, 2.2), at(x + 1.08, 0), (150, 150, 150), -1)
        cv2.rectangle(image, at(x, 2.12), at(x + 1.0, 0), (98, 140, 178), -1)
        cv2.rectangle(image, at(x + 0.68, 1.75), at(x + 0.86, 1.0), (188, 196, 190), -1)
        cv2.rectangle(image, at(x + 0.88, 1.06), at(x + 0.96, 1.0), (70, 70, 72), -1)
        cv2.rectangle(image, at(x + 1.2, 1.75), at(x + 1.5, 1.55), (150, 96, 50), -1)
    for x in np.arange(1.5, width_m - 0.8, 4.2):
        if all(abs(x - door) > 1.7 for door in doors):
            cv2.rectangle(image, at(float(x) - 0.03, 2.13), at(float(x) + 0.73, 1.27), (70, 72, 74), -1)
            cv2.rectangle(image, at(float(x), 2.1), at(float(x) + 0.7, 1.3), (190, 170, 140), -1)
    shade_down = np.linspace(1.0, 0.94, height, dtype=np.float32)[:, None, None]
    return (image * shade_down).astype(np.uint8)


def _paint_end(texture: Image) -> None:
    """A double glass door with daylight behind it."""
    height, width = texture.shape[:2]

    def at(x: float, z: float) -> tuple[int, int]:
        return round((x + _HALF_M) * _PX_PER_M), height - round(z * _PX_PER_M)

    cv2.rectangle(texture, at(-1.15, 2.4), at(1.15, 0), (110, 110, 108), -1)
    for x in (-1.05, 0.05):
        cv2.rectangle(texture, at(x, 2.3), at(x + 1.0, 0.1), (250, 246, 236), -1)
        cv2.rectangle(texture, at(x, 0.9), at(x + 1.0, 0.1), (222, 232, 222), -1)
    cv2.rectangle(texture, at(-0.6, 2.85), at(0.6, 2.55), (90, 150, 60), -1)
    del width


def _paint_ceiling(background: Image, view: View) -> None:
    corners = np.array(
        [[-_HALF_M, 0.6, _HIGH_M], [_HALF_M, 0.6, _HIGH_M], [_HALF_M, _END_M, _HIGH_M], [-_HALF_M, _END_M, _HIGH_M]]
    )
    fill(background, view.project_polygon(corners), (196, 200, 202))
    for x in np.arange(-_HALF_M, _HALF_M + 0.01, 0.7):
        _strip(background, view, (float(x), 0.6), (float(x), _END_M), (182, 186, 188))
    for y in np.arange(0.6, _END_M, 0.7):
        _strip(background, view, (-_HALF_M, float(y)), (_HALF_M, float(y)), (182, 186, 188))
    for y in np.arange(2.2, _END_M - 1, 3.5):
        panel = np.array([[-0.7, y, _HIGH_M], [0.7, y, _HIGH_M], [0.7, y + 0.6, _HIGH_M], [-0.7, y + 0.6, _HIGH_M]])
        fill(background, view.project_polygon(panel), (255, 255, 252))


def _strip(background: Image, view: View, start: tuple[float, float], end: tuple[float, float], color: Color) -> None:
    ends = view.project(np.array([[*start, _HIGH_M], [*end, _HIGH_M]]))[:, :2]
    (x0, y0), (x1, y1) = np.clip(ends, -4000, 4000).round().astype(int)
    cv2.line(background, (int(x0), int(y0)), (int(x1), int(y1)), color, 1, cv2.LINE_AA)


def _reflect(background: Image, view: View) -> None:
    """A polished floor: the lamps and the bright door, blurred, seen from below it."""
    glow = np.zeros(background.shape[:2], np.uint8)
    for y in np.arange(2.2, _END_M - 1, 3.5):
        panel = np.array([[-0.6, y, -_HIGH_M], [0.6, y, -_HIGH_M], [0.6, y + 0.6, -_HIGH_M], [-0.6, y + 0.6, -_HIGH_M]])
        fill(glow, view.project_polygon(panel), (255, 255, 255))
    door = np.array([[-1.0, _END_M, 0], [1.0, _END_M, 0], [1.0, _END_M, -2.3], [-1.0, _END_M, -2.3]])
    fill(glow, view.project_polygon(door), (255, 255, 255))
    floor = np.zeros_like(glow)
    area = np.array([[-_HALF_M, 0.7, 0], [_HALF_M, 0.7, 0], [_HALF_M, _END_M, 0], [-_HALF_M, _END_M, 0]])
    fill(floor, view.project_polygon(area), (255, 255, 255))
    soft = cv2.GaussianBlur(glow, (0, 0), sigmaX=9, sigmaY=18)
    soft = cv2.bitwise_and(soft, floor)
    background[:] = cv2.add(background, cv2.merge([cv2.convertScaleAbs(soft, alpha=0.3)] * 3))


def _mask_near_wall(view: View) -> Image:
    """The part of the left wall before the side passage, which hides who is still in there."""
    mask = np.zeros((view.height, view.width), np.uint8)
    fill(mask, view.project_polygon(_face((-_HALF_M, 0.6), (-_HALF_M, _PASSAGE[0]))), (255, 255, 255))
    return mask


def _add_props(scene: Scene) -> None:
    view = scene.view
    for x, y, color in ((1.62, 7.0, (92, 120, 74)), (1.62, 17.0, (92, 120, 74))):
        pot = np.array([x, y, 0.0])
        plant = make_box(view, pot, (0.34, 0.34, 0.45), (70, 78, 96))
        rng = np.random.default_rng(int(y))
        for _ in range(26):
            tip = pot + by(0.17, 0.17, 0.77) + rng.normal(0, by(0.2, 0.2, 0.28))
            ends = view.project(np.stack([pot + by(0.17, 0.17, 0.42), tip]))
            radius = 0.05 * view.focal_px / ends[0, 2]
            plant.capsule(ends[:, :2], (radius * 0.4, radius), shade(color, float(rng.uniform(0.7, 1.3))))
        scene.add_prop(plant, pot)
    bench = np.array([-2.05, 19.5, 0.0])
    scene.add_prop(make_box(view, bench, (0.5, 1.8, 0.45), (104, 86, 70)), bench)
    cooler = np.array([-2.05, 8.6, 0.0])
    scene.add_prop(make_box(view, cooler, (0.36, 0.36, 1.15), (214, 218, 220)), cooler)


def _add_actors(scene: Scene, rng: np.random.Generator) -> None:
    def walk(stops: list[Stop], speed: float, start_s: float) -> None:
        scene.actors.append(Actor(random_person(rng), plan_track(stops, speed, start_s, LOOP_S, FPS, 0.8)))

    walk([Stop(0.4, 26.6), Stop(0.7, 14), Stop(0.6, 1.0)], 1.35, 0.5)
    walk([Stop(-0.8, 1.0), Stop(-0.9, 12), Stop(-0.4, 26.6)], 1.4, 5.0)
    walk([Stop(-9, 12.3), Stop(-1.6, 12.3), Stop(-0.1, 10.5), Stop(0.2, 1.0)], 1.3, 10.0)
    walk([Stop(0.9, 1.0), Stop(1.0, 11.5), Stop(-0.8, 12.6), Stop(-9, 12.3)], 1.4, 19.0)
    walk([Stop(-0.3, 26.6), Stop(-1.2, 19.2, 2.5), Stop(0.2, 12), Stop(0.9, 1.0)], 1.3, 14.0)
    walk([Stop(-0.2, 1.0), Stop(0.6, 16), Stop(0.3, 26.6)], 1.55, 26.0)
    walk([Stop(0.3, 1.0), Stop(0.9, 16.2), Stop(0.6, 26.6)], 1.5, 26.7)
