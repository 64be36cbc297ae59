"""The jobs of uploaded files without an analyzer around them, and without models."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

from vedette.adapters.journal_box import JournalBox
from vedette.node.analyzer_categories import SetsInForce
from vedette.node.category_shelf import CategoryShelf
from vedette.node.embeddings import find_embedding
from vedette.node.file_job_shelf import FileJobShelf
from vedette.node.file_jobs import FileJobs, JobPlanner
from vedette.node.file_objects import FileObjects, Publish
from vedette.node.file_plan import FilePlan
from vedette.node.file_watchlists import NO_LISTS, FileLists
from vedette.runtime.clock import Clock, SystemClock
from vedette.vision.file_jobs import FileJob
from vedette.vision.models.registry import ModelRegistry

OWNER = ("01HZZZZZZZZZZZZZZZZZZZZZZZ", "anna")
RESERVE_BYTES = 1 << 20
BOX = JournalBox(bytes(32))


class MotionPlanner:
    """Plans without models. `lists`: those that are in force; a job that names lists waits until some are."""

    def __init__(self, lists: FileLists = NO_LISTS) -> None:
        self.lists = lists

    def can_start(self, job: FileJob) -> bool:
        return not job.matching.lists or bool(self.lists.orders)

    def plan(self, job: FileJob) -> FilePlan:
        return FilePlan("", Path(), tuple(job.terms.classes), job.terms.fps, job.annotate, lists=self.lists)


def make_jobs(
    shelf: FileJobShelf,
    clock: Clock | None = None,
    parallel: int = 1,
    publish: Publish = lambda _: None,
    planner: JobPlanner | None = None,
    box: JournalBox | None = BOX,
) -> FileJobs:
    objects = FileObjects(publish, None, "", clock or SystemClock())
    return FileJobs(shelf, planner or MotionPlanner(), parallel, clock or SystemClock(), lambda _: None, objects, box)


async def parts(data: bytes, size: int = 5000) -> AsyncIterator[bytes]:
    for start in range(0, len(data), size):
        yield data[start : start + size]


@asynccontextmanager
async def running(
    folder: Path,
    clock: Clock | None = None,
    parallel: int = 1,
    publish: Publish = lambda _: None,
    planner: JobPlanner | None = None,
    box: JournalBox | None = BOX,
) -> AsyncIterator[FileJobs]:
    jobs = make_jobs(FileJobShelf(folder, RESERVE_BYTES), clock, parallel, publish, planner, box)
    await jobs.load()
    task = asyncio.create_task(jobs.run())
    try:
        yield jobs
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def until(jobs: FileJobs, job: FileJob, is_so: Callable[[FileJob], object]) -> FileJob:
    async with asyncio.timeout(120):
        while not is_so(jobs.find(job.job_id)):
            await asyncio.sleep(0.01)
    return jobs.find(job.job_id)


async def until_gone(path: Path) -> None:
    """A job is over in everybody's eyes a moment before its input is deleted."""
    async with asyncio.timeout(120):
        while path.exists():
            await asyncio.sleep(0.01)


def is_over(job: FileJob) -> bool:
    return job.is_over


def find_sets(folder: Path, registry: ModelRegistry) -> SetsInForce:
    """The sets of categories that are kept in a folder."""
    return SetsInForce(CategoryShelf(folder), partial(find_embedding, registry))
