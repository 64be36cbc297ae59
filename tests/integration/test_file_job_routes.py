"""Files that people bring, through the real gate and the analyzer's socket: whose they are, and what comes back."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from starlette.applications import Starlette

from tests.support.encoded import write_square_file
from tests.support.file_jobs import running
from tests.support.gateway import API, Harness, open_gateway
from vedette.adapters.role_server import serve_role_app
from vedette.adapters.sqlite_bus import SqlitePublisher
from vedette.core.messages import FileFaceMatched
from vedette.identity.permissions import Role
from vedette.node.analyzer_jobs import job_routes
from vedette.runtime.clock import SystemClock
from vedette.runtime.paths import NodePaths

FILES = f"{API}/analysis/files"


@asynccontextmanager
async def system(folder: Path) -> AsyncIterator[Harness]:
    async with (
        open_gateway(folder) as house,
        running(folder / "analysis") as jobs,
        serve_role_app(Starlette(routes=job_routes(jobs)), NodePaths(folder).socket("analyzer")),
    ):
        yield house


async def finish(client, job: dict, wanted: str = "done") -> dict:
    async with asyncio.timeout(120):
        while job["state"] in {"queued", "running"}:
            await asyncio.sleep(0.02)
            job = (await client.get(f"{FILES}/{job['id']}")).json()
    assert job["state"] == wanted, job
    return job


@pytest.fixture
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("g")


async def test_file_goes_in_and_its_results_come_out(folder: Path) -> None:
    async with system(folder) as house, house.local() as local:
        query = {"name": "cổng chính.mp4", "annotate": "true", "fps": "5"}
        sent = await local.post(FILES, params=query, content=write_square_file())
        assert sent.status_code == 201, sent.text
        assert (sent.json()["name"], sent.json()["fps"], sent.json()["files"]) == ("cổng chính.mp4", 5.0, [])
        job = await finish(local, sent.json())
        assert (job["progress"], job["objects"], job["frames_read"], job["frames_analyzed"]) == (1.0, 1, 30, 15)
        for name in job["files"]:
            answer = await local.get(f"{FILES}/{job['id']}/results/{name}")
            assert answer.status_code == 200, name
        [found] = (await local.get(f"{FILES}/{job['id']}/results/objects.json")).json()
        picture = await local.get(f"{FILES}/{job['id']}/results/{found['picture']}")
        assert (picture.content[:3], picture.headers["content-type"]) == (b"\xff\xd8\xff", "image/jpeg")
        film = await local.get(f"{FILES}/{job['id']}/results/annotated.mp4", headers={"Range": "bytes=4-7"})
        assert (film.status_code, film.content) == (206, b"ftyp")
        assert (await local.get(f"{FILES}/{job['id']}/results/job.json")).status_code == 404
        trail = (await local.get(f"{API}/audit?action=file.analyze")).json()["items"]
        assert [row["resource"] for row in trail] == [job["id"]]
        assert job["sha256"] in trail[0]["detail"]
        late = await local.patch(f"{FILES}/{job['id']}", json={"state": "paused"})
        assert (late.status_code, late.json()["code"]) == (409, "conflict")
        assert (await local.delete(f"{FILES}/{job['id']}")).status_code == 204
        assert (await local.get(FILES)).json() == {"items": []}


async def test_job_is_paused_changed_and_cancelled_by_its_owner(folder: Path) -> None:
    async with system(folder) as house:
        monitor = await house.login_as(Role.MONITOR)
        film = write_square_file(frames=900, fps=30)
        sent = await monitor.client.post(FILES, params={"name": "a.mp4"}, content=film, headers=monitor.headers)
        path = f"{FILES}/{sent.json()['id']}"
        change = {"state": "paused", "classes": ["person"], "fps": 2}
        paused = (await monitor.client.patch(path, json=change, headers=monitor.headers)).json()
        assert (paused["state"], paused["classes"], paused["fps"]) == ("paused", ["person"], 2.0)
        wrong = await monitor.client.patch(path, json={"classes": ["dragon"]}, headers=monitor.headers)
        assert (wrong.status_code, "dragon" in wrong.json()["detail"]) == (422, True)
        cancelled = await monitor.client.patch(path, json={"state": "cancelled"}, headers=monitor.headers)
        assert cancelled.json()["state"] == "cancelled"


async def test_somebody_elses_file_is_like_one_that_never_was(folder: Path) -> None:
    async with system(folder) as house, house.local() as local:
        monitor = await house.login_as(Role.MONITOR)
        sent = (await local.post(FILES, params={"name": "a.mp4"}, content=write_square_file())).json()
        job = await finish(local, sent)
        assert (await monitor.client.get(FILES)).json() == {"items": []}
        for path in (f"{FILES}/{job['id']}", f"{FILES}/{job['id']}/results/objects.json"):
            answer = await monitor.client.get(path)
            never = await monitor.client.get(path.replace(job["id"], "01HZZZZZZZZZZZZZZZZZZZZZZ9"))
            assert (answer.status_code, answer.json()) == (404, never.json())
        assert (await monitor.client.delete(f"{FILES}/{job['id']}", headers=monitor.headers)).status_code == 404
        guard = await house.login_as(Role.GUARD)
        assert (await guard.client.get(FILES)).status_code == 403


async def test_analyzer_that_is_away_is_said_and_nothing_is_kept(folder: Path) -> None:
    async with open_gateway(folder) as house, house.local() as local:
        answer = await local.post(FILES, params={"name": "a.mp4"}, content=b"x" * 1000)
        assert (answer.status_code, answer.json()["code"]) == (503, "role_unavailable")
        assert "restarted" in answer.json()["hint"]


async def make_list(client, subject: str, **changes: object) -> str:
    body = {"name": f"Wanted {subject}", "kind": "wanted", "subject": subject, "purpose": "theft"} | changes
    answer = await client.post(f"{API}/watchlists", json=body)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def make_token(login, *scopes: str) -> dict[str, str]:
    answer = await login.client.post(
        f"{API}/tokens", json={"name": "-".join(scopes), "scopes": list(scopes)}, headers=login.headers
    )
    assert answer.status_code == 201, answer.text
    return {"Authorization": f"Bearer {answer.json()['token']}"}


async def test_lists_are_matched_only_by_who_may_see_them_and_faces_only_for_a_purpose(folder: Path) -> None:
    async with system(folder) as house, house.local() as local:
        cars, faces = await make_list(local, "vehicles"), await make_list(local, "faces")
        off = await make_list(local, "vehicles", name="Off", enabled=False)
        monitor, film = await house.login_as(Role.MONITOR), write_square_file()
        tokens = {
            "files": await make_token(monitor, "file.analyze"),
            "lists": await make_token(monitor, "file.analyze", "watchlist.view"),
            "faces": await make_token(monitor, "file.analyze", "watchlist.view", "face.view"),
        }
        async with house.anonymous() as client:

            async def send(token: str, *lists: str, purpose: str = "") -> tuple[int, str]:
                query = {"name": "a.mp4", "lists": list(lists), "purpose": purpose}
                answer = await client.post(FILES, params=query, content=film, headers=tokens[token])
                return answer.status_code, answer.json().get("code", "")

            assert await send("files", cars) == (403, "missing_permission")
            assert await send("lists", faces, purpose="case 12") == (404, "no_such_watchlist")
            assert await send("lists", "01HZZZZZZZZZZZZZZZZZZZZZZ9") == (404, "no_such_watchlist")
            assert await send("faces", cars, faces) == (422, "purpose_required")
            assert await send("lists", off) == (409, "watchlist_off")
            assert await send("lists", cars) == (201, "")
            assert await send("faces", cars, faces, purpose="case 12") == (201, "")
            seen = {name: (await client.get(FILES, headers=token)).json()["items"] for name, token in tokens.items()}
            assert [len(seen[name]) for name in ("files", "lists", "faces")] == [1, 1, 2], "faces: no such job"
            assert [named["name"] for named in seen["faces"][0]["lists"]] == ["Wanted vehicles", "Wanted faces"]
        trail = (await local.get(f"{API}/audit?action=file.match")).json()["items"]
        assert [(row["user"], row["resource"]) for row in trail] == [
            ("monitor", faces),
            ("monitor", cars),
            ("monitor", cars),
        ]
        assert "case 12" in trail[0]["detail"]


async def test_face_found_in_a_file_is_in_the_audit_trail_once_and_names_no_person(folder: Path) -> None:
    async with open_gateway(folder) as house, house.local() as local:
        clock = SystemClock()
        with SqlitePublisher(NodePaths(folder).bus, "analyzer", clock) as publisher:
            publisher.publish_nowait(FileFaceMatched("job-1", "list-1", "entry-1", "sure", 0.6123, 1))
            await publisher.flush()
        writing = asyncio.create_task(house.parts.watchlists.file_matches.run())
        try:
            async with asyncio.timeout(30):
                while not (rows := (await local.get(f"{API}/audit?action=watchlist.face_match")).json()["items"]):
                    await house.clock.advance(1.0)
        finally:
            writing.cancel()
            await asyncio.gather(writing, return_exceptions=True)
        assert [(row["resource"], row["detail"]) for row in rows] == [
            ("list-1", "person entry-1: sure, similarity 0.61, file job job-1")
        ]


async def test_job_that_was_interrupted_says_so_to_its_owner(folder: Path) -> None:
    film = write_square_file(frames=600, fps=30)
    async with system(folder) as house, house.local() as local:
        job = (await local.post(FILES, params={"name": "long.mp4"}, content=film)).json()
        assert job["interruption"] is None
        async with asyncio.timeout(120):
            while not job["done_s"]:
                await asyncio.sleep(0.02)
                job = (await local.get(f"{FILES}/{job['id']}")).json()
    async with system(folder) as house, house.local() as local:
        done = await finish(local, (await local.get(f"{FILES}/{job['id']}")).json())
    assert done["frames_analyzed"] == 600
    assert done["interruption"].pop("kept_s") >= job["done_s"] - 0.001
    assert done["interruption"] == {"times": 1, "begun_again": None}
