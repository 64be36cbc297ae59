"""Pictures for the plate detector: places where plates hang, and much that only looks like one.

Backgrounds are photographs that the trainer names (never shipped) or, without any, generated clutter. Distractors are
drawn on purpose: bare white boards, words on vans, grilles, lamps and chequered things. Without them the detector
calls every bright rectangle a plate.
"""

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from vedette.lab.plates.glyphs import LETTERS, draw_alphabet

Picture = NDArray[np.uint8]
MIN_PHOTO_PX = 120


def load_photos(folders: Sequence[Path], most: int, rng: np.random.Generator) -> list[Picture]:
    """Loads at most `most` photographs below the folders, chosen at random, none larger than 640 pixels."""
    paths = sorted(p for folder in folders for p in folder.rglob("*") if p.suffix.lower() in {".jpg", ".jpeg", ".png"})
    photos = []
    for index in rng.permutation(len(paths))[: most * 2]:
        picture = cv2.imread(str(paths[int(index)]), cv2.IMREAD_COLOR)
        if picture is not None and min(picture.shape[:2]) >= MIN_PHOTO_PX:
            shrink = min(1.0, 640 / max(picture.shape[:2]))
            photos.append(
                cv2.resize(picture, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA).astype(np.uint8)
            )
        if len(photos) == most:
            break
    return photos


def draw_background(photos: Sequence[Picture], side_px: int, rng: np.random.Generator) -> Picture:
    """A square background (side, side, 3) BGR: a random cut of a photograph, or clutter."""
    if photos and rng.random() < 0.8:
        photo = photos[int(rng.integers(len(photos)))]
        zoom = side_px / min(photo.shape[:2]) * rng.uniform(1.0, 2.2)
        grown = cv2.resize(
            photo, None, fx=zoom, fy=zoom, interpolation=cv2.INTER_AREA if zoom < 1 else cv2.INTER_LINEAR
        )
        y, x = (int(rng.integers(0, n - side_px + 1)) for n in grown.shape[:2])
        cut = grown[y : y + side_px, x : x + side_px]
        return np.ascontiguousarray(cut[:, ::-1] if rng.random() < 0.5 else cut).astype(np.uint8)
    coarse = rng.integers(0, 255, (int(rng.integers(2, 9)), int(rng.integers(2, 9)), 3)).astype(np.uint8)
    picture = cv2.resize(coarse, (side_px, side_px), interpolation=cv2.INTER_CUBIC).astype(np.uint8)
    for _ in range(int(rng.integers(4, 26))):
        _draw_shape(picture, rng)
    return picture


def _colour(rng: np.random.Generator) -> list[int]:
    grey = rng.random() < 0.6
    return [int(rng.integers(0, 255))] * 3 if grey else [int(v) for v in rng.integers(0, 255, 3)]


def _draw_shape(picture: Picture, rng: np.random.Generator) -> None:
    side = picture.shape[0]
    x, y = (int(v) for v in rng.integers(0, side, 2))
    w, h = (int(v) for v in rng.integers(3, side // 2, 2))
    kind = int(rng.integers(4))
    if kind == 0:
        cv2.rectangle(picture, (x, y), (x + w, y + h), _colour(rng), -1 if rng.random() < 0.6 else 2)
    elif kind == 1:
        cv2.ellipse(
            picture, (x, y), (w // 2 + 1, h // 2 + 1), float(rng.uniform(0, 180)), 0, 360, _colour(rng), -1, cv2.LINE_AA
        )
    elif kind == 2:
        cv2.line(
            picture, (x, y), (x + w, y + int(rng.integers(-h, h))), _colour(rng), int(rng.integers(1, 9)), cv2.LINE_AA
        )
    else:
        for step in range(0, h, max(3, h // 7)):
            cv2.line(picture, (x, y + step), (x + w, y + step), _colour(rng), 1)


def draw_distractors(picture: Picture, rng: np.random.Generator) -> None:
    """Draws things that are no plates into the picture, in place."""
    if rng.random() < 0.45:
        _board(picture, rng)
    if rng.random() < 0.3:
        _lettering(picture, rng)
    if rng.random() < 0.35:
        _grille(picture, rng)
    if rng.random() < 0.3:
        _lamp(picture, rng)


def _board(picture: Picture, rng: np.random.Generator) -> None:
    """A bare rectangle of a plate's shape and colour, perhaps with a picture but without signs."""
    side = picture.shape[0]
    w = float(rng.uniform(18, side * 0.5))
    h = w / float(rng.uniform(1.2, 5))
    box = cv2.boxPoints((tuple(rng.uniform(0, side, 2)), (w, h), float(rng.normal(0, 12)))).astype(np.int32)
    light = int(rng.integers(120, 255))
    cv2.fillPoly(picture, [box], [light, light, int(rng.integers(120, 255))], cv2.LINE_AA)
    if rng.random() < 0.5:
        cv2.polylines(picture, [box], isClosed=True, color=_colour(rng), thickness=1, lineType=cv2.LINE_AA)


def _lettering(picture: Picture, rng: np.random.Generator) -> None:
    """Words straight on a surface: on vans, shops and T-shirts."""
    side = picture.shape[0]
    text = "".join(rng.choice(list(LETTERS), int(rng.integers(3, 12))))
    alphabet = draw_alphabet(rng, text)
    height = float(rng.uniform(8, 50))
    x, y = rng.uniform(-20, side * 0.7), rng.uniform(0, side - height)
    colour = _colour(rng)
    for sign in text:
        offset = np.array([x, y], np.float32)
        scale = np.array([height * alphabet.width, height], np.float32)
        lines = [np.round(s * scale + offset).astype(np.int32).reshape(-1, 1, 2) for s in alphabet.strokes[sign]]
        cv2.polylines(
            picture, lines, isClosed=False, color=colour, thickness=max(1, int(height * 0.13)), lineType=cv2.LINE_AA
        )
        x += height * (alphabet.width + 0.18)


def _grille(picture: Picture, rng: np.random.Generator) -> None:
    side = picture.shape[0]
    x, y = (int(v) for v in rng.integers(0, side, 2))
    w, h = int(rng.integers(20, side // 2)), int(rng.integers(8, side // 3))
    dark, bright = int(rng.integers(0, 60)), int(rng.integers(80, 230))
    cv2.rectangle(picture, (x, y), (x + w, y + h), [dark] * 3, -1)
    upright = rng.random() < 0.4
    for step in range(0, w if upright else h, int(rng.integers(3, 9))):
        p, q = ((x + step, y), (x + step, y + h)) if upright else ((x, y + step), (x + w, y + step))
        cv2.line(picture, p, q, [bright] * 3, 1)


def _lamp(picture: Picture, rng: np.random.Generator) -> None:
    side = picture.shape[0]
    centre = tuple(int(v) for v in rng.integers(0, side, 2))
    axes = (int(rng.integers(4, 30)), int(rng.integers(3, 16)))
    colour = (
        [int(rng.integers(0, 90)), int(rng.integers(0, 90)), int(rng.integers(150, 255))]
        if rng.random() < 0.6
        else [235, 245, 250]
    )
    cv2.ellipse(picture, centre, axes, float(rng.normal(0, 15)), 0, 360, colour, -1, cv2.LINE_AA)
