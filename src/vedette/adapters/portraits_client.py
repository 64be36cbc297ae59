"""Asks the analyzer for the template of a picture."""

from pathlib import Path

import msgspec

from vedette.adapters.picture_questions import PictureQuestions
from vedette.adapters.role_client import RoleDownError
from vedette.core.errors import TooManyRequestsError
from vedette.core.faces import TEMPLATE_BYTES, EnrolledFace, PictureRefusedError

_TIMEOUT_S = 120.0
"""A worker is started for each picture, and up to four wait: some seconds each on a busy machine."""
_KINDS = {
    422: lambda told: PictureRefusedError(told.message, told.hint, told.code),
    429: lambda told: TooManyRequestsError(told.message, told.hint, retry_after_s=5.0),
}


class AnalyzerPortraits:
    """`POST /faces/portrait` on `analyzer.sock`. See `vedette.watchlists.face_ports.PortraitReader`. Close it."""

    def __init__(self, socket_path: Path) -> None:
        self._questions = PictureQuestions(socket_path, "faces", _TIMEOUT_S, _KINDS)

    async def close(self) -> None:
        await self._questions.close()

    async def read(self, picture: bytes) -> EnrolledFace:
        """Raises PictureRefusedError, TooManyRequestsError, RoleDownError, RoleRefusedError."""
        answer = await self._questions.ask("/faces/portrait", picture)
        try:
            face = msgspec.msgpack.decode(answer, type=EnrolledFace)
        except msgspec.MsgspecError as exc:
            raise RoleDownError("the analyzer's answer is no template") from exc
        if len(face.template) != TEMPLATE_BYTES:
            raise RoleDownError("the analyzer's answer is no template")
        return face
