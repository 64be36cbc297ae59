"""Hazards of attributes: small and cut-off people, weak labels, legs out of the box, views a model never saw."""

from collections.abc import Mapping

import numpy as np
import pytest

from vedette.core.objects import AttributeValue, ObjectFacts, PlateReading
from vedette.media.planes import PlanarFrame
from vedette.vision.colors import Light
from vedette.vision.picture import Image, to_planes
from vedette.vision.recognize.attribute_forms import PEOPLE_FORM, VEHICLES_FORM
from vedette.vision.recognize.clothing import ClothingPoints, name_clothing
from vedette.vision.recognize.crop import Crop, make_crop
from vedette.vision.recognize.people import PersonRecognizer
from vedette.vision.recognize.profile import decide_labels
from vedette.vision.recognize.records import Described, Record, Sighting, check_described
from vedette.vision.recognize.vehicles import VehicleRecognizer, join_types
from vedette.vision.recognize.words import say_facts
from vedette.vision.recognize.yolox import pad_square

SURE_MAN = (0.98, 0.02, 0.03, 0.01, 0.9, 0.97, 0.05, 0.1)


class ScriptedNetwork:
    """Answers the same outputs whatever it is shown, and keeps the shapes that it was given."""

    release = "scripted-r1"

    def __init__(self, outputs: Mapping[str, object]) -> None:
        self._outputs = {name: np.array(value, np.float32) for name, value in outputs.items()}
        self.shapes: list[tuple[int, ...]] = []

    def infer(self, tensor: np.ndarray) -> dict[str, np.ndarray]:
        self.shapes.append(tensor.shape)
        return dict(self._outputs)


def people(probabilities: tuple[float, ...] = SURE_MAN) -> PersonRecognizer:
    return PersonRecognizer(ScriptedNetwork({"453": probabilities, "456": (0.5, 0.3), "459": (0.5, 0.66)}))


def vehicles(types: tuple[float, ...], kinds: Mapping[int, float]) -> VehicleRecognizer:
    rows = np.zeros((1, 3, 85), np.float32)
    rows[0, 1, 4] = 1
    for index, score in kinds.items():
        rows[0, 1, 5 + index] = score
    return VehicleRecognizer(ScriptedNetwork({"type": types}), ScriptedNetwork({"output": rows}))


def street() -> Image:
    """Gray, with a red-blue dressed column and a yellow block; a little green, so that the camera has colours."""
    image = np.full((400, 600, 3), 128, np.uint8)
    image[100:180, 280:320] = (30, 20, 190)
    image[180:260, 280:320] = (150, 60, 25)
    image[300:360, 400:500] = (30, 205, 245)
    image[380:, :100] = (60, 120, 70)
    return image


def crop(left: int, top: int, right: int, bottom: int, name: str = "person", image: Image | None = None) -> Crop:
    frame: PlanarFrame = to_planes(street() if image is None else image)
    width, height = frame.size_px
    return make_crop(frame, (left / width, top / height, right / width, bottom / height), name)


PERSON = (270, 80, 330, 280)


def test_records_fit_their_form_and_say_what_is_worn() -> None:
    [[record]] = people().describe([crop(*PERSON)])
    check_described([Described(0.5, [record])], 1, {"people": PEOPLE_FORM})
    said = {name: label.value for name, label in record.labels.items()}
    assert said == {
        "sex": "male",
        "bag": "no",
        "backpack": "no",
        "hat": "no",
        "sleeves": "long",
        "lower_clothing": "trousers",
        "hair": "short",
        "upper_colour": "red",
        "lower_colour": "blue",
    }
    assert people().describe([]) == []


def test_low_coat_value_says_nothing_because_jackets_get_it_too() -> None:
    assert "jacket" not in people().describe([crop(*PERSON)])[0][0].labels
    assert people((*SURE_MAN[:7], 0.95)).describe([crop(*PERSON)])[0][0].labels["jacket"].value == "yes"


def test_small_people_have_colours_only_and_tiny_ones_nothing() -> None:
    [[record]] = people().describe([crop(280, 150, 310, 210)])
    assert set(record.labels) <= {"upper_colour", "lower_colour"}
    assert people().describe([crop(280, 150, 300, 180)]) == [[]]


def test_who_is_cut_off_by_the_picture_has_no_legs() -> None:
    image = np.roll(street(), 200, axis=0)
    [[record]] = people().describe([crop(250, 300, 350, 400, image=image)])
    assert "lower_clothing" not in record.labels
    assert "lower_colour" not in record.labels
    assert "sex" in record.labels


def test_point_outside_the_body_is_not_followed() -> None:
    person = crop(*PERSON).image_bgr
    wild = ClothingPoints((0.0, 0.95), (1.0, 0.02))
    named = name_clothing(person, wild, Light(), legs_in_picture=True)
    assert {name: label.value for name, label in named.items()} == {"upper_colour": "red", "lower_colour": "blue"}


def test_weak_labels_need_near_certainty_over_the_track() -> None:
    wavering = [
        Sighting(float(i), 0.5, people((value, 0.3, 0.3, 0.3, 0.7, 0.9, 0.2, 0.1)).describe([crop(*PERSON)])[0][0])
        for i, value in enumerate((0.9, 0.2, 0.7, 0.3))
    ]
    decided = decide_labels(wavering, PEOPLE_FORM)
    assert {name for name, value in decided.items() if value.value == "unknown"} >= {"sex", "bag", "hat", "sleeves"}
    assert decided["lower_clothing"].value == "trousers"
    assert decided["upper_colour"].value == "red"


def test_type_needs_both_models() -> None:
    agree = join_types(np.array([0.95, 0, 0.05, 0], np.float32), kinds(car=0.8))
    assert (agree.value, agree.confidence > 0.9) == ("car", True)
    from_behind = join_types(np.array([0.02, 0, 0.98, 0], np.float32), kinds(car=0.8))
    assert from_behind.confidence < VEHICLES_FORM.floors["type"]
    unseen = join_types(np.array([0.99, 0, 0.01, 0], np.float32), kinds())
    assert unseen.confidence < VEHICLES_FORM.floors["type"]
    assert join_types(np.array([0.05, 0, 0, 0.95], np.float32), kinds(car=0.9)).value == "van"


def kinds(car: float = 0.0) -> np.ndarray:
    scores = np.zeros(80, np.float32)
    scores[2] = car
    return scores


def test_vehicle_has_type_and_colour_but_no_type_from_above() -> None:
    recognizer = vehicles((0.95, 0.0, 0.05, 0.0), {2: 0.9})
    [[record]] = recognizer.describe([crop(390, 290, 510, 370, "vehicle")])
    check_described([Described(0.5, [record])], 1, {"vehicles": VEHICLES_FORM})
    assert (record.labels["type"].value, record.labels["colour"].value) == ("car", "yellow")
    [[from_above]] = recognizer.describe([crop(410, 280, 470, 370, "vehicle")])
    assert set(from_above.labels) == {"colour"}


def test_padding_keeps_the_aspect_and_the_shape() -> None:
    tensor = pad_square(np.zeros((50, 200, 3), np.uint8), 224)
    assert tensor.shape == (1, 3, 224, 224)
    assert (tensor[0, 0, :56] == 0).all()
    assert (tensor[0, 0, 57:] == 114).all()
    assert pad_square(np.zeros((1, 900, 3), np.uint8), 224).shape == (1, 3, 224, 224)


@pytest.mark.parametrize("size", [(2, 2), (30, 90), (200, 160)])
def test_warm_up_takes_any_crop(size: tuple[int, int]) -> None:
    place = crop(100, 100, 100 + size[0], 100 + size[1])
    people().warm_up(place)
    vehicles((1.0, 0.0, 0.0, 0.0), {}).warm_up(place)


def test_infrared_picture_has_no_colours() -> None:
    gray = np.repeat(street()[..., :1], 3, axis=2)
    [[record]] = people().describe([crop(*PERSON, image=gray)])
    assert not {"upper_colour", "lower_colour"} & set(record.labels)


def test_words_tell_what_was_seen_only() -> None:
    values = {"sex": "female", "hair": "long", "hat": "no", "bag": "unknown", "backpack": "yes", "jacket": "unknown"}
    values |= {"upper_colour": "red", "sleeves": "short", "lower_colour": "blue", "lower_clothing": "trousers"}
    assert say_facts(facts(values)) == ["female, long hair, backpack", "top red, short sleeves; blue trousers"]
    assert say_facts(facts({"sex": "male", "backpack": "yes", "carried": "backpack"})) == ["male, backpack"]
    assert say_facts(facts({"colour": "white", "make": "Verde", "type": "car"})) == ["white Verde car"]
    assert say_facts(facts({"colour": "white", "make": "Škoda"})) == ["white"], "pictures are drawn in ASCII"
    assert say_facts(facts({"upper_colour": "unknown", "lower_colour": "gray"})) == ["legs gray"]
    assert say_facts(facts({"colour": "white", "type": "van"})) == ["white van"]
    assert say_facts(ObjectFacts(1, {}, PlateReading("51F12345", 0.6, "unsure"))) == ["51F12345 ?"]
    assert say_facts(ObjectFacts(1)) == []


def facts(values: Mapping[str, str]) -> ObjectFacts:
    return ObjectFacts(1, {name: AttributeValue(value, 0.9) for name, value in values.items()})


def test_record_without_labels_is_not_made() -> None:
    assert Record("people") not in people().describe([crop(0, 0, 10, 10)])[0]
