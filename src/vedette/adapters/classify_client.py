"""Asks the analyzer, whose decoder and models are jailed, what a picture shows."""

from pathlib import Path

import httpx
import msgspec

from vedette.adapters.role_client import RoleDownError, RoleRefusedError
from vedette.core.classified import ClassifiedPicture, PictureUnusableError
from vedette.core.errors import NotFoundError, TooManyRequestsError, VedetteError

_TIMEOUT = httpx.Timeout(60.0, connect=5.0)
"""The first picture starts a worker, and a few may wait."""


class AnalyzerClassifier:
    """`POST /classify` on `analyzer.sock`. See `vedette.api.ports.Classifier`. Close it."""

    def __init__(self, socket_path: Path) -> None:
        transport = httpx.AsyncHTTPTransport(uds=str(socket_path))
        self._client = httpx.AsyncClient(transport=transport, base_url="http://analyzer", timeout=_TIMEOUT)

    async def close(self) -> None:
        await self._client.aclose()

    async def classify(self, picture: bytes) -> ClassifiedPicture:
        """Raises PictureUnusableError, TooManyRequestsError, NotFoundError, RoleDownError, RoleRefusedError."""
        try:
            answer = await self._client.post("/classify", content=picture)
        except (httpx.HTTPError, OSError) as exc:
            raise RoleDownError(
                f"the analyzer, which looks at pictures, does not answer ({type(exc).__name__})",
                "It is restarted by itself. Try again; if this lasts, look at `vedette status`.",
            ) from exc
        if answer.is_error:
            raise _refusal(answer.status_code, answer.content)
        try:
            return msgspec.json.decode(answer.content, type=ClassifiedPicture)
        except msgspec.MsgspecError as exc:
            raise RoleDownError("the analyzer's answer is none") from exc


def _refusal(status: int, content: bytes) -> VedetteError:
    try:
        told = msgspec.json.decode(content, type=dict[str, str])
    except msgspec.MsgspecError:
        told = {}
    message, hint = told.get("message", "the analyzer refuses")[:300], told.get("hint", "")[:300]
    if status == httpx.codes.UNPROCESSABLE_ENTITY:
        return PictureUnusableError(message, hint)
    if status == httpx.codes.TOO_MANY_REQUESTS:
        return TooManyRequestsError(message, hint, retry_after_s=1.0)
    if status == httpx.codes.NOT_FOUND:
        return NotFoundError(message, hint)
    return RoleRefusedError(message, hint)
