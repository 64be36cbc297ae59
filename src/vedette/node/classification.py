"""Says what uploaded pictures show, in one jailed worker that stays warm for a while."""

import asyncio

import msgspec
from starlette.requests import Request
from starlette.routing import Route

from vedette.core.classified import MAX_UPLOAD_BYTES, ChangedPicture, ClassifiedPicture, ClassifierCard, ClassShare
from vedette.core.errors import InvalidInputError, NotFoundError, TooManyRequestsError
from vedette.node.analyzer_pictures import answer_route, read_body
from vedette.node.classifier_answers import describe_classifier, tell_changes
from vedette.node.warm_worker import WarmWorker
from vedette.runtime.clock import Clock
from vedette.runtime.worker import StartWorker, WorkerCommand, WorkerLostError, WorkerProcess, start_worker
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

    def __init__(self, registry: ModelRegistry, clock: Clock, start: StartWorker = start_worker) -> None:
        self._registry, self._start_worker = registry, start
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

    async def classify_changed(self, picture: bytes) -> ChangedPicture:
        """What it says of a picture that is shifted, shown smaller or larger, or turned. Raises as `classify`."""
        looks = await self._warm.look_changed(picture, self._read)
        manifest = looks[0][0][1]
        return tell_changes([(verdict, view) for (verdict, _), view in looks], manifest.labels, manifest.release)

    def expect(self) -> None:
        """Somebody is about to show a picture: the worker is started."""
        self._warm.expect()

    def describe(self) -> ClassifierCard:
        """The classifier that is installed now, as it was measured. Blocks. Raises ClassifierMissingError."""
        return describe_classifier(find_classifier(self._registry))

    async def run(self) -> None:
        """Starts a worker that is expected, ends one that nobody has asked for a while. Runs until cancelled."""
        await self._warm.run()

    async def close(self) -> None:
        """Ends the worker."""
        await self._warm.close()

    async def _start(self) -> WorkerProcess:
        """One with the best that is installed now; what is installed later is for the next."""
        self._manifest = find_classifier(self._registry)
        given = ("--model", self._manifest.name, "--models", str(self._registry.directory.absolute()))
        return await self._start_worker(WorkerCommand("vedette.node.classify_worker", given))

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
    """`POST /classify`: a picture to what it shows; `/classify/changed`: when it is changed; `GET`: by what."""

    async def classify(request: Request) -> bytes:
        return msgspec.json.encode(await classification.classify(await read_body(request, MAX_UPLOAD_BYTES)))

    async def classify_changed(request: Request) -> bytes:
        return msgspec.json.encode(await classification.classify_changed(await read_body(request, MAX_UPLOAD_BYTES)))

    async def describe(_: Request) -> bytes:
        classification.expect()  # the page that shows this takes pictures
        return msgspec.json.encode(await asyncio.to_thread(classification.describe))

    return [
        answer_route("POST", "/classify", classify),
        answer_route("GET", "/classify", describe),
        answer_route("POST", "/classify/changed", classify_changed),
    ]
