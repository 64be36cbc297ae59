"""Finds the people in a picture that somebody gives to search by, and how they look, in a jailed worker of its own.

The picture is analysed as a file is, lies in memory alone and is kept nowhere. Design: docs/design/trace.md.
"""

import asyncio
from pathlib import Path

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from vedette.core.errors import InvalidInputError, TooManyRequestsError, VedetteError
from vedette.core.faces import MAX_PICTURE_BYTES
from vedette.core.people import AppearanceModelsMissingError, NobodyFoundError, PersonInPicture
from vedette.node.analyzer_pictures import problem, read_body
from vedette.node.analyzer_pool import choose_model
from vedette.node.face_enrolment import NoPictureError, check_picture
from vedette.node.file_analysis import FileAnalysis
from vedette.node.file_plan import FilePlan
from vedette.node.file_results import FileResults, ObjectRecord
from vedette.node.recognizers import find_recognizers
from vedette.runtime.memory_file import lend_bytes
from vedette.runtime.turns import Turns
from vedette.runtime.worker import StartWorker, WorkerLostError, start_worker
from vedette.vision.models.registry import ModelRegistry
from vedette.vision.recognize.attribute_forms import APPEARANCE

MOST_PEOPLE = 30
_MOST_WAITING = 4
_PULL = "Run `vedette models pull standard`."


class PeopleReader:
    """Looks at pictures, one at a time: each costs a second or two of one processor."""

    def __init__(self, registry: ModelRegistry, start: StartWorker = start_worker) -> None:
        self._registry, self._start = registry, start
        self._turns = Turns(_MOST_WAITING, _refuse)

    async def read(self, picture: bytes) -> list[PersonInPicture]:
        """Gives the people of a picture from left to right, one at least.

        Raises:
            NoPictureError, NobodyFoundError
            AppearanceModelsMissingError: a model is not installed, or differs from its manifest.
            TooManyRequestsError: too many wait already.
        """
        check_picture(picture)
        async with self._turns.take():
            plan = await asyncio.to_thread(self._plan)
            results = await _look(picture, plan, self._start)
        people = [_describe(record, results.size_px) for record in results.objects.values()]
        if not people:
            raise NobodyFoundError(
                "nobody is seen in this picture", "Give one in which a whole person is seen, upright and sharp."
            )
        return sorted(people, key=lambda person: person.box_norm_xyxy)[:MOST_PEOPLE]

    def _plan(self) -> FilePlan:
        model, missing = choose_model(self._registry)
        if not model:
            raise AppearanceModelsMissingError(f"people cannot be found in pictures: {missing}", _PULL)
        found = find_recognizers(self._registry, (APPEARANCE,))
        if APPEARANCE not in found.names:
            reason = found.refused.get(APPEARANCE, "it is not installed")
            raise AppearanceModelsMissingError(f"the model of how people look cannot be used: {reason}", _PULL)
        return FilePlan(model, self._registry.directory.absolute(), ("person",), 0.0, False, (APPEARANCE,))


async def _look(picture: bytes, plan: FilePlan, start: StartWorker) -> FileResults:
    with lend_bytes("person", picture) as handle:
        try:
            analysis = FileAnalysis(Path(f"/proc/self/fd/{handle}"), plan, (), is_picture=True, start=start)
            await analysis.look()
        except (WorkerLostError, InvalidInputError) as error:
            raise NoPictureError("this picture cannot be decoded", "Save it anew, as JPEG or PNG.") from error
        return analysis.results


def _describe(record: ObjectRecord, size_px: tuple[int, int]) -> PersonInPicture:
    look = record.look
    vector, release = (b"", "") if look is None else (look.vector.astype("<f4").tobytes(), look.release)
    return PersonInPicture(record.best_box_norm(size_px), record.jpeg, vector, release)


def _refuse() -> TooManyRequestsError:
    return TooManyRequestsError("other pictures are being looked at", "Try again.", retry_after_s=5.0)


def people_routes(reader: PeopleReader) -> list[Route]:
    """`POST /people` of the analyzer's socket: a picture in, the people in it out."""

    async def people(request: Request) -> Response:
        try:
            found = await reader.read(await read_body(request, MAX_PICTURE_BYTES))
        except VedetteError as error:
            return problem(error)
        return Response(msgspec.msgpack.encode(found), media_type="application/msgpack")

    return [Route("/people", people, methods=["POST"])]
