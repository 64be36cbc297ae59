"""What stands around in a scene: sky, walls with windows, trees, lamps, fences."""

from dataclasses import dataclass

import cv2
import numpy as np

from vedette.testing.scenes.figure import Color, Figure, Image, shade
from vedette.testing.scenes.view import Floats, View, by

_PX_PER_M = 36


@dataclass(frozen=True, slots=True)
class Facade:
    """Look of a wall.

    Attributes:
        lit_share: Share of windows with light in them.
        ground_floor: Colour of the shop front, None for windows down to the ground.
    """

    wall: Color
    window: Color = (92, 80, 66)
    frame: Color = (205, 205, 205)
    floor_m: float = 3.2
    window_m: tuple[float, float] = (1.3, 1.6)
    gap_m: float = 1.3
    lit_share: float = 0.0
    ground_floor: Color | None = None
    brick: bool = False


def paint_sky(image: Image, view: View, top: Color, low: Color, seed: int, clouds: float) -> None:
    """Paints a gradient down to the horizon with soft clouds."""
    rng = np.random.default_rng(seed)
    horizon = int(np.clip(view.horizon_px() + 6, 0, view.height))
    if not horizon:
        return
    share = (np.arange(horizon) / horizon)[:, None, None]
    sky = np.asarray(top) * (1 - share) + np.asarray(low) * share
    sky = np.repeat(sky, view.width, axis=1).astype(np.float32)
    noise = np.zeros((horizon, view.width), np.float32)
    for cells, weight in (((3, 7), 1.0), ((6, 15), 0.6), ((14, 36), 0.35), ((30, 80), 0.2)):
        small = rng.normal(0, 1, cells).astype(np.float32)
        noise += weight * cv2.resize(small, (view.width, horizon), interpolation=cv2.INTER_CUBIC)
    cover = np.clip(noise * 0.6 - 0.15, 0, 1) * clouds
    sky += cover[:, :, None] * (245 - sky)
    image[:horizon] = np.clip(sky, 0, 255).astype(np.uint8)


def paint_far(image: Image, view: View, ground: Color, trees: Color, seed: int) -> None:
    """Paints what is far away: hazy ground below the horizon and a line of trees on it."""
    rng = np.random.default_rng(seed)
    horizon = int(np.clip(view.horizon_px() + 4, 0, view.height - 1))
    image[horizon:] = ground
    for layer, (size, tone) in enumerate(((26, 1.0), (17, 0.82))):
        for x in np.arange(-20, view.width + 20, size * 0.55):
            radius = float(rng.uniform(0.6, 1.2)) * size
            centre = (round(x + rng.uniform(-6, 6)), round(horizon + 10 + layer * 6 - radius * 0.5))
            color = shade(trees, tone * float(rng.uniform(0.9, 1.08)))
            cv2.circle(image, centre, round(radius), color, -1, cv2.LINE_AA)
    image[horizon + 14 :] = ground


def make_facade(width_m: float, height_m: float, look: Facade, seed: int) -> Image:
    """Paints a wall seen straight on."""
    rng = np.random.default_rng(seed)
    width, height = round(width_m * _PX_PER_M), round(height_m * _PX_PER_M)
    image: Image = np.empty((height, width, 3), np.uint8)
    image[:] = look.wall
    if look.brick:
        _paint_bricks(image, look.wall, rng)
    floors = max(round(height_m / look.floor_m), 1)
    columns = max(int((width_m - look.gap_m / 2) / (look.window_m[0] + look.gap_m)), 1)
    margin = (width_m - columns * look.window_m[0] - (columns - 1) * look.gap_m) / 2
    for floor in range(floors):
        is_ground = floor == 0 and look.ground_floor is not None
        bottom = height - round((floor * look.floor_m + (0.25 if is_ground else 0.95)) * _PX_PER_M)
        if is_ground and look.ground_floor is not None:
            top = height - round(look.floor_m * _PX_PER_M)
            cv2.rectangle(image, (0, top), (width, height), shade(look.wall, 0.72), -1)
            cv2.rectangle(image, (0, top), (width, top + round(0.5 * _PX_PER_M)), look.ground_floor, -1)
        for column in range(columns):
            left = round((margin + column * (look.window_m[0] + look.gap_m)) * _PX_PER_M)
            size = np.array(look.window_m) * _PX_PER_M
            if is_ground:
                size = np.array([look.window_m[0] + look.gap_m * 0.6, 2.1]) * _PX_PER_M
            is_lit = rng.random() < (min(look.lit_share * 2.2, 1.0) if is_ground else look.lit_share)
            _paint_window(image, (left, bottom), size, look, rng, is_lit=is_lit)
        line = height - round((floor + 1) * look.floor_m * _PX_PER_M)
        cv2.line(image, (0, line), (width, line), shade(look.wall, 0.82), 3)
    cv2.rectangle(image, (0, 0), (width, round(0.25 * _PX_PER_M)), shade(look.wall, 0.7), -1)
    grime = np.linspace(1.04, 0.9, height, dtype=np.float32)[:, None, None]
    grain = rng.normal(1, 0.02, (height, width, 1)).astype(np.float32)
    return np.asarray(np.clip(image * grime * grain, 0, 255), np.uint8)


def _paint_bricks(image: Image, wall: Color, rng: np.random.Generator) -> None:
    height, width = image.shape[:2]
    course, length = 6, 18
    for row, y in enumerate(range(0, height, course)):
        for x in range(-(row % 2) * length // 2, width, length):
            tone = float(rng.normal(1.0, 0.07))
            cv2.rectangle(image, (x, y), (x + length - 2, y + course - 2), shade(wall, tone), -1)


def _paint_window(
    image: Image, corner: tuple[int, int], size: Floats, look: Facade, rng: np.random.Generator, *, is_lit: bool
) -> None:
    left, bottom = corner
    right, top = left + round(size[0]), bottom - round(size[1])
    glass = (120, 205, 250) if is_lit else shade(look.window, float(rng.uniform(0.8, 1.15)))
    cv2.rectangle(image, (left - 3, top - 3), (right + 3, bottom + 3), look.frame, -1)
    cv2.rectangle(image, (left, top), (right, bottom), glass, -1)
    if is_lit:
        shadow = round(size[0] * float(rng.uniform(0.15, 0.4)))
        cv2.rectangle(image, (left, top), (left + shadow, bottom), shade(glass, 0.75), -1)
    else:  # the sky in the upper corner of the pane
        points = np.array([[left, top], [right, top], [left + round(size[0] * 0.3), bottom], [left, bottom]])
        cv2.fillPoly(image, [points], shade(glass, 1.22), cv2.LINE_AA)
    cv2.line(image, ((left + right) // 2, top), ((left + right) // 2, bottom), look.frame, 2)
    cv2.rectangle(image, (left - 6, bottom + 3), (right + 6, bottom + 7), shade(look.frame, 0.8), -1)


def put_wall(image: Image, view: View, corners_m: Floats, texture: Image, light: float = 1.0) -> None:
    """Lays a texture on a wall with the (4, 3) corners bottom left, bottom right, top right, top left, as seen
    from the camera.
    """
    height, width = texture.shape[:2]
    projected = view.project(corners_m)
    if projected[:, 2].min() <= 0.6:
        return
    scale = 2
    target = (projected[:, :2] * scale).astype(np.float32)
    source = np.array([[0, height], [width, height], [width, 0], [0, 0]], np.float32)
    matrix = cv2.getPerspectiveTransform(source, target)
    size = (view.width * scale, view.height * scale)
    lit = cv2.convertScaleAbs(texture, alpha=light)
    warped = cv2.resize(cv2.warpPerspective(lit, matrix, size), (view.width, view.height), interpolation=cv2.INTER_AREA)
    mask = np.zeros((size[1], size[0]), np.uint8)
    cv2.fillPoly(mask, [np.round(target * 16).astype(np.int32)], 255, cv2.LINE_AA, 4)
    weight = (
        cv2.resize(mask, (view.width, view.height), interpolation=cv2.INTER_AREA).astype(np.float32)[:, :, None] / 255
    )
    image[:] = np.clip(image * (1 - weight) + np.minimum(warped, 255) * weight, 0, 255).astype(np.uint8)


def put_building(
    image: Image,
    view: View,
    place: tuple[float, float, float, float],
    height_m: float,
    look: Facade,
    seed: int,
) -> None:
    """Puts a box with windows on the ground: x0, y0 (near), x1, y1 (far)."""
    x0, y0, x1, y1 = place
    eye_x = view.position[0]
    side = make_facade(y1 - y0, height_m, look, seed + 1)
    if eye_x > x1:
        put_wall(image, view, _wall((x1, y0), (x1, y1), height_m), side, 0.8)
    elif eye_x < x0:
        put_wall(image, view, _wall((x0, y1), (x0, y0), height_m), side, 0.8)
    put_wall(image, view, _wall((x0, y0), (x1, y0), height_m), make_facade(x1 - x0, height_m, look, seed))


def _wall(left: tuple[float, float], right: tuple[float, float], height_m: float) -> Floats:
    return np.array([[*left, 0], [*right, 0], [*right, height_m], [*left, height_m]], np.float64)


def make_tree(view: View, place: Floats, height_m: float, leaves: Color, seed: int) -> Figure:
    """A trunk and a crown of many leaf clusters, dark below, light above."""
    rng = np.random.default_rng(seed)
    figure = Figure()
    crown_m = height_m * 0.34
    foot, fork = view.project(np.stack([place, place + by(0, 0, height_m * 0.55)]))
    per_m = view.focal_px / foot[2]
    figure.capsule(np.stack([foot[:2], fork[:2]]), (0.16 * per_m, 0.09 * per_m), (52, 66, 84))
    clusters = np.clip(rng.normal(0, 0.42, (170, 3)), -0.85, 0.85) * crown_m
    clusters = clusters[np.argsort(clusters[:, 2])]
    around = np.arange(9) * 2 * np.pi / 9
    for offset in clusters:
        centre = view.project((place + by(0, 0, height_m * 0.68) + offset)[None])[0]
        radius = float(rng.uniform(0.16, 0.34)) * crown_m * view.focal_px / centre[2] * 0.62
        light = 0.72 + 0.3 * (offset[2] / crown_m) + 0.14 * (-offset[0] / crown_m) + rng.normal(0, 0.05)
        wobble = rng.uniform(0.75, 1.15, 9)
        ring = centre[:2] + np.column_stack([np.cos(around), np.sin(around) * 0.85]) * radius * wobble[:, None]
        figure.polygon(ring, shade(leaves, float(light)))
    ring = np.column_stack([np.cos(around) * crown_m * 0.95, np.sin(around) * crown_m * 0.7, np.zeros(9)])
    figure.shadow.append(view.project_polygon(place + ring))
    return figure


def make_post(view: View, place: Floats, height_m: float, radius_m: float, color: Color, arm_m: float = 0.0) -> Figure:
    """A post, with an arm and a lamp when `arm_m` is not 0."""
    figure = Figure()
    foot, top = view.project(np.stack([place, place + by(0, 0, height_m)]))
    radius = radius_m * view.focal_px / foot[2]
    figure.capsule(np.stack([foot[:2], top[:2]]), (radius, radius * 0.75), color)
    light_side = np.stack([foot[:2], top[:2]]) - [radius * 0.35, 0]
    figure.capsule(light_side, (radius * 0.35, radius * 0.25), shade(color, 1.35))
    if arm_m:
        end = view.project((place + by(arm_m, 0, height_m + 0.25))[None])[0]
        figure.capsule(np.stack([top[:2], end[:2]]), (radius * 0.6, radius * 0.5), color)
        lamp = view.project(
            np.stack([place + by(arm_m * 0.7, 0, height_m + 0.2), place + by(arm_m * 1.15, 0, height_m + 0.28)])
        )
        figure.capsule(lamp[:, :2], (radius * 1.1, radius * 1.1), shade(color, 1.2))
        figure.capsule(lamp[:, :2] + [0, radius * 0.5], (radius * 0.7, radius * 0.7), (210, 245, 255))
    return figure


def make_box(view: View, low: Floats, size: tuple[float, float, float], color: Color) -> Figure:
    """An upright box from its lowest corner, shaded; `size` is its width, depth and height."""
    figure = Figure()
    (x0, y0, z0), (x1, y1, z1) = low, low + np.asarray(size)
    eye = view.position
    faces: list[tuple[list[list[float]], float]] = []
    if eye[0] > x1:
        faces.append(([[x1, y0, z0], [x1, y1, z0], [x1, y1, z1], [x1, y0, z1]], 0.74))
    if eye[0] < x0:
        faces.append(([[x0, y0, z0], [x0, y1, z0], [x0, y1, z1], [x0, y0, z1]], 0.82))
    if eye[2] > z1:
        faces.append(([[x0, y0, z1], [x1, y0, z1], [x1, y1, z1], [x0, y1, z1]], 1.12))
    faces.append(([[x0, y0, z0], [x1, y0, z0], [x1, y0, z1], [x0, y0, z1]], 0.95))
    for corners, light in faces:
        figure.polygon(view.project_polygon(np.array(corners, np.float64)), shade(color, light))
    figure.shadow.append(
        view.project_polygon(np.array([[x0, y0, 0], [x1 + 0.2, y0, 0], [x1 + 0.2, y1, 0], [x0, y1, 0]]))
    )
    return figure


def draw_fence(image: Image, view: View, start: tuple[float, float], end: tuple[float, float], height_m: float) -> None:
    """Draws a mesh fence, half transparent, onto the background."""
    layer = image.copy()
    a, b = np.array(start), np.array(end)
    length = float(np.linalg.norm(b - a))
    rails = [(z, z) for z in np.linspace(0.1, height_m, 7)]
    for low, high in rails:
        ends = view.project(np.array([[*a, low], [*b, high]]))[:, :2]
        _line(layer, ends, (150, 156, 150), 1)
    for share in np.arange(0, 1.0001, 0.22 / length):
        x, y = a + (b - a) * share
        ends = view.project(np.array([[x, y, 0.05], [x, y, height_m]]))[:, :2]
        _line(layer, ends, (140, 148, 140), 1)
    image[:] = cv2.addWeighted(layer, 0.62, image, 0.38, 0)
    for share in np.arange(0, 1.0001, 2.5 / length):
        x, y = a + (b - a) * share
        ends = view.project(np.array([[x, y, 0], [x, y, height_m + 0.15]]))
        _line(image, ends[:, :2], (92, 100, 92), max(round(0.06 * view.focal_px / ends[0, 2]), 1))


def _line(image: Image, ends_px: Floats, color: Color, thickness: int) -> None:
    (x0, y0), (x1, y1) = np.clip(np.round(ends_px * 16), -(1 << 18), 1 << 18).astype(int)
    cv2.line(image, (int(x0), int(y0)), (int(x1), int(y1)), color, thickness, cv2.LINE_AA, 4)
