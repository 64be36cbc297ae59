"""Attacks on the search of what was seen: learning that somebody is known, taking vectors or models out by many
questions, searching people without a reason, looking behind a privacy zone, bringing back what was erased.
"""

import asyncio
import base64
import sqlite3
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import httpx
import numpy as np
import pytest
from starlette.applications import Starlette

from tests.support.gateway import API, Harness, Login, open_gateway
from tests.support.seen import FACE_RELEASE, Seer, face_vector, see
from tests.unit.api.test_storage import add_camera, find_audit
from vedette.adapters.role_server import serve_role_app
from vedette.core.faces import EnrolledFace
from vedette.identity.permissions import Role
from vedette.node.analyzer_faces import face_routes
from vedette.runtime.settings import NodeSettings

PICTURE = base64.b64encode(b"\x07a picture").decode()
WHY = {"purpose": "theft of 3 May"}


class ScriptedPortraits:
    """The face of the person whose number is the picture's first byte."""

    def __init__(self) -> None:
        self.asked = 0

    async def read(self, picture: bytes) -> EnrolledFace:
        self.asked += 1
        return EnrolledFace(face_vector(picture[0]), FACE_RELEASE, 0.9, b"\xff\xd8\xff\xff\xd9")


PORTRAITS = ScriptedPortraits()


@pytest.fixture
async def gateway(tmp_path: Path) -> AsyncIterator[Harness]:
    async with open_gateway(tmp_path) as harness:
        app = Starlette(routes=face_routes(PORTRAITS))
        async with serve_role_app(app, NodeSettings(data=tmp_path).paths.socket("analyzer")):
            yield harness


async def ask(login: Login, path: str, **body: object) -> httpx.Response:
    return await login.client.post(f"{API}/search/{path}", json=body, headers=login.headers)


async def scoped(gateway: Harness, *scopes: str) -> Login:
    """A program with a token of these scopes alone."""
    admin = await gateway.login_as(Role.ADMINISTRATOR)
    body = {"name": f"program {len(scopes)}", "scopes": list(scopes)}
    answer = await admin.client.post(f"{API}/tokens", json=body, headers=admin.headers)
    assert answer.status_code == 201, answer.text
    client = gateway.anonymous()
    client.headers["Authorization"] = f"Bearer {answer.json()['token']}"
    return Login(client, "", "")


async def test_membership_attack_learns_nothing_without_the_biometric_permission(gateway: Harness) -> None:
    """Same answers and no look at any gallery, whether a person is known or not."""
    seer, program = Seer(gateway), await scoped(gateway, "object.search")
    plain = see("A", 1, "person", upper_colour="red")
    before = await seer.keep(plain)
    empty = [
        await ask(program, "objects"),
        await ask(program, "picture", picture=PICTURE, **WHY),
        await ask(program, "objects", object_id=before[0], by="face", **WHY),
        await ask(program, "trace", object_id=see("A", 9).object_id, by="face", **WHY),
    ]
    known = seer.with_vector(plain, face_vector(7))
    hidden = seer.with_vector(see("A", 2, "object"), face_vector(7))
    await seer.keep(known, hidden)
    asked = PORTRAITS.asked
    full = [
        await ask(program, "objects"),
        await ask(program, "picture", picture=PICTURE, **WHY),
        await ask(program, "objects", object_id=before[0], by="face", **WHY),
        await ask(program, "trace", object_id=hidden.object_id, by="face", **WHY),
    ]
    assert [one.status_code for one in full] == [200, 403, 403, 403]
    for one, other in zip(empty, full, strict=True):
        assert {**one.json(), "cursor": ""} == {**other.json(), "cursor": ""}
    assert PORTRAITS.asked == asked, "the picture was looked at"
    unseen = await program.client.get(f"{API}/search/objects/{hidden.object_id}")
    never = await program.client.get(f"{API}/search/objects/{see('A', 3).object_id}")
    assert unseen.status_code == never.status_code == 404
    assert unseen.json()["code"] == never.json()["code"]


async def test_trace_falls_back_to_what_the_caller_may_use(gateway: Harness) -> None:
    seer, program = Seer(gateway), await scoped(gateway, "object.search")
    known = seer.with_vector(see("A", 1, "person", upper_colour="red"), face_vector(7))
    await seer.keep(known)
    answer = (await ask(program, "trace", object_id=known.object_id)).json()
    assert answer["by"] == "attributes"
    assert answer["steps"][0]["object"]["ways"] == ["attributes"]


async def test_people_are_not_searched_without_a_stated_purpose(gateway: Harness) -> None:
    seer, monitor = Seer(gateway), await gateway.login_as(Role.MONITOR)
    known = seer.with_vector(see("A", 1, "person"), face_vector(7))
    await seer.keep(known)
    for path, body in (("picture", {"picture": PICTURE}), ("objects", {"object_id": known.object_id, "by": "face"})):
        refused = await ask(monitor, path, **body, purpose="  ")
        assert (refused.status_code, refused.json()["code"]) == (422, "purpose_required")
    assert (await ask(monitor, "picture", picture=PICTURE, **WHY)).json()["items"][0]["id"] == known.object_id
    [row] = await find_audit(gateway, "search.picture")
    detail = f"everything; 1 found, nearest {known.object_id}: theft of 3 May"
    assert (row["user"], row["detail"]) == ("monitor", detail)


async def test_extraction_gets_rounded_scores_and_no_numbers_of_a_vector(gateway: Harness) -> None:
    seer, monitor = Seer(gateway), await gateway.login_as(Role.MONITOR)
    near = [seer.with_vector(see("A", at, "person"), face_vector(7, near)) for at, near in ((1, 0.3), (2, 0.6))]
    stranger = seer.with_vector(see("A", 3, "person"), face_vector(8))
    await seer.keep(*near, stranger)
    answer = (await ask(monitor, "picture", picture=PICTURE, **WHY)).json()
    assert [item["id"] for item in answer["items"]] == [one.object_id for one in near], "a stranger is nobody"
    scores = [item["score"] for item in answer["items"]]
    assert scores == [round(score, 2) for score in scores]
    assert scores == sorted(scores, reverse=True)
    assert [item["verdict"] for item in answer["items"]] == ["accept", "accept"]
    assert "sealed" not in str(answer)
    assert "vector" not in str(answer)


async def test_extraction_at_ten_times_the_share_is_refused_and_told(gateway: Harness) -> None:
    seer, monitor = Seer(gateway), await gateway.login_as(Role.MONITOR)
    known = seer.with_vector(see("A", 1, "person"), face_vector(7))
    await seer.keep(known)
    question = {"object_id": known.object_id, "by": "face", **WHY}
    answers = [await ask(monitor, "objects", **question) for _ in range(30)]
    assert {answer.status_code for answer in answers} == {200}
    refused = await ask(monitor, "objects", **question)
    assert (refused.status_code, refused.json()["code"]) == (429, "search_limit")
    assert int(refused.headers["retry-after"]) > 1
    assert await flood_events(gateway) == []
    for _ in range(280):
        assert (await ask(monitor, "objects", **question)).status_code == 429
    [told] = await flood_events(gateway)
    assert told["detail"].startswith("monitor: ")
    other = await ask(await gateway.login_as(Role.ADMINISTRATOR), "objects", **question)
    assert other.status_code == 200, "a share of one's own"
    await gateway.clock.advance(61)
    assert (await ask(monitor, "objects", **question)).status_code == 200


async def test_gallery_walk_inside_the_share_is_told_once_and_not_refused(gateway: Harness) -> None:
    """Each question is for whoever was like the last: all allowed, and all seen (M12, M13)."""
    seer, monitor = Seer(gateway), await gateway.login_as(Role.MONITOR)
    vectors = [np.frombuffer(face_vector(seed), "<f4") for seed in range(18)]
    walk = [vectors[at] + vectors[at + 1] for at in range(17)]  # each like its neighbours and nobody else
    seen = [
        seer.with_vector(see("A", at, "person"), (one / np.linalg.norm(one)).astype("<f4").tobytes())
        for at, one in enumerate(walk)
    ]
    await seer.keep(*seen)
    for number, one in enumerate(seen):
        answer = await ask(monitor, "objects", object_id=one.object_id, by="face", purpose=f"case {number}")
        assert answer.status_code == 200
        assert len(await find_events(gateway, "search_odd")) == (number >= 14)
        await gateway.clock.advance(61)
    [told] = await find_events(gateway, "search_odd")
    assert told["detail"] == "monitor: sweep: 15 searches in a row, each for somebody like the last"
    [row] = await find_audit(gateway, "search.odd")
    assert (row["user"], row["resource"]) == ("monitor", "sweep")
    assert await flood_events(gateway) == []


async def flood_events(gateway: Harness) -> list[dict[str, str]]:
    return await find_events(gateway, "search_flood")


async def find_events(gateway: Harness, kind: str) -> list[dict[str, str]]:
    async with gateway.local() as client:
        return list((await client.get(f"{API}/events", params={"kind": kind})).json()["items"])


async def test_guard_and_auditor_search_nothing(gateway: Harness) -> None:
    for role in (Role.GUARD, Role.AUDITOR):
        login = await gateway.login_as(role)
        assert (await ask(login, "objects")).status_code == 403
        assert (await ask(login, "picture", picture=PICTURE, **WHY)).status_code == 403


async def test_picture_behind_a_privacy_zone_is_not_shown(gateway: Harness) -> None:
    seer, monitor = Seer(gateway), await gateway.login_as(Role.MONITOR)
    admin = await gateway.login_as(Role.ADMINISTRATOR)
    camera = await add_camera(gateway)
    seen = seer.write_picture(see(camera, 1, plate="51F12345"))
    await seer.keep(seen)
    path = f"{API}/search/objects/{seen.object_id}/picture.jpg"
    assert (await monitor.client.get(path)).status_code == 200
    for corner, status in ((0.62, 200), (0.5, 403)):
        points = [[corner, corner], [0.9, corner], [0.9, 0.9], [corner, 0.9]]
        zones = {"zones": [{"name": "window", "polygon": points}]}
        put = await admin.client.put(f"{API}/cameras/{camera}/privacy", json=zones, headers=admin.headers)
        assert put.status_code == 200, put.text
        assert (await monitor.client.get(path)).status_code == status
    assert (await admin.client.get(path)).status_code == 200


async def test_erasure_of_a_person_leaves_no_vector_behind(gateway: Harness) -> None:
    seer, admin = Seer(gateway), await gateway.login_as(Role.ADMINISTRATOR)
    known = [seer.with_vector(see("A", at, "person"), face_vector(7, 0.2)) for at in (1, 2)]
    await seer.keep(*known)
    body = {"object_ids": [one.object_id for one in known], "reason": "request of 5 May"}
    assert (await ask(await gateway.login_as(Role.MONITOR), "erasures", **body)).status_code == 403
    assert (await ask(admin, "erasures", **body)).json() == {"erased": 2}
    assert (await ask(admin, "picture", picture=PICTURE, **WHY)).json()["items"] == []
    await seer.keep(*(replace(one, to_ns=one.to_ns + 1) for one in known))  # the bus delivers once more
    assert (await ask(admin, "picture", picture=PICTURE, **WHY)).json()["searched"] == 0
    await asyncio.to_thread(check_no_vector, gateway.data)
    [row] = await find_audit(gateway, "search.erase")
    assert row["detail"].endswith("request of 5 May")


def check_no_vector(data: Path) -> None:
    connection = sqlite3.connect(f"file:{data / 'vedette.db'}?mode=ro", uri=True)
    try:
        for table in ("seen_vectors", "seen_attributes", "seen_objects"):
            assert connection.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,)
    finally:
        connection.close()


async def test_vectors_lie_sealed_in_the_database(gateway: Harness) -> None:
    seer = Seer(gateway)
    vector = face_vector(7)
    await seer.keep(seer.with_vector(see("A", 1, "person"), vector))
    stored = b"".join(path.read_bytes() for path in gateway.data.glob("vedette.db*"))
    assert b"f1." in stored
    assert vector[:16] not in stored
    assert base64.b64encode(vector)[:20] not in stored


async def test_longer_vector_that_would_match_everybody_is_not_taken(gateway: Harness) -> None:
    seer, monitor = Seer(gateway), await gateway.login_as(Role.MONITOR)
    for bad in (face_vector(7) + face_vector(8), b"", bytes(1024), np.full(256, np.nan, "<f4").tobytes()):
        await seer.keep(seer.with_vector(see("A", 1, "person"), bad))
    answer = (await ask(monitor, "picture", picture=PICTURE, **WHY)).json()
    assert answer["items"] == []
