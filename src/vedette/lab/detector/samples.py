"""Training samples: a random cut of a picture, objects of others set in, its light and sharpness changed.

What is to be said about a sample is asked of the teacher, of the very picture and every time anew: a patient and
consistent teacher (Beyer et al. 2022), so that few pictures give endlessly many lessons. It sees the sample before its
light is changed, and the parts of a mosaic in twice their size: so the network learns to see as much in worse pictures
and in smaller ones. Generated scenes are labelled by what was drawn, and what people labelled stays as they said.

Targets are those of CenterNet (Zhou et al. 2019) with the elliptic peaks of TTFNet (Liu et al. 2020): per cell of eight
pixels a peak per class, the score at its top, and the distances to the four sides of the box.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from vedette.lab.detector.pictures import TaughtPicture
from vedette.lab.detector.teachers import SURE, Found, join, mirrored
from vedette.vision.boxes import areas
from vedette.vision.picture import Image

INPUT_WH = (512, 288)
STRIDE = 8
GRID_HW = (INPUT_WH[1] // STRIDE, INPUT_WH[0] // STRIDE)
CLASSES = 3
LAYERS = 2 * CLASSES + 5
"""Peaks, scores at their tops, four distances in cells, the weight of the distances."""
_PEAK = 0.54 / 6
_LEAST_SIDE_PX = 5.0
_LEAST_LEFT = 0.35
_BOX_FROM = 0.3
_BLENDED, _MOSAICS = 0.15, 0.35
_HIDDEN = 0.3
"""What is left of the score of something that is mostly covered."""

Group = Sequence[TaughtPicture]
_Thing = TypeVar("_Thing")
Weighed = tuple[Sequence[Sequence[_Thing]], NDArray[np.float64]]
Rng = np.random.Generator
Look = Callable[[Image], Found]
"""Asks the teacher about a picture (288, 512, 3)."""


class Stock:
    """All pictures, to draw from, in fixed shares: with vehicles, with people, the rest, and what people labelled.

    In a share a group counts by the root of its size: a long video for more than a short one, but not a hundred times.
    """

    _SHARES = (0.34, 0.3, 0.11, 0.25)

    def __init__(self, groups: Sequence[Group]) -> None:
        vehicles, people, rest, labelled = list[Group](), list[Group](), list[Group](), list[Group]()
        for group in groups:
            many = vehicles if _mostly_shows(group, {1, 2}) else people if _mostly_shows(group, {0}) else rest
            (labelled if group[0].labels_of == "people" else many).append(group)
        kinds = (vehicles, people, rest, labelled)
        self._pools = [weigh(many) for many in kinds if many]
        shares = np.array([share for share, many in zip(self._SHARES, kinds, strict=True) if many])
        self._shares = shares / shares.sum()

    def draw(self, rng: Rng) -> TaughtPicture:
        """A picture."""
        return pick(self._pools[int(rng.choice(len(self._pools), p=self._shares))], rng)


def weigh(groups: Sequence[Sequence[_Thing]]) -> Weighed[_Thing]:
    """Groups, and how often each is drawn: by the root of its size."""
    roots = np.sqrt([len(group) for group in groups])
    return groups, roots / roots.sum()


def pick(pool: Weighed[_Thing], rng: Rng) -> _Thing:
    """One of a group that is drawn by its weight."""
    groups, weights = pool
    group = groups[int(rng.choice(len(groups), p=weights))]
    return group[int(rng.integers(len(group)))]


def _mostly_shows(group: Group, classes: set[int]) -> bool:
    """Whether most of its pictures show one of the classes for sure."""
    wanted = list(classes)
    shows = [bool((np.isin(one.found.class_id, wanted) & (one.found.score >= SURE)).any()) for one in group]
    return 2 * sum(shows) > len(group)


@dataclass(slots=True)
class Sample:
    """A picture (288, 512, 3) BGR and what is drawn in it or was found in its parts."""

    image: Image
    found: Found


def draw_sample(stock: Stock, rng: Rng, look: Look) -> tuple[Image, NDArray[np.float32]]:
    """One picture (288, 512, 3) uint8 BGR and its target (36, 64, `LAYERS`) float32."""
    picture = stock.draw(rng)
    is_mosaic = picture.labels_of != "scene" and rng.random() < _MOSAICS
    sample = _mosaic(picture, stock, rng, look) if is_mosaic else _cut(picture, rng)
    for _ in range(int(rng.choice([0, 0, 1, 2, 4]))):
        _set_in(sample, stock, rng)
    if rng.random() < 0.5:
        _mirror(sample)
    if not picture.is_sure and not is_mosaic:
        if rng.random() < _BLENDED:
            _blend(sample, _cut(stock.draw(rng), rng), rng)
        sample.found = look(sample.image)
    return relight(sample.image, rng), make_target(sample.found)


def _cut(picture: TaughtPicture, rng: Rng) -> Sample:
    """A part of the picture, or the picture with air around it, stretched as cameras' pictures are."""
    height, width = picture.image_bgr.shape[:2]
    zoom = float(np.exp(rng.uniform(np.log(0.75), np.log(2.0)))) if rng.random() < 0.8 else 1.0
    stretch = float(np.exp(rng.normal(0, 0.12)))
    wide, high = width / zoom * stretch, height / zoom / stretch
    if rng.random() < 0.3:  # keep the shapes of things
        high = wide * INPUT_WH[1] / INPUT_WH[0]
    left = float(rng.uniform(min(0, width - wide), max(0, width - wide)))
    top = float(rng.uniform(min(0, height - high), max(0, height - high)))
    scale = np.array([INPUT_WH[0] / wide, INPUT_WH[1] / high])
    image = _resample(picture.image_bgr, left, top, scale)
    return Sample(image, _move(picture.found, np.array([left, top]), scale))


def _mosaic(first: TaughtPicture, stock: Stock, rng: Rng, look: Look) -> Sample:
    """Four cuts in half their size (Bochkovskiy et al. 2020), told of as the teacher sees them in their whole size.

    Cameras that hang high show people small, and a teacher that sees them larger tells of more of them.
    """
    half = np.array(INPUT_WH) / 2
    small, found = list[Image](), list[Found]()
    for corner in (half * (column, row) for row in (0, 1) for column in (0, 1)):
        picture = stock.draw(rng) if small else first
        cut = _cut(picture, rng)
        small.append(np.asarray(cv2.resize(cut.image, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA), np.uint8))
        seen = cut.found if picture.is_sure else look(cut.image)
        found.append(_move(seen, -2 * corner, np.array([0.5, 0.5])))
    return Sample(np.vstack([np.hstack(small[:2]), np.hstack(small[2:])]), join(found))


def _resample(image: Image, left: float, top: float, scale: NDArray[np.float64]) -> Image:
    """Enlarges by the warp, shrinks by area first: else thin things would vanish between the pixels."""
    shrink = min(1.0, float(scale.max()) * 1.2)
    if shrink < 0.8:
        image = np.asarray(cv2.resize(image, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA), np.uint8)
    else:
        shrink = 1.0
    x, y = scale / shrink
    matrix = np.array([[x, 0, -left * scale[0]], [0, y, -top * scale[1]]])
    air = [int(value) for value in image.reshape(-1, 3).mean(axis=0)]
    return np.asarray(cv2.warpAffine(image, matrix, INPUT_WH, flags=cv2.INTER_LINEAR, borderValue=air), np.uint8)


def _move(found: Found, origin: NDArray[np.float64], scale: NDArray[np.float64]) -> Found:
    """Boxes in the cut; who is mostly outside or tiny counts for little, who is quite outside goes."""
    boxes = ((found.boxes_px.reshape(-1, 2, 2) - origin) * scale).reshape(-1, 4).astype(np.float32)
    inside = np.clip(boxes, 0, np.array(INPUT_WH * 2, np.float32))
    left = areas(inside) / np.maximum(areas(boxes), 1e-6)
    small = np.minimum(inside[:, 2] - inside[:, 0], inside[:, 3] - inside[:, 1]) < _LEAST_SIDE_PX
    score = np.where((left < _LEAST_LEFT) | small, np.minimum(found.score, 0.2), found.score).astype(np.float32)
    seen = left > 0.02
    return Found(inside[seen], score[seen], found.class_id[seen])


def _set_in(sample: Sample, stock: Stock, rng: Rng) -> None:
    """Copies a whole object of another picture, with soft edges, to anywhere in the sample."""
    source = stock.draw(rng)
    sure = source.found.select(source.found.score >= SURE)
    if not len(sure.boxes_px):
        return
    pick = int(rng.integers(len(sure.boxes_px)))
    height, width = source.image_bgr.shape[:2]
    air = 0.06 * (sure.boxes_px[pick, 2:] - sure.boxes_px[pick, :2])
    left, top = (int(max(0, value)) for value in sure.boxes_px[pick, :2] - air)
    right, bottom = (
        int(min(side, value)) for value, side in zip(sure.boxes_px[pick, 2:] + air, (width, height), strict=True)
    )
    part = source.image_bgr[top:bottom, left:right]
    high = int(np.exp(rng.uniform(np.log(16), np.log(150))))
    wide = int(high * part.shape[1] / max(part.shape[0], 1) * np.exp(rng.normal(0, 0.1)))
    if min(part.shape[:2]) < 12 or not 6 <= wide < INPUT_WH[0] - 2 or high > 3 * part.shape[0]:
        return
    x, y = int(rng.integers(0, INPUT_WH[0] - wide)), int(rng.integers(0, INPUT_WH[1] - high))
    patch = cv2.resize(part, (wide, high), interpolation=cv2.INTER_AREA).astype(np.float32)
    soft = soft_mask(high, wide)
    under = sample.image[y : y + high, x : x + wide]
    under[:] = (patch * soft + under * (1 - soft)).astype(np.uint8)
    edge = 0.06 / 1.12
    box = np.array([[x + wide * edge, y + high * edge, x + wide * (1 - edge), y + high * (1 - edge)]], np.float32)
    sample.found = join(
        [_hide(sample.found, box[0]), Found(box, np.ones(1, np.float32), sure.class_id[pick : pick + 1])]
    )


def soft_mask(high: int, wide: int) -> NDArray[np.float32]:
    """(high, wide, 1) weights that fall to nearly nothing at the rim."""
    y, x = (np.minimum(np.arange(n) + 1, n - np.arange(n)) / max(1.0, 0.08 * n) for n in (high, wide))
    return np.clip(np.minimum(y[:, None], x[None, :]), 0, 1).astype(np.float32)[..., None]


def _hide(found: Found, cover: NDArray[np.float32]) -> Found:
    """What the new object mostly covers counts for little."""
    size = np.minimum(found.boxes_px[:, 2:], cover[2:]) - np.maximum(found.boxes_px[:, :2], cover[:2])
    hidden = np.clip(size, 0, None).prod(axis=1) > 0.5 * areas(found.boxes_px)
    score = np.where(hidden, found.score * _HIDDEN, found.score).astype(np.float32)
    return Found(found.boxes_px, score, found.class_id)


def _mirror(sample: Sample) -> None:
    sample.image = np.ascontiguousarray(sample.image[:, ::-1])
    sample.found = mirrored(sample.found, INPUT_WH[0])


def _blend(sample: Sample, other: Sample, rng: Rng) -> None:
    """Another picture shines through: no place looks so, and the teacher is asked all the same."""
    share = float(rng.uniform(0.1, 0.5))
    sample.image = np.asarray(cv2.addWeighted(sample.image, 1 - share, other.image, share, 0), np.uint8)


def relight(image: Image, rng: Rng) -> Image:
    """Another light, another camera: gain, gamma, colour cast, grey night pictures, blur, noise, coarse JPEG."""
    levels = np.arange(256) / 255
    curve = np.clip(levels ** np.exp(rng.normal(0, 0.3)) * np.exp(rng.normal(0, 0.18)) + rng.normal(0, 0.05), 0, 1)
    curves = [np.clip(curve * (1 + rng.normal(0, 0.06)) * 255, 0, 255).astype(np.uint8) for _ in range(3)]
    changed = cv2.merge([cv2.LUT(plane, table) for plane, table in zip(cv2.split(image), curves, strict=True)])
    if rng.random() < 0.15:
        changed = cv2.cvtColor(cv2.cvtColor(changed, cv2.COLOR_BGR2GRAY), cv2.COLOR_GRAY2BGR)
    if rng.random() < 0.2:
        changed = cv2.GaussianBlur(changed, (0, 0), float(rng.uniform(0.4, 1.3)))
    if rng.random() < 0.3:
        noise = rng.normal(0, rng.uniform(2, 12), changed.shape[:2])[..., None]
        changed = np.clip(changed + noise, 0, 255).astype(np.uint8)
    if rng.random() < 0.3:
        _, jpeg = cv2.imencode(".jpg", changed, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(25, 80))])
        changed = np.asarray(cv2.imdecode(jpeg, cv2.IMREAD_COLOR), np.uint8)
    return np.asarray(changed, np.uint8)


def make_target(found: Found) -> NDArray[np.float32]:
    """Peaks, scores and boxes per cell of boxes in a sample's pixels; small boxes are laid over large ones."""
    target = np.zeros((*GRID_HW, LAYERS), np.float32)
    y, x = np.mgrid[: GRID_HW[0], : GRID_HW[1]].astype(np.float32) + 0.5
    cells = found.boxes_px * np.array([GRID_HW[1] / INPUT_WH[0], GRID_HW[0] / INPUT_WH[1]] * 2, np.float32)
    for index in np.argsort(-areas(found.boxes_px), kind="stable"):
        left, top, right, bottom = box = cells[index]
        wide, high = right - left, bottom - top
        column, row = (int(min(middle / 2, side - 1)) for middle, side in
                       zip((left + right, top + bottom), GRID_HW[::-1], strict=True))  # fmt: skip
        spread_x, spread_y = max(wide * _PEAK, 0.35), max(high * _PEAK, 0.35)
        peak = np.exp(-(((x - column - 0.5) / spread_x) ** 2 + ((y - row - 0.5) / spread_y) ** 2) / 2)
        class_id, score = int(found.class_id[index]), found.score[index]
        np.maximum(target[..., class_id], peak, out=target[..., class_id])
        target[row, column, CLASSES + class_id] = max(score, target[row, column, CLASSES + class_id])
        near = peak > _BOX_FROM
        target[near, 2 * CLASSES : -1] = np.stack([x - box[0], y - box[1], box[2] - x, box[3] - y], -1)[near]
        target[near, -1] = (peak * score)[near]
    return target
