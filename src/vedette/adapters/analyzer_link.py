"""A connection to `analyzer.sock`, and how its answers and refusals are read. Who asks says what a refusal means."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import httpx
import msgspec

from vedette.adapters.http_clients import open_unix_client
from vedette.adapters.role_client import RoleDownError
from vedette.core.errors import (
    ConflictError,
    InvalidInputError,
    NotFoundError,
    TooManyRequestsError,
    VedetteError,
)

STATUS_KINDS: dict[int, type[VedetteError]] = {
    404: NotFoundError,
    409: ConflictError,
    422: InvalidInputError,
    429: TooManyRequestsError,
}
"""What a refusal is when its code says nothing more."""
_MOST_CODE_CHARS = 64
_Answer = TypeVar("_Answer")


@dataclass(frozen=True, slots=True)
class Refusal:
    """What the analyzer says when it refuses, cut to a line."""

    message: str
    hint: str
    code: str


class AnalyzerLink:
    """Close it.

    Args:
        refuse: The error that an HTTP status and its body stand for.
        task: For the message when nobody answers: what the analyzer does here, as ", which looks at faces,".
        hint: What to do then.
    """

    def __init__(
        self,
        socket_path: Path,
        timeout: httpx.Timeout,
        refuse: Callable[[int, bytes], VedetteError],
        hint: str,
        task: str = "",
    ) -> None:
        self.client = open_unix_client(socket_path, "analyzer", timeout)
        self._refuse, self._hint, self._task = refuse, hint, task

    async def close(self) -> None:
        await self.client.aclose()

    async def send(
        self,
        method: str,
        path: str,
        body: bytes | AsyncIterator[bytes] | None = None,
        parameters: dict[str, str] | None = None,
    ) -> bytes:
        """The answer's body. Raises RoleDownError, and what `refuse` makes of a refusal."""
        try:
            answer = await self.client.request(method, path, content=body, params=parameters)
        except (httpx.HTTPError, OSError) as exc:
            raise self.down(exc) from exc
        if answer.is_error:
            raise self._refuse(answer.status_code, answer.content)
        return answer.content

    def down(self, exc: Exception) -> RoleDownError:
        """What a connection that failed is told as."""
        return RoleDownError(f"the analyzer{self._task} does not answer ({type(exc).__name__})", self._hint)


def decode_answer(content: bytes, form: type[_Answer]) -> _Answer:
    """Raises RoleDownError: it is none of this form."""
    try:
        return msgspec.json.decode(content, type=form)
    except msgspec.MsgspecError as exc:
        raise RoleDownError(f"the analyzer's answer cannot be read: {exc}") from exc


def read_refusal(content: bytes, message_chars: int, hint_chars: int) -> Refusal:
    """Of `{"message", "hint", "code"}`, cut to so many characters."""
    try:
        told = msgspec.json.decode(content, type=dict[str, str])
    except msgspec.MsgspecError:
        told = {}
    message = told.get("message", "the analyzer refuses")[:message_chars]
    return Refusal(message, told.get("hint", "")[:hint_chars], told.get("code", "")[:_MOST_CODE_CHARS])
