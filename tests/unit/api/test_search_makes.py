"""Hazards of makes in the search: silence where nothing tells them, words of a model that is not used, makes that a
model of before has told.
"""

from pathlib import Path

import pytest
import yaml

from tests.support.gateway import API, Harness
from tests.support.own_makes import LABELS, add_own_model
from tests.support.seen import Seer, see
from vedette.vision.recognize.make_forms import NO_MAKE


async def get(gateway: Harness, path: str) -> dict:
    async with gateway.local() as client:
        answer = await client.get(f"{API}/{path}")
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def ask(gateway: Harness, make: str) -> tuple[int, dict]:
    async with gateway.local() as client:
        answer = await client.post(f"{API}/search/objects", json={"attributes": {"make": [make]}})
    return answer.status_code, dict(answer.json())


@pytest.fixture
def models(tmp_path: Path) -> Path:
    return tmp_path / "data" / "models"


async def test_where_nothing_tells_makes_it_is_said(gateway: Harness) -> None:
    words = await get(gateway, "search/words")
    assert words["absent"] == [{"name": "make", "code": "no_model", "reason": NO_MAKE}]
    assert "make" not in words["attributes"]
    status, problem = await ask(gateway, "Verde")
    assert (status, problem["code"]) == (422, "unknown_attribute")
    assert NO_MAKE in str(problem)


async def test_model_that_is_added_brings_its_words_and_is_asked_by_them(gateway: Harness, models: Path) -> None:
    green, _ = await Seer(gateway).keep(see("A", 1, make="Verde"), see("A", 2, make="Rosso GT"))
    add_own_model(models)
    words = await get(gateway, "search/words")
    assert (words["attributes"]["make"], words["absent"]) == (LABELS, [])
    status, answer = await ask(gateway, "Verde")
    assert (status, [item["id"] for item in answer["items"]]) == (200, [green])
    assert (await ask(gateway, "verde"))[0] == 422


async def test_makes_of_a_model_that_is_gone_are_asked_for_as_long_as_an_object_has_them(gateway: Harness) -> None:
    [green] = await Seer(gateway).keep(see("A", 1, make="Verde"))
    status, answer = await ask(gateway, "Verde")
    assert (status, [item["id"] for item in answer["items"]]) == (200, [green])


async def test_model_that_is_not_used_offers_no_words_and_says_why(gateway: Harness, models: Path) -> None:
    path = add_own_model(models)
    (models / "shades" / "shades.bin").write_bytes(b"other")
    [absent] = (await get(gateway, "search/words"))["absent"]
    assert (absent["name"], absent["code"]) == ("make", "refused")
    assert "shades.bin" in absent["reason"]
    found = await get(gateway, "models")
    assert [one["state"] for one in found["items"] if one["task"] == "vehicle_make"] == ["refused"]
    assert found["faults"] == []
    path.write_text(yaml.safe_dump(yaml.safe_load(path.read_text()) | {"licence": ""}))
    found = await get(gateway, "models")
    assert [one["file"] for one in found["faults"]] == [path.name]
    assert "shades" not in [one["name"] for one in found["items"]]
