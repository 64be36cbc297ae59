"""Draws a person on a bicycle."""

from collections.abc import Callable

import numpy as np

from vedette.testing.scenes.figure import Figure, hull_of_discs, shade
from vedette.testing.scenes.person import Person
from vedette.testing.scenes.view import Floats, View, by

Projector = Callable[[Floats], Floats]
"""Points in the bicycle's own frame -> x_px, y_px, depth_m."""

_WHEEL_M = 0.34
_AXLES = (-0.52, 0.53)
_ROLLED_PER_PEDAL_TURN_M = 4.6
_FRAME = (58, 52, 168)


def draw_cyclist(view: View, person: Person, place: Floats, heading: float, rolled_m: float) -> Figure:
    """Draws a rider; `place` is the ground point under the bicycle's middle."""
    turn = np.array([[np.cos(heading), np.sin(heading), 0], [-np.sin(heading), np.cos(heading), 0], [0, 0, 1]])

    def project(points: Floats) -> Floats:
        return view.project(place + points @ turn)

    figure = Figure()
    per_m = view.focal_px / float(project(np.zeros((1, 3)))[0, 2])
    pedal = 2 * np.pi * rolled_m / _ROLLED_PER_PEDAL_TURN_M
    far, near = (-1, 1) if _left_is_near(view, place, heading) else (1, -1)
    _leg(figure, project, person, far, pedal, per_m)
    _wheels(figure, project, per_m)
    _frame(figure, project, per_m)
    _leg(figure, project, person, near, pedal, per_m)
    _rider(figure, project, person, per_m)
    around = np.arange(12) * np.pi / 6
    ring = np.column_stack([np.cos(around) * 0.85, np.sin(around) * 0.2, np.zeros(12)])
    figure.shadow.append(view.project_polygon(place + ring @ turn))
    return figure


def _left_is_near(view: View, place: Floats, heading: float) -> bool:
    left = np.array([-np.sin(heading), np.cos(heading)])
    return bool(left @ (np.asarray(view.position)[:2] - place[:2]) > 0)


def _wheels(figure: Figure, project: Projector, per_m: float) -> None:
    around = np.arange(20) * np.pi / 10
    for axle in _AXLES:
        ring = np.column_stack([axle + np.cos(around) * _WHEEL_M, np.zeros(20), _WHEEL_M + np.sin(around) * _WHEEL_M])
        points = project(ring)[:, :2]
        for index in range(20):
            ends = np.stack([points[index], points[(index + 1) % 20]])
            figure.capsule(ends, (0.024 * per_m, 0.024 * per_m), (36, 36, 38))


def _frame(figure: Figure, project: Projector, per_m: float) -> None:
    joints = project(
        np.array(
            [
                [-0.52, 0, 0.34],
                [-0.12, 0, 0.3],
                [0.38, 0, 0.78],
                [-0.22, 0, 0.86],
                [0.53, 0, 0.34],
                [0.42, 0, 0.98],
                [0.5, 0, 1.0],
            ]
        )
    )[:, :2]
    for a, b in ((0, 1), (1, 2), (1, 3), (2, 3), (0, 3), (2, 4), (2, 5), (5, 6)):
        figure.capsule(np.stack([joints[a], joints[b]]), (0.028 * per_m, 0.028 * per_m), _FRAME)


def _leg(figure: Figure, project: Projector, person: Person, side: int, pedal: float, per_m: float) -> None:
    angle = pedal + (np.pi if side < 0 else 0.0)
    foot = np.array([-0.12 + 0.17 * np.cos(-angle), 0.1 * side, 0.3 + 0.17 * np.sin(-angle)])
    hip = np.array([-0.2, 0.09 * side, 0.98])
    middle, way = (hip + foot) / 2, foot - hip
    reach = max(0.46**2 - float(way @ way) / 4, 0.0) ** 0.5
    forward = np.array([-way[2], 0, way[0]]) / max(float(np.hypot(way[0], way[2])), 1e-6)
    knee = middle + forward * reach
    points = project(np.stack([hip, knee, foot, foot + by(0.16, 0, 0)]))[:, :2]
    for a, b, radii, color in (
        (0, 1, (0.09, 0.065), person.trousers),
        (1, 2, (0.065, 0.045), shade(person.trousers, 0.92)),
        (2, 3, (0.045, 0.035), person.shoes),
    ):
        figure.capsule(points[[a, b]], (radii[0] * per_m, radii[1] * per_m), color)


def _rider(figure: Figure, project: Projector, person: Person, per_m: float) -> None:
    torso = project(np.array([[-0.2, 0.08, 1.0], [-0.2, -0.08, 1.0], [0.14, 0.12, 1.42], [0.14, -0.12, 1.42]]))[:, :2]
    figure.polygon(hull_of_discs(torso, tuple(radius * per_m for radius in (0.12, 0.12, 0.09, 0.09))), person.jacket)
    arms = project(
        np.array(
            [
                [0.14, 0.18, 1.38],
                [0.3, 0.24, 1.16],
                [0.46, 0.2, 1.02],
                [0.14, -0.18, 1.38],
                [0.3, -0.24, 1.16],
                [0.46, -0.2, 1.02],
            ]
        )
    )
    for a, b in ((3, 4), (4, 5), (0, 1), (1, 2)):
        figure.capsule(arms[[a, b], :2], (0.055 * per_m, 0.045 * per_m), shade(person.jacket, 0.88))
    head = project(np.array([[0.18, 0, 1.5], [0.22, 0, 1.62], [0.2, 0, 1.69], [0.15, 0, 1.66]]))[:, :2]
    figure.capsule(head[:2], (0.055 * per_m, 0.09 * per_m), person.skin)
    figure.capsule(head[2:], (0.11 * per_m, 0.1 * per_m), (60, 60, 200))  # helmet
