"""Draws a walking person: a small skeleton in metres, walked by joint angles, projected and dressed."""

from dataclasses import dataclass

import numpy as np

from vedette.testing.scenes.figure import Color, Figure, hull_of_discs, shade
from vedette.testing.scenes.view import Floats, View, by

STRIDE_M = 1.45
"""Distance of two steps at an easy walk."""

_REAL_HEIGHT_M = 1.75


@dataclass(frozen=True, slots=True)
class Person:
    """How somebody looks.

    Attributes:
        bag: Backpack colour, or None.
        vest: A reflective vest over the jacket.
    """

    height_m: float
    skin: Color
    hair: Color
    jacket: Color
    trousers: Color
    shoes: Color = (45, 45, 50)
    bag: Color | None = None
    vest: bool = False


@dataclass(frozen=True, slots=True)
class _Limb:
    ends: Floats
    radii_m: tuple[float, ...]
    color: Color


def draw_person(view: View, person: Person, feet: Floats, heading: float, walked_m: float) -> Figure:
    """Draws a person.

    `feet` is the world position between the feet, `heading` the direction in radians from the x axis, seen
    from above, and `walked_m` the distance walked so far: the phase of the step. Negative stands still.
    """
    scale = person.height_m / _REAL_HEIGHT_M
    limbs = _pose(person, walked_m)
    turn = np.array([[np.cos(heading), np.sin(heading), 0], [-np.sin(heading), np.cos(heading), 0], [0, 0, 1]])
    figure = Figure()
    prepared = []
    for limb in limbs:
        projected = view.project(feet + (limb.ends * scale) @ turn)
        prepared.append((float(projected[:, 2].mean()), limb, projected))
    for _, limb, projected in sorted(prepared, key=lambda item: -item[0]):
        pixels_per_m = view.focal_px / projected[:, 2] * scale
        radii = tuple(float(radius) for radius in np.asarray(limb.radii_m) * pixels_per_m[: len(limb.radii_m)])
        _draw_limb(figure, projected[:, :2], radii, limb.color)
    _draw_head(figure, view, person, feet, heading, scale)
    _add_shadow(figure, view, feet, scale)
    return figure


def _pose(person: Person, walked_m: float) -> list[_Limb]:
    """Limbs in the person's own frame: x forward, y to the left, z up."""
    phase = 2 * np.pi * walked_m / STRIDE_M if walked_m >= 0 else 0.0
    swing = 1.0 if walked_m >= 0 else 0.12
    bob = 0.018 * float(np.cos(2 * phase)) * swing
    limbs = []
    for side, offset in ((1, 0.0), (-1, np.pi)):
        limbs += _leg(person, side, phase + offset, swing, bob)
        limbs += _arm(person, side, phase + offset + np.pi, swing, bob)
    lean = 0.04 * swing
    torso = np.array(
        [
            [0.0, 0.09, 0.96 + bob],
            [0.0, -0.09, 0.96 + bob],
            [lean, 0.13, 1.38 + bob],
            [lean, -0.13, 1.38 + bob],
        ]
    )
    jacket: Color = (60, 220, 225) if person.vest else person.jacket
    limbs.append(_Limb(torso, (0.12, 0.12, 0.085, 0.085), jacket))
    if person.vest:
        band = np.array([[0.02, 0.16, 1.16 + bob], [0.02, -0.16, 1.16 + bob]])
        limbs.append(_Limb(band, (0.035, 0.035), (215, 225, 225)))
    if person.bag is not None:
        bag = np.array([[-0.19, 0.0, 1.08 + bob], [-0.17, 0.0, 1.34 + bob]])
        limbs.append(_Limb(bag, (0.13, 0.11), person.bag))
    return limbs


def _leg(person: Person, side: int, phase: float, swing: float, bob: float) -> list[_Limb]:
    thigh = 0.43 * np.sin(phase) * swing + 0.05
    bend = (0.1 + 0.62 * max(0.0, float(np.cos(phase + 0.55))) ** 2) * swing  # bent while it swings forward
    hip = np.array([0.0, 0.085 * side, 0.93 + bob])
    knee = hip + 0.44 * np.array([np.sin(thigh), 0.0, -np.cos(thigh)])
    shank = thigh - bend
    ankle = knee + 0.42 * np.array([np.sin(shank), 0.0, -np.cos(shank)])
    ankle[2] = max(ankle[2], 0.05)
    toe = ankle + np.array([0.17, 0.02 * side, -0.02])
    return [
        _Limb(np.stack([hip, knee]), (0.092, 0.066), person.trousers),
        _Limb(np.stack([knee, ankle]), (0.066, 0.048), shade(person.trousers, 0.94)),
        _Limb(np.stack([ankle, toe]), (0.05, 0.038), person.shoes),
    ]


def _arm(person: Person, side: int, phase: float, swing: float, bob: float) -> list[_Limb]:
    upper = 0.42 * np.sin(phase) * swing
    lower = upper + 0.25 + 0.2 * max(0.0, float(np.sin(phase))) * swing
    shoulder = np.array([0.02, 0.2 * side, 1.38 + bob])
    elbow = shoulder + 0.29 * np.array([np.sin(upper), 0.06 * side, -np.cos(upper)])
    hand = elbow + 0.25 * np.array([np.sin(lower), 0.0, -np.cos(lower)])
    sleeve: Color = shade(person.jacket, 0.9)
    return [
        _Limb(np.stack([shoulder, elbow]), (0.062, 0.05), sleeve),
        _Limb(np.stack([elbow, hand]), (0.048, 0.038), sleeve),
        _Limb(np.stack([hand, hand + by(0.02, 0, -0.05)]), (0.042, 0.038), person.skin),
    ]


def _draw_limb(figure: Figure, centres_px: Floats, radii_px: tuple[float, ...], color: Color) -> None:
    """A limb with a lighter strip on the side of the light (upper left) gives it roundness."""
    figure.polygon(hull_of_discs(centres_px, radii_px), shade(color, 0.86))
    if max(radii_px) < 2.2:
        return
    offset = np.array([-0.22, -0.12]) * max(radii_px)
    inner = tuple(radius * 0.68 for radius in radii_px)
    figure.polygon(hull_of_discs(centres_px + offset, inner), shade(color, 1.06))


def _draw_head(figure: Figure, view: View, person: Person, feet: Floats, heading: float, scale: float) -> None:
    ahead = np.array([np.cos(heading), np.sin(heading), 0.0])
    points = np.stack(
        [
            feet + scale * (ahead * 0.04 + [0, 0, 1.47]),
            feet + scale * (ahead * 0.06 + [0, 0, 1.62]),
            feet + scale * (ahead * 0.02 + [0, 0, 1.675]),
            feet + scale * (ahead * -0.02 + [0, 0, 1.63]),
        ]
    )
    neck, face, crown, nape = view.project(points)
    per_m = view.focal_px / face[2] * scale
    facing = float(np.dot(ahead[:2], np.asarray(view.position)[:2] - feet[:2])) > 0
    figure.capsule(np.stack([neck[:2], face[:2]]), (0.055 * per_m, 0.055 * per_m), shade(person.skin, 0.85))
    parts = [
        (np.stack([crown[:2], nape[:2]]), (0.105 * per_m, 0.1 * per_m), person.hair),
        (np.stack([face[:2], face[:2] + by(0, 0.03 * per_m)]), (0.092 * per_m, 0.078 * per_m), person.skin),
    ]
    for ends, radii, color in parts if facing else reversed(parts):
        figure.capsule(ends, radii, color)
    if facing:
        figure.capsule(
            np.stack([crown[:2] + by(-0.05, -0.035) * per_m, crown[:2] + by(0.05, -0.035) * per_m]),
            (0.05 * per_m, 0.05 * per_m),
            person.hair,
        )


def _add_shadow(figure: Figure, view: View, feet: Floats, scale: float) -> None:
    around = np.arange(12) * np.pi / 6
    ring = np.column_stack([np.cos(around) * 0.3, np.sin(around) * 0.22, np.zeros(12)]) * scale
    figure.shadow.append(view.project_polygon(feet + ring))


def cast_shadow(figure: Figure, view: View, feet: Floats, height_m: float, sun: tuple[float, float]) -> None:
    """Adds the long shadow of a standing person; `sun` is the shadow's way on the ground per metre of height."""
    tip = np.array([sun[0], sun[1], 0.0]) * height_m
    across = np.array([-sun[1], sun[0], 0.0])
    across = across / max(float(np.linalg.norm(across)), 1e-6)
    outline = [
        feet + across * 0.16,
        feet + tip * 0.5 + across * 0.24,
        feet + tip * 0.82 + across * 0.2,
        feet + tip * 0.86 + across * 0.09,
        feet + tip + across * 0.07,
        feet + tip - across * 0.07,
        feet + tip * 0.86 - across * 0.09,
        feet + tip * 0.82 - across * 0.2,
        feet + tip * 0.5 - across * 0.24,
        feet - across * 0.16,
    ]
    figure.shadow.append(view.project_polygon(np.array(outline)))
