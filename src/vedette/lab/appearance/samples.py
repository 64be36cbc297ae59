"""Training pictures of people: cut anew out of their surroundings, dressed otherwise, seen by worse cameras.

There are few people in the pictures and the network must tell apart many, so every second one is dressed in other
colours, above and below for themselves, or gets the legs of somebody else. The teacher is asked about that picture
(`training`); the views that the network learns from are made of it afterwards: mirrored, partly covered, shifted,
small, in other light. So it learns to see in them what the teacher sees in the good one.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from vedette.core.detections import CLASS_NAMES
from vedette.core.errors import InvalidInputError
from vedette.lab.detector.pictures import TaughtPicture
from vedette.lab.detector.samples import pick, relight, weigh
from vedette.lab.detector.teachers import SURE
from vedette.vision.picture import Image
from vedette.vision.recognize.appearance import MAX_COVERED, MIN_HEIGHT_PX, MIN_WIDTH_PX

INPUT_WH = (64, 128)
TAUGHT_WH = (128, 256)
"""The teacher's input, in which people are put together."""
_AIR = 0.2
"""What is kept around a person, in parts of the box's sides."""
_STANDING = (1.4, 5.0)
"""Height of a box in its widths: others hold half a person, or two."""
_LARGEST_PX = 400
_DRAWN = 0.12
"""Share of generated people, who all wear plain colours."""
_REDRESSED, _MIXED, _COVERED, _MIRRORED = 0.5, 0.2, 0.4, 0.5

Rng = np.random.Generator


@dataclass(frozen=True, slots=True)
class Person:
    """A picture (H, W, 3) BGR of one person with surroundings.

    Attributes:
        box_px: Left, top, right, bottom in it.
    """

    image_bgr: Image
    box_px: NDArray[np.float32]


Group = Sequence[Person]


class PeopleStock:
    """People to draw from, in groups of one video or one folder: real ones and generated ones in fixed shares.

    A group counts by the root of its size: a long video shows few people.
    """

    def __init__(self, real: Sequence[Group], drawn: Sequence[Group] = ()) -> None:
        self._real = weigh(real)
        self._drawn = weigh(drawn) if drawn else None

    @property
    def count(self) -> int:
        """Pictures of people."""
        return sum(map(len, self._real[0])) + sum(map(len, self._drawn[0] if self._drawn else ()))

    def draw(self, rng: Rng) -> Person:
        """A person."""
        is_drawn = self._drawn is not None and rng.random() < _DRAWN
        return pick(self._drawn if self._drawn is not None and is_drawn else self._real, rng)


def collect_people(pictures: Sequence[Sequence[TaughtPicture]]) -> PeopleStock:
    """Everybody in these pictures, in their groups.

    Raises:
        InvalidInputError: nobody is in the photographs and videos.
    """
    real, drawn = list[Group](), list[Group]()
    for group in pictures:
        people = [person for picture in group for person in cut_people(picture)]
        if people:
            (drawn if group[0].labels_of == "scene" else real).append(people)
    if not real:
        raise InvalidInputError(
            "nobody is in these pictures", "Name folders of photographs or videos of whole people, 40 pixels or taller."
        )
    return PeopleStock(real, drawn)


def cut_people(picture: TaughtPicture) -> Iterator[Person]:
    """Everybody in a picture whom a teacher is sure of and who is large enough to be told apart."""
    found = picture.found
    is_person = found.class_id == CLASS_NAMES.index("person")
    for box in found.boxes_px[is_person & (found.score >= SURE)]:
        width, height = box[2:] - box[:2]
        if width < MIN_WIDTH_PX or height < MIN_HEIGHT_PX or not _STANDING[0] <= height / width <= _STANDING[1]:
            continue
        air = _AIR * np.array([width, height], np.float32)
        left, top = (int(max(0, value)) for value in box[:2] - air)
        right, bottom = (int(value) for value in box[2:] + air + 1)
        cut = picture.image_bgr[top:bottom, left:right]
        scale = min(1.0, _LARGEST_PX / cut.shape[0])
        small = cv2.resize(cut, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        inside = (box - np.array([left, top, left, top], np.float32)) * np.float32(scale)
        yield Person(np.asarray(small, np.uint8), inside.astype(np.float32))


def draw_person(stock: PeopleStock, rng: Rng) -> Image:
    """One person (256, 128, 3) uint8 BGR, who need not exist."""
    image = cut_box(stock.draw(rng), rng)
    chosen = rng.random()
    if chosen < _REDRESSED:
        image = _blend_at_waist(_recolour(image, rng), _recolour(image, rng), rng)
    elif chosen < _REDRESSED + _MIXED:
        image = _blend_at_waist(image, cut_box(stock.draw(rng), rng), rng)
    return image


def cut_box(person: Person, rng: Rng) -> Image:
    """The box as a detector might have set it: (256, 128, 3) uint8 BGR."""
    left, top, right, bottom = person.box_px
    sides = np.array([right - left, bottom - top] * 2)
    moved = person.box_px + np.clip(rng.normal(0, 0.05, 4), -0.1, 0.1) * sides
    scale = np.array(TAUGHT_WH) / np.maximum(moved[2:] - moved[:2], 4)
    return _resample(person.image_bgr, moved[:2], scale)


def _resample(image: Image, origin: NDArray[np.floating], scale: NDArray[np.floating]) -> Image:
    matrix = np.array([[scale[0], 0, -origin[0] * scale[0]], [0, scale[1], -origin[1] * scale[1]]], np.float64)
    warped = cv2.warpAffine(image, matrix, TAUGHT_WH, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(warped, np.uint8)


def _recolour(image: Image, rng: Rng) -> Image:
    """Other hues, stronger or paler, lighter or darker."""
    hue, saturation, value = cv2.split(cv2.cvtColor(image, cv2.COLOR_BGR2HSV))
    turned = np.asarray((hue.astype(np.int16) + int(rng.integers(180))) % 180, np.uint8)
    levels = np.arange(256)
    paler = np.clip(levels * np.exp(rng.normal(0, 0.5)) + rng.uniform(0, 60) * (rng.random() < 0.4), 0, 255)
    lighter = np.clip(255 * (levels / 255) ** np.exp(rng.normal(0, 0.45)), 0, 255)
    planes = (turned, cv2.LUT(saturation, paler.astype(np.uint8)), cv2.LUT(value, lighter.astype(np.uint8)))
    return np.asarray(cv2.cvtColor(cv2.merge(planes), cv2.COLOR_HSV2BGR), np.uint8)


def _blend_at_waist(above: Image, below: Image, rng: Rng) -> Image:
    rows = np.arange(TAUGHT_WH[1], dtype=np.float32) / TAUGHT_WH[1]
    share = np.clip((rows - rng.uniform(0.42, 0.6)) / 0.04 + 0.5, 0, 1)[:, None, None].astype(np.float32)
    return np.asarray(above * (1 - share) + below * share, np.uint8)


def draw_view(taught: Image, other: Image, rng: Rng) -> Image:
    """What a camera might have shown of a person (256, 128, 3): (128, 64, 3) uint8 BGR.

    `other`: Somebody who may stand in front.
    """
    image = _cover(taught, other, rng) if rng.random() < _COVERED else taught
    if rng.random() < _MIRRORED:
        image = np.ascontiguousarray(image[:, ::-1])
    shift = rng.uniform(-0.04, 0.04, 2) * TAUGHT_WH
    image = _resample(image, shift, np.exp(rng.normal(0, 0.03, 2)))
    high = int(np.exp(rng.uniform(np.log(MIN_HEIGHT_PX), np.log(TAUGHT_WH[1]))))
    wide = max(MIN_WIDTH_PX, int(high * rng.uniform(0.36, 0.5)))
    small = np.asarray(cv2.resize(image, (wide, high), interpolation=cv2.INTER_AREA), np.uint8)
    seen = cv2.resize(relight(small, rng), INPUT_WH, interpolation=cv2.INTER_LINEAR)
    return np.asarray(seen, np.uint8)


def _cover(image: Image, other: Image, rng: Rng) -> Image:
    """Lays a part of the other picture over one side or the feet, as much as the product lets be covered."""
    width, height = TAUGHT_WH
    covered, part = image.copy(), float(rng.uniform(0.08, MAX_COVERED))
    side = int(rng.integers(3))
    if side == 0:
        covered[height - int(part * height) :] = other[: int(part * height)]
    elif side == 1:
        covered[:, : int(part * width)] = other[:, width // 2 : width // 2 + int(part * width)]
    else:
        covered[:, width - int(part * width) :] = other[:, width // 2 : width // 2 + int(part * width)]
    return covered
