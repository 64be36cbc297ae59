"""Training samples: faces with and without glasses, glasses drawn onto those without, other light and sharpness.

Few people are in any folder, and a network that learns them by heart knows who they are and not what they wear: so half
of the glasses are drawn, onto people that it also sees without.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from vedette.core.errors import InvalidInputError
from vedette.lab.detector.pictures import files_below, read_images
from vedette.vision.picture import Image
from vedette.vision.recognize.face_align import ALIGNED_PX, TEMPLATE, align_face
from vedette.vision.recognize.face_detector import Faces
from vedette.vision.recognize.glasses import cut_eyes

Rng = np.random.Generator
Point = NDArray[np.float64]
_EYES = TEMPLATE[:2] * ALIGNED_PX
_LEAST_SIDE_PX, _MOST_SIDE_PX = 28, 160
_SHIFT = 3
_DRAWN, _SUNGLASSES, _SHINES = 0.5, 0.2, 0.4
_ELSEWHERE = 0.3
"""Share of bare eyes with rims drawn above or below them: sharp lines alone mean nothing."""


@dataclass(frozen=True, slots=True)
class Face:
    """An aligned face (128, 128, 3) BGR. `person`: the name of its folder."""

    image_bgr: Image
    person: str
    is_worn: bool


def read_worn(file: Path) -> frozenset[str]:
    """Who wears glasses: a line is `person`, or `person/picture`; what follows a # is a remark."""
    lines = (line.split("#")[0].strip() for line in file.read_text("utf-8").splitlines())
    return frozenset(line for line in lines if line)


def collect_people(folder: Path, worn: Collection[str], find: Callable[[Image], Faces]) -> list[Face]:
    """The largest face of each picture in a folder of people's folders.

    Args:
        folder: A folder of pictures for each person.
        worn: Who wears glasses: `person`, or `person/picture` without its suffix.
        find: Finds faces.

    Raises:
        InvalidInputError: there is no face.
    """
    faces = []
    for file in sorted(files_below(folder)):
        person = file.parent.name
        for image in read_images(file):
            found = find(image)
            if len(found):
                largest = int(np.argmax((found.boxes[:, 2:] - found.boxes[:, :2]).prod(axis=1)))
                is_worn = person in worn or f"{person}/{file.stem}" in worn
                faces.append(Face(align_face(image, found.points[largest]), person, is_worn))
    if not faces:
        raise InvalidInputError(
            f"{folder} shows no face", "Name a folder that has a folder of pictures for each person."
        )
    return faces


class FaceStock:
    """Faces to draw from, everybody alike however often he is there.

    Raises:
        InvalidInputError: there is nobody without glasses.
    """

    def __init__(self, faces: Iterable[Face]) -> None:
        self._bare, self._worn = defaultdict[str, list[Face]](list), defaultdict[str, list[Face]](list)
        for face in faces:
            (self._worn if face.is_worn else self._bare)[face.person].append(face)
        if not self._bare:
            raise InvalidInputError("there is no face without glasses", "Glasses are drawn onto such faces: add some.")

    def draw_sample(self, rng: Rng) -> tuple[NDArray[np.float32], bool]:
        """A strip (32, 64, 1), and whether there are glasses in front of the eyes."""
        is_worn = bool(rng.random() < 0.5)
        is_drawn = is_worn and (rng.random() < _DRAWN or not self._worn)
        image = _pick(self._worn if is_worn and not is_drawn else self._bare, rng).copy()
        if rng.random() < 0.5:
            image = np.ascontiguousarray(image[:, ::-1])
        if is_drawn:
            draw_glasses(image, rng)
        elif not is_worn and rng.random() < _ELSEWHERE:
            draw_glasses(image, rng, float(rng.choice([-1, 1]) * rng.uniform(24, 40)))
        return cut_eyes(_change(image, rng)), is_worn


def _pick(people: Mapping[str, Sequence[Face]], rng: Rng) -> Image:
    pictures = people[list(people)[int(rng.integers(len(people)))]]
    return pictures[int(rng.integers(len(pictures)))].image_bgr


@dataclass(frozen=True, slots=True)
class _Form:
    """One pair, in pixels of the aligned face. `corner`: 1 for an ellipse, less for a box; `tint`: dark lenses."""

    middles: tuple[Point, Point]
    width: float
    height: float
    corner: float
    turn: float
    thick: int
    tint: float

    def trace(self, side: int) -> NDArray[np.float64]:
        """The rim around an eye (40, 2), from its middle below: a superellipse."""
        angle = np.linspace(0.5 * np.pi, 2.5 * np.pi, 40, endpoint=False)
        x, y = (np.sign(part) * np.abs(part) ** self.corner for part in (np.cos(angle), np.sin(angle)))
        x, y = x * self.width / 2, y * self.height / 2
        return np.stack([x, y + x * np.tan(np.deg2rad(self.turn))], axis=1) + self.middles[side]


def draw_glasses(image: Image, rng: Rng, lower: float = 0.0) -> None:
    """Draws spectacles or sunglasses of random form onto an aligned face, `lower` than its eyes by so many pixels."""
    down, apart = lower + rng.uniform(-2, 7), rng.uniform(-2, 4)
    form = _Form(
        middles=(_EYES[0] + (-apart, down), _EYES[1] + (apart, down)),
        width=rng.uniform(30, 44),
        height=rng.uniform(20, 38),
        corner=rng.uniform(0.25, 1.0),
        turn=rng.normal(0, 1.5),
        thick=max(1, round(float(np.exp(rng.uniform(np.log(0.8), np.log(4.5)))))),
        tint=rng.uniform(0.5, 0.97) if rng.random() < _SUNGLASSES else rng.uniform(0, 0.25),
    )
    layer = image.astype(np.float32)
    for side in (0, 1):
        lens = np.zeros(image.shape[:2], np.float32)
        cv2.fillPoly(lens, [_fixed(form.trace(side))], 1.0, cv2.LINE_AA, _SHIFT)
        layer = _lay(layer, form.tint * lens, rng.uniform(0, 60))
        if rng.random() < _SHINES:
            layer = _lay(layer, lens * _draw_spot(lens.shape, form.middles[side], rng), 250)
    shade = rng.choice([rng.uniform(0, 70), rng.uniform(70, 170), rng.uniform(170, 240)], p=[0.6, 0.25, 0.15])
    layer = _lay(layer, rng.uniform(0.55, 1.0) * _draw_frame(image.shape[:2], form, rng), float(shade))
    image[:] = np.clip(layer, 0, 255).astype(np.uint8)


def _draw_frame(shape: tuple[int, ...], form: _Form, rng: Rng) -> NDArray[np.float32]:
    """Rims, whole or above alone, one bridge or two, and the temples."""
    frame = np.zeros(shape, np.float32)
    is_whole = rng.random() < 0.85
    for side in (0, 1):
        rim = form.trace(side)
        rim = rim if is_whole else rim[rim[:, 1] <= form.middles[side][1] + 2]
        cv2.polylines(frame, [_fixed(rim)], is_whole, 1.0, form.thick, cv2.LINE_AA, _SHIFT)
    bridges = [rng.uniform(-0.35, 0.1), *([rng.uniform(-0.5, -0.4)] if rng.random() < 0.25 else [])]
    for height in bridges:
        left, right = (
            form.middles[side] + (inward * form.width / 2, height * form.height) for side, inward in ((0, 1), (1, -1))
        )
        bow = (left + right) / 2 - (0, rng.uniform(0, 3))
        cv2.polylines(frame, [_fixed(np.array([left, bow, right]))], False, 1.0, form.thick, cv2.LINE_AA, _SHIFT)
    for side, outward in ((0, -1), (1, 1)):
        hinge = form.middles[side] + (outward * form.width / 2, -rng.uniform(0.1, 0.4) * form.height)
        ear = hinge + np.array([outward * 30, rng.uniform(-6, 6)])
        thick = max(1, form.thick - 1)
        cv2.polylines(frame, [_fixed(np.array([hinge, ear]))], False, 1.0, thick, cv2.LINE_AA, _SHIFT)
    return frame


def _draw_spot(shape: tuple[int, ...], middle: Point, rng: Rng) -> NDArray[np.float32]:
    """A reflection somewhere near the middle of a lens."""
    spot = np.zeros(shape, np.float32)
    at = middle + rng.uniform(-12, 12, 2) * (1, 0.6)
    axes = (int(rng.integers(1, 10)), int(rng.integers(1, 5)))
    cv2.ellipse(spot, (int(at[0]), int(at[1])), axes, rng.uniform(0, 180), 0, 360, rng.uniform(0.3, 1), -1, cv2.LINE_AA)
    return spot


def _lay(layer: NDArray[np.float32], share: NDArray[np.float32], level: float) -> NDArray[np.float32]:
    """A grey level over a picture, where and as far as `share` says."""
    return layer + share[..., None] * (level - layer)


def _fixed(points: NDArray[np.float64]) -> NDArray[np.int32]:
    """Points as OpenCV takes them with fractions of a pixel."""
    return (points * (1 << _SHIFT)).astype(np.int32)


def _change(image: Image, rng: Rng) -> Image:
    """Another place of the landmarks, size of the face, light, blur, noise and coarse JPEG."""
    angle, zoom = rng.normal(0, 3), np.exp(rng.normal(0, 0.05))
    matrix = np.asarray(cv2.getRotationMatrix2D((ALIGNED_PX / 2, _EYES[0, 1]), angle, zoom), np.float64)
    matrix[:, 2] += rng.normal(0, 2.0, 2)
    size = (ALIGNED_PX, ALIGNED_PX)
    image = np.asarray(cv2.warpAffine(image, matrix, size, borderMode=cv2.BORDER_REPLICATE), np.uint8)
    side = round(float(np.exp(rng.uniform(np.log(_LEAST_SIDE_PX), np.log(_MOST_SIDE_PX)))))
    side = min(side, ALIGNED_PX)
    small = cv2.resize(image, (side, side), interpolation=cv2.INTER_AREA)
    if rng.random() < 0.3:
        small = cv2.GaussianBlur(small, (0, 0), float(rng.uniform(0.3, 1.0)))
    levels = np.arange(256) / 255
    curve = np.clip(levels ** np.exp(rng.normal(0, 0.3)) * np.exp(rng.normal(0, 0.15)), 0, 1) * 255
    small = cv2.LUT(small, curve.astype(np.uint8))
    slope = 1 + np.linspace(-1, 1, side)[None, :, None] * rng.normal(0, 0.15)
    noise = rng.normal(0, rng.uniform(0, 8), small.shape[:2])[..., None]
    small = np.clip(small * slope + noise, 0, 255).astype(np.uint8)
    if rng.random() < 0.3:
        _, jpeg = cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(30, 85))])
        small = np.asarray(cv2.imdecode(jpeg, cv2.IMREAD_COLOR), np.uint8)
    return np.asarray(cv2.resize(small, size, interpolation=cv2.INTER_LINEAR), np.uint8)
