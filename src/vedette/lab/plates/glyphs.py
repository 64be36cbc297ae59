"""The letters of number plates as strokes that we drew ourselves, so that no font of others is needed or shipped.

A glyph is a list of polylines in a unit box (x to the right, y down, baseline at 1). Corners of round letters are cut
at `bend`; smoothing then turns them into anything between an octagon and an ellipse. So one table gives a family of
alphabets: narrow and wide, angular and round, thin and bold. The reader must not learn one font, because the
standards name none and workshops stamp what they have.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

LETTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_PROPORTIONS = {"1": (0.5, 0.85), "I": (0.25, 0.45), "J": (0.8, 1.0), "M": (0.95, 1.25), "W": (0.95, 1.3)}

Point = tuple[float, float]
Stroke = list[Point]


def _ring(bend: float, top: float = 0.0, bottom: float = 1.0) -> Stroke:
    b, y = bend, min(bend * 0.7, (bottom - top) * 0.45)
    return [
        (b, top),
        (1 - b, top),
        (1, top + y),
        (1, bottom - y),
        (1 - b, bottom),
        (b, bottom),
        (0, bottom - y),
        (0, top + y),
        (b, top),
        (0.5, top),
    ]


def _bowl(bend: float, top: float, bottom: float) -> Stroke:
    """The right half of B, D, P and R: from the stem at the top round to the stem at the bottom."""
    b, y = bend, min(bend * 0.7, (bottom - top) * 0.45)
    return [(0, top), (1 - b, top), (1, top + y), (1, bottom - y), (1 - b, bottom), (0, bottom)]


def _hook(bend: float) -> Stroke:
    """The lower half of 3, 5 and S, from the middle."""
    b, y = bend, bend * 0.7
    return [(1 - b, 0.46), (1, 0.46 + y), (1, 1 - y), (1 - b, 1), (b, 1), (0, 1 - y), (0, 0.78)]


def _turned(strokes: list[Stroke]) -> list[Stroke]:
    return [[(1 - x, 1 - y) for x, y in stroke] for stroke in strokes]


def _digits(b: float) -> dict[str, list[list[Stroke]]]:
    y = b * 0.7
    six = [
        (1, 0.22),
        (1, y),
        (1 - b, 0),
        (b, 0),
        (0, y),
        (0, 1 - y),
        (b, 1),
        (1 - b, 1),
        (1, 1 - y),
        (1, 0.43 + y),
        (1 - b, 0.43),
        (b, 0.43),
        (0, 0.43 + y),
    ]
    slanted = [
        (0.78, 0.0),
        (0.1, 0.5),
        (0, 0.62),
        (0, 1 - y),
        (b, 1),
        (1 - b, 1),
        (1, 1 - y),
        (1, 0.42 + y),
        (1 - b, 0.42),
        (b, 0.42),
        (0.02, 0.56),
    ]
    upper = [(0, 0.22), (0, y), (b, 0), (1 - b, 0), (1, y), (1, 0.46 - y), (1 - b, 0.46)]
    return {
        "0": [[_ring(b)], [_ring(min(b * 1.3, 0.5))]],
        "1": [
            [[(0.1, 0.25), (0.62, 0), (0.62, 1)]],
            [[(0.25, 0.16), (0.6, 0), (0.6, 1)], [(0.1, 1), (1, 1)]],
            [[(0.2, 0.02), (0.62, 0.02), (0.62, 1)]],
        ],
        "2": [
            [[(0, 0.25), (0, y), (b, 0), (1 - b, 0), (1, y), (1, 0.34), (0.9, 0.46), (0, 0.98), (0, 1), (1, 1)]],
            [[(0, 0.25), (0, y), (b, 0), (1 - b, 0), (1, y), (1, 0.4), (0.0, 1), (1, 1)]],
        ],
        "3": [[upper, [(0.3, 0.46), *_hook(b)]], [[(0, 0), (1, 0), (0.42, 0.4), (0.6, 0.4), *_hook(b)]]],
        "4": [
            [[(0.72, 1), (0.72, 0), (0, 0.7), (1, 0.7)]],
            [[(0.72, 1), (0.72, 0.4)], [(0.62, 0), (0, 0.72), (1, 0.72)]],
        ],
        "5": [[[(0.94, 0), (0.08, 0), (0.04, 0.48), (b, 0.4), *_hook(b)]], [[(0.95, 0), (0, 0), (0, 0.42), *_hook(b)]]],
        "6": [[six], [slanted]],
        "7": [
            [[(0, 0), (1, 0), (0.36, 1)]],
            [[(0, 0), (1, 0), (0.9, 0.25), (0.42, 0.7), (0.4, 1)]],
            [[(0, 0.14), (0, 0), (1, 0), (0.4, 1)]],
        ],
        "8": [
            [_ring(b, 0, 0.46), _ring(b, 0.46, 1)],
            [[(x * 0.86 + 0.07, q) for x, q in _ring(b, 0, 0.47)], _ring(b, 0.47, 1)],
        ],
        "9": [_turned([six]), _turned([slanted])],
    }


def _letters(b: float) -> dict[str, list[list[Stroke]]]:
    y = b * 0.7
    open_c = [(1, 0.26), (1, y), (1 - b, 0), (b, 0), (0, y), (0, 1 - y), (b, 1), (1 - b, 1), (1, 1 - y)]
    stem: Stroke = [(0, 0), (0, 1)]
    s = [(1, 0.22), (1, y), (1 - b, 0), (b, 0), (0, y), (0, 0.46 - y), (b, 0.46), *_hook(b)]
    return {
        "A": [
            [[(0, 1), (0.5, 0), (1, 1)], [(0.17, 0.7), (0.83, 0.7)]],
            [[(0, 1), (0.42, 0), (0.58, 0), (1, 1)], [(0.15, 0.72), (0.85, 0.72)]],
        ],
        "B": [[stem, _bowl(b, 0, 0.47), _bowl(b, 0.47, 1)]],
        "C": [[[*open_c, (1, 0.74)]]],
        "D": [[stem, _bowl(b, 0, 1)], [stem, _bowl(b, 0, 1)], [stem, _bowl(b, 0, 1), [(-0.15, 0.5), (0.4, 0.5)]]],
        "E": [[stem, [(0, 0), (1, 0)], [(0, 0.48), (0.85, 0.48)], [(0, 1), (1, 1)]]],
        "F": [[stem, [(0, 0), (1, 0)], [(0, 0.5), (0.85, 0.5)]]],
        "G": [[[*open_c, (1, 0.55), (0.55, 0.55)]], [[*open_c, (1, 0.52)], [(0.5, 0.56), (1, 0.56), (1, 1)]]],
        "H": [[stem, [(1, 0), (1, 1)], [(0, 0.5), (1, 0.5)]]],
        "I": [[[(0.5, 0), (0.5, 1)]], [[(0.5, 0), (0.5, 1)], [(0.1, 0), (0.9, 0)], [(0.1, 1), (0.9, 1)]]],
        "J": [[[(1, 0), (1, 1 - y), (1 - b, 1), (b, 1), (0, 1 - y), (0, 0.72)]]],
        "K": [[stem, [(1, 0), (0.02, 0.58)], [(0.32, 0.42), (1, 1)]], [stem, [(1, 0), (0.1, 0.5), (1, 1)]]],
        "L": [[[(0, 0), (0, 1), (1, 1)]]],
        "M": [
            [[(0, 1), (0, 0), (0.5, 0.62), (1, 0), (1, 1)]],
            [[(0, 1), (0, 0), (0.5, 0.95), (1, 0), (1, 1)]],
            [[(0, 1), (0, 0), (0.5, 0.45), (1, 0), (1, 1)]],
            [[(0, 1), (0.08, 0), (0.5, 0.8), (0.92, 0), (1, 1)]],
        ],
        "N": [[[(0, 1), (0, 0), (1, 1), (1, 0)]]],
        "O": [[_ring(min(b * 1.25, 0.5))], [_ring(b)]],
        "P": [[stem, _bowl(b, 0, 0.54)]],
        "Q": [[_ring(min(b * 1.2, 0.5)), [(0.58, 0.72), (1, 1.04)]]],
        "R": [[stem, _bowl(b, 0, 0.52), [(0.5, 0.52), (1, 1)]]],
        "S": [[s]],
        "T": [[[(0, 0), (1, 0)], [(0.5, 0), (0.5, 1)]]],
        "U": [[[(0, 0), (0, 1 - y), (b, 1), (1 - b, 1), (1, 1 - y), (1, 0)]]],
        "V": [[[(0, 0), (0.5, 1), (1, 0)]]],
        "W": [
            [[(0, 0), (0.24, 1), (0.5, 0.25), (0.76, 1), (1, 0)]],
            [[(0, 0), (0.25, 1), (0.5, 0), (0.75, 1), (1, 0)]],
            [[(0, 0), (0.1, 1), (0.5, 0.4), (0.9, 1), (1, 0)]],
        ],
        "X": [[[(0, 0), (1, 1)], [(1, 0), (0, 1)]]],
        "Y": [[[(0, 0), (0.5, 0.5), (1, 0)], [(0.5, 0.5), (0.5, 1)]]],
        "Z": [[[(0, 0), (1, 0), (0, 1), (1, 1)]]],
    }


@dataclass(frozen=True, slots=True)
class Alphabet:
    """One way to write: the same for all signs of a plate.

    `strokes[c]` are (N, 2) float32 polylines in the unit box; `width`, `weight` are fractions of the letter's height;
    `proportions` those of the narrow and wide letters' widths to the others'.
    """

    strokes: dict[str, list[NDArray[np.float32]]]
    width: float
    weight: float
    spacing: float
    proportions: dict[str, float]


def draw_alphabet(rng: np.random.Generator, wanted: str = LETTERS) -> Alphabet:
    """Draws a random alphabet of the wanted signs: variants, bend, smoothing, weight, and hands never quite steady."""
    bend = float(rng.uniform(0.16, 0.46))
    smooth = int(rng.integers(0, 4))
    unsteady = float(rng.uniform(0.0, 0.018))
    variants = {**_digits(bend), **_letters(bend)}
    chosen = {c: variants[c][int(rng.integers(len(variants[c])))] for c in sorted(set(wanted))}
    strokes = {c: [_smoothed(s, smooth, unsteady, rng) for s in variant] for c, variant in chosen.items()}
    width = float(rng.uniform(0.42, 0.68))
    weight = min(float(rng.uniform(0.1, 0.2)), 0.34 * width)
    proportions = {sign: float(rng.uniform(*bounds)) for sign, bounds in _PROPORTIONS.items()}
    return Alphabet(strokes, width, weight, float(rng.uniform(0.05, 0.22)), proportions)


def _smoothed(stroke: Stroke, times: int, unsteady: float, rng: np.random.Generator) -> NDArray[np.float32]:
    points = np.asarray(stroke, np.float32)
    points = points + rng.normal(0, unsteady, points.shape).astype(np.float32)
    if len(points) > 5:  # only what is meant to be round: the corners of L, T and Z stay corners
        for _ in range(times):
            points = _corner_cut(points)
    return points


def _corner_cut(points: NDArray[np.float32]) -> NDArray[np.float32]:
    """Chaikin's cut: every corner is replaced by two, ends stay."""
    first, second = points[:-1], points[1:]
    cut = np.stack([first * 0.75 + second * 0.25, first * 0.25 + second * 0.75], axis=1).reshape(-1, 2)
    return np.concatenate([points[:1], cut, points[-1:]]).astype(np.float32)
