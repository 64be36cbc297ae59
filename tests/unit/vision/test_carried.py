"""Hazards of what people carry: a jacket taken for a backpack, a neighbour's bag, a thing that is no bag or stands
about, nothing seen told as nothing there.
"""

from collections.abc import Sequence

import numpy as np
import pytest

from tests.unit.vision.test_attributes import SURE_MAN, ScriptedNetwork, crop
from vedette.vision.recognize.attribute_forms import PEOPLE_FORM
from vedette.vision.recognize.carried import MAX_COVERED, SIDE_PX, BagFinder, BagShares, join_carried
from vedette.vision.recognize.crop import Crop
from vedette.vision.recognize.people import PersonRecognizer
from vedette.vision.recognize.profile import decide_labels
from vedette.vision.recognize.records import Described, Label, Record, Sighting, check_described

PERSON = (270, 80, 330, 280)
"""200 px high. Its part of the picture is (250, 30) to (350, 330): 300 px on 320."""
SCALE = 320 / 300
BACKPACK, HANDBAG, SUITCASE, BOTTLE = 24, 26, 28, 39
Thing = tuple[int, float, tuple[float, float, float, float]]
ON_BACK = (285.0, 110.0, 315.0, 170.0)


def answer(things: Sequence[Thing]) -> np.ndarray:
    """What YOLOX says of things at places in the picture: one cell of stride 8 each."""
    rows = np.zeros((1, sum((SIDE_PX // stride) ** 2 for stride in (8, 16, 32)), 85), np.float32)
    for kind, score, (left, top, right, bottom) in things:
        x, y = ((left + right) / 2 - 250) * SCALE / 8, ((top + bottom) / 2 - 30) * SCALE / 8
        row = rows[0, int(y) * (SIDE_PX // 8) + int(x)]
        row[:2] = x - int(x), y - int(y)
        row[2:4] = np.log((right - left) * SCALE / 8), np.log((bottom - top) * SCALE / 8)
        row[4], row[5 + kind] = 1, score
    return rows


def find(*things: Thing) -> BagShares:
    return BagFinder(ScriptedNetwork({"output": answer(things)})).find(crop(*PERSON))


def test_bags_are_found_where_they_are_carried() -> None:
    found = find((BACKPACK, 0.5, ON_BACK), (HANDBAG, 0.3, (330, 170, 350, 200)), (SUITCASE, 0.35, (255, 180, 275, 220)))
    assert found.backpack == pytest.approx(0.5)
    assert found.handbag == pytest.approx(0.35), "with wheels or without"


@pytest.mark.parametrize(
    "thing",
    [
        (BACKPACK, 0.9, (365.0, 110.0, 395.0, 170.0)),
        (BACKPACK, 0.9, (285.0, 40.0, 315.0, 78.0)),
        (BACKPACK, 0.9, (255.0, 85.0, 345.0, 275.0)),
        (BACKPACK, 0.9, (295.0, 130.0, 300.0, 140.0)),
        (BOTTLE, 0.9, ON_BACK),
    ],
    ids=["beside", "above", "as large as a person", "tiny", "no bag"],
)
def test_what_is_elsewhere_or_no_bag_is_not_carried(thing: Thing) -> None:
    assert find(thing) == BagShares(0, 0)


def test_neither_model_is_believed_alone() -> None:
    floor = PEOPLE_FORM.floors["carried"]
    jacket = join_carried(seen=BagShares(0.4, 0), said=BagShares(0.05, 0.1))["carried"]
    vest = join_carried(seen=BagShares(0, 0), said=BagShares(0.97, 0.1))["carried"]
    both = join_carried(seen=BagShares(0.35, 0), said=BagShares(0.9, 0.4))["carried"]
    assert (jacket.value, vest.value, both.value) == ("backpack",) * 3
    assert max(jacket.confidence, vest.confidence) < floor < both.confidence


def person(backpack: float, things: Sequence[Thing] = (), shown: Crop | None = None) -> dict[str, Label]:
    probabilities = (*SURE_MAN[:2], backpack, *SURE_MAN[3:])
    network = ScriptedNetwork({"453": probabilities, "456": (0.5, 0.3), "459": (0.5, 0.66)})
    asked = PersonRecognizer(network, BagFinder(ScriptedNetwork({"output": answer(things)})))
    [[record]] = asked.describe([shown or crop(*PERSON)])
    check_described([Described(0.5, [record])], 1, {"people": PEOPLE_FORM})
    assert asked.release == "scripted-r1+scripted-r1+colors-r1"
    return record.labels


def test_a_backpack_is_told_as_such_only_where_both_models_see_it() -> None:
    assert person(0.9, [(BACKPACK, 0.5, ON_BACK)])["backpack"] == Label("yes", pytest.approx(0.9))
    assert "backpack" not in person(0.9, [(HANDBAG, 0.5, ON_BACK)])
    assert person(0.9)["backpack"].confidence < PEOPLE_FORM.floors["backpack"]
    assert person(0.1)["backpack"].value == "no"


def test_nothing_seen_is_unknown_and_a_bag_that_is_seen_once_is_not_told_of_a_track() -> None:
    with_bag, without = person(0.9, [(BACKPACK, 0.5, ON_BACK)]), person(0.1)
    assert with_bag["carried"].value == "backpack"

    def decide(*looks: dict[str, Label]) -> str:
        records = [Sighting(0.0, 1.0, Record("people", labels=labels)) for labels in looks]
        return decide_labels(records, PEOPLE_FORM)["carried"].value

    assert decide(without, without) == "unknown"
    assert decide(with_bag, with_bag, without) == "backpack"
    assert decide(with_bag, without, without) == "unknown"


def test_who_is_overlapped_or_small_or_asked_without_the_second_model_is_told_nothing() -> None:
    shown = crop(*PERSON)
    thing = [(BACKPACK, 0.5, ON_BACK)]
    overlapped = Crop(shown.frame, shown.box_px, shown.class_name, covered=MAX_COVERED + 0.01)
    assert "carried" in person(0.9, thing)
    assert person(0.3, thing)["carried"].confidence == pytest.approx(0.15), "YOLOX is not asked"
    assert "carried" not in person(0.9, thing, overlapped)
    assert "carried" not in person(0.9, thing, crop(285, 200, 315, 270))
    alone = PersonRecognizer(ScriptedNetwork({"453": SURE_MAN, "456": (0.5, 0.3), "459": (0.5, 0.66)}))
    [[record]] = alone.describe([shown])
    assert "carried" not in record.labels
