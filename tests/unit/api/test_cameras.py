"""Cameras over the API, with no other role running: every page answers and says who is missing."""

import io
import sqlite3
from pathlib import Path

from openpyxl import Workbook

from tests.support.gateway import API, Harness
from vedette.adapters.secretbox import SecretBox, read_node_key

GATE = {"name": "Gate", "main": {"url": "rtsp://127.0.0.1:9/1"}}
RULE = {"id": "r1", "kind": "zone_entered", "zone": [[0.1, 0.1], [0.9, 0.1], [0.5, 0.9]], "classes": ["person"]}


async def test_camera_is_added_changed_listed_and_removed(gateway: Harness) -> None:
    async with gateway.local() as client:
        added = (await client.post(f"{API}/cameras", json={**GATE, "user": "root", "password": "pass"})).json()
        assert (added["has_login"], added["user"], added["record"]) == (True, "root", "main")
        assert "password" not in added
        url = f"{API}/cameras/{added['id']}"
        changed = await client.patch(
            url, json={"name": "Yard", "sub": {"url": "rtsp://127.0.0.1:9/2"}, "record": "both"}
        )
        assert changed.status_code == 200, changed.text
        assert (changed.json()["name"], changed.json()["has_login"]) == ("Yard", True)
        removed_sub = await client.patch(url, json={"sub": None})
        assert removed_sub.status_code == 422  # it is recorded
        assert (await client.patch(url, json={"sub": None, "record": "main"})).json()["sub"] is None
        listed = (await client.get(f"{API}/cameras", params={"search": "yar"})).json()
        assert (listed["total"], listed["items"][0]["id"]) == (1, added["id"])
        assert (await client.delete(url)).status_code == 204
        assert (await client.get(url)).status_code == 404
        actions = [row["action"] for row in (await client.get(f"{API}/audit")).json()["items"]]
    assert [action for action in actions if action.startswith("camera.")] == [
        "camera.remove",
        "camera.change",
        "camera.change",
        "camera.add",
    ]


async def test_recorder_that_is_down_is_named_and_nothing_hangs(gateway: Harness) -> None:
    async with gateway.local() as client:
        camera = (await client.post(f"{API}/cameras", json=GATE)).json()
        assert camera["live"]["main"]["state"] == "unknown"
        assert camera["live"]["main"]["code"] == "recorder_unavailable"
        system = (await client.get(f"{API}/system")).json()
        assert {one["role"]: one["state"] for one in system["processes"]} == {
            "gateway": "running",
            "recorder": "unavailable",
            "analyzer": "unavailable",
            "notary": "unavailable",
            "validator": "unavailable",
        }
        assert system["cameras"]["unknown"] == 1
        simulated = await client.post(f"{API}/cameras/simulated", json={"count": 2})
    assert (simulated.status_code, simulated.json()["code"]) == (503, "role_unavailable")


async def test_changed_user_needs_its_password_and_login_is_sealed_for_its_camera(gateway: Harness) -> None:
    async with gateway.local() as client:
        body = {**GATE, "user": "root", "password": "first"}
        camera = (await client.post(f"{API}/cameras", json=body)).json()
        url = f"{API}/cameras/{camera['id']}"
        assert (await client.patch(url, json={"user": "other"})).json()["errors"][0]["field"] == "password"
        assert (await client.patch(url, json={"password": "second"})).status_code == 200
    with sqlite3.connect(gateway.data / "vedette.db") as database:
        (sealed,) = database.execute("SELECT sealed_login FROM cameras").fetchone()
    box = SecretBox(read_node_key(gateway.data / "keys" / "node.key"))
    assert box.open(camera["id"], sealed) == ("root", "second")


async def test_stored_login_does_not_follow_the_camera_to_another_host(gateway: Harness) -> None:
    async with gateway.local() as client:
        camera = (await client.post(f"{API}/cameras", json={**GATE, "user": "root", "password": "first"})).json()
        url = f"{API}/cameras/{camera['id']}"
        moved = {"main": {"url": "rtsp://127.0.0.2:9/1"}}
        assert (await client.patch(url, json=moved)).json()["errors"][0]["field"] == "password"
        assert (await client.patch(url, json={"main": {"url": "rtsp://127.0.0.1:10/other"}})).status_code == 200
        assert (await client.patch(url, json={**moved, "password": "first"})).status_code == 200


async def test_mistyped_detector_and_class_are_refused(gateway: Harness) -> None:
    analysis = {"detector": "motoin", "classes": ["person", "dog"]}
    async with gateway.local() as client:
        answer = await client.post(f"{API}/cameras", json={**GATE, "analysis": analysis})
    assert answer.status_code == 422
    faults = {fault["field"]: fault["message"] for fault in answer.json()["errors"]}
    assert "motoin" in faults["analysis.detector"]
    assert "dog" in faults["analysis.classes"]
    assert "two_wheeler" in faults["analysis.classes"]


async def test_every_fault_of_a_form_is_in_the_problem(gateway: Harness) -> None:
    async with gateway.local() as client:
        answer = await client.post(
            f"{API}/cameras", json={"name": "x", "main": {"url": "ftp://h/"}, "sub": {"url": "h"}, "record": "both"}
        )
        typo = await client.post(f"{API}/cameras", json={**GATE, "recrod": "none"})
        null = await client.patch(f"{API}/cameras/01JD5Q8Z3M6V1T9W4X7Y2B0C8D", json={"name": None})
    assert answer.headers["content-type"] == "application/problem+json"
    assert {fault["field"] for fault in answer.json()["errors"]} == {"main.url", "sub.url"}
    assert typo.json()["errors"][0]["field"] == "recrod"
    assert null.status_code == 404


async def test_taken_name_and_disabled_camera(gateway: Harness) -> None:
    async with gateway.local() as client:
        assert (await client.post(f"{API}/cameras", json=GATE)).status_code == 201
        taken = await client.post(f"{API}/cameras", json={**GATE, "name": "GATE"})
        off = (await client.post(f"{API}/cameras", json={**GATE, "name": "Off", "enabled": False})).json()
    assert (taken.status_code, taken.json()["code"]) == (409, "camera_name_taken")
    assert off["live"]["main"]["state"] == "disabled"


async def test_camera_that_does_not_answer_is_not_added_when_it_is_to_be_tested(gateway: Harness) -> None:
    async with gateway.local() as client:
        answer = await client.post(f"{API}/cameras", json=GATE, params={"test": "1"})
        assert (answer.status_code, answer.json()["code"]) == (422, "camera_test_failed")
        assert answer.json()["hint"]
        assert (await client.get(f"{API}/cameras")).json()["total"] == 0
        report = (await client.post(f"{API}/cameras/test", json={"url": "rtsp://127.0.0.1:9/1"})).json()
    assert (report["ok"], report["error"]["code"]) == (False, "connection_refused")


async def test_rules_are_replaced_or_refused_as_a_whole(gateway: Harness) -> None:
    async with gateway.local() as client:
        camera = (await client.post(f"{API}/cameras", json=GATE)).json()
        url = f"{API}/cameras/{camera['id']}/rules"
        assert (await client.put(url, json={"rules": [RULE]})).json()["rules"][0]["zone"] == RULE["zone"]
        bad = [
            {**RULE, "id": "r2", "zone": [[0, 0], [2, 0], [1, 1]]},
            {**RULE, "id": "r3", "zone": [[0, 0], [1, 1]]},
            {**RULE, "id": "r4", "kind": "teleported"},
            {"id": "r5", "kind": "line_crossed", "line": [[0.5, 0.5], [0.5, 0.5]]},
        ]
        refused = await client.put(url, json={"rules": bad})
        assert refused.status_code == 422
        for name in ("r2", "r3", "r4", "r5"):
            assert name in refused.json()["detail"]
        assert (await client.put(url, json={"rules": [RULE, RULE]})).status_code == 422
        assert len((await client.get(url)).json()["rules"]) == 1


async def test_sheet_goes_out_and_comes_back_and_a_bad_one_changes_nothing(gateway: Harness) -> None:
    async with gateway.local() as client:
        await client.post(f"{API}/cameras", json={**GATE, "user": "root", "password": "pass"})
        sheet = (await client.get(f"{API}/cameras/export.xlsx")).content
        same = (await client.post(f"{API}/cameras/import", content=sheet)).json()
        assert (same["imported"], [row["outcome"] for row in same["rows"]]) == (True, ["unchanged"])
        bad = await client.post(f"{API}/cameras/import", content=b"nonsense")
        assert (bad.status_code, bad.json()["code"]) == (422, "bad_sheet")
        assert (await client.get(f"{API}/cameras")).json()["items"][0]["has_login"] is True


async def test_sheet_with_one_bad_row_changes_nothing_at_all(gateway: Harness) -> None:
    book = Workbook()
    assert book.active is not None
    for line in (["name", "main_url"], ["Good", "rtsp://127.0.0.1:9/1"], ["Bad", "ftp://x/"]):
        book.active.append(line)
    out = io.BytesIO()
    book.save(out)
    async with gateway.local() as client:
        report = (await client.post(f"{API}/cameras/import", content=out.getvalue())).json()
        assert (report["imported"], report["refused"]) == (False, 1)
        assert [row["row"] for row in report["rows"]] == [2, 3]
        assert (await client.get(f"{API}/cameras")).json()["total"] == 0


async def test_pages_cover_all_cameras_in_order(gateway: Harness) -> None:
    async with gateway.local() as client:
        for number in range(5):
            await client.post(f"{API}/cameras", json={**GATE, "name": f"c{number}"})
        names: list[str] = []
        offset: str | None = "0"
        while offset is not None:
            page = (await client.get(f"{API}/cameras", params={"limit": 2, "offset": offset})).json()
            names += [camera["name"] for camera in page["items"]]
            offset = page["next"]
    assert names == ["c0", "c1", "c2", "c3", "c4"]


async def test_percent_and_underscore_in_a_search_are_letters(gateway: Harness) -> None:
    async with gateway.local() as client:
        await client.post(f"{API}/cameras", json=GATE)
        for text in ("%", "_", "g_te", "' OR 1=1 --"):
            assert (await client.get(f"{API}/cameras", params={"search": text})).json()["total"] == 0, text


async def test_served_document_is_the_published_one(gateway: Harness) -> None:
    published = Path(__file__).resolve().parents[3] / "docs" / "reference" / "openapi.json"
    async with gateway.anonymous() as client:
        assert (await client.get("/api/openapi.json")).text == published.read_text(encoding="utf-8")
