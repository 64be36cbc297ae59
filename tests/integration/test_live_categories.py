"""Own categories on a live camera through real jailed workers: told of tracks and found by search, taken up and left
out without a restart, and never in the way of the camera.
"""

import asyncio
import json
from itertools import islice
from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.support.encoded import EncodedStream, encode_pictures, encode_square, write_film
from tests.support.feed_server import to_packets
from tests.support.file_jobs import OWNER, RESERVE_BYTES, find_sets, is_over, parts, until
from tests.support.gateway import API, open_gateway
from tests.support.models import install_models
from tests.support.running_analyzer import Running, running
from tests.support.seen import Seer
from tests.support.striped_people import FPS, FRAMES, HEIGHT, NAME, PLAIN, STRIPED, WIDTH, film_street, teach_dress
from vedette.core.assignment import AnalyzerAssignment, CameraAnalysis
from vedette.core.media import StreamFormat, StreamRole
from vedette.core.messages import ObjectSeen
from vedette.core.time import NS_PER_S
from vedette.node.analyzer_watchlists import ListsInForce
from vedette.node.category_shelf import CategoryShelf
from vedette.node.file_job_shelf import FileJobShelf
from vedette.node.file_jobs import FileJobs
from vedette.node.file_objects import FileObjects
from vedette.node.file_plans import FilePlanner
from vedette.node.match_terms import find_match_terms
from vedette.node.picture_vectors import PictureVectors
from vedette.runtime.clock import SystemClock
from vedette.vision.categories.category_set import CategorySet
from vedette.vision.file_jobs import JobState, JobTerms
from vedette.vision.models.registry import ModelRegistry

START_NS = 1_750_000_000 * NS_PER_S
AMPLE_MS = 1e9
EMBEDDING, DETECTOR = "mobilenet-v2-imagenet", "pvb-2004-int8"
CAMERA = CameraAnalysis("A", "Street", StreamRole.SUB, recognize=(), categories=(NAME,))
pytestmark = pytest.mark.shared


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models")
    install_models(folder, EMBEDDING, DETECTOR)
    return folder


@pytest.fixture(scope="module")
def dress(models: Path) -> CategorySet:
    async def make() -> CategorySet:
        vectors = PictureVectors(ModelRegistry(models), SystemClock())
        try:
            return await teach_dress(vectors)
        finally:
            await vectors.close()

    return asyncio.run(make())


def play(film: EncodedStream) -> dict:
    return {"A/sub": (StreamFormat("run-1", film.video), to_packets(film.packets, START_NS))}


def left_out(box: Running) -> dict[str, str]:
    return {one["name"]: one["code"] for one in box.camera("A").get("categories_left_out", ())}


async def test_object_is_told_with_the_sets_word_and_found_by_it(
    tmp_path_factory: pytest.TempPathFactory, models: Path, dress: CategorySet
) -> None:
    folder = tmp_path_factory.mktemp("c")
    CategoryShelf(folder / "categories").save(dress)
    pictures, place = film_street()
    async with running(folder, play(encode_pictures(pictures, fps=FPS)), AMPLE_MS, models=models) as box:
        await box.analyzer.take_assignment(AnalyzerAssignment(1, (CAMERA,)))
        await box.until(lambda: box.camera("A").get("analysed") == FRAMES, 120)
        assert box.camera("A")["categories"] == [NAME]
    told = box.messages(ObjectSeen)
    said = {seen.object_id: seen.attributes[NAME].value for seen in told if NAME in seen.attributes}
    assert set(said.values()) <= {STRIPED, PLAIN, "unknown"}
    wearer = min(told, key=lambda seen: abs(seen.box_norm_xyxy[0] * WIDTH - place[0]) + _tops(seen, place))
    assert said[wearer.object_id] == STRIPED
    assert PLAIN in said.values()
    async with open_gateway(folder) as house, house.local() as client:
        await Seer(house).keep(*told)
        words = (await client.get(f"{API}/search/words")).json()
        assert words["categories"] == [{"name": NAME, "about": "person", "categories": [PLAIN, STRIPED]}]
        found = await client.post(f"{API}/search/objects", json={"attributes": {NAME: [STRIPED]}})
    assert wearer.object_id in [item["id"] for item in found.json()["items"]]
    assert {item["attributes"][NAME]["value"] for item in found.json()["items"]} == {STRIPED}


def _tops(seen: ObjectSeen, place: tuple[int, int, int, int]) -> float:
    return abs(seen.box_norm_xyxy[1] * HEIGHT - place[1])


@pytest.fixture
def jobs(tmp_path: Path, models: Path) -> FileJobs:
    """The jobs of an analyzer; what they look for is planned as in the product. Sets lie in `tmp_path`/categories."""
    registry, clock = ModelRegistry(models), SystemClock()
    sets = find_sets(tmp_path / "categories", registry)
    planner = FilePlanner(registry, ListsInForce(find_match_terms(registry)), sets, 1, clock)
    objects = FileObjects(lambda _: None, None, "", clock)
    return FileJobs(FileJobShelf(tmp_path / "jobs", RESERVE_BYTES), planner, 1, clock, lambda _: None, objects, None)


async def test_file_is_told_the_sets_that_its_job_names(jobs: FileJobs, tmp_path: Path, dress: CategorySet) -> None:
    shelf = CategoryShelf(tmp_path / "categories")
    shelf.save(dress)
    film = write_film(islice(film_street()[0], 20), FPS)
    running = asyncio.create_task(jobs.run())
    try:
        terms = JobTerms(["person"], categories=[NAME])
        job = await jobs.add("street.mp4", terms, OWNER, parts(film, 1 << 16), annotate=False)
        done = await until(jobs, job, is_over)
        assert (done.state, done.error) == (JobState.DONE, "")
        found = json.loads(jobs.find_file(job.job_id, "objects.json").read_text())
        said = [one["attributes"][NAME]["value"] for one in found if NAME in one["attributes"]]
        assert {STRIPED, PLAIN} <= set(said)
        shelf.delete(NAME)
        job = await jobs.add("street.mp4", terms, OWNER, parts(film, 1 << 16), annotate=False)
        failed = await until(jobs, job, is_over)
        assert (failed.state, failed.code) == (JobState.FAILED, "categories_not_kept")
        assert NAME in failed.error
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def test_sets_come_and_go_and_no_worker_is_restarted(tmp_path: Path, models: Path, dress: CategorySet) -> None:
    shelf = CategoryShelf(tmp_path / "categories")
    async with running(tmp_path, play(encode_square()), AMPLE_MS, models=models) as box:
        await box.analyzer.take_assignment(AnalyzerAssignment(1, (CAMERA,)))
        await box.until(lambda: box.camera("A").get("state") == "analysing")
        assert left_out(box) == {NAME: "categories_not_kept"}
        await box.until(lambda: all(worker["pid"] for worker in box.analyzer.status()["workers"]))
        before = [(worker["pid"], worker["restarts"]) for worker in box.analyzer.status()["workers"]]
        shelf.save(dress)
        await box.until(lambda: box.camera("A")["categories"] == [NAME], 20)
        assert left_out(box) == {}
        shelf.save(replace(dress, embedding=replace(dress.embedding, release="another-r1")))
        await box.until(lambda: left_out(box) == {NAME: "other_embedding"}, 20)
        shelf.delete(NAME)
        await box.until(lambda: left_out(box) == {NAME: "categories_not_kept"}, 20)
        after = [(worker["pid"], worker["restarts"]) for worker in box.analyzer.status()["workers"]]
        assert after == before


async def test_without_the_embedding_the_camera_goes_on_and_says_so(tmp_path: Path, dress: CategorySet) -> None:
    CategoryShelf(tmp_path / "categories").save(dress)
    bare = tmp_path / "models"
    bare.mkdir()
    async with running(tmp_path, play(encode_square()), AMPLE_MS, models=bare) as box:
        await box.analyzer.take_assignment(AnalyzerAssignment(1, (CAMERA,)))
        await box.until(lambda: box.camera("A").get("analysed") == 30)
        assert left_out(box) == {NAME: "embedding_missing"}
        assert box.analyzer.status()["recognizers"]["loaded"] == {}
