"""Erasing footage through gateway and recorder: who may, what is held, what tells of it, and what is left."""

import asyncio
from contextlib import asynccontextmanager
from functools import partial

import pytest

from tests.support.encryption import EncryptedRig
from tests.support.exports import START_NS, add_recorded_camera
from tests.support.gateway import API, Harness, open_gateway
from tests.support.notary import NotaryProcess, make_bundle, run_verifier
from tests.support.recorder import RecorderProcess
from tests.support.waiting import wait_until
from vedette.adapters.database_events import SqlEventStore
from vedette.core.ids import make_id
from vedette.core.messages import EventObserved
from vedette.core.time import NS_PER_S, format_utc
from vedette.identity.permissions import Role
from vedette.recording.archive_keys import name_day
from vedette.recording.recovery import find_files
from vedette.recording.volume import open_volume

EVENT = make_id(5, bytes(10))
WHY = "request 17 of a subject"
DAY_NS = 86_400 * NS_PER_S
DAY_START_NS = START_NS // DAY_NS * DAY_NS


def span(from_s: float = 0, to_s: float = 2) -> dict[str, str]:
    return {
        "from": format_utc(START_NS + round(from_s * NS_PER_S)),
        "to": format_utc(START_NS + round(to_s * NS_PER_S)),
    }


@asynccontextmanager
async def house_with_camera(tmp_path, **options):
    async with open_gateway(tmp_path / "d") as house, house.local() as local:
        house.clock.step_utc((START_NS + 3 * DAY_NS - house.clock.utc_ns()) / NS_PER_S)
        camera = await add_recorded_camera(house, "Gate", tmp_path, **options)
        yield house, local, camera


@asynccontextmanager
async def carrying_out(house: Harness):
    """The gateway's loops, and a recorder of its own process."""
    recorder = RecorderProcess(house.data)
    recorder.start()
    await recorder.wait_status(lambda status: True)
    tasks = [asyncio.create_task(house.parts.erasures.run()), asyncio.create_task(house.parts.dispatcher.run())]
    try:
        yield recorder
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        recorder.kill()


async def wait_carried_out(house: Harness, local) -> None:
    async def is_done() -> bool:
        await house.clock.advance(2)
        return not (await local.get(f"{API}/erasures")).json()["items"]

    await wait_until(is_done, 40)


def files(house: Harness) -> list[str]:
    return [path.name for path in find_files(open_volume(house.data / "volumes" / "main"))]


async def test_plan_shows_whole_segments_and_erases_nothing(tmp_path) -> None:
    async with house_with_camera(tmp_path) as (house, local, camera):
        answer = await local.post(f"{API}/erasures/plan", json={"camera_id": camera, **span(1, 2)})
        assert answer.status_code == 200, answer.text
        plan = answer.json()
        assert (plan["segments"], plan["holds"], plan["key_days"]) == (1, [], [])
        assert (plan["from"], plan["to"]) == (span(0, 4)["from"], span(0, 4)["to"])
        assert plan["out_of_reach"] == ["main"]  # no recorder answers
        assert len(files(house)) == 1


@pytest.mark.parametrize("role", [Role.MONITOR, Role.AUDITOR, Role.GUARD])
async def test_nobody_but_an_administrator_may_erase_or_look_what_it_would_take(tmp_path, role) -> None:
    async with house_with_camera(tmp_path) as (house, _, camera):
        login = await house.login_as(role)
        for path, more in (("/erasures", {"reason": WHY}), ("/erasures/plan", {})):
            body = {"camera_id": camera, **span(), **more}
            answer = await login.client.post(f"{API}{path}", json=body, headers=login.headers)
            assert answer.status_code == 403
        await login.client.aclose()


async def test_held_footage_is_refused_by_the_name_of_the_hold(tmp_path) -> None:
    async with house_with_camera(tmp_path) as (_, local, camera):
        body = {"camera_id": camera, **span(3, 4), "reason": "case 4"}
        hold = (await local.post(f"{API}/holds", json=body)).json()["id"]
        for camera_id in (camera, None):  # it lies in the same segment, beside what is asked for
            body = {"camera_id": camera_id, **span(0, 1), "reason": WHY}
            answer = await local.post(f"{API}/erasures", json=body)
            assert (answer.status_code, answer.json()["code"]) == (409, "footage_held")
            assert hold in answer.json()["detail"]
            assert "case 4" in answer.json()["detail"]
        assert (await local.get(f"{API}/erasures")).json()["items"] == []
        assert (await local.get(f"{API}/audit?action=footage.erase")).json()["items"] == []


async def test_order_without_reason_or_for_the_future_is_refused_with_every_fault(tmp_path) -> None:
    async with house_with_camera(tmp_path) as (house, local, camera):
        ahead = {"from": span()["from"], "to": format_utc(house.clock.utc_ns() + NS_PER_S)}
        answer = await local.post(f"{API}/erasures", json={"camera_id": camera, **ahead, "reason": "  "})
        assert {error["field"] for error in answer.json()["errors"]} == {"to", "reason"}


async def test_erased_footage_is_gone_told_and_the_evidence_log_still_verifies(tmp_path) -> None:
    async with house_with_camera(tmp_path) as (house, local, camera):
        notary = NotaryProcess(house.data)
        await notary.start()
        picture = house.data / "pictures" / "ev" / "ev1.jpg"
        picture.parent.mkdir()
        picture.write_bytes(b"jpeg")
        ends_ns = START_NS + NS_PER_S
        fact = EventObserved(EVENT, camera, "person_present", START_NS, ends_ns, "person", 0.9, picture="ev/ev1.jpg")
        await SqlEventStore(house.parts.database).put(fact)
        try:
            async with carrying_out(house):
                body = {"camera_id": camera, **span(1, 2), "reason": WHY}
                answer = await local.post(f"{API}/erasures", json=body)
                assert answer.status_code == 202, answer.text
                await wait_carried_out(house, local)
            assert files(house) == []
            assert not picture.exists()
            event = (await local.get(f"{API}/events/{EVENT}")).json()
            assert event["picture_url"] is None
            listed = await local.get(f"{API}/cameras/{camera}/recordings", params=span(0, 60))
            assert listed.json()["runs"] == []
            assert [gap["reason"] for gap in listed.json()["gaps"]] == ["policy"]
            trail = (await local.get(f"{API}/audit?action=footage.erase")).json()["items"]
            assert [row["action"] for row in trail] == ["footage.erased", "footage.erase"]
            assert WHY in trail[1]["detail"]
            (told,) = (await local.get(f"{API}/events?kind=protection_reduced")).json()["items"]
            assert WHY in told["detail"]
            client = notary.client()
            await make_bundle(client, house.data, tmp_path / "b", {camera: "Gate"}, START_NS, START_NS + 3 * NS_PER_S)
            await client.close()
        finally:
            notary.kill()
        told = await asyncio.to_thread(run_verifier, tmp_path / "b")
        assert "erased" in told.stdout, told.stdout
        assert told.returncode in (0, 3), told.stdout  # 3: nobody vouched for the key


async def test_gateway_killed_after_the_order_goes_on_with_it_at_its_next_start(tmp_path) -> None:
    async with house_with_camera(tmp_path) as (house, local, camera):
        answer = await local.post(f"{API}/erasures", json={"camera_id": camera, **span(), "reason": WHY})
        assert answer.json()["waits_for"] == ["main"]
        assert len(files(house)) == 1
    async with open_gateway(tmp_path / "d") as house, house.local() as local, carrying_out(house):
        await wait_carried_out(house, local)
        assert files(house) == []


async def test_recorder_goes_on_with_an_order_alone(tmp_path) -> None:
    """The order is in its assignment: the gateway may be gone."""
    async with house_with_camera(tmp_path) as (house, local, camera):
        await local.post(f"{API}/erasures", json={"camera_id": camera, **span(), "reason": WHY})
        assignment = await house.parts.dispatcher._plan("recorder")  # what it would be told
        recorder = RecorderProcess(house.data)
        recorder.assign_file(assignment)
        recorder.start()
        try:

            async def is_gone() -> bool:
                return not await asyncio.to_thread(files, house)

            await wait_until(is_gone, 40)
        finally:
            recorder.kill()


async def test_archive_key_of_a_day_goes_when_all_of_the_day_goes(tmp_path) -> None:
    day = name_day(START_NS)
    whole = {"from": format_utc(DAY_START_NS), "to": format_utc(DAY_START_NS + DAY_NS)}
    data = tmp_path / "d"
    rig = partial(lambda root: EncryptedRig(data, root=root))
    async with house_with_camera(tmp_path, open_rig=rig) as (house, local, camera):
        key = house.data / "keys" / "archive" / f"{day}.key"
        assert key.exists()
        of_one = await local.post(f"{API}/erasures/plan", json={"camera_id": camera, **whole})
        assert of_one.json()["key_days"] == []  # other cameras' footage of that day needs it
        of_all = await local.post(f"{API}/erasures/plan", json={"camera_id": None, **whole})
        assert of_all.json()["key_days"] == [day]
        async with carrying_out(house):
            answer = await local.post(f"{API}/erasures", json={"camera_id": None, **whole, "reason": WHY})
            assert answer.status_code == 202, answer.text
            await wait_carried_out(house, local)
        assert not key.exists()
        (row,) = (await local.get(f"{API}/audit?action=footage.erased")).json()["items"]
        assert f"archive key {day} destroyed" in row["detail"]
