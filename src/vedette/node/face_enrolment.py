"""Looks at a picture that somebody gives to be enrolled, in a jailed worker of its own.

A fresh worker for each picture: it is foreign bytes, and what it does to its decoder must not touch a camera. The
worker gets the open picture and nothing else, and ends with the answer. Design: docs/design/recognition.md.
"""

import asyncio

from vedette.core.errors import InvalidInputError, NotFoundError, TooManyRequestsError
from vedette.core.faces import MAX_PICTURE_BYTES, EnrolledFace
from vedette.node.file_replies import receive_reply
from vedette.node.match_terms import find_match_terms
from vedette.node.recognizers import find_recognizers
from vedette.runtime.memory_file import lend_bytes
from vedette.runtime.turns import Turns
from vedette.runtime.worker import StartWorker, WorkerCommand, WorkerLostError, WorkerProcess, start_worker
from vedette.vision import wire
from vedette.vision.models.registry import ModelRegistry
from vedette.vision.recognize.face_enrolment import choose_enrolled
from vedette.vision.recognize.face_templates import FACE_TEMPLATES
from vedette.vision.recognize.forms import FORMS
from vedette.vision.recognize.records import WHOLE_PICTURE, Record
from vedette.vision.wire import Kind

_REPLY_TIMEOUT_S = 20.0
_MAX_WAITING = 4
_MAGIC = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"BM")
_WEBP = (b"RIFF", b"WEBP")


class NoPictureError(InvalidInputError):
    """What was given is no picture, or none that can be decoded."""

    code = "no_picture"


class FaceModelsMissingError(NotFoundError):
    """Nothing here can make a template."""

    code = "face_models_missing"


class EnrolmentBusyError(TooManyRequestsError):
    """Others are being enrolled."""

    code = "enrolment_busy"


class PortraitReader:
    """Makes templates of given pictures, one at a time: each costs a second or two of one processor."""

    def __init__(self, registry: ModelRegistry, start: StartWorker = start_worker) -> None:
        self._registry, self._start_worker = registry, start
        self._turns = Turns(_MAX_WAITING, _refuse)

    async def read(self, picture: bytes) -> EnrolledFace:
        """Gives the template of the one face of a picture.

        Raises:
            InvalidInputError: it is no picture, or none that may be enrolled; the code says why.
            FaceModelsMissingError: the models are not installed, or differ from their manifests.
            EnrolmentBusyError: too many wait already.
        """
        check_picture(picture)
        async with self._turns.take():
            return await self._read(picture)

    async def _read(self, picture: bytes) -> EnrolledFace:
        found = await asyncio.to_thread(find_recognizers, self._registry, (FACE_TEMPLATES,))
        if not found.names:
            reason = found.refused.get(FACE_TEMPLATES, "they are not installed")
            raise FaceModelsMissingError(
                f"the models that tell faces apart cannot be used: {reason}", "Run `vedette models pull standard`."
            )
        worker = await self._start(picture)
        try:
            ready = wire.decode(worker.ready_payload, wire.Ready)
            record = choose_enrolled(await _describe(worker))
        except WorkerLostError as error:
            raise _undecodable() from error
        finally:
            await worker.stop()
        release, same_from = ready.recognizers.get(FACE_TEMPLATES, ""), find_match_terms(self._registry).unsure
        return EnrolledFace(record.vector, release, record.numbers["quality"], record.jpeg, same_from)

    async def _start(self, picture: bytes) -> WorkerProcess:
        """The picture lies in memory alone: it is never a file that somebody could find."""
        with lend_bytes("portrait", picture) as handle:
            models = ("--models", str(self._registry.directory.absolute()), "--recognizers", FACE_TEMPLATES)
            command = WorkerCommand("vedette.node.vision_worker", ("--file", str(handle), *models), (handle,))
            return await self._start_worker(command)


def _refuse() -> EnrolmentBusyError:
    return EnrolmentBusyError("other pictures are being enrolled", "Try again.", retry_after_s=5.0)


def check_picture(picture: bytes) -> None:
    """Refuses what does not begin as a picture: a film's first picture would be taken for one.

    Raises:
        NoPictureError: it is none, or too large.
    """
    if len(picture) > MAX_PICTURE_BYTES:
        raise NoPictureError(f"the picture is larger than {MAX_PICTURE_BYTES >> 20} MB", "Save it smaller.")
    is_webp = picture[:4] == _WEBP[0] and picture[8:12] == _WEBP[1]
    if not (is_webp or picture.startswith(_MAGIC)):
        raise NoPictureError("this is no picture", "Give a JPEG, PNG, WebP or BMP.")


async def _describe(worker: WorkerProcess) -> list[Record]:
    await _ask(worker, Kind.FILE_OPEN, wire.encode(wire.FileSetup("motion", [], 0.0)))
    reply = wire.decode_reply(await _ask(worker, Kind.FILE_NEXT, b""))
    if not reply.results:
        raise _undecodable()
    whole = wire.DescribeAsk((0.0, 0.0, 1.0, 1.0), WHOLE_PICTURE)
    request = wire.DescribeRequest(0, reply.results[0].pts_90k, [whole], [FACE_TEMPLATES])
    answer = await _ask(worker, Kind.DESCRIBE, wire.encode(request))
    [described] = wire.decode_described(answer, 1, {FACE_TEMPLATES: FORMS[FACE_TEMPLATES]}).described
    return described.records


async def _ask(worker: WorkerProcess, kind: Kind, payload: bytes) -> bytes:
    await worker.send(kind, payload)
    message = await receive_reply(worker, _REPLY_TIMEOUT_S)
    if message.kind == Kind.FAILED:
        raise _undecodable()
    return message.payload


def _undecodable() -> NoPictureError:
    return NoPictureError("this picture cannot be decoded", "Save it anew, as JPEG or PNG.")
