"""Hazards of searching what files showed: somebody else's file is found, a camera's answer has files in it or the other
way round, a face is found that nobody may look for, an object outlives its job or goes with a camera's footage.
"""

import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from starlette.applications import Starlette

from tests.support.gateway import API, Harness, Login, open_gateway
from tests.support.seen import FACE_RELEASE, JPEG, Seer, face_vector, see
from tests.unit.api.test_storage import add_camera, find_audit
from vedette.adapters.role_server import serve_role_app
from vedette.core.faces import EnrolledFace
from vedette.core.messages import FileObjectsGone, ObjectSeen
from vedette.core.objects import FileOrigin
from vedette.core.time import NS_PER_S
from vedette.identity.permissions import Role
from vedette.node.analyzer_faces import face_routes
from vedette.node.analyzer_jobs import job_routes
from vedette.node.file_job_shelf import FileJobShelf
from vedette.node.file_jobs import FileJobs
from vedette.node.file_objects import FileObjects
from vedette.runtime.clock import new_id
from vedette.runtime.settings import NodeSettings
from vedette.testing.clock import DEFAULT_UTC_NS, SimulatedClock
from vedette.vision.file_jobs import FileJob, JobSearching, JobState, JobTerms

PICTURE = base64.b64encode(b"\x07a picture").decode()
WHY = {"purpose": "theft of 3 May"}


class NoPlanner:
    """Nothing is analysed here: the jobs are done already."""

    def can_start(self, job: FileJob) -> bool:
        return False

    def plan(self, job: FileJob) -> None:
        raise AssertionError(job)


class OnePortrait:
    """The face of the person whose number is the picture's first byte."""

    async def read(self, picture: bytes) -> EnrolledFace:
        return EnrolledFace(face_vector(picture[0]), FACE_RELEASE, 0.9, JPEG)


class FilesBox:
    """A gateway and the finished jobs of its analyzer."""

    def __init__(self, gateway: Harness, jobs: FileJobs, shelf: FileJobShelf, told: list[object]) -> None:
        self.gateway, self.jobs, self.told = gateway, jobs, told
        self._shelf = shelf

    async def bring(self, owner: str, name: str = "door.mp4", searching: JobSearching | None = None) -> FileJob:
        """A file whose analysis is done, with the picture of its first track."""
        job = FileJob(
            new_id(self.gateway.clock), name, owner, "anna", DEFAULT_UTC_NS, JobTerms(), state=JobState.DONE,
            searching=searching or JobSearching(),
        )  # fmt: skip
        picture = self._shelf.result_of(job.job_id) / "pictures" / "track-1.jpg"
        picture.parent.mkdir(parents=True)
        picture.write_bytes(JPEG)
        self._shelf.save(job)
        await self.jobs.load()
        return job

    async def ask(self, login: Login | None = None, path: str = "objects", status: int = 200, **body: object) -> dict:
        if login is None:
            async with self.gateway.local() as client:
                answer = await client.post(f"{API}/search/{path}", json=body)
        else:
            answer = await login.client.post(f"{API}/search/{path}", json=body, headers=login.headers)
        assert answer.status_code == status, answer.text
        return dict(answer.json())

    async def found(self, source: str, login: Login | None = None, **body: object) -> list[str]:
        return [item["id"] for item in (await self.ask(login, source=source, **body))["items"]]


@pytest.fixture
async def box(tmp_path: Path) -> AsyncIterator[FilesBox]:
    told: list[object] = []
    clock, shelf = SimulatedClock(), FileJobShelf(tmp_path / "analysis", 1)
    jobs = FileJobs(shelf, NoPlanner(), 1, clock, told.append, FileObjects(told.append, None, "", clock), None)  # type: ignore[arg-type]
    async with open_gateway(tmp_path) as gateway:
        app = Starlette(routes=[*job_routes(jobs), *face_routes(OnePortrait())])
        async with serve_role_app(app, NodeSettings(data=tmp_path).paths.socket("analyzer")):
            yield FilesBox(gateway, jobs, shelf, told)


def shown(job: FileJob, at_s: float, object_class: str = "vehicle", plate: str = "", **known: object) -> ObjectSeen:
    """An object of a file, `at_s` from its beginning."""
    start_ns = job.searching.start_ns
    origin = FileOrigin(job.job_id, job.name, start_ns or job.created_ns, is_dated=start_ns is not None)
    from_ns = origin.start_ns + round(at_s * NS_PER_S)
    seen = see(job.searching.camera_id, at_s, object_class, plate, picture="pictures/track-1.jpg")
    times = {"from_ns": from_ns, "to_ns": from_ns + 4 * NS_PER_S, "best_ns": from_ns + 2 * NS_PER_S}
    return replace(seen, file=origin, **{**times, **known})


async def test_cameras_files_and_both_are_three_different_questions(box: FilesBox) -> None:
    job = await box.bring("nobody")
    seen, filed = await Seer(box.gateway).keep(see("A", 1, plate="51F12345"), shown(job, 7, plate="51F12345"))
    assert await box.found("cameras", plate="51F*") == [seen]
    assert (await box.ask(plate="51F*"))["total"] == 1, "cameras, unless somebody says files"
    assert await box.found("files", plate="51F*") == [filed]
    assert set(await box.found("both", plate="51F*")) == {seen, filed}
    [item] = (await box.ask(source="files"))["items"]
    assert item["file"] == {
        "job_id": job.job_id, "name": "door.mp4", "first_s": 7.0, "last_s": 11.0, "best_s": 9.0, "dated": False,
    }  # fmt: skip
    assert (item["camera_name"], item["recorded"]) == ("door.mp4", False)
    assert item["review"] == f"/files?job={job.job_id}&at=9.000"
    await box.ask(source="archive", status=422)


async def test_somebody_elses_file_is_like_one_that_never_was(box: FilesBox) -> None:
    monitor = await box.gateway.login_as(Role.MONITOR)
    admin = await box.gateway.login_as(Role.ADMINISTRATOR)
    me = (await monitor.client.get(f"{API}/session")).json()["user"]["id"]
    mine, other = await box.bring(me), await box.bring("somebody")
    own, hidden = await Seer(box.gateway).keep(shown(mine, 1, plate="51F12345"), shown(other, 1, plate="51F12345"))
    assert await box.found("both", monitor) == [own]
    assert set(await box.found("files", admin)) == {own, hidden}
    never = see("A", 3).object_id
    for address in (hidden, f"{hidden}/picture.jpg"):
        gone = await monitor.client.get(f"{API}/search/objects/{address}")
        none = await monitor.client.get(f"{API}/search/objects/{address.replace(hidden, never)}")
        assert (gone.status_code, gone.json()["code"]) == (none.status_code, none.json()["code"])
        assert (gone.status_code, gone.json()["code"]) == (404, "no_such_object")
    refused = await box.ask(monitor, "trace", 404, object_id=hidden)
    assert refused["code"] == "no_such_object"
    picture = await monitor.client.get(f"{API}/search/objects/{own}/picture.jpg")
    assert (picture.status_code, picture.content) == (200, JPEG)


async def test_face_in_a_file_is_found_by_a_picture_under_the_same_rules(box: FilesBox) -> None:
    job, seer = await box.bring("nobody"), Seer(box.gateway)
    filed = seer.with_vector(shown(job, 1, "person"), face_vector(7, 0.3))
    camera = seer.with_vector(see("A", 1, "person"), face_vector(7, 0.3))
    await seer.keep(filed, camera)
    for source, expected in (("files", {filed.object_id}), ("cameras", {camera.object_id})):
        answer = await box.ask(path="picture", picture=PICTURE, source=source, **WHY)
        assert {item["id"] for item in answer["items"]} == expected
        assert (answer["searched"], answer["items"][0]["verdict"]) == (1, "accept")
    assert (await box.ask(path="picture", picture=PICTURE, source="both", **WHY))["total"] == 2
    refused = await box.ask(path="picture", status=422, picture=PICTURE, source="files")
    assert refused["code"] == "purpose_required"
    rows = await find_audit(box.gateway, "search.picture")
    assert max(row["detail"] for row in rows) == f"in files; 1 found, nearest {filed.object_id}: theft of 3 May"


async def test_objects_go_with_their_job_and_do_not_come_back(box: FilesBox) -> None:
    job, kept = await box.bring("nobody"), await box.bring("nobody", "other.mp4")
    seen = shown(job, 1, plate="51F12345")
    [_, stays] = await Seer(box.gateway).keep(seen, shown(kept, 1, plate="51F12345"))
    await box.jobs.remove(job.job_id)
    [gone] = box.told
    assert isinstance(gone, FileObjectsGone)
    assert await box.found("files") == [stays], "even before the gateway has heard of it"
    assert await box.gateway.parts.objects.erase_job(gone.job_id) == 1
    assert await box.gateway.parts.objects.erase_job(gone.job_id) == 0
    await box.gateway.parts.objects.keep(seen)  # the bus delivers once more
    await box.ask(path="trace", status=404, object_id=seen.object_id)
    [left] = (await box.ask(source="files"))["items"]
    assert left["id"] == stays


async def test_files_are_kept_as_long_as_their_jobs_and_not_as_long_as_cameras(box: FilesBox) -> None:
    camera = await add_camera(box.gateway)
    job = await box.bring("nobody", searching=JobSearching([], camera, DEFAULT_UTC_NS - 400 * 86_400 * NS_PER_S))
    old, _ = await Seer(box.gateway).keep(shown(job, 1), see(camera, -40 * 86_400))
    assert await box.gateway.parts.objects.expire() == 1
    assert await box.gateway.parts.objects.erase_in([camera], 0, 2 * DEFAULT_UTC_NS) == 0, "it is no footage of ours"
    assert await box.found("files") == [old]


async def test_trace_judges_files_of_which_camera_and_time_are_known_and_no_others(box: FilesBox) -> None:
    one, other = await add_camera(box.gateway), await add_camera(box.gateway, "other")
    async with box.gateway.local() as client:
        pair = {"camera_id": one, "other_camera_id": other, "metres": 6000}
        assert (await client.put(f"{API}/search/distances", json={"items": [pair]})).status_code == 200
    dated = await box.bring("nobody", searching=JobSearching([], other, DEFAULT_UTC_NS + 16 * NS_PER_S))
    bare = await box.bring("nobody", "bare.mp4")
    first, fast, lost = await Seer(box.gateway).keep(
        see(one, 10, plate="51F12345"), shown(dated, 4, plate="51F12345"), shown(bare, 0, plate="51F12345")
    )
    trace = await box.ask(path="trace", object_id=first, source="both")
    steps = {step["object"]["id"]: step["travel"] for step in trace["steps"]}
    assert list(steps) == [first, fast, lost]
    assert steps[first] is None
    assert steps[lost] is None
    assert (steps[fast]["plausibility"], steps[fast]["reason"], steps[fast]["gap_s"]) == ("implausible", "too_fast", 5)
    assert [visit["camera_name"] for visit in trace["visits"]][2] == "bare.mp4"


@asynccontextmanager
async def sent(box: FilesBox, login: Login, **query: object) -> AsyncIterator[dict]:
    answer = await login.client.post(
        f"{API}/analysis/files", params={"name": "a.mp4", **query}, content=b"x", headers=login.headers
    )
    yield {"status": answer.status_code, **answer.json()}


async def test_people_of_a_file_are_kept_to_be_found_only_for_a_purpose(box: FilesBox) -> None:
    monitor = await box.gateway.login_as(Role.MONITOR)
    guard = await box.gateway.login_as(Role.GUARD)
    async with sent(box, monitor, keep=["face", "appearance"]) as refused:
        assert (refused["status"], refused["code"]) == (422, "purpose_required")
    async with sent(box, guard, keep="face", purpose="x") as refused:
        assert refused["status"] == 403
    async with sent(box, monitor, keep=["face"], purpose="case 12") as job:
        assert (job["status"], job["kept"], job["purpose"], job["started_at"]) == (201, ["face"], "case 12", None)
    [row] = await find_audit(box.gateway, "file.keep")
    assert row["detail"] == "a.mp4: people are kept to be found by face: case 12"
    async with sent(box, monitor, camera_id=see("A", 1).object_id) as refused:
        assert refused["status"] == 404
    async with sent(box, monitor, started_at="2026-05-03T10:00:00+07:00") as job:
        assert (job["started_at"], job["kept"]) == ("2026-05-03T03:00:00.000000Z", [])
