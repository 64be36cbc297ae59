"""Hazards of own categories over the API: who may teach and delete, what is written down, what is said of a failure."""

import asyncio
from base64 import b64decode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import cast

import pytest
from starlette.applications import Starlette

from tests.support.gateway import API, Harness
from tests.support.kept_sets import HERE, make_kept_set
from tests.support.lesson_pictures import BytesEmbedder, name_pictures, pack_zip
from vedette.adapters.role_server import serve_role_app
from vedette.identity.permissions import Role
from vedette.node.analyzer_categories import SetsInForce
from vedette.node.category_lessons import CategoryLessons
from vedette.node.category_routes import CategorySets, category_routes
from vedette.node.category_shelf import CategoryShelf
from vedette.node.picture_vectors import PictureVectors
from vedette.runtime.clock import SystemClock
from vedette.runtime.paths import NodePaths
from vedette.vision.categories.lessons import EmbeddingMissingError
from vedette.vision.classify.changes import CHANGES

GOOD = pack_zip(name_pictures("courier", "milk", "post"))
LESSON = f"{API}/categories/lesson"
SETS = f"{API}/categories/sets"


class Analyzer:
    """The part of it that is asked here, on its socket."""

    def __init__(self, gateway: Harness) -> None:
        self.shelf = CategoryShelf(NodePaths(gateway.data).categories)
        self.embedder = BytesEmbedder()
        self.lessons = CategoryLessons(self.shelf, self.embedder, SystemClock(), reserve_bytes=0)
        sets = SetsInForce(self.shelf, lambda: self.embedder.embedding)
        self.app = Starlette(
            routes=category_routes(CategorySets(self.shelf, sets, cast(PictureVectors, self.embedder)), self.lessons)
        )


@asynccontextmanager
async def analyzing(gateway: Harness) -> AsyncIterator[Analyzer]:
    analyzer = Analyzer(gateway)
    task = asyncio.create_task(analyzer.lessons.run())
    async with serve_role_app(analyzer.app, NodePaths(gateway.data).socket("analyzer")):
        yield analyzer
        task.cancel()
        await asyncio.wait({task})


async def test_set_is_taught_listed_tried_downloaded_and_deleted(gateway: Harness) -> None:
    async with analyzing(gateway), gateway.local() as client:
        assert (await client.get(f"{API}/categories")).json() == {"items": [], "lesson": None}
        begun = await client.post(LESSON, params={"name": "đồng phục", "about": "person"}, content=GOOD)
        assert begun.status_code == 201, begun.text
        assert (begun.json()["pictures"], begun.json()["user"]) == (18, "local")
        async with asyncio.timeout(60):
            while (told := (await client.get(f"{API}/categories")).json())["lesson"]["state"] != "done":
                await asyncio.sleep(0.02)
        (one,) = told["items"]
        assert (one["name"], one["taught_by"], one["code"]) == ("đồng phục", "local", "")
        figures = one["terms"]["figures"]
        assert (figures["judged"], figures["accuracy"]) == (3, 1.0)
        assert [row["name"] for row in figures["categories"]] == ["courier", "milk", "post"]
        said = await client.post(f"{SETS}/đồng phục/say", content=b"milk 99")
        assert said.json()["classes"][0]["label"] == "milk"
        assert len(said.json()["classes"]) == 3
        changed = (await client.post(f"{SETS}/đồng phục/say/changed", content=b"milk 99")).json()["looks"]
        assert [(one["way"], one["by"]) for one in changed] == [(None, 0), *((one.way, one.by) for one in CHANGES)]
        assert {one["label"] for one in changed} == {"milk"}
        assert b64decode(changed[0]["picture"]).startswith(b"\xff\xd8")
        file = await client.get(f"{SETS}/đồng phục/file")
        assert file.json()["format"] == "vedette-categories"
        assert "attachment" in file.headers["content-disposition"]
        assert (await client.delete(LESSON)).status_code == 204
        assert (await client.delete(f"{SETS}/đồng phục")).status_code == 204
        assert (await client.get(f"{API}/categories")).json() == {"items": [], "lesson": None}
        rows = (await client.get(f"{API}/audit")).json()["items"]
    written = {row["action"]: row["detail"] for row in rows if row["action"].startswith("categories.")}
    assert written == {
        "categories.teach": "đồng phục: courier, milk, post; 18 pictures",
        "categories.delete": "đồng phục",
    }


@pytest.mark.parametrize(("role", "reads", "teaches"), [(Role.MONITOR, 200, 403), (Role.GUARD, 403, 403)])
async def test_who_configures_cameras_teaches_and_who_analyses_files_tries(
    gateway: Harness, role: Role, reads: int, teaches: int
) -> None:
    async with analyzing(gateway) as analyzer:
        analyzer.shelf.save(make_kept_set())
        user = await gateway.login_as(role)
        client = user.client
        assert (await client.get(f"{API}/categories")).status_code == reads
        answer = await client.post(f"{SETS}/livery/say", content=b"a 1", headers=user.headers)
        assert answer.status_code == reads
        changed = await client.post(f"{SETS}/livery/say/changed", content=b"a 1", headers=user.headers)
        assert changed.status_code == reads
        for asked in (
            client.post(LESSON, params={"name": "a"}, content=GOOD, headers=user.headers),
            client.delete(LESSON, headers=user.headers),
            client.delete(f"{SETS}/livery", headers=user.headers),
        ):
            assert (await asked).status_code == teaches
        assert analyzer.shelf.list_names() == ["livery"]


@pytest.mark.parametrize(
    ("name", "content", "status", "code"),
    [
        ("livery", GOOD, 409, "set_name_taken"),
        ("colour", GOOD, 422, "invalid_input"),
        ("new", b"no archive", 422, "bad_archive"),
        ("new", pack_zip({"../a.jpg": b"x"}), 422, "bad_archive"),
        ("new", pack_zip(name_pictures("a", "b", count=2)), 422, "too_few_pictures"),
        ("new", pack_zip({"a/1.jpg": b"x"}), 422, "invalid_input"),
    ],
)
async def test_refusal_says_what_to_do(gateway: Harness, name: str, content: bytes, status: int, code: str) -> None:
    async with analyzing(gateway) as analyzer, gateway.local() as client:
        analyzer.shelf.save(make_kept_set())
        answer = await client.post(LESSON, params={"name": name}, content=content)
        assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
        assert answer.json()["detail"]
        rows = (await client.get(f"{API}/audit", params={"action": "categories.teach"})).json()["items"]
        assert rows == [], "nothing was taught"


async def test_second_lesson_waits_and_cancelling_is_written_down(gateway: Harness) -> None:
    async with analyzing(gateway) as analyzer, gateway.local() as client:
        analyzer.embedder.hold()
        assert (await client.post(LESSON, params={"name": "first"}, content=GOOD)).status_code == 201
        second = await client.post(LESSON, params={"name": "second"}, content=GOOD)
        assert (second.status_code, second.json()["code"]) == (429, "lesson_busy")
        assert "first is being taught" in second.json()["detail"]
        assert (await client.delete(LESSON)).status_code == 204
        assert (await client.get(f"{API}/categories")).json()["lesson"]["state"] == "cancelled"
        rows = (await client.get(f"{API}/audit", params={"action": "categories.cancel"})).json()["items"]
        assert [row["detail"] for row in rows] == ["first"]


async def test_set_without_its_embedding_says_what_to_pull(gateway: Harness) -> None:
    async with analyzing(gateway) as analyzer, gateway.local() as client:
        analyzer.shelf.save(make_kept_set())
        missing = EmbeddingMissingError("the model is not installed", "Run `vedette models pull standard`.")
        analyzer.embedder.missing = missing
        (one,) = (await client.get(f"{API}/categories")).json()["items"]
        assert one["code"] == "embedding_missing"
        assert "models pull standard" in one["reason"]
        said = await client.post(f"{SETS}/livery/say", content=b"a 1")
        assert (said.status_code, said.json()["code"]) == (404, "embedding_missing")
        refused = await client.post(LESSON, params={"name": "new"}, content=GOOD)
        assert (refused.status_code, refused.json()["code"]) == (404, "embedding_missing")
        analyzer.embedder.missing = None
        (one,) = (await client.get(f"{API}/categories")).json()["items"]
        assert (one["code"], one["terms"]["embedding"]) == ("", HERE.release)


async def test_damaged_set_is_shown_as_one_and_can_be_deleted(gateway: Harness) -> None:
    async with analyzing(gateway) as analyzer, gateway.local() as client:
        analyzer.shelf.save(make_kept_set())
        (analyzer.shelf.folder / "livery" / "categories.json").write_text("{}")
        (one,) = (await client.get(f"{API}/categories")).json()["items"]
        assert (one["name"], one["terms"], one["code"]) == ("livery", None, "bad_category_set")
        assert (await client.delete(f"{SETS}/livery")).status_code == 204
        assert (await client.delete(f"{SETS}/livery")).status_code == 404
        assert (await client.get(f"{SETS}/livery/file")).status_code == 404


async def test_without_an_analyzer_the_page_says_so(gateway: Harness) -> None:
    async with gateway.local() as client:
        answer = await client.get(f"{API}/categories")
    assert (answer.status_code, answer.json()["code"]) == (503, "role_unavailable")
