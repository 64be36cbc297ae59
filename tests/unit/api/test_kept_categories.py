"""Hazards of own categories over the API: a mistyped name tells nothing, a deleted set cannot be switched off, words of
the past cannot be asked for, none of these is taken for something else.
"""

import shutil
from pathlib import Path

import pytest

from tests.support.gateway import API, Harness
from tests.support.kept_sets import make_kept_set
from tests.support.seen import Seer, see
from tests.unit.api.test_search_api import ask, found
from vedette.node.category_shelf import CategoryShelf

GATE = {"name": "Gate", "main": {"url": "rtsp://127.0.0.1:9/1"}}


def keep(gateway: Harness, *names: str) -> CategoryShelf:
    shelf = CategoryShelf(gateway.data / "categories")
    for name in names:
        shelf.save(make_kept_set(name))
    return shelf


async def test_kept_sets_are_listed_with_their_words(gateway: Harness) -> None:
    async with gateway.local() as client:
        assert (await client.get(f"{API}/analysis/categories")).json() == {"items": []}
        keep(gateway, "livery")
        kept = {"name": "livery", "about": "vehicle", "categories": ["courier", "post"]}
        assert (await client.get(f"{API}/analysis/categories")).json() == {"items": [kept]}


async def test_camera_is_told_which_sets_there_are(gateway: Harness) -> None:
    async with gateway.local() as client:
        wrong = await client.post(f"{API}/cameras", json={**GATE, "analysis": {"categories": ["livrey"]}})
        assert (wrong.status_code, wrong.json()["errors"][0]["field"]) == (422, "analysis.categories")
        assert "none is kept yet" in wrong.json()["errors"][0]["message"]
        shelf = keep(gateway, "livery", "uniform")
        wrong = await client.post(f"{API}/cameras", json={**GATE, "analysis": {"categories": ["livrey"]}})
        assert wrong.json()["errors"][0]["message"] == "livrey is not kept; kept: livery, uniform"
        camera = (await client.post(f"{API}/cameras", json={**GATE, "analysis": {"categories": ["livery"]}})).json()
        assert camera["analysis"]["categories"] == ["livery"]
        shelf.delete("livery")
        url = f"{API}/cameras/{camera['id']}"
        both = {"analysis": {"categories": ["livery", "uniform"]}}
        assert (await client.patch(url, json=both)).json()["analysis"]["categories"] == ["livery", "uniform"]
        assert (await client.patch(url, json={"analysis": {}})).json()["analysis"]["categories"] == []
        assert (await client.patch(url, json=both)).status_code == 422, "once it is off, it is unknown"
        rows = (await client.get(f"{API}/audit", params={"action": "camera.change"})).json()["items"]
    assert "own categories: livery -> livery, uniform" in rows[-1]["detail"]


@pytest.mark.parametrize("names", [["a", "a"], [f"s{number}" for number in range(9)]])
async def test_sets_of_a_camera_are_few_and_each_once(gateway: Harness, names: list[str]) -> None:
    keep(gateway, *names)
    async with gateway.local() as client:
        answer = await client.post(f"{API}/cameras", json={**GATE, "analysis": {"categories": names}})
    assert answer.status_code == 422


async def test_file_is_not_taken_with_a_set_that_is_not_kept(gateway: Harness) -> None:
    keep(gateway, "livery")
    async with gateway.local() as client:
        query = {"name": "a.mp4", "categories": "livrey"}
        answer = await client.post(f"{API}/analysis/files", params=query, content=b"x")
    assert (answer.status_code, answer.json()["code"]) == (422, "categories_not_kept")
    assert answer.json()["hint"] == "Kept: livery."


async def test_objects_are_found_by_the_words_of_a_set_while_it_is_kept_and_after(gateway: Harness) -> None:
    shelf = keep(gateway, "livery")
    words = (await words_of(gateway))["categories"]
    assert words == [{"name": "livery", "about": "vehicle", "categories": ["courier", "post"]}]
    courier, _, none, _ = await Seer(gateway).keep(
        see("A", 1, livery="courier"), see("A", 2, livery="post"), see("A", 3, livery="unknown"), see("A", 4)
    )
    assert await found(gateway, attributes={"livery": ["courier"]}) == [courier]
    assert await found(gateway, attributes={"livery": ["unknown"]}) == [none], "none of these can be asked for"
    wrong = await ask(gateway, status=422, attributes={"livery": ["milk"]})
    assert (wrong["code"], wrong["hint"]) == ("unknown_attribute", "Known: courier, post, unknown.")
    shelf.delete("livery")
    assert (await words_of(gateway))["categories"] == []
    assert await found(gateway, attributes={"livery": ["courier"]}) == [courier], "its objects keep their words"
    assert (await ask(gateway, status=422, attributes={"livery": ["milk"]}))["code"] == "unknown_attribute"


async def test_none_of_these_neither_fits_nor_contradicts(gateway: Harness) -> None:
    keep(gateway, "livery")
    both, red = await Seer(gateway).keep(
        see("A", 1, colour="red", livery="courier"), see("A", 2, colour="red", livery="unknown")
    )
    answer = await ask(gateway, attributes={"colour": ["red"], "livery": ["courier"]})
    assert [item["id"] for item in answer["items"]] == [both, red]
    assert answer["items"][1]["doubts"] == ["attributes_unknown"]
    [nothing] = await Seer(gateway).keep(see("A", 3, livery="unknown"))
    async with gateway.local() as client:
        assert (await client.get(f"{API}/search/objects/{nothing}")).json()["ways"] == []
    alike = await ask(gateway, object_id=red, by="attributes")
    assert [item["id"] for item in alike["items"]] == [red, both], "likeness is of its colour"


async def test_a_foreign_file_cannot_take_the_words_of_the_house(gateway: Harness) -> None:
    folder = gateway.data / "categories"
    keep(gateway, "livery")
    for name in ("colour", "stolen"):
        shutil.copytree(folder / "livery", folder / name)
    forge(folder / "colour", "livery", "colour")
    assert await found(gateway, attributes={"colour": ["red"]}) == []
    assert (await ask(gateway, status=422, attributes={"colour": ["courier"]}))["code"] == "unknown_attribute"
    assert [one["name"] for one in (await words_of(gateway))["categories"]] == ["livery"]


def forge(folder: Path, name: str, other: str) -> None:
    path = folder / "categories.json"
    path.write_text(path.read_text().replace(f'"name": "{name}"', f'"name": "{other}"'))


async def words_of(gateway: Harness) -> dict:
    async with gateway.local() as client:
        return dict((await client.get(f"{API}/search/words")).json())
