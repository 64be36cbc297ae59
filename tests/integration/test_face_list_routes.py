"""People on lists of faces, over HTTP: who may, what is kept of them, what never leaves, and when it all goes."""

import asyncio
import base64
import sqlite3
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import msgspec
import numpy as np
import pytest
from starlette.applications import Starlette

from tests.support.gateway import API, Harness, Login, open_gateway
from vedette.adapters.role_server import serve_role_app
from vedette.core.errors import InvalidInputError
from vedette.core.faces import EnrolledFace
from vedette.core.messages import EventObserved
from vedette.core.time import NS_PER_S
from vedette.core.watchlists import ListKind, ListOrder, MatchState, WatchlistMatch
from vedette.identity.permissions import Role
from vedette.node.analyzer_faces import face_routes
from vedette.runtime.settings import NodeSettings
from vedette.vision.recognize.face_enrolment import FaceBlurredError
from vedette.watchlists.face_administration import template_place

PORTRAIT = b"\xff\xd8\xffportrait\xff\xd9"
DAY_NS = 86_400 * NS_PER_S


def vector(seed: int) -> bytes:
    numbers = np.random.default_rng(seed).standard_normal(256)
    return (numbers / np.linalg.norm(numbers)).astype("<f4").tobytes()


class ScriptedPortraits:
    """Answers by the picture's first byte: a person of that number, or `B` for a blurred one."""

    async def read(self, picture: bytes) -> EnrolledFace:
        if picture[:1] == b"B":
            raise FaceBlurredError("the face is blurred", "Use a picture in focus.")
        if picture[:1] == b"X":
            raise InvalidInputError("strange")
        return EnrolledFace(vector(picture[0]), "face-reid-0095-r1", 0.9, PORTRAIT + picture[:1], 0.42)


@pytest.fixture
async def gateway(tmp_path: Path) -> AsyncIterator[Harness]:
    async with open_gateway(tmp_path) as harness:
        app = Starlette(routes=face_routes(ScriptedPortraits()))
        async with serve_role_app(app, NodeSettings(data=tmp_path).paths.socket("analyzer")):
            yield harness


async def make_list(admin: Login, **changes: object) -> str:
    body = {"name": "Wanted", "kind": "wanted", "subject": "faces", "purpose": "theft"} | changes
    answer = await admin.client.post(f"{API}/watchlists", json=body, headers=admin.headers)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def person(*pictures: bytes, **changes: object) -> dict[str, object]:
    written = {"name": "Nguyễn Văn A", "ground": "consent", "document": "file 7", "granted_on": "2025-01-02"}
    coded = [base64.b64encode(picture).decode() for picture in pictures or (b"1",)]
    return {**written, "reason": "asked for", "pictures": coded, **changes}


async def enrol(admin: Login, list_id: str, body: dict[str, object]) -> dict[str, object]:
    answer = await admin.client.post(f"{API}/watchlists/{list_id}/people", json=body, headers=admin.headers)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def stored(data: Path, table: str) -> list[tuple[object, ...]]:
    connection = sqlite3.connect(f"file:{data / 'vedette.db'}?mode=ro", uri=True)
    try:
        return connection.execute(f"SELECT * FROM {table}").fetchall()
    finally:
        connection.close()


async def orders(gateway: Harness) -> tuple[ListOrder, ...]:
    return await gateway.parts.watchlists.load_orders()


async def test_enrolled_person_is_matched_by_the_mean_of_the_pictures_and_nothing_else_is_kept(
    gateway: Harness,
) -> None:
    admin = await gateway.login_as(Role.ADMINISTRATOR)
    list_id = await make_list(admin)
    shown = await enrol(admin, list_id, person(b"1a", b"1b"))
    assert (shown["pictures"], shown["portraits"], shown["release"]) == (2, 0, "face-reid-0095-r1")
    [order] = await orders(gateway)
    assert np.allclose(np.frombuffer(order.templates, "<f4"), np.frombuffer(vector(ord("1")), "<f4"), atol=1e-6)
    assert [entry.face.name for entry in order.entries if entry.face] == ["Nguyễn Văn A"]
    assert stored(gateway.data, "face_portraits") == []


async def test_template_is_sealed_and_never_part_of_an_answer_a_log_or_the_audit_trail(
    gateway: Harness, capsys: pytest.CaptureFixture[str]
) -> None:
    admin = await gateway.login_as(Role.ADMINISTRATOR)
    list_id = await make_list(admin)
    entry_id = (await enrol(admin, list_id, person(b"1", keep_pictures=True)))["id"]
    template = vector(ord("1"))
    marks = (template[16:40], base64.b64encode(template)[24:56], msgspec.json.encode(list(template))[20:60])
    answers = [
        await admin.client.get(f"{API}/{path}")
        for path in ("watchlists", f"watchlists/{list_id}/people", f"watchlists/{list_id}/people/{entry_id}", "audit")
    ]
    told = b"".join(answer.content for answer in answers) + "".join(capsys.readouterr()).encode()
    files = b"".join(path.read_bytes() for path in gateway.data.rglob("*") if path.is_file())
    assert not any(mark in told + files for mark in marks)
    assert PORTRAIT not in files, "portraits are sealed too"
    assert b"sealed" not in told
    assert "Nguy" not in (await admin.client.get(f"{API}/audit")).text, "the trail names the entry, not the person"
    [(_, sealed)] = stored(gateway.data, "face_templates")
    assert str(sealed).startswith("f1.")


async def test_kept_portraits_are_shown_only_to_whom_may_see_faces_and_looking_is_written_down(
    gateway: Harness,
) -> None:
    admin = await gateway.login_as(Role.ADMINISTRATOR)
    list_id = await make_list(admin)
    entry_id = (await enrol(admin, list_id, person(b"1", b"1", keep_pictures=True)))["id"]
    path = f"{API}/watchlists/{list_id}/people/{entry_id}/portraits"
    guard, auditor = await gateway.login_as(Role.GUARD), await gateway.login_as(Role.AUDITOR)
    shown = await guard.client.get(f"{path}/1.jpg")
    assert (shown.status_code, shown.content, shown.headers["cache-control"]) == (200, PORTRAIT + b"1", "no-store")
    assert (await guard.client.get(f"{path}/2.jpg")).status_code == 404
    assert (await auditor.client.get(f"{path}/0.jpg")).status_code == 403
    trail = (await auditor.client.get(f"{API}/audit")).json()["items"]
    assert {"watchlist.face_portrait", "watchlist.face_enroll"} <= {row["action"] for row in trail}


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": " "}, "name"),
        ({"document": ""}, "document"),
        ({"granted_on": "last week"}, "granted_on"),
        ({"granted_on": "2999-01-01"}, "granted_on"),
        ({"ground": "curiosity"}, "ground"),
        ({"pictures": []}, "pictures"),
        ({"pictures": ["MQ=="] * 6}, "pictures"),
        ({"pictures": ["not base64!"]}, "pictures.0"),
        ({"from": "2026-02-01T00:00:00Z", "to": "2026-01-01T00:00:00Z"}, "to"),
    ],
)
async def test_nobody_is_enrolled_without_ground_date_and_document(
    gateway: Harness, change: dict[str, object], field: str
) -> None:
    admin = await gateway.login_as(Role.ADMINISTRATOR)
    list_id = await make_list(admin)
    answer = await admin.client.post(f"{API}/watchlists/{list_id}/people", json=person(**change), headers=admin.headers)
    assert answer.status_code == 422
    assert field in [error["field"] for error in answer.json()["errors"]]
    assert stored(gateway.data, "watchlist_entries") == []


async def test_one_bad_picture_or_another_person_among_them_enrols_nobody_and_each_is_named(gateway: Harness) -> None:
    admin = await gateway.login_as(Role.ADMINISTRATOR)
    list_id = await make_list(admin)
    for pictures, fields in (
        ((b"1", b"B"), [("pictures.1", "face_blurred")]),
        (
            (b"1", b"1", b"2"),
            [("pictures.2", "other_person")],
        ),
    ):
        answer = await admin.client.post(
            f"{API}/watchlists/{list_id}/people", json=person(*pictures), headers=admin.headers
        )
        assert answer.status_code == 422
        told = [(error["field"], error["message"].partition(":")[0]) for error in answer.json()["errors"]]
        assert told == fields
    assert stored(gateway.data, "face_templates") == stored(gateway.data, "watchlist_entries") == []


@pytest.mark.parametrize("role", [Role.GUARD, Role.MONITOR, Role.AUDITOR])
async def test_only_who_may_enrol_enrols_changes_and_removes(gateway: Harness, role: Role) -> None:
    admin, other = await gateway.login_as(Role.ADMINISTRATOR), await gateway.login_as(role)
    list_id = await make_list(admin)
    entry_id = (await enrol(admin, list_id, person()))["id"]
    path = f"{API}/watchlists/{list_id}/people"
    written = {key: value for key, value in person().items() if key != "pictures"}
    answers = [
        await other.client.post(path, json=person(), headers=other.headers),
        await other.client.put(f"{path}/{entry_id}", json=written, headers=other.headers),
        await other.client.delete(f"{path}/{entry_id}", headers=other.headers),
        await other.client.delete(f"{API}/watchlists/{list_id}/entries/{entry_id}", headers=other.headers),
        await other.client.delete(f"{API}/watchlists/{list_id}", headers=other.headers),
    ]
    assert [answer.status_code for answer in answers if answer.status_code not in {403, 409}] == []
    assert len(stored(gateway.data, "face_templates")) == 1


def match_event(list_id: str, entry_id: str) -> EventObserved:
    match = WatchlistMatch(list_id, "Wanted", ListKind.WANTED, MatchState.SURE, entry_id, "A", "theft", "Lan")
    return EventObserved("01JD5Q8Z3M6V1T9W4X7Y2B0C8D", "", "face_matched", 10, 10, "person", 0.8, match=match)


async def test_who_may_not_see_faces_is_not_told_that_anybody_is_enrolled(gateway: Harness) -> None:
    admin, auditor = await gateway.login_as(Role.ADMINISTRATOR), await gateway.login_as(Role.AUDITOR)
    list_id = await make_list(admin)
    entry_id = str((await enrol(admin, list_id, person()))["id"])
    event = match_event(list_id, entry_id)
    await gateway.parts.history._keep(event)
    assert (await admin.client.get(f"{API}/events")).json()["total"] == 1
    assert (await auditor.client.get(f"{API}/events")).json() == {"items": [], "total": 0, "next": None}
    assert (await auditor.client.get(f"{API}/events?kind=face_matched")).json()["total"] == 0
    for path in ("", "/picture.jpg"):
        assert (await auditor.client.get(f"{API}/events/{event.event_id}{path}")).status_code == 404
    assert (await auditor.client.get(f"{API}/watchlists")).json() == {"items": []}
    assert (await auditor.client.get(f"{API}/watchlists/{list_id}")).status_code == 404
    assert (await auditor.client.get(f"{API}/watchlists/{list_id}/people")).status_code == 403
    assert (await auditor.client.get(f"{API}/watchlists/{list_id}/entries")).status_code == 409


async def test_removed_person_leaves_nothing_behind_whatever_the_way(gateway: Harness) -> None:
    admin = await gateway.login_as(Role.ADMINISTRATOR)
    list_id = await make_list(admin)
    first = await enrol(admin, list_id, person(keep_pictures=True))
    await enrol(admin, list_id, person(b"2", keep_pictures=True))
    path = f"{API}/watchlists/{list_id}"
    assert (await admin.client.delete(f"{path}/people/{first['id']}", headers=admin.headers)).status_code == 204
    assert [len(stored(gateway.data, name)) for name in ("face_templates", "face_portraits")] == [1, 1]
    assert (await admin.client.delete(path, headers=admin.headers)).status_code == 204
    assert [len(stored(gateway.data, name)) for name in ("face_templates", "face_portraits")] == [0, 0]


async def test_template_goes_when_the_time_is_over_and_the_entry_with_the_retention(gateway: Harness) -> None:
    admin = await gateway.login_as(Role.ADMINISTRATOR)
    list_id = await make_list(admin, retention_days=2)
    now_ns = gateway.clock.utc_ns()
    soon = np.datetime64(now_ns + DAY_NS, "ns").astype("datetime64[s]").item().isoformat() + "Z"
    await enrol(admin, list_id, person(keep_pictures=True, to=soon))
    await gateway.parts.watchlists.expire_once()
    assert len(stored(gateway.data, "face_templates")) == 1
    await gateway.clock.advance(86_401)
    await gateway.parts.watchlists.expire_once()
    assert [len(stored(gateway.data, name)) for name in ("face_templates", "face_portraits")] == [0, 0]
    assert len(stored(gateway.data, "watchlist_entries")) == 1
    assert [order.entries for order in await orders(gateway)] == [()]
    await gateway.clock.advance(2 * 86_400)
    await gateway.parts.watchlists.expire_once()
    assert stored(gateway.data, "watchlist_entries") == []
    assert {"watchlist.face_expire", "watchlist.expire"} <= {row[3] for row in stored(gateway.data, "audit")}


async def test_change_of_what_is_written_keeps_the_template(gateway: Harness) -> None:
    admin = await gateway.login_as(Role.ADMINISTRATOR)
    list_id = await make_list(admin)
    entry_id = (await enrol(admin, list_id, person(keep_pictures=True)))["id"]
    written = {key: value for key, value in person(name="B").items() if key != "pictures"}
    path = f"{API}/watchlists/{list_id}/people/{entry_id}"
    changed = await admin.client.put(path, json=written, headers=admin.headers)
    assert (changed.status_code, changed.json()["name"], changed.json()["portraits"]) == (200, "B", 1)
    [order] = await orders(gateway)
    assert len(order.templates) == 1024
    assert (await admin.client.get(f"{path}/portraits/0.jpg")).status_code == 200


async def test_template_that_does_not_open_costs_nobody_else_his_place(gateway: Harness) -> None:
    admin = await gateway.login_as(Role.ADMINISTRATOR)
    list_id = await make_list(admin)
    first, second = await enrol(admin, list_id, person(b"1")), await enrol(admin, list_id, person(b"2"))
    connection = sqlite3.connect(gateway.data / "vedette.db")
    moved = connection.execute("SELECT sealed FROM face_templates WHERE entry_id = ?", (second["id"],)).fetchone()
    with connection:
        connection.execute("UPDATE face_templates SET sealed = ? WHERE entry_id = ?", (*moved, first["id"]))
    connection.close()
    [order] = await orders(gateway)
    assert [entry.entry_id for entry in order.entries] == [second["id"]]
    assert template_place(str(first["id"])) != template_place(str(second["id"]))


async def test_list_names_the_cameras_where_faces_are_off(gateway: Harness) -> None:
    admin = await gateway.login_as(Role.ADMINISTRATOR)
    ids = []
    for number, recognize in enumerate((["attributes"], ["faces"])):
        body = {"name": f"c{number}", "main": {"url": f"rtsp://192.0.2.{number + 1}/a"}, "user": "", "password": ""}
        body |= {"analysis": {"recognize": recognize}}
        answer = await admin.client.post(f"{API}/cameras", json=body, headers=admin.headers)
        assert answer.status_code == 201, answer.text
        ids.append(answer.json()["id"])
    list_id = await make_list(admin)
    shown = (await admin.client.get(f"{API}/watchlists/{list_id}")).json()
    assert shown["cameras_without_faces"] == [ids[0]]
    other = await make_list(admin, name="Cars", subject="vehicles")
    assert (await admin.client.get(f"{API}/watchlists/{other}")).json()["cameras_without_faces"] == []


async def test_faces_and_vehicles_do_not_mix(gateway: Harness) -> None:
    admin = await gateway.login_as(Role.ADMINISTRATOR)
    faces, cars = await make_list(admin), await make_list(admin, name="Cars", subject="vehicles")
    plate = {"plate": "51F12345", "reason": "theft"}
    wrong = [
        await admin.client.post(f"{API}/watchlists/{faces}/entries", json=plate, headers=admin.headers),
        await admin.client.post(f"{API}/watchlists/{cars}/people", json=person(), headers=admin.headers),
        await admin.client.get(f"{API}/watchlists/{cars}/people"),
    ]
    assert [answer.status_code for answer in wrong] == [409, 409, 409]


async def test_match_is_written_down_once_and_once_more_when_it_becomes_sure(gateway: Harness) -> None:
    told = match_event("list", "entry")
    assert told.match is not None
    unsure = replace(told, match=replace(told.match, state=MatchState.UNSURE))
    audit = asyncio.create_task(gateway.parts.watchlists.matches.run())
    await asyncio.sleep(0)
    for fact in (unsure, unsure, told, told):
        await gateway.parts.history._keep(fact)
    rows: list[tuple[object, ...]] = []
    async with asyncio.timeout(10):
        while len(rows) < 2:
            await asyncio.sleep(0.01)
            rows = [row for row in stored(gateway.data, "audit") if row[3] == "watchlist.face_match"]
    audit.cancel()
    assert ["unsure" in str(row[7]) for row in rows] == [True, False]
