"""Talks to the analyzer about the operator's own categories, on its UNIX socket. Pictures pass through."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import msgspec

from vedette.adapters.analyzer_link import STATUS_KINDS, AnalyzerLink, decode_answer, read_refusal
from vedette.adapters.role_client import RoleDownError
from vedette.core.classified import ChangedPicture, ClassifiedPicture, PictureUnusableError
from vedette.core.errors import VedetteError
from vedette.vision.categories.lessons import (
    ArchiveTooLargeError,
    BadArchiveError,
    EmbeddingMissingError,
    KeptRecord,
    LessonBusyError,
    LessonOrder,
    LessonRecord,
    NoLessonError,
    SetNameTakenError,
    TooFewPicturesError,
    TooManyPicturesError,
    TooManySetsError,
)

_TIMEOUT = httpx.Timeout(60.0, connect=5.0)
"""The first picture starts a worker, and a few may wait."""
_DOWN_HINT = "It is restarted by itself; what was being taught is not. If this lasts, look at `vedette status`."
_CODES: dict[str, type[VedetteError]] = {
    kind.code: kind
    for kind in (
        ArchiveTooLargeError,
        BadArchiveError,
        EmbeddingMissingError,
        LessonBusyError,
        NoLessonError,
        PictureUnusableError,
        SetNameTakenError,
        TooFewPicturesError,
        TooManyPicturesError,
        TooManySetsError,
    )
}
_MOST_CHARS = 700


class AnalyzerCategories:
    """See `vedette.api.category_desk.Categories`. Close it."""

    def __init__(self, socket_path: Path) -> None:
        self._link = AnalyzerLink(socket_path, _TIMEOUT, _refuse, _DOWN_HINT, ", which teaches categories,")

    async def close(self) -> None:
        await self._link.close()

    async def list_sets(self) -> list[KeptRecord]:
        return decode_answer(await self._link.send("GET", "/categories"), list[KeptRecord])

    async def read_file(self, name: str) -> bytes:
        return await self._link.send("GET", "/categories/set", parameters={"name": name})

    async def delete(self, name: str) -> None:
        await self._link.send("DELETE", "/categories/set", parameters={"name": name})

    async def say(self, name: str, picture: bytes) -> ClassifiedPicture:
        answer = await self._link.send("POST", "/categories/say", picture, {"name": name})
        return decode_answer(answer, ClassifiedPicture)

    async def say_changed(self, name: str, picture: bytes) -> ChangedPicture:
        answer = await self._link.send("POST", "/categories/say/changed", picture, {"name": name})
        return decode_answer(answer, ChangedPicture)

    async def add_lesson(self, order: LessonOrder, body: AsyncIterator[bytes]) -> LessonRecord:
        """Passes an archive on."""
        parameters = {"order": msgspec.json.encode(order).decode()}
        return decode_answer(await self._link.send("POST", "/categories/lesson", body, parameters), LessonRecord)

    async def find_lesson(self) -> LessonRecord:
        return decode_answer(await self._link.send("GET", "/categories/lesson"), LessonRecord)

    async def cancel_lesson(self) -> None:
        await self._link.send("DELETE", "/categories/lesson")


def _refuse(status: int, content: bytes) -> VedetteError:
    refusal = read_refusal(content, _MOST_CHARS, _MOST_CHARS)
    kind = _CODES.get(refusal.code, STATUS_KINDS.get(status, RoleDownError))
    return kind(refusal.message, refusal.hint)
