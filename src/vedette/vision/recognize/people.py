"""Attributes of people: sex, hair, hat, bags, sleeves, legs, jacket, what is carried, and the colours of what is worn.

Each label is said with the model's probability; the floors of the form, which apply to the vote over the track, are
high where the published F1 is low (bag .66, hat .64, sleeves .21), so those are mostly `unknown`. Whatever no model
tells (straps, skirt against shorts) is left out; so is what is carried, where its second model (`carried.py`) is not
installed. Glasses are told by the face (`faces.py`). Measured and looked at: docs/design/recognition.md.
"""

from collections.abc import Mapping, Sequence

import cv2
import numpy as np

from vedette.vision.colors import Light
from vedette.vision.ports import Network, Recognizer
from vedette.vision.recognize.attribute_forms import CARRIED, PEOPLE_FORM
from vedette.vision.recognize.carried import BagFinder, BagShares, judge_carried
from vedette.vision.recognize.clothing import ClothingPoints, name_clothing
from vedette.vision.recognize.crop import Crop
from vedette.vision.recognize.light import describe_in_light, read_light
from vedette.vision.recognize.records import Form, Label, Record

MIN_HEIGHT_PX = 80
"""Under this the model tosses a coin: on PETS, 45 to 70 px, the sex of one person changed within the track."""
_ATTRIBUTES = (
    ("sex", "male", "female"),
    ("bag", "yes", "no"),
    ("backpack", "yes", "no"),
    ("hat", "yes", "no"),
    ("sleeves", "long", "short"),
    ("lower_clothing", "trousers", "shorts_or_skirt"),
    ("hair", "long", "short"),
    ("jacket", "yes", ""),
)
"""In the model's order: label, value when true, value when not. Jackets: nine in ten on PETS got less than .2, so a
low value says nothing.
"""
_OF_THE_LEGS = frozenset({"lower_clothing"})


class PersonRecognizer(Recognizer):
    """Attributes by person-attributes-0230, colours by our own naming, and what is carried with `bags`."""

    def __init__(self, network: Network, bags: BagFinder | None = None) -> None:
        self._network = network
        self._bags = bags

    @property
    def form(self) -> Form:
        return PEOPLE_FORM

    @property
    def release(self) -> str:
        bags = f"+{self._bags.release}" if self._bags else ""
        return f"{self._network.release}{bags}+colors-r1"

    def describe(self, crops: Sequence[Crop]) -> list[list[Record]]:
        return describe_in_light(crops, self._describe)

    def warm_up(self, crop: Crop) -> None:
        image = np.asarray(cv2.resize(crop.image_bgr, (60, 160), interpolation=cv2.INTER_AREA), np.uint8)
        name_clothing(image, ClothingPoints(), read_light(crop), legs_in_picture=True)
        self._infer(crop)
        if self._bags is not None:
            self._bags.find(crop)

    def _describe(self, crop: Crop, light: Light) -> list[Record]:
        legs = crop.box_px[3] < crop.frame.size_px[1] * 0.99
        labels: dict[str, Label] = {}
        points = ClothingPoints()
        if crop.size_px[1] >= MIN_HEIGHT_PX:
            labels, points = self._infer(crop)
            if not legs and crop.size_px[1] < 2 * crop.size_px[0]:
                labels = {name: label for name, label in labels.items() if name not in _OF_THE_LEGS}
        labels |= name_clothing(crop.image_bgr, points, light, legs_in_picture=legs)
        return [Record(PEOPLE_FORM.name, labels=labels)] if labels else []

    def _infer(self, crop: Crop) -> tuple[dict[str, Label], ClothingPoints]:
        picture = cv2.resize(crop.image_bgr, (80, 160), interpolation=cv2.INTER_LINEAR)
        outputs = self._network.infer(picture.transpose(2, 0, 1)[None].astype(np.float32))
        labels = {}
        told = np.clip(outputs["453"].reshape(-1), 0.0, 1.0).tolist()
        yes = {name: probability for (name, _, _), probability in zip(_ATTRIBUTES, told, strict=True)}
        for name, when_true, when_not in _ATTRIBUTES:
            probability = yes[name]
            said = when_true if probability >= 0.5 else when_not
            if said:
                labels[name] = Label(said, max(probability, 1 - probability))
        if self._bags is not None:
            carried = judge_carried(crop, BagShares(yes["backpack"], yes["bag"]), self._bags)
            if labels["backpack"].value == "yes":
                labels |= _confirm_backpack(labels.pop("backpack"), carried)
            labels |= carried
        upper, lower = (tuple(float(v) for v in outputs[name].reshape(-1)[:2]) for name in ("456", "459"))
        return labels, ClothingPoints((upper[0], upper[1]), (lower[0], lower[1]))


def _confirm_backpack(said: Label, carried: Mapping[str, Label]) -> dict[str, Label]:
    """One model alone was wrong about eight backpacks of ten: one counts where the other sees it, as sure as both."""
    found = carried.get(CARRIED)
    if found is None or found.value != "backpack":
        return {}
    return {"backpack": Label("yes", min(said.confidence, found.confidence))}
