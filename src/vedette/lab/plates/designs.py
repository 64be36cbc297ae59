"""What is written on a plate, on what ground and in what shape: drawn at random by the rules of the circulars.

Vietnam: Circulars 58/2020, 24/2023 and 79/2024 of the Ministry of Public Security: province number, series, four or
five digits; white, yellow (transport business), blue (state bodies), red (army). Sizes in millimetres: 520x110 and
330x165 (cars since 2020), 470x110 and 280x200 (before), 190x140 (motorbikes). Elsewhere: EU 520x110, North America
305x152, and free Latin texts, so that the reader learns signs, not formats.
"""

from dataclasses import dataclass

import numpy as np

from vedette.lab.plates.glyphs import LETTERS

SERIES = "ABCDEFGHKLMNPSTUVXYZ"
Colour = tuple[int, int, int]
INK_DARK: Colour = (28, 24, 22)
INK_LIGHT: Colour = (238, 240, 240)
GROUNDS: dict[str, tuple[Colour, Colour]] = {
    "white": ((232, 234, 234), INK_DARK),
    "yellow": ((40, 190, 238), INK_DARK),
    "blue": ((150, 70, 20), INK_LIGHT),
    "red": ((40, 32, 190), INK_LIGHT),
    "black": ((34, 32, 32), INK_LIGHT),
}


@dataclass(frozen=True, slots=True)
class Design:
    """One plate: its lines with separators, its size in mm and its colours (BGR)."""

    lines: tuple[str, ...]
    size_mm: tuple[float, float]
    ground: Colour
    ink: Colour
    region: str

    @property
    def text(self) -> str:
        return "".join(c for line in self.lines for c in line if c in LETTERS)


def draw_design(rng: np.random.Generator) -> Design:
    """Half Vietnamese, the rest European, American and free."""
    kind = rng.choice(["vn", "eu", "us", "free"], p=[0.48, 0.30, 0.13, 0.09])
    return {"vn": _vietnamese, "eu": _european, "us": _american, "free": _free}[str(kind)](rng)


def _pick(rng: np.random.Generator, signs: str, count: int) -> str:
    return "".join(signs[int(i)] for i in rng.integers(len(signs), size=count))


def _digits(rng: np.random.Generator, count: int) -> str:
    if rng.random() < 0.12:  # wanted numbers: 999.99, 077.77
        return _pick(rng, "0123456789", 1) * count
    return _pick(rng, "0123456789", count)


def _ground(rng: np.random.Generator, weights: dict[str, float]) -> tuple[Colour, Colour]:
    names = list(weights)
    p = np.asarray(list(weights.values()))
    return GROUNDS[names[int(rng.choice(len(names), p=p / p.sum()))]]


def _serial(rng: np.random.Generator) -> str:
    if rng.random() < 0.28:
        return _digits(rng, 4)
    number = _digits(rng, 5)
    return f"{number[:3]}.{number[3:]}" if rng.random() < 0.9 else number


def _vietnamese(rng: np.random.Generator) -> Design:
    ground, ink = _ground(rng, {"white": 0.78, "yellow": 0.12, "blue": 0.05, "red": 0.05})
    province = str(rng.integers(11, 100))
    if ground == GROUNDS["red"][0]:
        lines = (_pick(rng, SERIES, 2), f"{_digits(rng, 2)}-{_digits(rng, 2)}")
        return _vietnamese_car(rng, lines, "-", ground, ink)
    if rng.random() < 0.52:
        series = rng.choice([_pick(rng, SERIES, 1) + _pick(rng, "123456789", 1), _pick(rng, SERIES, 2)], p=[0.85, 0.15])
        lines = (province + str(rng.choice(["-", "", " "], p=[0.8, 0.1, 0.1])) + str(series), _serial(rng))
        return Design(lines, (190, 140), ground, ink, "vn")
    series = (
        _pick(rng, SERIES, 1)
        if rng.random() < 0.88
        else str(rng.choice(["LD", "DA", "NG", "NN", "MK", "KT", "CD", "HC", "RM"]))
    )
    return _vietnamese_car(rng, (province + series, _serial(rng)), "-", ground, ink)


def _vietnamese_car(
    rng: np.random.Generator, lines: tuple[str, str], joint: str, ground: Colour, ink: Colour
) -> Design:
    if rng.random() < 0.5:
        size = (520.0, 110.0) if rng.random() < 0.6 else (470.0, 110.0)
        return Design((joint.join(lines),), size, ground, ink, "vn")
    return Design(lines, (330, 165) if rng.random() < 0.5 else (280, 200), ground, ink, "vn")


_EU_PATTERNS = (
    "AA-000AA",
    "AA-000AA",
    "AA 000AA",
    "0A0 0000",
    "0A0 0000",
    "AA-AA 000",
    "AAA-AA 00",
    "AA00 AAA",
    "AA-000-AA",
    "AA 00000",
    "AAA 0000",
    "0000 AAA",
    "AAA-00-00",
    "A 000000",
    "AA 000 AA",
    "A-AA 0000",
    "00-AA-00",
)
_US_PATTERNS = (
    "0AAA000",
    "AAA-0000",
    "AAA 000",
    "AAA0000",
    "000 AAA",
    "AA0 A0A",
    "AA0-A0A",
    "A00 0000",
    "000000A",
    "AA 00000",
    "0000000",
    "AAAAAAA",
    "AAAA00",
    "00A AAA",
)


def _filled(rng: np.random.Generator, pattern: str) -> str:
    """Fills a pattern: A is a letter, 0 a figure, anything else itself."""
    choices = {"A": LETTERS[10:] + "MWMW", "0": LETTERS[:10]}  # M, W and H are what it confused longest
    return "".join(_pick(rng, choices[sign], 1) if sign in choices else sign for sign in pattern)


def _european(rng: np.random.Generator) -> Design:
    ground, ink = _ground(rng, {"white": 0.88, "yellow": 0.08, "black": 0.02, "blue": 0.02})
    text = _filled(rng, str(rng.choice(_EU_PATTERNS)))
    return Design((text,), (520, 110), ground, ink, "eu")


def _american(rng: np.random.Generator) -> Design:
    ground = (
        tuple(int(v) for v in rng.integers(150, 250, 3))
        if rng.random() < 0.8
        else tuple(int(v) for v in rng.integers(20, 130, 3))
    )
    light = sum(ground) > 400
    ink = tuple(int(v) for v in (rng.integers(0, 110, 3) if light else rng.integers(200, 255, 3)))
    text = _filled(rng, str(rng.choice(_US_PATTERNS)))
    return Design((text,), (305, 152), (ground[0], ground[1], ground[2]), (ink[0], ink[1], ink[2]), "us")


def _free(rng: np.random.Generator) -> Design:
    ground, ink = _ground(rng, {"white": 0.6, "yellow": 0.15, "blue": 0.08, "red": 0.07, "black": 0.1})
    if rng.random() < 0.4:
        lines = tuple(_pick(rng, LETTERS, int(rng.integers(2, 6))) for _ in range(2))
        return Design(lines, (float(rng.uniform(180, 300)), 160), ground, ink, "free")
    return Design(
        (_pick(rng, LETTERS, int(rng.integers(4, 9))),), (float(rng.uniform(300, 520)), 110), ground, ink, "free"
    )
