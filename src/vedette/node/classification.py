"""Says what uploaded pictures show, in one jailed worker that stays warm for a while.

A worker of its own: a picture is foreign bytes, and what it does to its decoder must not touch a camera. It is started
by the first picture (a second or two), answers the next ones at once, and ends when nobody asks any more, so that a
system where nobody does pays nothing. One that is lost is replaced with the next picture.
"""

import asyncio
from dataclasses import dataclass

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from vedette.core.classified import MAX_UPLOAD_BYTES, ClassifiedPicture, ClassShare
from vedette.core.errors import InvalidInputError, NotFoundError, TooManyRequestsError, VedetteError
from vedette.node.analyzer_pictures import problem, read_body
from vedette.node.file_replies import receive_reply
from vedette.runtime.clock import Clock
from vedette.runtime.turns import Turns
from vedette.runtime.worker import WorkerCommand, WorkerLostError, WorkerProcess, start_worker
from vedette.vision.classify.answers import CLASSIFY, FAILED, decode_failure, decode_verdict
from vedette.vision.classify.classifier import NONE_BELOW, Verdict
from vedette.vision.enhance.headers import NoPictureError
from vedette.vision.models.manifest import ModelManifest
from vedette.vision.models.registry import ModelRegistry

TASK, PRECISION = "picture_classification", "int8"
IDLE_S = 300.0
_REPLY_TIMEOUT_S = 20.0
_MAX_WAITING = 8


class ClassifierMissingError(NotFoundError):
    """No classifier is installed."""

    code = "classifier_missing"


class ClassifyBusyError(TooManyRequestsError):
    """Others are being looked at."""

    code = "classify_busy"


class PictureClassification:
    """Looks at one picture at a time. `close` ends the worker."""

    def __init__(self, registry: ModelRegistry, clock: Clock) -> None:
        self._registry, self._clock = registry, clock
        self._warm: _Warm | None = None
        self._turns = Turns(_MAX_WAITING, _refuse)
        self._asked_ns = 0

    @property
    def worker_pid(self) -> int | None:
        """Of the worker that is warm."""
        return None if self._warm is None else self._warm.worker.pid

    async def classify(self, picture: bytes) -> ClassifiedPicture:
        """Says what a picture shows.

        Raises:
            InvalidInputError: it is none, damaged or too large.
            ClassifierMissingError, ClassifyBusyError, WorkerLostError.
        """
        async with self._turns.take():
            return await self._ask(picture)

    async def run(self) -> None:
        """Ends a worker that nobody has asked for a while. Runs until cancelled."""
        while True:
            await self._clock.sleep(IDLE_S / 5)
            async with self._turns.have():
                if self._warm and self._clock.mono_ns() - self._asked_ns > IDLE_S * 1e9:
                    await self._drop()

    async def close(self) -> None:
        """Ends the worker."""
        await self._drop()

    async def _ask(self, picture: bytes) -> ClassifiedPicture:
        self._asked_ns = self._clock.mono_ns()
        self._warm = self._warm or await self._start()
        worker, manifest = self._warm.worker, self._warm.manifest
        try:
            await worker.send(CLASSIFY, picture)
            message = await receive_reply(worker, _REPLY_TIMEOUT_S)
            if message.kind == FAILED:
                raise decode_failure(message.payload)
            verdict = _read_verdict(message.payload, manifest)
        except WorkerLostError as error:
            await self._drop()
            raise NoPictureError("this picture cannot be decoded", "Save it anew, as JPEG or PNG.") from error
        except asyncio.CancelledError:
            await self._drop()  # its answer would be taken for the next picture's
            raise
        ranked = [ClassShare(manifest.labels[index], share) for index, share in verdict.best(len(manifest.labels))]
        return ClassifiedPicture(ranked, verdict.is_known, manifest.release)

    async def _start(self) -> "_Warm":
        manifest = find_classifier(self._registry)
        given = ("--model", manifest.name, "--models", str(self._registry.directory.absolute()))
        return _Warm(await start_worker(WorkerCommand("vedette.node.classify_worker", given)), manifest)

    async def _drop(self) -> None:
        """Forgets the worker once it is collected: who is cancelled before leaves it to `close`."""
        if self._warm is not None:
            await self._warm.worker.stop()
            self._warm = None


@dataclass(frozen=True, slots=True)
class _Warm:
    """A running worker and the release that it has loaded, whatever is installed meanwhile."""

    worker: WorkerProcess
    manifest: ModelManifest


def _read_verdict(payload: bytes, manifest: ModelManifest) -> Verdict:
    try:
        return decode_verdict(payload, len(manifest.labels))
    except InvalidInputError as error:  # it may have been taken over: it is not asked again
        raise WorkerLostError("a worker of the classifier talks nonsense") from error


def _refuse() -> ClassifyBusyError:
    return ClassifyBusyError("other pictures are being looked at", "Try again.", retry_after_s=1.0)


def find_classifier(registry: ModelRegistry) -> ModelManifest:
    """The installed classifier with the most parameters.

    Raises:
        ClassifierMissingError: there is none.
    """
    fitting = [one for one in registry.manifests() if (one.task, one.precision) == (TASK, PRECISION)]
    installed = [one for one in fitting if NONE_BELOW in one.thresholds and registry.is_installed(one)]
    if not installed:
        raise ClassifierMissingError("no classifier of pictures is installed", "Run `vedette models list`.")
    return max(installed, key=lambda one: one.parameters)


def classify_routes(classification: PictureClassification) -> list[Route]:
    """`POST /classify`: a picture to what it shows."""

    async def classify(request: Request) -> Response:
        try:
            found = await classification.classify(await read_body(request, MAX_UPLOAD_BYTES))
        except VedetteError as error:
            return problem(error)
        return Response(msgspec.json.encode(found), media_type="application/json")

    return [Route("/classify", classify, methods=["POST"])]
