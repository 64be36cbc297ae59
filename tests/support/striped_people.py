"""People of a street, some with a painted vest: pictures to teach two categories from, and a film to tell them in."""

from collections.abc import Iterator
from functools import cache

import cv2
import numpy as np
from msgspec.structs import replace

from tests.support.shared import shared_file
from vedette.node.picture_vectors import PictureVectors
from vedette.vision.categories.category_set import CategorySet
from vedette.vision.categories.training import Lesson, Made, teach
from vedette.vision.picture import Image

NAME, STRIPED, PLAIN = "dress", "striped vest", "plain"
FPS, FRAMES = 10, 40
WIDTH, HEIGHT = 1280, 720
_TAUGHT, _FILMED = "MOT17-04-FRCNN", "MOT17-02-FRCNN"
_PEDESTRIAN = "1"
_MIN_SIDE_PX = 40
_STEP_PX = 2
_AIRS = (-0.06, 0.0, 0.08, 0.16)
Box = tuple[int, int, int, int]


@cache
def find_people(sequence: str) -> tuple[Image, tuple[Box, ...]]:
    """The first picture (1080, 1920, 3) BGR of a sequence and its people (left, top, right, bottom), largest first."""
    folder = shared_file(f"data/mot17_mini/train/{sequence}")
    picture = cv2.imread(str(folder / "img1" / "000001.jpg"))
    rows = [line.split(",") for line in (folder / "gt" / "gt.txt").read_text().splitlines()]
    found = [row for row in rows if row[0] == "1" and row[7] == _PEDESTRIAN and float(row[8]) > 0.8]
    boxes = [tuple(round(float(value)) for value in row[2:6]) for row in found]
    height, width = picture.shape[:2]
    inside = [
        (max(0, x), max(0, y), min(width, x + w), min(height, y + h)) for x, y, w, h in boxes if w >= _MIN_SIDE_PX
    ]
    return picture, tuple(sorted(inside, key=lambda box: box[0] * box[1] - box[2] * box[3]))


def paint_vest(picture: Image, box: Box) -> Image:
    """Yellow and black stripes over the upper body."""
    left, top, right, bottom = box
    painted, width, height = picture.copy(), right - left, bottom - top
    for number in range(6):
        first = top + round(height * (0.18 + 0.06 * number))
        colour = (20, 230, 240) if number % 2 == 0 else (10, 10, 10)
        until = top + round(height * (0.24 + 0.06 * number))
        painted[first:until, left + round(width * 0.12) : right - round(width * 0.12)] = colour
    return painted


async def teach_dress(vectors: PictureVectors, name: str = NAME) -> CategorySet:
    """A set of two categories, from people of another street than the film's, in both dresses; cut out as
    loosely and as tightly as a detector does. Another street is another light, so less is asked of a known one than
    teaching would.
    """
    picture, boxes = find_people(_TAUGHT)
    rows = []
    for dressed in (lambda box: picture, lambda box: paint_vest(picture, box)):
        for box in boxes:
            for air in _AIRS:
                left, top, right, bottom = _widen(box, air)
                crop = dressed(box)[top:bottom, left:right]
                rows.append(await vectors.embed(cv2.imencode(".png", crop)[1].tobytes()))
    labels = np.repeat(np.arange(2), len(boxes) * len(_AIRS)).astype(np.int64)
    digests = [f"{row:064x}" for row in range(len(rows))]
    lesson = Lesson("d1", name, "person", [PLAIN, STRIPED], np.stack(rows), labels, digests, 0, vectors.embedding, {})
    *_, last = teach(lesson, Made("2026-01-01T00:00:00Z", "vedette 0"))
    assert isinstance(last, CategorySet)
    return replace(last, none_below=0.6)


def _widen(box: Box, air: float) -> Box:
    left, top, right, bottom = box
    more = round((right - left) * air)
    return max(0, left - more), max(0, top - more), right + more, bottom + more


def film_street() -> tuple[Iterator[Image], Box]:
    """Pictures (720, 1280, 3) of a slow pan over a street where one person wears the vest; and where in the first."""
    picture, boxes = find_people(_FILMED)
    scale = WIDTH / picture.shape[1]
    street = cv2.resize(paint_vest(picture, boxes[0]), (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA)
    left, top, right, bottom = (round(side * scale) for side in boxes[0])
    return (np.roll(street, -_STEP_PX * step, axis=1) for step in range(FRAMES)), (left, top, right, bottom)
