"""Asks the analyzer what a picture shows."""

from pathlib import Path

from vedette.adapters.analyzer_link import decode_answer
from vedette.adapters.picture_questions import PictureQuestions
from vedette.core.classified import ChangedPicture, ClassifiedPicture, ClassifierCard, PictureUnusableError
from vedette.core.errors import NotFoundError, TooManyRequestsError

_TIMEOUT_S = 60.0
"""The first picture starts a worker, and a few may wait."""
_KINDS = {
    404: lambda told: NotFoundError(told.message, told.hint),
    422: lambda told: PictureUnusableError(told.message, told.hint),
    429: lambda told: TooManyRequestsError(told.message, told.hint, retry_after_s=1.0),
}


class AnalyzerClassifier:
    """`/classify` on `analyzer.sock`. See `vedette.api.ports.Classifier`. Close it."""

    def __init__(self, socket_path: Path) -> None:
        self._questions = PictureQuestions(socket_path, "pictures", _TIMEOUT_S, _KINDS)

    async def close(self) -> None:
        await self._questions.close()

    async def classify(self, picture: bytes) -> ClassifiedPicture:
        """Raises PictureUnusableError, TooManyRequestsError, NotFoundError, RoleDownError, RoleRefusedError."""
        return decode_answer(await self._questions.ask("/classify", picture), ClassifiedPicture)

    async def classify_changed(self, picture: bytes) -> ChangedPicture:
        """Raises as `classify`."""
        return decode_answer(await self._questions.ask("/classify/changed", picture), ChangedPicture)

    async def describe(self) -> ClassifierCard:
        """Raises NotFoundError, RoleDownError, RoleRefusedError."""
        return decode_answer(await self._questions.fetch("/classify"), ClassifierCard)
