"""Asks the analyzer, whose decoder and models are jailed, for the template of a picture."""

from pathlib import Path

import httpx
import msgspec

from vedette.adapters.role_client import RoleDownError, RoleRefusedError
from vedette.core.errors import TooManyRequestsError, VedetteError
from vedette.core.faces import TEMPLATE_BYTES, EnrolledFace, PictureRefusedError

_TIMEOUT = httpx.Timeout(120.0, connect=5.0)
"""A worker is started for each picture, and up to four wait: some seconds each on a busy machine."""


class AnalyzerPortraits:
    """`POST /faces/portrait` on `analyzer.sock`. See `vedette.watchlists.face_ports.PortraitReader`. Close it."""

    def __init__(self, socket_path: Path) -> None:
        transport = httpx.AsyncHTTPTransport(uds=str(socket_path))
        self._client = httpx.AsyncClient(transport=transport, base_url="http://analyzer", timeout=_TIMEOUT)

    async def close(self) -> None:
        await self._client.aclose()

    async def read(self, picture: bytes) -> EnrolledFace:
        """Raises PictureRefusedError, TooManyRequestsError, RoleDownError, RoleRefusedError."""
        try:
            answer = await self._client.post("/faces/portrait", content=picture)
        except (httpx.HTTPError, OSError) as exc:
            raise RoleDownError(
                f"the analyzer, which looks at faces, does not answer ({type(exc).__name__})",
                "It is restarted by itself. Try again; if this lasts, look at `vedette status`.",
            ) from exc
        if answer.is_error:
            raise _refusal(answer.status_code, answer.content)
        try:
            face = msgspec.msgpack.decode(answer.content, type=EnrolledFace)
        except msgspec.MsgspecError as exc:
            raise RoleDownError("the analyzer's answer is no template") from exc
        if len(face.template) != TEMPLATE_BYTES:
            raise RoleDownError("the analyzer's answer is no template")
        return face


def _refusal(status: int, content: bytes) -> VedetteError:
    try:
        problem = msgspec.json.decode(content, type=dict[str, str])
    except msgspec.MsgspecError:
        problem = {}
    message, hint = problem.get("message", "the analyzer refuses")[:300], problem.get("hint", "")[:300]
    if status == httpx.codes.UNPROCESSABLE_ENTITY:
        return PictureRefusedError(message, hint, problem.get("code", "")[:64])
    if status == httpx.codes.TOO_MANY_REQUESTS:
        return TooManyRequestsError(message, hint, retry_after_s=5.0)
    return RoleRefusedError(message, hint)
