"""Talks to the analyzer about the operator's own categories, on its UNIX socket. Pictures pass through."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import TypeVar

import httpx
import msgspec

from vedette.adapters.role_client import RoleDownError
from vedette.core.classified import ClassifiedPicture, PictureUnusableError
from vedette.core.errors import (
    ConflictError,
    InvalidInputError,
    NotFoundError,
    TooManyRequestsError,
    VedetteError,
)
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
_KINDS: dict[int, type[VedetteError]] = {
    404: NotFoundError,
    409: ConflictError,
    422: InvalidInputError,
    429: TooManyRequestsError,
}
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
_Answer = TypeVar("_Answer")


class AnalyzerCategories:
    """See `vedette.api.category_desk.Categories`. Close it."""

    def __init__(self, socket_path: Path) -> None:
        transport = httpx.AsyncHTTPTransport(uds=str(socket_path))
        self._client = httpx.AsyncClient(transport=transport, base_url="http://analyzer", timeout=_TIMEOUT)

    async def close(self) -> None:
        await self._client.aclose()

    async def list_sets(self) -> list[KeptRecord]:
        return _decode(await self._send("GET", "/categories"), list[KeptRecord])

    async def read_file(self, name: str) -> bytes:
        return await self._send("GET", "/categories/set", parameters={"name": name})

    async def delete(self, name: str) -> None:
        await self._send("DELETE", "/categories/set", parameters={"name": name})

    async def say(self, name: str, picture: bytes) -> ClassifiedPicture:
        answer = await self._send("POST", "/categories/say", picture, {"name": name})
        return _decode(answer, ClassifiedPicture)

    async def add_lesson(self, order: LessonOrder, body: AsyncIterator[bytes]) -> LessonRecord:
        """Passes an archive on."""
        parameters = {"order": msgspec.json.encode(order).decode()}
        return _decode(await self._send("POST", "/categories/lesson", body, parameters), LessonRecord)

    async def find_lesson(self) -> LessonRecord:
        return _decode(await self._send("GET", "/categories/lesson"), LessonRecord)

    async def cancel_lesson(self) -> None:
        await self._send("DELETE", "/categories/lesson")

    async def _send(
        self,
        method: str,
        path: str,
        body: bytes | AsyncIterator[bytes] | None = None,
        parameters: dict[str, str] | None = None,
    ) -> bytes:
        try:
            answer = await self._client.request(method, path, content=body, params=parameters)
        except (httpx.HTTPError, OSError) as exc:
            raise RoleDownError(
                f"the analyzer, which teaches categories, does not answer ({type(exc).__name__})",
                "It is restarted by itself; what was being taught is not. If this lasts, look at `vedette status`.",
            ) from exc
        if answer.is_error:
            raise _refusal(answer.status_code, answer.content)
        return answer.content


def _decode(content: bytes, form: type[_Answer]) -> _Answer:
    try:
        return msgspec.json.decode(content, type=form)
    except msgspec.MsgspecError as exc:
        raise RoleDownError("the analyzer's answer cannot be read") from exc


def _refusal(status: int, content: bytes) -> VedetteError:
    try:
        told = msgspec.json.decode(content, type=dict[str, str])
    except msgspec.MsgspecError:
        told = {}
    kind = _CODES.get(told.get("code", ""), _KINDS.get(status, RoleDownError))
    message, hint = told.get("message", "the analyzer refuses"), told.get("hint", "")
    return kind(message[:_MOST_CHARS], hint[:_MOST_CHARS])
