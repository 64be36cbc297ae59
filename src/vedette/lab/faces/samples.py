"""Training pictures of the face detector: heads cut out of pictures, set into others at any size.

Where the faces then are is not written down here: the teacher looks at the finished picture (`training`).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from vedette.core.errors import InvalidInputError
from vedette.lab.detector.pictures import files_below, group_of, read_images
from vedette.lab.detector.samples import soft_mask
from vedette.lab.plates.scenes import draw_background
from vedette.vision.picture import Image, shrink
from vedette.vision.recognize.face_detector import Faces

SIDE_PX = 256
_GROUND_PX = 480
_HEAD_PX = 320
_AROUND = 1.0
"""What is kept around a face, in its sides."""
_FACE_PX, _SMALL_FACE_PX = (9.0, 230.0), (9.0, 64.0)
_FEW, _MANY = (0.08, 0.5, 0.27, 0.15), (0.04, 0.16, 0.2, 0.2, 0.2, 0.2)
"""How often a picture has none, one, two ... heads: of any size, and of small ones, which take less room."""

Rng = np.random.Generator


@dataclass(frozen=True, slots=True)
class Head:
    """A picture of one head; the face fills the middle third of it."""

    image_bgr: Image


@dataclass(frozen=True, slots=True)
class FaceStock:
    """What training pictures are made of.

    Attributes:
        heads: In groups of one video or one folder, which are drawn alike: a long video shows few people.
        grounds: Pictures to set them in.
    """

    heads: Sequence[Sequence[Head]]
    grounds: Sequence[Image]


def collect_faces(sources: Sequence[Path], find: Callable[[Image], Faces], tell: Callable[[str], None]) -> FaceStock:
    """Looks for faces in all pictures below the sources.

    Raises:
        InvalidInputError: no face is in any of them.
    """
    heads: dict[Path, list[Head]] = {}
    grounds = []
    for file in sorted(file for source in sources for file in files_below(source)):
        for image in read_images(file):
            boxes = find(image).boxes
            heads.setdefault(group_of(file), []).extend(Head(_cut_head(image, box)) for box in boxes)
            grounds.append(shrink(image, _GROUND_PX))
    groups = [group for group in heads.values() if group]
    if not groups:
        raise InvalidInputError("no face is in these pictures", "Name folders of photographs or videos of people.")
    tell(f"{sum(map(len, groups))} faces of {len(groups)} files or folders, {len(grounds)} pictures")
    return FaceStock(groups, grounds)


def draw_picture(stock: FaceStock, rng: Rng) -> Image:
    """One training picture (256, 256, 3) uint8 BGR with faces of any size."""
    picture = draw_background(stock.grounds, SIDE_PX, rng)
    for _ in range(int(rng.choice(len(_FEW), p=_FEW))):
        _set_in(picture, _draw_head(stock, rng), _draw_size(_FACE_PX, rng), rng)
    return picture


def draw_large_picture(stock: FaceStock, rng: Rng) -> Image:
    """A picture (512, 512, 3) whose faces are small ones when its sides are halved."""
    picture = draw_background(stock.grounds, 2 * SIDE_PX, rng)
    for _ in range(int(rng.choice(len(_MANY), p=_MANY))):
        _set_in(picture, _draw_head(stock, rng), 2 * _draw_size(_SMALL_FACE_PX, rng), rng)
    return picture


def _draw_head(stock: FaceStock, rng: Rng) -> Head:
    group = stock.heads[int(rng.integers(len(stock.heads)))]
    return group[int(rng.integers(len(group)))]


def _draw_size(sizes: tuple[float, float], rng: Rng) -> float:
    return float(np.exp(rng.uniform(*np.log(sizes))))


def _set_in(picture: Image, head: Head, face_px: float, rng: Rng) -> None:
    """Lays a head into the picture: turned, mirrored, cut out narrow or wide, with soft or hard edges."""
    whole_px = picture.shape[0]
    around = float(rng.uniform(0.15, _AROUND))
    scale = face_px * (1 + 2 * _AROUND) / head.image_bgr.shape[0]
    side = round(face_px * (1 + 2 * around))
    turned = _turn(head.image_bgr, side, scale, rng)
    x, y = (int(at - around * face_px) for at in rng.uniform(-0.1 * face_px, whole_px - 0.9 * face_px, 2))
    left, top, right, bottom = max(x, 0), max(y, 0), min(x + side, whole_px), min(y + side, whole_px)
    seen = turned[top - y : bottom - y, left - x : right - x].astype(np.float32)
    soft = soft_mask(side, side)[top - y : bottom - y, left - x : right - x] if rng.random() < 0.8 else np.float32(1)
    under = picture[top:bottom, left:right]
    under[:] = (seen * soft + under * (1 - soft)).astype(np.uint8)


def _turn(image: Image, side: int, scale: float, rng: Rng) -> Image:
    """The middle of a head's picture (side, side, 3), scaled, a little turned, stretched and mirrored."""
    middle = image.shape[0] / 2
    if scale < 0.6:  # the warp does not average
        image = np.asarray(cv2.blur(image, (max(1, round(0.7 / scale)),) * 2), np.uint8)
    matrix = np.asarray(cv2.getRotationMatrix2D((middle, middle), float(rng.normal(0, 12)), scale), np.float64)
    matrix[0] *= float(np.exp(rng.normal(0, 0.08))) * (-1 if rng.random() < 0.5 else 1)
    matrix[:, 2] += side / 2 - matrix @ np.array([middle, middle, 1.0])
    return np.asarray(cv2.warpAffine(image, matrix, (side, side), borderMode=cv2.BORDER_REPLICATE), np.uint8)


def _cut_head(image: Image, box: NDArray[np.float32]) -> Image:
    """A square around a face, three of its sides wide; what lies outside of the picture repeats its rim."""
    centre, face_px = (box[:2] + box[2:]) / 2, float(np.sqrt(np.prod(box[2:] - box[:2])))
    side = max(24, round(face_px * (1 + 2 * _AROUND)))
    left, top = (round(float(value) - side / 2) for value in centre)
    air = max(0, -left, -top, left + side - image.shape[1], top + side - image.shape[0])
    framed = cv2.copyMakeBorder(image, air, air, air, air, cv2.BORDER_REPLICATE)
    cut = framed[top + air : top + air + side, left + air : left + air + side]
    return shrink(np.asarray(cut, np.uint8), _HEAD_PX)
