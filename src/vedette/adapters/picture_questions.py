"""Asks the analyzer, whose decoder and models are jailed, about a picture. Who asks says what a refusal means."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import httpx
import msgspec

from vedette.adapters.role_client import RoleDownError, RoleRefusedError
from vedette.core.errors import VedetteError

_MOST_CHARS, _MOST_CODE_CHARS = 300, 64


@dataclass(frozen=True, slots=True)
class Refusal:
    """What the analyzer says when it refuses, cut to a line."""

    message: str
    hint: str
    code: str


RefusalKinds = Mapping[int, Callable[[Refusal], VedetteError]]
"""HTTP status to the error that it stands for; any other status is a RoleRefusedError."""


class PictureQuestions:
    """Posts pictures to `analyzer.sock`. Close it.

    Args:
        looks_at: For the message when nobody answers: what the analyzer looks at.
    """

    def __init__(self, socket_path: Path, looks_at: str, timeout_s: float, kinds: RefusalKinds) -> None:
        transport = httpx.AsyncHTTPTransport(uds=str(socket_path))
        timeout = httpx.Timeout(timeout_s, connect=5.0)
        self._client = httpx.AsyncClient(transport=transport, base_url="http://analyzer", timeout=timeout)
        self._looks_at, self._kinds = looks_at, kinds

    async def close(self) -> None:
        await self._client.aclose()

    async def ask(self, path: str, picture: bytes) -> bytes:
        """The answer's body. Raises RoleDownError, RoleRefusedError, and what `kinds` name."""
        try:
            answer = await self._client.post(path, content=picture)
        except (httpx.HTTPError, OSError) as exc:
            raise RoleDownError(
                f"the analyzer, which looks at {self._looks_at}, does not answer ({type(exc).__name__})",
                "It is restarted by itself. Try again; if this lasts, look at `vedette status`.",
            ) from exc
        if answer.is_error:
            refusal = _read_refusal(answer.content)
            kind = self._kinds.get(answer.status_code)
            raise RoleRefusedError(refusal.message, refusal.hint) if kind is None else kind(refusal)
        return answer.content


def _read_refusal(content: bytes) -> Refusal:
    try:
        told = msgspec.json.decode(content, type=dict[str, str])
    except msgspec.MsgspecError:
        told = {}
    message = told.get("message", "the analyzer refuses")[:_MOST_CHARS]
    return Refusal(message, told.get("hint", "")[:_MOST_CHARS], told.get("code", "")[:_MOST_CODE_CHARS])
