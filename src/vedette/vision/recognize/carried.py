"""What a person carries: a backpack, or a bag in the hand or at the shoulder. Two models must agree.

YOLOX-nano sees things where they are but takes jackets for backpacks; person-attributes-0230 knows people but says
`backpack` of vests. They err elsewhere, so the mean of both is told, as for types of vehicles. Whatever else COCO knows
(umbrella, skateboard, bottle, telephone ...) was not seen rightly once and is left out. Who carries neither is not
told from whose bag was not seen: both are `unknown`. Figures: docs/design/recognition.md.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vedette.vision.ports import Network
from vedette.vision.recognize.attribute_forms import CARRIED
from vedette.vision.recognize.crop import BoxPx, Crop
from vedette.vision.recognize.records import Label
from vedette.vision.recognize.yolox import pad_square, place_boxes

SIDE_PX = 320
MAX_COVERED = 0.3
"""Share of the box that may lie in another's: of two who walk side by side one gets the other's bag."""
_BACKPACK, _HANDBAG, _SUITCASE = 24, 26, 28
_AIR = 0.25
"""Surroundings, as a share of the height above and below, and of the width (at least 0.4 of the height) beside."""
_REACH = 0.12
"""How far beside the box the middle of a thing may be, as a share of the height: an arm with a bag."""
_SIZES = (0.06, 0.5)
"""Root of a thing's area, as a share of the height."""
_SURE = 0.4
"""YOLOX score that counts as 1."""
_WORTH = 0.4
"""Where 0230 gives no bag as much, YOLOX is not asked, which takes twice as long as all the rest."""


@dataclass(frozen=True, slots=True)
class BagShares:
    """0..1 each."""

    backpack: float
    handbag: float


class BagFinder:
    """Looks for bags about a person."""

    def __init__(self, network: Network) -> None:
        self._network = network

    @property
    def release(self) -> str:
        return self._network.release

    def find(self, crop: Crop) -> BagShares:
        """The best score of each kind of bag at the person. Bags with wheels or without are one: it mixes them up."""
        region = _add_air(crop)
        image = crop.cut(region)
        [rows, *_] = self._network.infer(pad_square(image, SIDE_PX)).values()
        rows = rows.reshape(-1, rows.shape[-1])
        boxes = place_boxes(rows, SIDE_PX) * np.float32(max(image.shape[:2]) / SIDE_PX)
        boxes += np.array([region[0], region[1], region[0], region[1]], np.float32)
        scores = rows[_are_at(boxes, crop.box_px)]
        best = (scores[:, 4:5] * scores[:, 5:]).max(axis=0, initial=0.0)
        return BagShares(float(best[_BACKPACK]), float(max(best[_HANDBAG], best[_SUITCASE])))


def judge_carried(crop: Crop, said: BagShares, finder: BagFinder) -> dict[str, Label]:
    """What one look says; nothing of somebody who is overlapped. `said`: 0230's probabilities."""
    if crop.covered > MAX_COVERED:
        return {}
    is_worth = max(said.backpack, said.handbag) >= _WORTH
    return join_carried(finder.find(crop) if is_worth else BagShares(0.0, 0.0), said)


def join_carried(seen: BagShares, said: BagShares) -> dict[str, Label]:
    """The likelier bag of both models' mean. `seen`: by YOLOX; `said`: 0230's probabilities."""
    joined = {
        name: float(np.clip((min(1.0, found / _SURE) + probability) / 2, 0.0, 1.0))
        for name, found, probability in (
            ("backpack", seen.backpack, said.backpack),
            ("handbag", seen.handbag, said.handbag),
        )
    }
    best = max(joined, key=lambda name: joined[name])
    return {CARRIED: Label(best, joined[best])}


def _add_air(crop: Crop) -> BoxPx:
    (left, top, right, bottom), (width, height) = crop.box_px, crop.size_px
    beside, above = round(max(width, 0.4 * height) * _AIR), round(height * _AIR)
    most_x, most_y = crop.frame.size_px
    return max(0, left - beside), max(0, top - above), min(most_x, right + beside), min(most_y, bottom + above)


def _are_at(boxes: NDArray[np.float32], person_px: BoxPx) -> NDArray[np.bool_]:
    """(N,) whether a thing is where and as large as what this person carries could be."""
    left, top, right, bottom = person_px
    height = bottom - top
    x, y = (boxes[:, 0] + boxes[:, 2]) / 2, (boxes[:, 1] + boxes[:, 3]) / 2
    sizes = np.sqrt((boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])) / height
    reach = _REACH * height
    is_near = (x >= left - reach) & (x <= right + reach) & (y >= top) & (y <= bottom)
    return np.asarray(is_near & (sizes >= _SIZES[0]) & (sizes <= _SIZES[1]), np.bool_)
