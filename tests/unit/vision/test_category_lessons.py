"""Hazards of teaching over the network: pictures that stay behind, two at once, a name taken, a sender who leaves."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.support.kept_sets import make_kept_set
from tests.support.lesson_pictures import BytesEmbedder, in_blocks, name_pictures, pack_zip
from vedette.core.errors import InvalidInputError, VedetteError
from vedette.node.category_lessons import CategoryLessons
from vedette.node.category_origins import read_origin
from vedette.node.category_shelf import CategoryShelf
from vedette.runtime.clock import SystemClock
from vedette.vision.categories.lessons import (
    BadArchiveError,
    LessonBusyError,
    LessonOrder,
    LessonRecord,
    LessonState,
    NoLessonError,
    SetNameTakenError,
    TooFewPicturesError,
)

ORDER = LessonOrder("livery", "vehicle", "u1", "Lan")
GOOD = name_pictures("courier", "milk", "post")


class Desk:
    """One that runs, with what it works on."""

    def __init__(self, folder: Path) -> None:
        self.shelf = CategoryShelf(folder / "categories")
        self.embedder = BytesEmbedder()
        self.lessons = CategoryLessons(self.shelf, self.embedder, SystemClock(), reserve_bytes=0)

    async def add(self, files: dict[str, bytes], order: LessonOrder = ORDER) -> LessonRecord:
        return await self.lessons.add(order, in_blocks(pack_zip(files)))

    async def until_over(self) -> LessonRecord:
        async with asyncio.timeout(60):
            while not self.lessons.record.state.is_over:
                await asyncio.sleep(0.01)
        return self.lessons.record

    @property
    def left_behind(self) -> list[Path]:
        return [path for path in self.shelf.folder.rglob("*") if path.is_file() and path.suffix != ".json"]


@asynccontextmanager
async def opened(folder: Path) -> AsyncIterator[Desk]:
    desk = Desk(folder)
    await desk.lessons.load()
    task = asyncio.create_task(desk.lessons.run())
    try:
        yield desk
    finally:
        task.cancel()
        await asyncio.wait({task})


async def test_set_is_taught_judged_and_kept_and_no_picture_is(tmp_path: Path) -> None:
    async with opened(tmp_path) as desk:
        began = await desk.add(GOOD)
        assert (began.state, began.pictures, began.categories) == (
            LessonState.EMBEDDING,
            18,
            ["courier", "milk", "post"],
        )
        over = await desk.until_over()
        assert (over.state, over.embedded, over.fold) == (LessonState.DONE, 18, over.folds)
        one = desk.shelf.load("livery")
        assert (one.about, one.set_id, one.figures.accuracy) == ("vehicle", over.lesson_id, 1.0)
        origin = read_origin(desk.shelf.folder / "livery")
        assert origin is not None
        assert (origin.user_id, origin.user_name) == ("u1", "Lan")
        assert desk.left_behind == []


async def test_unusable_pictures_are_named_and_counted(tmp_path: Path) -> None:
    files = {**GOOD, "post/broken.jpg": b"nonsense", "post/twice.jpg": b"courier 1"}
    async with opened(tmp_path) as desk:
        await desk.add(files)
        over = await desk.until_over()
        assert (over.state, over.left_out_count) == (LessonState.DONE, 2)
        told = {one.name: one.reason for one in over.left_out}
        assert "no picture" in told["post/broken.jpg"]
        assert told["post/twice.jpg"] == "it is the same picture as courier/1.jpg"
        assert desk.shelf.load("livery").skipped == 2


async def test_too_few_usable_pictures_fail_with_the_category(tmp_path: Path) -> None:
    files = {**name_pictures("courier", "post", count=5), "post/4.jpg": b"nonsense"}
    async with opened(tmp_path) as desk:
        await desk.add(files)
        over = await desk.until_over()
        assert (over.state, over.code) == (LessonState.FAILED, "too_few_pictures")
        assert "post (4)" in over.error
        assert desk.shelf.list_names() == []
        assert desk.left_behind == []
        await desk.add(GOOD)
        assert (await desk.until_over()).state is LessonState.DONE, "the next one can be taught"


@pytest.mark.parametrize(
    ("files", "kind"),
    [
        (name_pictures("courier", "post", count=4), TooFewPicturesError),
        (name_pictures("courier"), InvalidInputError),
        (name_pictures("courier", "unknown"), InvalidInputError),
        (name_pictures("courier", "x" * 33), InvalidInputError),
        ({**GOOD, "../a.jpg": b"x"}, BadArchiveError),
    ],
)
async def test_what_cannot_teach_is_refused_at_once(
    tmp_path: Path, files: dict[str, bytes], kind: type[VedetteError]
) -> None:
    async with opened(tmp_path) as desk:
        with pytest.raises(kind):
            await desk.add(files)
        with pytest.raises(NoLessonError):
            _ = desk.lessons.record
        assert desk.left_behind == []


@pytest.mark.parametrize("name", ["Livery", "livery"])
async def test_taken_name_is_refused_before_anything_is_received(tmp_path: Path, name: str) -> None:
    async with opened(tmp_path) as desk:
        desk.shelf.save(make_kept_set("livery"))

        async def never() -> AsyncIterator[bytes]:
            raise AssertionError("nothing is to be received")
            yield b""

        with pytest.raises(SetNameTakenError):
            await desk.lessons.add(LessonOrder(name, "any", "u1", "Lan"), never())


@pytest.mark.parametrize("name", ["colour", "a/b", ".livery", " livery", "x" * 33, ""])
async def test_names_that_cannot_be_are_refused(tmp_path: Path, name: str) -> None:
    async with opened(tmp_path) as desk:
        with pytest.raises(InvalidInputError):
            await desk.add(GOOD, LessonOrder(name, "any", "u1", "Lan"))
        assert desk.left_behind == []


async def test_one_is_taught_at_a_time_and_can_be_cancelled(tmp_path: Path) -> None:
    async with opened(tmp_path) as desk:
        desk.embedder.hold()
        await desk.add(GOOD)
        with pytest.raises(LessonBusyError, match="livery is being taught"):
            await desk.add(GOOD, LessonOrder("uniform", "person", "u2", "An"))
        assert desk.left_behind != [], "the pictures are there while they are looked at"
        await desk.lessons.cancel()
        assert desk.lessons.record.state is LessonState.CANCELLED
        assert desk.left_behind == []
        assert desk.shelf.list_names() == []
        desk.embedder.gate.set()
        await desk.add(GOOD)
        assert (await desk.until_over()).state is LessonState.DONE
        await desk.lessons.cancel()
        with pytest.raises(NoLessonError):
            _ = desk.lessons.record


async def test_sender_who_leaves_leaves_nothing(tmp_path: Path) -> None:
    async def half() -> AsyncIterator[bytes]:
        yield pack_zip(GOOD)[:100]
        raise ConnectionError

    async with opened(tmp_path) as desk:
        with pytest.raises(ConnectionError):
            await desk.lessons.add(ORDER, half())
        assert desk.left_behind == []
        await desk.add(GOOD)
        assert (await desk.until_over()).state is LessonState.DONE


async def test_silent_sender_is_given_up_and_others_can_teach(tmp_path: Path) -> None:
    async def silent() -> AsyncIterator[bytes]:
        yield b"PK"
        await asyncio.Event().wait()

    async with opened(tmp_path) as desk:
        lessons = CategoryLessons(desk.shelf, desk.embedder, SystemClock(), reserve_bytes=0, stall_s=0.05)
        with pytest.raises(BadArchiveError, match="stopped arriving"):
            await lessons.add(ORDER, silent())
        assert desk.left_behind == []
        assert (await lessons.add(ORDER, in_blocks(pack_zip(GOOD)))).state is LessonState.EMBEDDING


async def test_crash_leaves_no_pictures_past_the_next_start(tmp_path: Path) -> None:
    crashed = Desk(tmp_path)
    await crashed.add(GOOD)
    assert [path.name for path in crashed.left_behind] == ["pictures.zip"]
    assert crashed.shelf.list_names() == [], "what is half is no set"
    async with opened(tmp_path) as desk:
        assert desk.left_behind == []


async def test_end_of_the_analyzer_takes_the_pictures_along(tmp_path: Path) -> None:
    async with opened(tmp_path) as desk:
        desk.embedder.hold()
        await desk.add(GOOD)
        await asyncio.sleep(0.05)
    assert desk.left_behind == []
