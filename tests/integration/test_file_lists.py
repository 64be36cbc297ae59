"""Hazards of files that are matched with lists: nobody named, a list that is gone, templates that are left behind."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import cv2
import pytest

from tests.integration.test_face_lists import (
    FACE_MODELS,
    check_nothing_leaked,
    draw_passing,
    enrol,
    make_order,
    portrait,
)
from tests.support.encoded import write_film, write_square_file
from tests.support.file_jobs import BOX, OWNER, RESERVE_BYTES, find_sets, is_over, parts, until, until_gone
from tests.support.models import install_models, motion_alone
from tests.support.plate_scene import CLEAR, write_drive_file
from vedette.core.messages import FileFaceMatched, FileObjectsGone, ObjectSeen
from vedette.core.watchlists import (
    ListKind,
    ListOrder,
    ListSubject,
    VehicleMark,
    Watchlist,
    WatchlistEntry,
    WatchlistOrder,
)
from vedette.node.analyzer_watchlists import ListsInForce
from vedette.node.file_job_shelf import FileJobShelf
from vedette.node.file_jobs import FileJobs
from vedette.node.file_objects import FileObjects
from vedette.node.file_plans import FilePlanner
from vedette.node.match_terms import find_match_terms
from vedette.runtime.clock import SystemClock
from vedette.vision.file_jobs import FileJob, JobList, JobMatching, JobState, JobTerms
from vedette.vision.models.registry import ModelRegistry

FACES = JobMatching([JobList("list", "Wanted", ListSubject.FACES)], "case 12")
VEHICLES = JobMatching([JobList("stolen", "Stolen", ListSubject.VEHICLES)])


class Box:
    """The jobs of one analyzer, its lists, and what it told on the bus."""

    def __init__(self, folder: Path, registry: ModelRegistry) -> None:
        clock, self.folder = SystemClock(), folder
        self.told: list[FileFaceMatched] = []
        self.lists = ListsInForce(find_match_terms(registry))
        planner = FilePlanner(registry, self.lists, find_sets(folder / "categories", registry), 1, clock)
        self.seen: list[ObjectSeen | FileObjectsGone] = []
        objects = FileObjects(self.seen.append, None, "", clock)
        self.jobs = FileJobs(FileJobShelf(folder, RESERVE_BYTES), planner, 1, clock, self.told.append, objects, BOX)

    async def finish(self, name: str, data: bytes, matching: JobMatching) -> FileJob:
        job = await self.jobs.add(name, JobTerms(), OWNER, parts(data, 1 << 16), annotate=False, matching=matching)
        done = await until(self.jobs, job, is_over)
        await until_gone(self.folder / job.job_id / "input")  # its record is written before
        return done

    def matches(self, job: FileJob) -> list[dict]:
        events = json.loads(self.jobs.find_file(job.job_id, "events.json").read_text())
        return [event for event in events if "match" in event]


@asynccontextmanager
async def running(folder: Path, registry: ModelRegistry) -> AsyncIterator[Box]:
    box = Box(folder, registry)
    task = asyncio.create_task(box.jobs.run())
    try:
        yield box
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def stolen(*plates: str, enabled: bool = True, cameras: tuple[str, ...] = ()) -> WatchlistOrder:
    listed = Watchlist(
        "stolen", "Stolen", ListKind.WANTED, ListSubject.VEHICLES, "Lan", "x", enabled=enabled, cameras=cameras
    )
    entries = tuple(WatchlistEntry(plate, "stolen", "Lan", vehicle=VehicleMark(plate)) for plate in plates)
    return WatchlistOrder("1", (ListOrder(listed, entries),))


@pytest.fixture(scope="module")
def face_models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models")
    install_models(folder, *FACE_MODELS)
    return folder


@pytest.mark.shared
async def test_person_of_a_named_list_is_found_in_a_film_and_no_template_stays(
    tmp_path: Path, face_models: Path
) -> None:
    listed = {name: await enrol(face_models, name) for name in ("s1", "s2")}
    async with running(tmp_path, motion_alone(face_models)) as box:
        await box.lists.take(make_order(listed, cameras=("gate",)))
        job = await box.finish("gate.mp4", write_film(draw_passing("s1")), FACES)
        assert (job.state, job.error, job.findings.matches) == (JobState.DONE, "", 1)
        [event] = box.matches(job)
        assert (event["kind"], event["match"]["entry_id"], event["severity"]) == ("face_matched", "s1", "alarm")
        assert event["ground"] == {"kind": "legal", "document": "order 7", "granted_on": "2026-01-02"}
        similarity, quality, moments = event["explanation"]
        assert similarity["value"] >= similarity["threshold"] == 0.475
        assert (quality["value"] >= 0.3, moments["threshold"]) == (True, 2.0)
        assert box.jobs.find_file(job.job_id, event["picture"]).read_bytes()[:3] == b"\xff\xd8\xff"
        assert [(told.job_id, told.entry_id, told.state) for told in box.told] == [(job.job_id, "s1", "sure")]
        assert (await box.finish("gate.mp4", write_film(draw_passing("s3")), FACES)).findings.matches == 0
        assert (await box.finish("gate.mp4", write_film(draw_passing("s1")), JobMatching())).findings.matches == 0
        assert len(box.told) == 1
        check_nothing_leaked(tmp_path, [face.template for face in listed.values()], [])


@pytest.mark.shared
async def test_still_picture_is_matched_by_its_one_moment(tmp_path: Path, face_models: Path) -> None:
    async with running(tmp_path, motion_alone(face_models)) as box:
        await box.lists.take(make_order({"s1": await enrol(face_models, "s1")}))
        for person, found in (("s1", ["s1"]), ("s3", [])):
            picture = cv2.resize(portrait(person, 7), (368, 448))
            job = await box.finish("face.png", bytes(cv2.imencode(".png", picture)[1]), FACES)
            assert job.state is JobState.DONE, job.error
            assert [event["match"]["entry_id"] for event in box.matches(job)] == found


async def test_plate_of_a_named_list_is_found_and_others_are_not_asked(tmp_path: Path) -> None:
    async with running(tmp_path / "jobs", motion_alone(tmp_path / "none")) as box:
        await box.lists.take(stolen(CLEAR, cameras=("gate",)))
        film = write_drive_file(CLEAR)
        job = await box.finish("drive.mp4", film, VEHICLES)
        assert {event["detail"] for event in box.matches(job)} == {f"{CLEAR} fits {CLEAR} of Stolen: stolen"}
        [gone, seen] = box.seen
        assert isinstance(gone, FileObjectsGone)
        assert isinstance(seen, ObjectSeen)
        assert seen.plate is not None
        assert (seen.plate.text, seen.file is not None and seen.file.job_id) == (CLEAR, job.job_id)
        assert box.matches(await box.finish("drive.mp4", film, JobMatching())) == []


async def test_job_waits_for_lists_that_are_not_there_yet_and_a_list_that_is_gone_fails_it(tmp_path: Path) -> None:
    async with running(tmp_path / "jobs", motion_alone(tmp_path / "none")) as box:
        film = write_square_file()
        job = await box.jobs.add("a.mp4", JobTerms(), OWNER, parts(film), annotate=False, matching=VEHICLES)
        other = await box.finish("b.mp4", film, JobMatching())
        assert (other.state, box.jobs.find(job.job_id).state) == (JobState.DONE, JobState.QUEUED)
        await box.lists.take(stolen(CLEAR, enabled=False))
        box.jobs.wake()
        failed = await until(box.jobs, job, is_over)
        assert (failed.state, failed.code) == (JobState.FAILED, "watchlist_gone")


async def test_faces_without_models_fail_the_job_and_are_never_told_as_nobody(tmp_path: Path) -> None:
    async with running(tmp_path / "jobs", motion_alone(tmp_path / "none")) as box:
        await box.lists.take(make_order({}))
        failed = await box.finish("a.mp4", write_square_file(), FACES)
        assert (failed.state, failed.code) == (JobState.FAILED, "face_models_missing")
