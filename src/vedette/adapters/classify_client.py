"""Asks the analyzer what a picture shows."""

from pathlib import Path

import msgspec

from vedette.adapters.picture_questions import PictureQuestions
from vedette.adapters.role_client import RoleDownError
from vedette.core.classified import ClassifiedPicture, PictureUnusableError
from vedette.core.errors import NotFoundError, TooManyRequestsError

_TIMEOUT_S = 60.0
"""The first picture starts a worker, and a few may wait."""
_KINDS = {
    404: lambda told: NotFoundError(told.message, told.hint),
    422: lambda told: PictureUnusableError(told.message, told.hint),
    429: lambda told: TooManyRequestsError(told.message, told.hint, retry_after_s=1.0),
}


class AnalyzerClassifier:
    """`POST /classify` on `analyzer.sock`. See `vedette.api.ports.Classifier`. Close it."""

    def __init__(self, socket_path: Path) -> None:
        self._questions = PictureQuestions(socket_path, "pictures", _TIMEOUT_S, _KINDS)

    async def close(self) -> None:
        await self._questions.close()

    async def classify(self, picture: bytes) -> ClassifiedPicture:
        """Raises PictureUnusableError, TooManyRequestsError, NotFoundError, RoleDownError, RoleRefusedError."""
        try:
            return msgspec.json.decode(await self._questions.ask("/classify", picture), type=ClassifiedPicture)
        except msgspec.MsgspecError as exc:
            raise RoleDownError("the analyzer's answer is none") from exc
