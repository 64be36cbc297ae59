"""Paints a design: a flat picture of the plate and where each sign's middle is.

The plate lies in the middle of a larger picture (`MARGIN` on every side) with its holder, dealer's words and whatever
body colour surrounds it, because a detector's corners are never exact and the reader must know what is not a sign.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from vedette.lab.plates.designs import Colour, Design
from vedette.lab.plates.glyphs import LETTERS, Alphabet, draw_alphabet

HEIGHT_PX = {1: 88, 2: 144}
MARGIN = 0.22

Picture = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class FlatPlate:
    """A painted plate.

    `picture_bgr` (H, W, 3) with margin; `corners_xy` (4, 2) the plate's own corners, clockwise from the top left;
    `centres_xy` (N, 2) the signs' middles and `sizes_px` (N, 2) their widths and heights, in the order of `text`.
    """

    picture_bgr: Picture
    corners_xy: NDArray[np.float32]
    centres_xy: NDArray[np.float32]
    sizes_px: NDArray[np.float32]
    text: str


def paint(design: Design, rng: np.random.Generator) -> FlatPlate:
    """Paints a design with a random alphabet, border, holder and furniture."""
    height = HEIGHT_PX[len(design.lines)] if design.region != "us" else 128
    width = round(height * design.size_mm[0] / design.size_mm[1])
    plate = np.empty((height, width, 3), np.uint8)
    plate[:] = _varied(design.ground, 14, rng)
    ink = np.zeros((height, width), np.uint8)
    left, right, top, bottom = _furniture(plate, ink, design, rng)
    centres, sizes = _write_lines(ink, design, (left, right, top, bottom), draw_alphabet(rng, design.text))
    _stick_emblems(plate, design, centres, sizes, rng)
    _blend(plate, ink, _varied(design.ink, 20, rng))
    picture, corners, shift = _mounted(plate, rng)
    return FlatPlate(picture, corners, centres + shift, sizes, design.text)


def _varied(colour: Colour, spread: float, rng: np.random.Generator) -> NDArray[np.float64]:
    return np.clip(np.asarray(colour) + rng.normal(0, spread, 3), 0, 255)


def _blend(plate: Picture, ink: Picture, colour: NDArray[np.float64]) -> None:
    alpha = ink[:, :, None].astype(np.float32) / 255
    plate[:] = (plate * (1 - alpha) + colour.astype(np.float32) * alpha).astype(np.uint8)


def _furniture(
    plate: Picture, ink: Picture, design: Design, rng: np.random.Generator
) -> tuple[float, float, float, float]:
    """Border, country band, header words and bolts; returns left, right, top and bottom of the space for signs."""
    height, width = ink.shape
    left, right, top, bottom = 0.03 * width, 0.97 * width, 0.1 * height, 0.9 * height
    if rng.random() < 0.6:
        inset = int(rng.integers(1, 5))
        cv2.rectangle(
            ink, (inset, inset), (width - 1 - inset, height - 1 - inset), 255, int(rng.integers(1, 4)), cv2.LINE_AA
        )
    if design.region == "eu" and rng.random() < 0.75:
        left += _country_band(plate, rng)
    if design.region == "us":
        _words(plate, (width * 0.5, height * rng.uniform(0.09, 0.15)), height * 0.12, rng)
        _words(plate, (width * 0.5, height * rng.uniform(0.86, 0.92)), height * 0.1, rng)
        _blob(plate, rng)
        top, bottom = height * rng.uniform(0.2, 0.27), height * rng.uniform(0.74, 0.82)
    for _ in range(int(rng.integers(0, 4))):
        x, y = (int(width * rng.choice([0.06, 0.2, 0.5, 0.8, 0.94])), int(height * rng.choice([0.07, 0.5, 0.93])))
        cv2.circle(plate, (x, y), int(rng.integers(2, 5)), [int(v) for v in rng.integers(30, 220, 3)], -1, cv2.LINE_AA)
    return left + width * rng.uniform(0, 0.04), right - width * rng.uniform(0, 0.04), top, bottom


def _country_band(plate: Picture, rng: np.random.Generator) -> float:
    """The left end of a European plate: a blue band with stars, or arms on the ground, over the country's letters."""
    height, width = plate.shape[:2]
    band = int(width * rng.uniform(0.06, 0.11))
    if rng.random() < 0.6:
        _emblem(plate, (band * 0.55, height * rng.uniform(0.28, 0.4)), height * rng.uniform(0.7, 1.2), rng, most=1)
        _country_letters(plate, band, _varied((40, 36, 36), 25, rng), rng)
        return float(band)
    plate[:, :band] = _varied((140, 60, 15), 30, rng).astype(np.uint8)
    centre, ring = np.array([band / 2, height * rng.uniform(0.25, 0.38)]), band * rng.uniform(0.2, 0.36)
    colour = [int(v) for v in _varied((80, 215, 235), 25, rng)]
    for turn in np.linspace(0, 2 * np.pi, 12, endpoint=False):
        x, y = centre + ring * np.array([np.cos(turn), np.sin(turn)])
        cv2.circle(plate, (round(x * 16), round(y * 16)), int(rng.uniform(14, 28)), colour, -1, cv2.LINE_AA, 4)
    _country_letters(plate, band, _varied((235, 238, 240), 18, rng), rng)
    return float(band)


def _country_letters(plate: Picture, band: int, colour: NDArray[np.float64], rng: np.random.Generator) -> None:
    height = plate.shape[0]
    letters = "".join(rng.choice(list("DCZSKFPLHBEIAR"), int(rng.integers(1, 4))))
    scale = band / rng.uniform(22, 40) / max(len(letters), 1.4)
    origin = (max(1, int(band * rng.uniform(0.05, 0.3))), int(height * rng.uniform(0.78, 0.95)))
    ink = [int(v) for v in colour]
    cv2.putText(plate, letters, origin, cv2.FONT_HERSHEY_SIMPLEX, scale, ink, int(rng.integers(1, 3)), cv2.LINE_AA)


def _stick_emblems(
    plate: Picture,
    design: Design,
    centres: NDArray[np.float32],
    sizes: NDArray[np.float32],
    rng: np.random.Generator,
) -> None:
    """Puts emblems into the gaps between groups of one-line plates, over a dash or not."""
    if len(design.lines) != 1 or design.region == "vn" or rng.random() < 0.35:
        return
    place = 0
    for sign in design.lines[0]:
        if sign in LETTERS:
            place += 1
        elif 0 < place < len(centres) and rng.random() < 0.8:
            middle = (centres[place - 1] + centres[place]) / 2
            _emblem(plate, (float(middle[0]), float(middle[1])), float(sizes[place, 1]), rng)


def _emblem(
    plate: Picture, centre_xy: tuple[float, float], letter_px: float, rng: np.random.Generator, most: int = 2
) -> None:
    """Arms, test and registration stickers between the groups: one or two coloured blobs, one above the other."""
    count = int(rng.integers(1, most + 1))
    for number in range(count):
        radius = letter_px * rng.uniform(0.12, 0.26 if count == 1 else 0.2)
        lift = 0.0 if count == 1 else 0.5 * number - 0.25
        middle = np.array([centre_xy[0], centre_xy[1] + letter_px * lift])
        outer, inner = ([int(v) for v in rng.integers(0, 255, 3)] for _ in range(2))
        place = (round(middle[0]), round(middle[1]))
        if rng.random() < 0.5:
            cv2.circle(plate, place, max(2, round(radius)), outer, -1, cv2.LINE_AA)
        else:
            shield = np.array([[-1, -1], [1, -1], [1, 0.3], [0, 1.2], [-1, 0.3]]) * radius * (0.85, 1.1) + middle
            cv2.fillPoly(plate, [shield.round().astype(np.int32)], outer, cv2.LINE_AA)
        cv2.circle(plate, place, max(1, round(radius * rng.uniform(0.2, 0.8))), inner, -1, cv2.LINE_AA)


def _words(picture: Picture, centre_xy: tuple[float, float], size_px: float, rng: np.random.Generator) -> None:
    """Small words such as a state's or a dealer's: real signs, too small to be the number."""
    text = "".join(rng.choice([*LETTERS[10:], *"    "], int(rng.integers(5, 22))))
    scale = size_px / 24
    (w, h), _ = cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, scale, 1)
    origin = (int(centre_xy[0] - w / 2), int(centre_xy[1] + h / 2))
    colour = [int(v) for v in rng.integers(0, 255, 3)]
    cv2.putText(picture, text, origin, int(rng.choice([0, 1, 2, 3, 4])), scale, colour, 1, cv2.LINE_AA)


def _blob(plate: Picture, rng: np.random.Generator) -> None:
    """The pictures on American plates: a pale shape behind the signs."""
    height, width = plate.shape[:2]
    layer = plate.copy()
    centre = (int(width * rng.uniform(0.2, 0.8)), int(height * rng.uniform(0.3, 0.7)))
    axes = (int(width * rng.uniform(0.05, 0.3)), int(height * rng.uniform(0.1, 0.4)))
    cv2.ellipse(layer, centre, axes, float(rng.uniform(0, 180)), 0, 360, [int(v) for v in rng.integers(0, 255, 3)], -1)
    weight = float(rng.uniform(0.0, 0.4))
    plate[:] = cv2.addWeighted(layer, weight, plate, 1 - weight, 0)


def _write_lines(
    ink: Picture, design: Design, space: tuple[float, float, float, float], alphabet: Alphabet
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    left, right, top, bottom = space
    pitch = (bottom - top) / len(design.lines)
    centres: list[tuple[float, float]] = []
    sizes: list[tuple[float, float]] = []
    for row, line in enumerate(design.lines):
        letter = pitch * (0.92 if len(design.lines) == 1 else 0.84)
        middle = top + pitch * (row + 0.5)
        found, size = _write_line(ink, line, (left, right, middle, letter), alphabet)
        centres += found
        sizes += [size] * len(found)
    return np.asarray(centres, np.float32).reshape(-1, 2), np.asarray(sizes, np.float32).reshape(-1, 2)


def _write_line(
    ink: Picture, line: str, space: tuple[float, float, float, float], alphabet: Alphabet
) -> tuple[list[tuple[float, float]], tuple[float, float]]:
    left, right, middle, letter = space
    widths = [_width(sign, alphabet) for sign in line]
    total = sum(widths) + alphabet.spacing * alphabet.width * 2 * (len(line) - 1)
    stretch = min(1.0, (right - left) / (total * letter))
    if stretch < 0.8:  # very long lines are set smaller, as the standards do
        letter *= max(stretch / 0.8, 0.6)
        stretch = min(1.0, (right - left) / (total * letter))
    x = (left + right) / 2 - total * letter * stretch / 2
    centres = []
    for sign, width in zip(line, widths, strict=True):
        w = width * letter * stretch
        _draw_sign(ink, sign, (x, middle - letter / 2, w, letter), alphabet)
        if sign in LETTERS:
            centres.append((x + w / 2, middle))
        x += w + alphabet.spacing * alphabet.width * 2 * letter * stretch
    return centres, (alphabet.width * letter * stretch, letter)


def _width(sign: str, alphabet: Alphabet) -> float:
    special = {"-": 0.55, ".": 0.22, " ": 0.55}
    return alphabet.width * special.get(sign, alphabet.proportions.get(sign, 1.0))


def _draw_sign(ink: Picture, sign: str, box: tuple[float, float, float, float], alphabet: Alphabet) -> None:
    """Draws one sign. Drawing outside its cap height is cut off, which gives strokes flat ends."""
    x, y, w, h = box
    pen = max(1, round(alphabet.weight * h))
    if sign == " ":
        return
    if sign == "-":
        cv2.line(
            ink,
            (round(x), round(y + h / 2)),
            (round(x + w), round(y + h / 2)),
            255,
            max(1, round(pen * 0.7)),
            cv2.LINE_AA,
        )
        return
    if sign == ".":
        cv2.circle(ink, (round(x + w / 2), round(y + h * 0.55)), max(1, round(pen * 0.5)), 255, -1, cv2.LINE_AA)
        return
    inset = pen * 0.42
    scale = np.asarray([max(w - 2 * inset, 1), h - 2 * inset], np.float32)
    first, last = max(round(y), 0), min(round(y + h), ink.shape[0])
    window = ink[first:last]
    offset = np.asarray([x + inset, y + inset - first], np.float32)
    lines = [np.round((s * scale + offset) * 16).astype(np.int32).reshape(-1, 1, 2) for s in alphabet.strokes[sign]]
    cv2.polylines(window, lines, isClosed=False, color=255, thickness=pen, lineType=cv2.LINE_AA, shift=4)


def _mounted(plate: Picture, rng: np.random.Generator) -> tuple[Picture, NDArray[np.float32], NDArray[np.float32]]:
    """Puts the plate on a car: body colour, a shape or two, a holder with words."""
    height, width = plate.shape[:2]
    mx, my = int(width * MARGIN), int(height * MARGIN * 1.4)
    picture = np.empty((height + 2 * my, width + 2 * mx, 3), np.uint8)
    picture[:] = rng.integers(5, 240, 3) if rng.random() < 0.6 else [int(rng.integers(5, 245))] * 3
    for _ in range(int(rng.integers(0, 5))):
        p, q = (tuple(int(v) for v in rng.integers(0, max(picture.shape), 2)) for _ in range(2))
        cv2.line(picture, p, q, [int(v) for v in rng.integers(0, 255, 3)], int(rng.integers(1, 26)), cv2.LINE_AA)
    if rng.random() < 0.5:
        rim = int(height * rng.uniform(0.02, 0.12))
        foot = rim + int(height * rng.uniform(0, 0.16))
        cv2.rectangle(
            picture, (mx - rim, my - rim), (mx + width + rim, my + height + foot), [int(rng.integers(0, 70))] * 3, -1
        )
        if foot > rim + 6:
            _words(picture, (mx + width / 2, my + height + foot / 2), foot * 0.6, rng)
    picture[my : my + height, mx : mx + width] = plate
    corners = np.asarray([[mx, my], [mx + width, my], [mx + width, my + height], [mx, my + height]], np.float32)
    return picture, corners, np.asarray([mx, my], np.float32)
