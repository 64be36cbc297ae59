"""Teaches sets of categories that people send pictures for: one at a time, with progress, cancelled at any moment.

The pictures lie in one archive while it takes, `<categories>/.lesson/`, and nowhere else; it is removed as soon as
their vectors are made, at whatever end, and at the next start after a crash. Design: docs/design/categories.md.
"""

import asyncio
import os
import shutil
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from typing import Protocol, TypeVar

from msgspec.structs import replace

from vedette.core.errors import TooManyRequestsError, VedetteError
from vedette.core.time import format_utc
from vedette.node.category_archive import CategoryArchive
from vedette.node.category_folders import Embedder, read_folders
from vedette.node.category_origins import Origin, write_origin
from vedette.node.category_shelf import CategoryShelf, check_set_name
from vedette.node.file_job_shelf import RESERVE_BYTES, Upload
from vedette.runtime.clock import Clock, new_id
from vedette.runtime.log import get_logger
from vedette.vision.categories.category_set import CategorySet, EmbeddingRef, check_names
from vedette.vision.categories.fitting import Fold
from vedette.vision.categories.head import Vectors
from vedette.vision.categories.lessons import (
    MAX_KEPT_SETS,
    MAX_LESSON_BYTES,
    MAX_TOLD,
    ArchiveTooLargeError,
    BadArchiveError,
    LeftOutPicture,
    LessonBusyError,
    LessonOrder,
    LessonRecord,
    LessonState,
    NoLessonError,
    SetNameTakenError,
    TooManySetsError,
)
from vedette.vision.categories.training import Lesson, Made, check_lesson, teach
from vedette.vision.picture import Image

_FOLDER, _ARCHIVE = ".lesson", "pictures.zip"
_BUSY_RETRY_S = 0.5
_NICE = 10
STALL_S = 60.0

_Answer = TypeVar("_Answer")


class KnownEmbedder(Embedder, Protocol):
    """Says which model makes the vectors: `vedette.node.picture_vectors.PictureVectors`."""

    @property
    def embedding(self) -> EmbeddingRef: ...


class CategoryLessons:
    """All teaching of one analyzer. `load`, then `run`, which owns every task.

    Args:
        reserve_bytes: Never taken from the disk.
        stall_s: A sender who is silent for so long is given up: while he sends, nobody else can teach.
    """

    def __init__(
        self,
        shelf: CategoryShelf,
        vectors: KnownEmbedder,
        clock: Clock,
        reserve_bytes: int = RESERVE_BYTES,
        stall_s: float = STALL_S,
    ) -> None:
        self._shelf = shelf
        self._vectors = vectors
        self._clock = clock
        self._reserve_bytes = reserve_bytes
        self._stall_s = stall_s
        self._folder = shelf.folder / _FOLDER
        self._record: LessonRecord | None = None
        self._task: asyncio.Task[None] | None = None
        self._ready: asyncio.Queue[LessonOrder] = asyncio.Queue(1)
        self._log = get_logger("analyzer")

    @property
    def record(self) -> LessonRecord:
        """The one that is being taught, else the last. Raises NoLessonError."""
        if self._record is None:
            raise NoLessonError
        return self._record

    async def load(self) -> None:
        """Removes pictures that a crash left. To be done once, before any are sent."""
        await asyncio.to_thread(self._remove_pictures)

    async def run(self) -> None:
        """Teaches what was sent until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            while True:
                order = await self._ready.get()
                self._task = tasks.create_task(self._run_one(order))
                await asyncio.wait({self._task})

    async def add(self, order: LessonOrder, body: AsyncIterator[bytes]) -> LessonRecord:
        """Takes an archive and begins to teach.

        Raises:
            LessonBusyError: another is being taught.
            SetNameTakenError, TooManySetsError, EmbeddingMissingError: before anything is received.
            ArchiveTooLargeError, BadArchiveError, TooFewPicturesError, TooManyPicturesError, StorageError
            InvalidInputError: names that cannot be used.
        """
        if self._record is not None and not self._record.state.is_over:
            raise LessonBusyError(
                f"{self._record.name} is being taught", "Wait until it is done, or cancel it.", retry_after_s=5.0
            )
        before, now_ns = self._record, self._clock.utc_ns()
        receiving = LessonState.RECEIVING
        self._record = LessonRecord(new_id(self._clock), order.name, order.about, order.user_name, now_ns, receiving)
        try:
            await asyncio.to_thread(self._check_order, order)
            await self._receive(body)
            self._record = await asyncio.to_thread(self._look_into, self._record)
        except BaseException:  # also when the sender leaves in the middle
            self._record = before
            self._remove_pictures()
            raise
        self._ready.put_nowait(order)
        return self._record

    async def cancel(self) -> None:
        """Ends what is being taught, or forgets what is over. Raises NoLessonError, LessonBusyError."""
        record = self.record
        if record.state.is_over:
            self._record = None
            return
        if record.state is LessonState.RECEIVING:
            raise LessonBusyError("the pictures are still being received", "Leave the page that sends them.")
        if not self._ready.empty():
            self._ready.get_nowait()
        elif self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})
        if not self.record.state.is_over:  # it had not begun
            self._record = replace(self.record, state=LessonState.CANCELLED)
            self._remove_pictures()

    def _check_order(self, order: LessonOrder) -> None:
        check_names(order.name, ["a", "b"])
        self._vectors.embedding  # noqa: B018 -- raises when it is missing
        kept = self._shelf.list_names()
        if order.name.casefold() in {name.casefold() for name in kept}:
            raise SetNameTakenError(f"a set named {order.name} is kept already", "Choose another name, or delete it.")
        check_set_name(order.name)
        if len(kept) >= MAX_KEPT_SETS:
            raise TooManySetsError(f"{MAX_KEPT_SETS} sets are kept already", "Delete one that nobody uses.")

    async def _receive(self, body: AsyncIterator[bytes]) -> None:
        upload = await asyncio.to_thread(self._open_upload)
        with upload:
            while (block := await self._receive_block(body)) is not None:
                if upload.size_bytes + len(block) > MAX_LESSON_BYTES:
                    raise ArchiveTooLargeError(
                        f"more than {MAX_LESSON_BYTES >> 30} GiB of pictures are not taken",
                        "Make the pictures smaller, or take fewer.",
                    )
                await asyncio.to_thread(upload.write, block)

    async def _receive_block(self, body: AsyncIterator[bytes]) -> bytes | None:
        try:
            async with asyncio.timeout(self._stall_s):
                return await anext(body, None)
        except TimeoutError as error:
            raise BadArchiveError("the pictures stopped arriving", "Send them again.") from error

    def _open_upload(self) -> Upload:
        self._remove_pictures()
        self._folder.mkdir(mode=0o700, parents=True)
        return Upload(self._folder / _ARCHIVE, self._reserve_bytes)

    def _look_into(self, record: LessonRecord) -> LessonRecord:
        with CategoryArchive(self._folder / _ARCHIVE) as archive:
            names, counts = list(archive.found), [len(pictures) for pictures in archive.found.values()]
        check_names(record.name, names)
        check_lesson(names, counts)
        return replace(record, state=LessonState.EMBEDDING, categories=names, pictures=sum(counts))

    async def _run_one(self, order: LessonOrder) -> None:
        record = self.record
        try:
            one = await self._teach(order)
            await asyncio.to_thread(self._keep, one, order)
            self._record = replace(self.record, state=LessonState.DONE)
        except VedetteError as error:
            failed = {"code": error.code, "error": error.message, "hint": error.hint}
            self._record = replace(self.record, state=LessonState.FAILED, **failed)
        except asyncio.CancelledError:
            self._record = replace(self.record, state=LessonState.CANCELLED)
            raise
        except Exception as error:  # noqa: BLE001 -- the next set can be taught all the same
            self._log.exception("teaching a set of categories failed", lesson=record.lesson_id)
            words = f"{type(error).__name__}: {error}"
            self._record = replace(self.record, state=LessonState.FAILED, code="internal", error=words)
        finally:
            self._remove_pictures()

    async def _teach(self, order: LessonOrder) -> CategorySet:
        embedding = self._vectors.embedding
        with await asyncio.to_thread(CategoryArchive, self._folder / _ARCHIVE) as archive:
            read = await read_folders(archive.found, _PatientEmbedder(self._vectors, self._clock), self)
        await asyncio.to_thread(self._remove_pictures)
        return await self._fit(read.make_lesson(self.record.lesson_id, order.name, order.about, embedding))

    async def _fit(self, lesson: Lesson) -> CategorySet:
        """Each step in a thread of its own that lets others go first: cameras are analysed meanwhile."""
        self._record = replace(self.record, state=LessonState.TEACHING)
        steps = teach(lesson, Made(format_utc(self._clock.utc_ns()), f"vedette {version('vedette')}"))
        loop = asyncio.get_running_loop()
        executor = ThreadPoolExecutor(1, "teaching", _go_last)
        try:
            while True:
                step = await loop.run_in_executor(executor, next, steps)
                if isinstance(step, CategorySet):
                    return step
                self._note_fold(step)
        finally:
            executor.shutdown(wait=False, cancel_futures=True)

    def _note_fold(self, step: Fold) -> None:
        state = LessonState.JUDGING if step.number == step.of else LessonState.TEACHING
        self._record = replace(self.record, state=state, fold=step.number, folds=step.of)

    def _keep(self, one: CategorySet, order: LessonOrder) -> None:
        if one.name in self._shelf.list_names():
            raise SetNameTakenError(f"a set named {one.name} was kept meanwhile", "Teach it under another name.")
        write_origin(self._shelf.folder / one.name, Origin(order.user_id, order.user_name))
        self._shelf.save(one)

    def note_read(self, seen: int, total: int) -> None:
        """See `ReadingNotes`."""
        self._record = replace(self.record, embedded=seen, pictures=total)

    def note_left_out(self, name: str, reason: str) -> None:
        """See `ReadingNotes`."""
        record = self.record
        told = [*record.left_out, LeftOutPicture(name[-200:], reason)][:MAX_TOLD]
        self._record = replace(record, left_out_count=record.left_out_count + 1, left_out=told)

    def _remove_pictures(self) -> None:
        shutil.rmtree(self._folder, ignore_errors=True)


class _PatientEmbedder:
    """Waits while others try pictures."""

    def __init__(self, vectors: Embedder, clock: Clock) -> None:
        self._vectors, self._clock = vectors, clock

    async def embed(self, picture: bytes) -> Vectors:
        return await self._wait(lambda: self._vectors.embed(picture))

    async def embed_changed(self, picture: bytes) -> list[tuple[Vectors, Image]]:
        return await self._wait(lambda: self._vectors.embed_changed(picture))

    async def _wait(self, ask: Callable[[], Awaitable[_Answer]]) -> _Answer:
        while True:
            try:
                return await ask()
            except TooManyRequestsError:
                await self._clock.sleep(_BUSY_RETRY_S)


def _go_last() -> None:
    """Linux counts niceness by thread."""
    os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICE)
