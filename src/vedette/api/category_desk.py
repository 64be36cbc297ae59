"""The operator's own categories: who teaches and deletes them, written down. The analyzer does the work."""

from collections.abc import AsyncIterator, Sequence
from typing import Protocol

from vedette.core.classified import ChangedPicture, ClassifiedPicture
from vedette.identity.audit import AuditTrail
from vedette.identity.permissions import Caller
from vedette.vision.categories.lessons import KeptRecord, LessonOrder, LessonRecord, NoLessonError


class Categories(Protocol):
    """The analyzer's sets. Raises UnavailableError when it does not answer, and what it says."""

    async def list_sets(self) -> Sequence[KeptRecord]: ...
    async def read_file(self, name: str) -> bytes: ...
    async def delete(self, name: str) -> None: ...
    async def say(self, name: str, picture: bytes) -> ClassifiedPicture: ...
    async def say_changed(self, name: str, picture: bytes) -> ChangedPicture: ...
    async def add_lesson(self, order: LessonOrder, body: AsyncIterator[bytes]) -> LessonRecord: ...
    async def find_lesson(self) -> LessonRecord: ...
    async def cancel_lesson(self) -> None: ...


class CategoryDesk:
    """See the module's head."""

    def __init__(self, categories: Categories, audit: AuditTrail) -> None:
        self._categories = categories
        self._audit = audit

    async def list_sets(self) -> Sequence[KeptRecord]:
        return await self._categories.list_sets()

    async def read_file(self, name: str) -> bytes:
        """Raises NotFoundError."""
        return await self._categories.read_file(name)

    async def say(self, name: str, picture: bytes) -> ClassifiedPicture:
        """Raises NotFoundError, PictureUnusableError, InvalidInputError, TooManyRequestsError."""
        return await self._categories.say(name, picture)

    async def say_changed(self, name: str, picture: bytes) -> ChangedPicture:
        """Raises as `say`."""
        return await self._categories.say_changed(name, picture)

    async def delete(self, caller: Caller, name: str) -> None:
        """Raises NotFoundError."""
        await self._categories.delete(name)
        await self._audit.record(caller, "categories.delete", detail=name)

    async def teach(self, caller: Caller, order: LessonOrder, body: AsyncIterator[bytes]) -> LessonRecord:
        """Passes pictures on; written down once they are there and teaching begins. Raises what `Categories` says."""
        lesson = await self._categories.add_lesson(order, body)
        detail = f"{lesson.name}: {', '.join(lesson.categories)}; {lesson.pictures} pictures"
        await self._audit.record(caller, "categories.teach", lesson.lesson_id, detail=detail)
        return lesson

    async def find_lesson(self) -> LessonRecord | None:
        """What is being taught, else the last; None: nothing since the analyzer started."""
        try:
            return await self._categories.find_lesson()
        except NoLessonError:
            return None

    async def cancel_lesson(self, caller: Caller) -> None:
        """Ends what is being taught, or puts away what is over. Raises NoLessonError."""
        lesson = await self._categories.find_lesson()
        await self._categories.cancel_lesson()
        if not lesson.state.is_over:
            await self._audit.record(caller, "categories.cancel", lesson.lesson_id, detail=lesson.name)
