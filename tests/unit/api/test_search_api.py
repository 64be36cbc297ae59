"""Hazards of searching what was seen: what fits is missed or what does not is shown, pages overlap, a wrong word looks
like nobody there, a path hides what cannot be, what was erased or is over its time comes back.
"""

import asyncio

import pytest

from tests.support.gateway import API, Harness
from tests.support.seen import Seer, see
from tests.unit.api.test_storage import add_camera, find_audit
from vedette.adapters.sqlite_bus import SqlitePublisher
from vedette.core.time import NS_PER_S, format_utc
from vedette.runtime.settings import NodeSettings
from vedette.testing.clock import DEFAULT_UTC_NS

DAY_S = 86_400


async def ask(gateway: Harness, path: str = "objects", status: int = 200, **body: object) -> dict:
    async with gateway.local() as client:
        answer = await client.post(f"{API}/search/{path}", json=body)
    assert answer.status_code == status, answer.text
    return dict(answer.json())


async def found(gateway: Harness, **body: object) -> list[str]:
    return [item["id"] for item in (await ask(gateway, **body))["items"]]


async def test_plates_are_found_with_wildcards_and_signs_that_look_alike_come_last(gateway: Harness) -> None:
    sure, alike, unsure, _ = await Seer(gateway).keep(
        see("A", 1, plate="51F12345"),
        see("A", 2, plate="51F1234S"),
        see("B", 3, plate="51F12349", state="unsure"),
        see("B", 4, plate="69S45928"),
    )
    answer = await ask(gateway, plate="51f-123.?5")
    assert [item["id"] for item in answer["items"]] == [sure, alike]
    assert [item["doubts"] for item in answer["items"]] == [[], ["signs_alike"]]
    assert (answer["by"], answer["items"][0]["plate"]["text"]) == ("plate", "51F12345")
    assert await found(gateway, plate="51F*") == [alike, sure, unsure]
    [last] = (await ask(gateway, plate="*49"))["items"]
    assert (last["id"], last["doubts"]) == (unsure, ["plate_unsure"])


async def test_attributes_narrow_down_and_what_is_unknown_is_no_contradiction(gateway: Harness) -> None:
    both, red, _, _ = await Seer(gateway).keep(
        see("A", 1, "person", upper_colour="red", backpack="yes"),
        see("A", 2, "person", upper_colour="red"),
        see("A", 3, "person", upper_colour="red", backpack="no"),
        see("A", 4, "person", backpack="no"),
    )
    answer = await ask(gateway, attributes={"upper_colour": ["red", "pink"], "backpack": ["yes"]})
    assert [item["id"] for item in answer["items"]] == [both, red]
    assert [item["score"] for item in answer["items"]] == [0.9, 0.45]
    assert answer["items"][1]["doubts"] == ["attributes_unknown"]


async def test_class_cameras_and_time_are_what_was_asked(gateway: Harness) -> None:
    camera = await add_camera(gateway)
    early, late, _, _ = await Seer(gateway).keep(
        see(camera, 10), see(camera, 100), see(camera, 100, "person"), see("B", 100)
    )
    wanted: dict[str, object] = {"classes": ["vehicle"], "cameras": [camera]}
    assert await found(gateway, **wanted) == [late, early]
    assert await found(gateway, **wanted, to=format_utc(DEFAULT_UTC_NS + 50 * NS_PER_S)) == [early]
    assert await found(gateway, **wanted, **{"from": format_utc(DEFAULT_UTC_NS + 14 * NS_PER_S)}) == [late, early]
    assert await found(gateway, **wanted, **{"from": format_utc(DEFAULT_UTC_NS + 16 * NS_PER_S)}) == [late]


async def test_pages_neither_overlap_nor_shift_with_what_is_seen_meanwhile(gateway: Harness) -> None:
    seer = Seer(gateway)
    ids = await seer.keep(*(see("A", -100 + number) for number in range(5)))
    first = await ask(gateway, limit=2)
    await gateway.clock.advance(10)
    await seer.keep(see("A", 5))
    second = await ask(gateway, limit=2, cursor=first["next"])
    third = await ask(gateway, limit=2, cursor=second["next"])
    shown = [item["id"] for page in (first, second, third) for item in page["items"]]
    assert (shown, third["next"]) == (ids[::-1], None)
    assert (await ask(gateway, status=422, cursor="WzEsICJ4Il0"))["code"] == "invalid_cursor"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"attributes": {"moustache": ["yes"]}}, "unknown_attribute"),
        ({"attributes": {"colour": ["puce"]}}, "unknown_attribute"),
        ({"plate": "51F/*\\"}, "invalid_input"),
        ({"classes": ["dog"]}, "invalid_request"),
        ({"from": "2026-01-02T00:00:00Z", "to": "2026-01-01T00:00:00Z"}, "invalid_range"),
        ({"colour": "red"}, "invalid_request"),
    ],
)
async def test_wrong_question_is_refused_and_not_answered_with_nothing(
    gateway: Harness, body: dict[str, object], code: str
) -> None:
    assert (await ask(gateway, status=422, **body))["code"] == code


async def test_nothing_seen_is_an_empty_answer_and_an_unknown_object_is_said(gateway: Harness) -> None:
    answer = await ask(gateway)
    assert (answer["items"], answer["total"], answer["next"]) == ([], 0, None)
    assert (await ask(gateway, status=404, object_id=see("A", 1).object_id))["code"] == "no_such_object"
    [bare] = await Seer(gateway).keep(see("A", 1))
    assert (await ask(gateway, "trace", 409, object_id=bare))["code"] == "not_comparable"


async def test_trace_goes_by_time_and_marks_what_cannot_be(gateway: Harness) -> None:
    gate, yard = await add_camera(gateway, name="Gate"), await add_camera(gateway, name="Yard")
    ids = await Seer(gateway).keep(
        see(gate, 0, plate="51F12345"),
        see(yard, 7, plate="51F12345"),
        see(yard, 60, plate="51F12345"),
        see(yard, 90, plate="51F12345"),
        see(yard, 95, plate="69S45928"),
    )
    async with gateway.local() as client:
        distances = [{"camera_id": yard, "other_camera_id": gate, "metres": 600}]
        assert (await client.put(f"{API}/search/distances", json={"items": distances})).status_code == 200
        assert (await client.get(f"{API}/search/distances")).json()["items"] == distances
    trace = await ask(gateway, "trace", object_id=ids[2])
    assert [step["object"]["id"] for step in trace["steps"]] == ids[:4]
    travels = [step["travel"] and step["travel"]["plausibility"] for step in trace["steps"]]
    assert travels == [None, "implausible", "plausible", "plausible"]
    too_fast = trace["steps"][1]["travel"]
    assert (too_fast["reason"], too_fast["gap_s"], too_fast["need_s"], too_fast["distance_m"]) == (
        "too_fast", 2.0, 10.0, 600.0,
    )  # fmt: skip
    assert [(visit["camera_name"], visit["plausible"], len(visit["object_ids"])) for visit in trace["visits"]] == [
        ("Gate", True, 1), ("Yard", False, 1), ("Yard", True, 2),
    ]  # fmt: skip
    assert {visit["position"] for visit in trace["visits"]} == {None}


async def test_distances_need_two_cameras_that_exist_and_each_pair_once(gateway: Harness) -> None:
    gate, yard = await add_camera(gateway, name="Gate"), await add_camera(gateway, name="Yard")

    def pair(one: str, other: str) -> dict[str, object]:
        return {"camera_id": one, "other_camera_id": other, "metres": 5}

    async with gateway.local() as client:
        for items, status in (
            ([pair(gate, yard), pair(yard, gate)], 422),
            ([pair(gate, gate)], 422),
            ([pair(gate, see("A", 1).object_id)], 404),
        ):
            assert (await client.put(f"{API}/search/distances", json={"items": items})).status_code == status
        assert (await client.get(f"{API}/search/distances")).json()["items"] == []


async def test_answer_leads_to_picture_and_footage(gateway: Harness) -> None:
    seer = Seer(gateway)
    camera = await add_camera(gateway, name="Gate")
    shown = seer.write_picture(see(camera, 1, plate="51F12345"))
    await seer.keep(shown)
    [item] = (await ask(gateway))["items"]
    assert (item["camera_name"], item["recorded"]) == ("Gate", False)
    assert item["review"] == f"/review?cameras={camera}&at={item['best']}"
    async with gateway.local() as client:
        picture = await client.get(item["picture_url"])
        assert picture.content.startswith(b"\xff\xd8\xff")
        assert picture.headers["cache-control"] == "no-store"
        assert (await client.get(f"{API}/search/objects/{item['id']}")).json()["id"] == item["id"]


async def test_every_search_is_in_the_audit_trail_with_its_reason(gateway: Harness) -> None:
    [seen] = await Seer(gateway).keep(see("A", 1, plate="51F12345"))
    await ask(gateway, plate="51F*", purpose="theft of 3 May")
    await ask(gateway, "trace", object_id=seen)
    details = [row["detail"] for row in await find_audit(gateway, "search.")]
    assert details == [f"like {seen}; by plate, 1 found: no purpose given", "plate 51F*; 1 found: theft of 3 May"]


async def test_erased_object_is_gone_with_its_picture_and_does_not_come_back(gateway: Harness) -> None:
    seer = Seer(gateway)
    seen = seer.write_picture(see("A", 1, plate="51F12345"))
    await seer.keep(seen)
    path = NodeSettings(data=gateway.data).paths.pictures / seen.picture
    assert path.exists()
    async with gateway.local() as client:
        assert (await client.delete(f"{API}/search/objects/{seen.object_id}")).status_code == 204
        assert (await client.delete(f"{API}/search/objects/{seen.object_id}")).status_code == 404
    await seer.keep(seen)
    assert (await found(gateway), path.exists()) == ([], False)


async def test_objects_go_when_their_time_is_over(gateway: Harness) -> None:
    seer = Seer(gateway)
    old, new = seer.write_picture(see("A", 0)), see("A", 5 * DAY_S)
    await seer.keep(old, new)
    await gateway.clock.advance(31 * DAY_S)
    assert await gateway.parts.objects.expire() == 1
    assert await found(gateway) == [new.object_id]
    assert not (NodeSettings(data=gateway.data).paths.pictures / old.picture).exists()


async def test_objects_of_erased_footage_are_counted_and_go_with_it(gateway: Harness) -> None:
    keeper = gateway.parts.objects
    await Seer(gateway).keep(see("A", 0), see("A", 100), see("B", 0))
    span = DEFAULT_UTC_NS, DEFAULT_UTC_NS + 50 * NS_PER_S
    assert await keeper.count_in(["A"], *span) == 1
    assert await keeper.erase_in([], *span) == 0
    assert await keeper.erase_in(["A"], *span) == 1
    assert len(await found(gateway)) == 2


async def test_facts_come_from_the_bus(gateway: Harness) -> None:
    task = asyncio.create_task(gateway.parts.objects.run())
    with SqlitePublisher(NodeSettings(data=gateway.data).paths.bus, "analyzer", gateway.clock) as publisher:
        publisher.publish_nowait(see("A", 1, plate="51F12345"))
        await publisher.flush()
    async with asyncio.timeout(20):
        while not await found(gateway):
            await gateway.clock.advance(1)
    task.cancel()
