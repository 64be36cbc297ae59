"""Says what uploaded pictures show, in one jailed worker that stays warm for a while."""

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from vedette.core.classified import MAX_UPLOAD_BYTES, ClassifiedPicture, ClassShare
from vedette.core.errors import InvalidInputError, NotFoundError, TooManyRequestsError, VedetteError
from vedette.node.analyzer_pictures import problem, read_body
from vedette.node.warm_worker import WarmWorker
from vedette.runtime.clock import Clock
from vedette.runtime.worker import WorkerCommand, WorkerLostError, WorkerProcess, start_worker
from vedette.vision.classify.answers import decode_verdict
from vedette.vision.classify.classifier import NONE_BELOW, Verdict
from vedette.vision.models.manifest import ModelManifest
from vedette.vision.models.registry import ModelRegistry

TASK, PRECISION = "picture_classification", "int8"


class ClassifierMissingError(NotFoundError):
    """No classifier is installed."""

    code = "classifier_missing"


class ClassifyBusyError(TooManyRequestsError):
    """Others are being looked at."""

    code = "classify_busy"


class PictureClassification:
    """Looks at one picture at a time. `close` ends the worker."""

    def __init__(self, registry: ModelRegistry, clock: Clock) -> None:
        self._registry = registry
        self._manifest: ModelManifest | None = None
        self._warm = WarmWorker(self._start, _refuse, clock)

    @property
    def worker_pid(self) -> int | None:
        """Of the worker that is warm."""
        return self._warm.pid

    async def classify(self, picture: bytes) -> ClassifiedPicture:
        """Says what a picture shows.

        Raises:
            InvalidInputError: it is none, damaged or too large.
            ClassifierMissingError, ClassifyBusyError, WorkerLostError.
        """
        verdict, manifest = await self._warm.look(picture, self._read)
        ranked = [ClassShare(manifest.labels[index], share) for index, share in verdict.best(len(manifest.labels))]
        return ClassifiedPicture(ranked, verdict.is_known, manifest.release)

    async def run(self) -> None:
        """Ends a worker that nobody has asked for a while. Runs until cancelled."""
        await self._warm.run()

    async def close(self) -> None:
        """Ends the worker."""
        await self._warm.close()

    async def _start(self) -> WorkerProcess:
        """One with the best that is installed now; what is installed later is for the next."""
        self._manifest = find_classifier(self._registry)
        given = ("--model", self._manifest.name, "--models", str(self._registry.directory.absolute()))
        return await start_worker(WorkerCommand("vedette.node.classify_worker", given))

    def _read(self, payload: bytes) -> tuple[Verdict, ModelManifest]:
        assert self._manifest is not None
        try:
            return decode_verdict(payload, len(self._manifest.labels)), self._manifest
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
