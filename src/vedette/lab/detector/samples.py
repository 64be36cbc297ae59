"""Training samples: a random cut of a labelled picture, objects of others set in, its light and sharpness changed.

Targets are those of CenterNet (Zhou et al. 2019) with the elliptic peaks of TTFNet (Liu et al. 2020): per cell of eight
pixels a peak per class and the distances to the four sides of the box.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from vedette.lab.detector.pictures import TaughtPicture
from vedette.lab.detector.teachers import SURE, Found, split_sure
from vedette.vision.boxes import Boxes, areas
from vedette.vision.picture import Image

INPUT_WH = (384, 224)
STRIDE = 8
GRID_HW = (INPUT_WH[1] // STRIDE, INPUT_WH[0] // STRIDE)
CLASSES = 3
LAYERS = 2 * CLASSES + 5
"""Peaks, their weights, four distances in cells, the weight of the distances."""
_PEAK = 0.54 / 6
_LEAST_SIDE_PX = 5.0
_LEAST_LEFT = 0.35
_BOX_FROM = 0.3

Group = Sequence[TaughtPicture]
Rng = np.random.Generator


class Stock:
    """All labelled pictures, to draw from.

    Groups count by the root of their size: a long video for more than a short one, but not a hundred times. Half of
    the pictures come from groups with vehicles: people are in far more files.
    """

    def __init__(self, groups: Sequence[Group]) -> None:
        with_vehicles = [group for group in groups if _has_vehicles(group)]
        self._pools = [_weigh(groups), _weigh(with_vehicles or groups)]

    def draw(self, rng: Rng) -> TaughtPicture:
        groups, weights = self._pools[int(rng.integers(2))]
        group = groups[int(rng.choice(len(groups), p=weights))]
        return group[int(rng.integers(len(group)))]


def _weigh(groups: Sequence[Group]) -> tuple[Sequence[Group], NDArray[np.float64]]:
    roots = np.sqrt([len(group) for group in groups])
    return groups, roots / roots.sum()


def _has_vehicles(group: Group) -> bool:
    """Whether most of its pictures show a vehicle or two-wheeler for sure."""
    shows = [bool(((picture.found.class_id > 0) & (picture.found.score >= SURE)).any()) for picture in group]
    return 2 * sum(shows) > len(group)


@dataclass(slots=True)
class Scene:
    """A picture in the network's size, the boxes that are plainly there and those that may be."""

    image: Image
    boxes: Boxes
    class_id: NDArray[np.int16]
    doubtful: Boxes
    doubtful_class: NDArray[np.int16]


def draw_sample(stock: Stock, rng: Rng) -> tuple[Image, NDArray[np.float32]]:
    """One picture (224, 384, 3) uint8 BGR and its target (28, 48, `LAYERS`) float32."""
    scene = _cut(stock.draw(rng), rng)
    for _ in range(int(rng.choice([0, 0, 1, 2, 4]))):
        _set_in(scene, stock, rng)
    if rng.random() < 0.5:
        _mirror(scene)
    scene.image = relight(scene.image, rng)
    return scene.image, make_target(scene)


def _cut(picture: TaughtPicture, rng: Rng) -> Scene:
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
    moved = _move(picture.found, np.array([left, top]), scale)
    clear, doubtful = split_sure(moved)
    return Scene(image, clear.boxes_px, clear.class_id, doubtful.boxes_px, doubtful.class_id)


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
    """Boxes in the cut; who is mostly outside or tiny becomes doubtful, who is quite outside goes."""
    boxes = ((found.boxes_px.reshape(-1, 2, 2) - origin) * scale).reshape(-1, 4).astype(np.float32)
    inside = np.clip(boxes, 0, np.array(INPUT_WH * 2, np.float32))
    left = areas(inside) / np.maximum(areas(boxes), 1e-6)
    small = np.minimum(inside[:, 2] - inside[:, 0], inside[:, 3] - inside[:, 1]) < _LEAST_SIDE_PX
    score = np.where((left < _LEAST_LEFT) | small, np.minimum(found.score, 0.2), found.score).astype(np.float32)
    seen = left > 0.02
    return Found(inside[seen], score[seen], found.class_id[seen])


def _set_in(scene: Scene, stock: Stock, rng: Rng) -> None:
    """Copies a whole object of another picture, with soft edges, to anywhere in the scene."""
    source = stock.draw(rng)
    clear, _ = split_sure(source.found)
    if not len(clear.boxes_px):
        return
    pick = int(rng.integers(len(clear.boxes_px)))
    height, width = source.image_bgr.shape[:2]
    air = 0.06 * (clear.boxes_px[pick, 2:] - clear.boxes_px[pick, :2])
    left, top = (int(max(0, value)) for value in clear.boxes_px[pick, :2] - air)
    right, bottom = (
        int(min(side, value)) for value, side in zip(clear.boxes_px[pick, 2:] + air, (width, height), strict=True)
    )
    part = source.image_bgr[top:bottom, left:right]
    high = int(np.exp(rng.uniform(np.log(16), np.log(130))))
    wide = int(high * part.shape[1] / max(part.shape[0], 1) * np.exp(rng.normal(0, 0.1)))
    if min(part.shape[:2]) < 12 or not 6 <= wide < INPUT_WH[0] - 2 or high > 3 * part.shape[0]:
        return
    x, y = int(rng.integers(0, INPUT_WH[0] - wide)), int(rng.integers(0, INPUT_WH[1] - high))
    patch = cv2.resize(part, (wide, high), interpolation=cv2.INTER_AREA).astype(np.float32)
    soft = soft_mask(high, wide)
    under = scene.image[y : y + high, x : x + wide]
    under[:] = (patch * soft + under * (1 - soft)).astype(np.uint8)
    edge = 0.06 / 1.12
    box = np.array([[x + wide * edge, y + high * edge, x + wide * (1 - edge), y + high * (1 - edge)]], np.float32)
    _hide(scene, box[0])
    scene.boxes = np.concatenate([scene.boxes, box])
    scene.class_id = np.append(scene.class_id, clear.class_id[pick])


def soft_mask(high: int, wide: int) -> NDArray[np.float32]:
    """(high, wide, 1) weights that fall to nearly nothing at the rim."""
    y, x = (np.minimum(np.arange(n) + 1, n - np.arange(n)) / max(1.0, 0.08 * n) for n in (high, wide))
    return np.clip(np.minimum(y[:, None], x[None, :]), 0, 1).astype(np.float32)[..., None]


def _hide(scene: Scene, cover: NDArray[np.float32]) -> None:
    """What the new object mostly covers is there no more for sure."""
    size = np.minimum(scene.boxes[:, 2:], cover[2:]) - np.maximum(scene.boxes[:, :2], cover[:2])
    hidden = np.clip(size, 0, None).prod(axis=1) > 0.5 * areas(scene.boxes)
    scene.doubtful = np.concatenate([scene.doubtful, scene.boxes[hidden]])
    scene.doubtful_class = np.append(scene.doubtful_class, scene.class_id[hidden])
    scene.boxes, scene.class_id = scene.boxes[~hidden], scene.class_id[~hidden]


def _mirror(scene: Scene) -> None:
    scene.image = np.ascontiguousarray(scene.image[:, ::-1])
    for boxes in (scene.boxes, scene.doubtful):
        boxes[:, [0, 2]] = INPUT_WH[0] - boxes[:, [2, 0]]


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


def make_target(scene: Scene) -> NDArray[np.float32]:
    """Peaks and boxes per cell; small boxes are laid over large ones, doubtful places have no weight."""
    target = np.zeros((*GRID_HW, LAYERS), np.float32)
    target[..., CLASSES : 2 * CLASSES] = 1
    for box, class_id in zip(scene.doubtful / STRIDE, scene.doubtful_class, strict=True):
        left, top, right, bottom = box.astype(int)
        target[top : bottom + 1, left : right + 1, CLASSES + class_id] = 0
    y, x = np.mgrid[: GRID_HW[0], : GRID_HW[1]].astype(np.float32) + 0.5
    for index in np.argsort(-areas(scene.boxes), kind="stable"):
        left, top, right, bottom = box = scene.boxes[index] / STRIDE
        wide, high = right - left, bottom - top
        middle_x, middle_y = np.floor((left + right) / 2) + 0.5, np.floor((top + bottom) / 2) + 0.5
        spread_x, spread_y = max(wide * _PEAK, 0.35), max(high * _PEAK, 0.35)
        peak = np.exp(-(((x - middle_x) / spread_x) ** 2 + ((y - middle_y) / spread_y) ** 2) / 2)
        class_id = int(scene.class_id[index])
        np.maximum(target[..., class_id], peak, out=target[..., class_id])
        near = peak > _BOX_FROM
        target[near, CLASSES + class_id] = 1
        target[near, 2 * CLASSES : -1] = np.stack([x - box[0], y - box[1], box[2] - x, box[3] - y], -1)[near]
        target[near, -1] = peak[near]
    return target
