"""Hazards of searching by a picture of a whole person: the wrong one of several is searched, an empty answer hides that
nobody was found, that no model is there or that nothing is kept.
"""

import base64
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette

from tests.support.gateway import API, Harness, open_gateway
from tests.support.seen import JPEG, Seer, face_vector, see
from tests.unit.api.test_storage import find_audit
from vedette.adapters.role_server import serve_role_app
from vedette.core.people import AppearanceModelsMissingError, NobodyFoundError, PersonInPicture
from vedette.identity.permissions import Role
from vedette.node.people_reader import PeopleReader, people_routes
from vedette.runtime.settings import NodeSettings
from vedette.vision.models.registry import ModelRegistry

LOOKS = "person-reid-0287-r1"


class ScriptedPeople(PeopleReader):
    """As many people as the picture has bytes, each looking like its number; 0: hidden. `?`: no model; `-`: nobody."""

    async def read(self, picture: bytes) -> list[PersonInPicture]:
        if picture == b"?":
            raise AppearanceModelsMissingError("people cannot be found", "Run `vedette models pull standard`.")
        if picture == b"-":
            raise NobodyFoundError("nobody is seen in this picture")
        return [
            PersonInPicture((at / 10, 0.1, at / 10 + 0.1, 0.9), JPEG, face_vector(look) if look else b"", LOOKS)
            for at, look in enumerate(picture)
        ]


@pytest.fixture
async def gateway(tmp_path: Path) -> AsyncIterator[Harness]:
    async with open_gateway(tmp_path) as harness:
        app = Starlette(routes=people_routes(ScriptedPeople(ModelRegistry(tmp_path / "none"))))
        async with serve_role_app(app, NodeSettings(data=tmp_path).paths.socket("analyzer")):
            yield harness


async def ask(gateway: Harness, picture: bytes, path: str = "person", **body: object) -> httpx.Response:
    coded = base64.b64encode(picture).decode()
    async with gateway.local() as client:
        return await client.post(f"{API}/search/{path}", json={"picture": coded, **body})


async def keep(gateway: Harness, *looks: int) -> list[str]:
    seer = Seer(gateway)
    kept = [
        seer.with_vector(see("A", at, "person"), face_vector(look, 0.3), "appearance", LOOKS)
        for at, look in enumerate(looks)
    ]
    return await seer.keep(*kept)


async def test_chosen_person_of_a_picture_is_found_and_the_only_one_needs_no_choice(gateway: Harness) -> None:
    seven, eight = await keep(gateway, 7, 8)
    for picture, person, wanted in ((b"\x07", None, seven), (b"\x07\x08", 2, eight), (b"\x07\x08", 1, seven)):
        answer = (await ask(gateway, picture, person=person, purpose="theft")).json()
        assert answer["items"][0]["id"] == wanted
        assert (answer["by"], answer["searched"], answer["calibrated"]) == ("appearance", 2, False)
        assert answer["evidence"] == {"pairs": 1, "needed": 2000}, "both were there at once"
    rows = await find_audit(gateway, "search.person")
    assert [row["detail"] for row in rows] == ["everything; 2 found: theft"] * 3, "no verdict, so nobody is named"


async def test_every_reason_for_no_answer_is_said(gateway: Harness) -> None:
    cases = [
        (b"\x07", None, 409, "appearance_not_kept"),
        (b"\x07\x08", None, 422, "choose_person"),
        (b"\x07", 2, 422, "choose_person"),
        (b"\x00", None, 422, "person_unclear"),
        (b"-", None, 422, "nobody_found"),
        (b"?", None, 404, "appearance_models_missing"),
    ]
    for picture, person, status, code in cases:
        answer = await ask(gateway, picture, person=person, purpose="theft")
        assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert "Appearance" in (await ask(gateway, b"\x07", purpose="theft")).text
    assert (await ask(gateway, b"\x07")).json()["code"] == "purpose_required"


async def test_people_are_shown_to_choose_from_and_only_to_who_may_search_them(gateway: Harness) -> None:
    items = (await ask(gateway, b"\x07\x00", "people")).json()["items"]
    assert [(one["number"], one["usable"]) for one in items] == [(1, True), (2, False)]
    assert base64.b64decode(items[0]["picture"]) == JPEG
    guard = await gateway.login_as(Role.GUARD)
    for path in ("people", "person"):
        body = {"picture": base64.b64encode(b"\x07").decode()}
        assert (await guard.client.post(f"{API}/search/{path}", json=body, headers=guard.headers)).status_code == 403
