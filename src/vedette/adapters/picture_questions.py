"""Asks the analyzer, whose decoder and models are jailed, about a picture. Who asks says what a refusal means."""

from collections.abc import Callable, Mapping
from pathlib import Path

import httpx

from vedette.adapters.analyzer_link import AnalyzerLink, Refusal, read_refusal
from vedette.adapters.role_client import RoleRefusedError
from vedette.core.errors import VedetteError

_MOST_CHARS = 300

RefusalKinds = Mapping[int, Callable[[Refusal], VedetteError]]
"""HTTP status to the error that it stands for; any other status is a RoleRefusedError."""


class PictureQuestions:
    """Posts pictures to `analyzer.sock`. Close it.

    Args:
        looks_at: For the message when nobody answers: what the analyzer looks at.
    """

    def __init__(self, socket_path: Path, looks_at: str, timeout_s: float, kinds: RefusalKinds) -> None:
        hint = "It is restarted by itself. Try again; if this lasts, look at `vedette status`."
        timeout = httpx.Timeout(timeout_s, connect=5.0)
        self._link = AnalyzerLink(socket_path, timeout, self._refuse, hint, f", which looks at {looks_at},")
        self._kinds = kinds

    async def close(self) -> None:
        await self._link.close()

    async def ask(self, path: str, picture: bytes) -> bytes:
        """The answer's body. Raises RoleDownError, RoleRefusedError, and what `kinds` name."""
        return await self._link.send("POST", path, picture)

    async def fetch(self, path: str) -> bytes:
        """What the analyzer says without a picture. Raises as `ask`."""
        return await self._link.send("GET", path)

    def _refuse(self, status: int, content: bytes) -> VedetteError:
        refusal = read_refusal(content, _MOST_CHARS, _MOST_CHARS)
        kind = self._kinds.get(status)
        return RoleRefusedError(refusal.message, refusal.hint) if kind is None else kind(refusal)
