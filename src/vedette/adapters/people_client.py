"""Asks the analyzer for the people in a picture."""

from pathlib import Path

import msgspec

from vedette.adapters.picture_questions import PictureQuestions
from vedette.adapters.role_client import RoleDownError
from vedette.core.errors import TooManyRequestsError
from vedette.core.people import (
    VECTOR_BYTES,
    AppearanceModelsMissingError,
    NobodyFoundError,
    PersonInPicture,
    UnreadablePictureError,
)

_TIMEOUT_S = 120.0
"""A worker is started for each picture, and up to four wait: some seconds each on a busy machine."""
_KINDS = {
    404: lambda told: AppearanceModelsMissingError(told.message, told.hint),
    422: lambda told: (NobodyFoundError if told.code == NobodyFoundError.code else UnreadablePictureError)(
        told.message, told.hint
    ),
    429: lambda told: TooManyRequestsError(told.message, told.hint, retry_after_s=5.0),
}


class AnalyzerPeople:
    """`POST /people` on `analyzer.sock`. See `vedette.api.search_desk.PeopleReader`. Close it."""

    def __init__(self, socket_path: Path) -> None:
        self._questions = PictureQuestions(socket_path, "pictures", _TIMEOUT_S, _KINDS)

    async def close(self) -> None:
        await self._questions.close()

    async def read(self, picture: bytes) -> list[PersonInPicture]:
        """Raises what the analyzer says, as `_KINDS` has it, and RoleDownError."""
        answer = await self._questions.ask("/people", picture)
        try:
            people = msgspec.msgpack.decode(answer, type=list[PersonInPicture])
        except msgspec.MsgspecError as exc:
            raise RoleDownError("the analyzer's answer is no list of people") from exc
        if not people or any(len(one.vector) not in {0, VECTOR_BYTES} for one in people):
            raise RoleDownError("the analyzer's answer is no list of people")
        return people
