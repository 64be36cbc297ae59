"""Draws cars, vans and trucks: extruded side profiles with windows, wheels and lights, shaded by their normals."""

import math
from dataclasses import dataclass

import numpy as np

from vedette.testing.scenes.figure import Color, Figure, blend, shade
from vedette.testing.scenes.view import Floats, View, normal_of

_LIGHT = (-0.45, -0.5, 0.74)
_GLASS: Color = (74, 62, 52)
_TYRE: Color = (34, 33, 33)


@dataclass(frozen=True, slots=True)
class Body:
    """Form of a vehicle, in metres, x forward from the middle, z up.

    Attributes:
        profile: Side outline of the lower body from the rear bumper over the top to the front bumper.
        cabin_base: x of rear and front of the cabin where it stands on the body.
        cabin_top: x of rear and front of the roof.
        wheels: x of the axles.
    """

    width_m: float
    profile: tuple[tuple[float, float], ...]
    cabin_base: tuple[float, float]
    cabin_top: tuple[float, float]
    base_z: float
    roof_z: float
    wheels: tuple[float, ...]
    wheel_m: float = 0.33
    glass: bool = True


SEDAN = Body(
    1.8,
    ((-2.25, 0.3), (-2.28, 0.62), (-2.2, 0.95), (-1.5, 1.0), (0.95, 0.98), (2.05, 0.84), (2.25, 0.66), (2.25, 0.3)),
    (-1.75, 1.05),
    (-1.05, 0.3),
    0.96,
    1.45,
    (-1.35, 1.4),
)
HATCHBACK = Body(
    1.75,
    ((-1.9, 0.3), (-1.95, 0.7), (-1.88, 1.0), (0.85, 0.98), (1.8, 0.84), (1.98, 0.64), (1.98, 0.3)),
    (-1.86, 0.95),
    (-1.5, 0.25),
    0.97,
    1.5,
    (-1.2, 1.25),
)
SUV = Body(
    1.9,
    ((-2.25, 0.38), (-2.3, 0.8), (-2.22, 1.14), (0.95, 1.12), (2.1, 1.02), (2.28, 0.78), (2.28, 0.38)),
    (-2.18, 1.0),
    (-1.9, 0.35),
    1.12,
    1.72,
    (-1.4, 1.42),
    0.37,
)
VAN = Body(
    1.98,
    ((-2.55, 0.36), (-2.58, 1.1), (-2.56, 1.2), (1.55, 1.2), (2.4, 1.02), (2.55, 0.72), (2.55, 0.36)),
    (-2.56, 1.75),
    (-2.52, 1.0),
    1.2,
    2.25,
    (-1.6, 1.65),
    0.36,
)
TRUCK = Body(
    2.3,
    ((-3.6, 0.6), (-3.6, 0.95), (-3.6, 1.0), (3.3, 1.0), (3.5, 0.9), (3.55, 0.5)),
    (1.65, 3.48),
    (1.7, 3.2),
    1.0,
    2.45,
    (-2.3, 2.45),
    0.46,
)


@dataclass(frozen=True, slots=True)
class Vehicle:
    """How a vehicle looks. `box` is the colour of a truck's load box, None for others."""

    body: Body
    paint: Color
    box: Color | None = None

    @property
    def length_m(self) -> float:
        xs = [x for x, _ in self.body.profile]
        return max(xs) - min(xs)


class _Builder:
    """Places parts of one vehicle in the picture."""

    def __init__(self, view: View, place: Floats, heading: float, lit: float) -> None:
        self._view = view
        self._place = place
        cos, sin = np.cos(heading), np.sin(heading)
        self._turn = np.array([[cos, sin, 0], [-sin, cos, 0], [0, 0, 1]])
        self._eye = view.eye
        self.lit = lit
        self.figure = Figure()

    def world(self, points: Floats) -> Floats:
        placed: Floats = self._place + points @ self._turn
        return placed

    def faces_eye(self, points: Floats) -> bool:
        return self._sees(self.world(points))

    def face(self, points: Floats, color: Color, gloss: float = 1.0) -> None:
        """Adds a flat face when its front (counter-clockwise) looks at the camera."""
        corners = self.world(points)
        if not self._sees(corners):
            return
        normal = normal_of(corners)
        length = max(math.hypot(*normal), 1e-9)
        lit = sum(a * b for a, b in zip(normal, _LIGHT, strict=True)) / length
        light = 0.62 + 0.5 * max(lit, 0.0) * gloss
        self.figure.polygon(self._view.project_polygon(corners), shade(color, light))

    def _sees(self, corners: Floats) -> bool:
        to_eye = (self._eye - corners[0]).tolist()
        return bool(sum(a * b for a, b in zip(normal_of(corners), to_eye, strict=True)) > 0)

    def plain(self, points: Floats, color: Color) -> None:
        self.figure.polygon(self._view.project_polygon(self.world(points)), color)


def draw_vehicle(
    view: View, vehicle: Vehicle, place: Floats, heading: float, rolled_m: float = 0.0, lit: float = 0.0
) -> Figure:
    """Draws a vehicle.

    `place` is the ground point under its middle, `heading` where its front points (radians from the x
    axis), `rolled_m` the distance driven, which turns the wheels, and `lit` how bright its lamps are, 0 to 1.
    """
    builder = _Builder(view, place, heading, lit)
    body = vehicle.body
    half = body.width_m / 2
    length = vehicle.length_m / 2
    under = np.array([[-length, -half, 0], [length, -half, 0], [length, half, 0], [-length, half, 0]]) * 1.03
    builder.figure.shadow.append(view.project_polygon(builder.world(under)))
    builder.plain(under * [0.93, 0.84, 1.0] + [0, 0, 0.02], (30, 30, 31))
    for side in (-1, 1):  # the far wheels show below the body
        if not _side_visible(builder, half, side):
            _draw_wheels(builder, body, side, rolled_m)
    _draw_body(builder, vehicle)
    for side in (-1, 1):
        if _side_visible(builder, half, side):
            _draw_wheels(builder, body, side, rolled_m)
    if vehicle.box is not None:
        _draw_box(builder, (-3.6, 1.5), half + 0.05, (1.0, 3.1), vehicle.box, cabin=(body, vehicle.paint))
    else:
        _draw_cabin(builder, body, vehicle.paint)
    return builder.figure


def _side_visible(builder: _Builder, half: float, side: int) -> bool:
    quad = np.array([[-1, side * half, 0.3], [1, side * half, 0.3], [1, side * half, 1], [-1, side * half, 1]])
    return builder.faces_eye(quad if side < 0 else quad[::-1])


def _draw_body(builder: _Builder, vehicle: Vehicle) -> None:
    body, paint = vehicle.body, vehicle.paint
    half = body.width_m / 2
    outline = np.array(body.profile)
    for side in (-1, 1):
        points = np.column_stack([outline[:, 0], np.full(len(outline), side * half), outline[:, 1]])
        builder.face(points[::-1] if side < 0 else points, paint)
        if _side_visible(builder, half, side):
            _draw_trim(builder, body, side, paint)
    for (x0, z0), (x1, z1) in zip(body.profile, body.profile[1:], strict=False):
        quad = np.array([[x0, half, z0], [x0, -half, z0], [x1, -half, z1], [x1, half, z1]])
        builder.face(quad, paint, gloss=1.25)
    _draw_ends(builder, body)


def _draw_trim(builder: _Builder, body: Body, side: int, paint: Color) -> None:
    """Sill, shoulder line and door gaps."""
    y = side * (body.width_m / 2 + 0.004)
    rear, front = body.profile[0][0], body.profile[-1][0]
    low = body.profile[0][1]
    builder.plain(
        np.array(
            [[rear + 0.1, y, low], [front - 0.1, y, low], [front - 0.15, y, low + 0.1], [rear + 0.15, y, low + 0.1]]
        ),
        shade(paint, 0.35),
    )
    line = body.base_z - 0.13
    builder.plain(
        np.array(
            [
                [rear + 0.1, y, line],
                [front - 0.35, y, line - 0.05],
                [front - 0.35, y, line - 0.08],
                [rear + 0.1, y, line - 0.04],
            ]
        ),
        shade(paint, 0.62),
    )
    for x in (0.55, -0.5):
        builder.plain(
            np.array([[x, y, low + 0.1], [x + 0.025, y, low + 0.1], [x + 0.025, y, line + 0.1], [x, y, line + 0.1]]),
            shade(paint, 0.55),
        )


def _draw_ends(builder: _Builder, body: Body) -> None:
    """Lamps, grille and number plates, where the ends look at the camera."""
    half = body.width_m / 2
    for forward in (1, -1):
        x = (body.profile[-1][0] if forward > 0 else body.profile[0][0]) + 0.012 * forward
        plane = np.array([[x, -half, 0.4], [x, half, 0.4], [x, half, 0.8], [x, -half, 0.8]])
        if not builder.faces_eye(plane if forward > 0 else plane[::-1]):
            continue
        low = body.profile[0][1]
        top = min(body.base_z - 0.22, low + 0.45)

        def patch(y0: float, y1: float, z0: float, z1: float, color: Color, x: float = x) -> None:
            builder.plain(np.array([[x, y0, z0], [x, y1, z0], [x, y1, z1], [x, y0, z1]]), color)

        patch(-half * 0.9, half * 0.9, low, low + 0.14, (40, 40, 42))
        if forward > 0:
            patch(-half * 0.5, half * 0.5, low + 0.2, top - 0.06, (46, 44, 44))
        patch(-0.26, 0.26, low + 0.1, low + 0.21, (205, 212, 214))
        lamp = (
            blend((196, 206, 210), (225, 250, 255), builder.lit)
            if forward > 0
            else blend((40, 36, 150), (60, 60, 255), builder.lit)
        )
        for side in (-1, 1):
            patch(side * half * 0.6, side * half * 0.96, top - 0.1, top + 0.07, lamp)


def _draw_cabin(builder: _Builder, body: Body, paint: Color) -> None:
    low, high = body.width_m / 2 * 0.98, body.width_m / 2 * 0.8
    (rear, front), (top_rear, top_front) = body.cabin_base, body.cabin_top
    z0, z1 = body.base_z, body.roof_z
    corner = {
        prefix + end + side: [x, half if side == "l" else -half, z]
        for prefix, half, z, xs in (("", low, z0, (rear, front)), ("t", high, z1, (top_rear, top_front)))
        for end, x in zip("rf", xs, strict=True)
        for side in "lr"
    }
    faces = (
        ("fl", "tfl", "tfr", "fr"),
        ("rr", "trr", "trl", "rl"),
        ("rl", "trl", "tfl", "fl"),
        ("fr", "tfr", "trr", "rr"),
    )
    for index, names in enumerate(faces):
        quad = np.array([corner[name] for name in names])
        quad = quad if _outward(quad, np.array([(rear + front) / 2, 0.0, (z0 + z1) / 2])) else quad[::-1]
        builder.face(quad, paint)
        if builder.faces_eye(quad):
            _draw_glass(builder, quad, 1 if index < 2 else 3 if body.roof_z > 2 else 2)
    roof = np.array([corner[name] for name in ("trl", "trr", "tfr", "tfl")])
    builder.face(roof, paint, gloss=1.3)


def _draw_glass(builder: _Builder, quad: Floats, panes: int) -> None:
    """Windows inside a cabin face, with a bright reflection in each."""
    middle = quad.mean(axis=0)
    inner = middle + (quad - middle) * [0.93, 0.9, 0.78]
    for pane in range(panes):
        gap = 0.018 if panes > 1 else 0.0
        left, right = pane / panes + gap, (pane + 1) / panes - gap
        low, high = _along(inner[0], inner[3], left, right), _along(inner[1], inner[2], left, right)
        glass = np.array([low[0], high[0], high[1], low[1]])
        builder.plain(glass, _GLASS)
        streak = np.array(
            [
                glass[0] * 0.45 + glass[1] * 0.55,
                glass[1],
                glass[1] * 0.55 + glass[2] * 0.45,
                glass[0] * 0.8 + glass[3] * 0.2,
            ]
        )
        builder.plain(streak, shade(_GLASS, 1.55))


def _along(start: Floats, end: Floats, one: float, other: float) -> tuple[Floats, Floats]:
    return start + (end - start) * one, start + (end - start) * other


def _outward(quad: Floats, middle: Floats) -> bool:
    way = (quad.mean(axis=0) - middle).tolist()
    return bool(sum(a * b for a, b in zip(normal_of(quad), way, strict=True)) > 0)


def _draw_wheels(builder: _Builder, body: Body, side: int, rolled_m: float) -> None:
    y = side * (body.width_m / 2 + 0.01)
    around = np.arange(18) * np.pi / 9
    for x in body.wheels:
        for radius, color in (
            (body.wheel_m + 0.06, (24, 24, 25)),
            (body.wheel_m, _TYRE),
            (body.wheel_m * 0.64, (150, 150, 152)),
            (body.wheel_m * 0.5, (96, 96, 99)),
        ):
            ring = np.column_stack(
                [x + np.cos(around) * radius, np.full(18, y), body.wheel_m + np.sin(around) * radius]
            )
            ring[:, 2] = np.maximum(ring[:, 2], 0.0)
            builder.plain(ring, color)
        turn = -rolled_m / body.wheel_m
        for spoke in range(5):
            angle = turn + spoke * 2 * np.pi / 5
            across = np.array([-np.sin(angle), 0, np.cos(angle)]) * 0.035
            tip = np.array([np.cos(angle), 0, np.sin(angle)]) * body.wheel_m * 0.56
            hub = np.array([x, y, body.wheel_m])
            builder.plain(
                np.array([hub + across, hub + tip + across, hub + tip - across, hub - across]), (172, 172, 174)
            )


def _draw_box(
    builder: _Builder,
    length: tuple[float, float],
    half: float,
    height: tuple[float, float],
    color: Color,
    cabin: tuple[Body, Color],
) -> None:
    """The load box of a truck and its cabin, the nearer one last."""
    (x0, x1), (z0, z1) = length, height
    box = [
        np.array([[x0, -half, z0], [x1, -half, z0], [x1, -half, z1], [x0, -half, z1]]),
        np.array([[x1, half, z0], [x0, half, z0], [x0, half, z1], [x1, half, z1]]),
        np.array([[x1, -half, z0], [x1, half, z0], [x1, half, z1], [x1, -half, z1]]),
        np.array([[x0, half, z0], [x0, -half, z0], [x0, -half, z1], [x0, half, z1]]),
        np.array([[x0, -half, z1], [x1, -half, z1], [x1, half, z1], [x0, half, z1]]),
    ]
    front_is_near = builder.faces_eye(box[2])
    if not front_is_near:
        _draw_cabin(builder, *cabin)
    for face in box:
        builder.face(face, color)
    if front_is_near:
        _draw_cabin(builder, *cabin)
