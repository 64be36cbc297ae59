"""Clothes and paints: what random people and vehicles look like."""

import numpy as np

from vedette.testing.scenes.figure import Color
from vedette.testing.scenes.person import Person
from vedette.testing.scenes.vehicle import HATCHBACK, SEDAN, SUV, VAN, Vehicle

_SKIN: tuple[Color, ...] = ((150, 180, 226), (120, 152, 205), (86, 118, 172), (62, 84, 128))
_HAIR: tuple[Color, ...] = ((32, 36, 42), (40, 58, 84), (70, 110, 150), (150, 155, 158), (46, 62, 120))
_JACKET: tuple[Color, ...] = (
    (140, 92, 52), (58, 58, 168), (74, 128, 74), (178, 164, 92), (64, 64, 70), (196, 196, 198),
    (70, 150, 214), (124, 70, 116), (60, 106, 150), (98, 120, 60),
)  # fmt: skip
_TROUSERS: tuple[Color, ...] = ((84, 62, 50), (62, 60, 60), (112, 92, 72), (90, 110, 128), (46, 46, 50))
_PAINT: tuple[Color, ...] = (
    (196, 198, 200), (60, 60, 62), (44, 44, 158), (150, 96, 40), (226, 228, 230), (122, 124, 126),
    (78, 104, 60), (96, 60, 40), (58, 120, 178),
)  # fmt: skip


def random_person(rng: np.random.Generator) -> Person:
    jacket = _pick(rng, _JACKET)
    return Person(
        height_m=float(rng.uniform(1.6, 1.88)),
        skin=_pick(rng, _SKIN),
        hair=_pick(rng, _HAIR),
        jacket=jacket,
        trousers=_pick(rng, _TROUSERS),
        bag=_pick(rng, _JACKET) if rng.random() < 0.3 else None,
    )


def make_guard(rng: np.random.Generator) -> Person:
    return Person(1.8, _pick(rng, _SKIN), _HAIR[0], (72, 58, 46), (62, 54, 48), vest=True)


def random_vehicle(rng: np.random.Generator) -> Vehicle:
    body = (SEDAN, HATCHBACK, SUV, SEDAN, SUV, VAN)[int(rng.integers(6))]
    return Vehicle(body, _pick(rng, _PAINT))


def _pick(rng: np.random.Generator, colors: tuple[Color, ...]) -> Color:
    return colors[int(rng.integers(len(colors)))]
