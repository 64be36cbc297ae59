"""Makes vectors of pictures that somebody brings, in one jailed worker. This process decodes none of them."""

import numpy as np

from vedette.core.errors import TooManyRequestsError
from vedette.node.embeddings import find_embedding, lend_scratch
from vedette.node.warm_worker import WarmWorker
from vedette.runtime.clock import Clock
from vedette.runtime.worker import WorkerCommand, WorkerLostError, WorkerNotReadyError, WorkerProcess, start_worker
from vedette.runtime.worker_channel import WorkerMessage
from vedette.vision.categories.category_set import EmbeddingRef
from vedette.vision.categories.embedding import EMBEDDING, EMBEDDING_SIZE
from vedette.vision.categories.head import Vectors
from vedette.vision.classify.answers import FAILED, decode_failure
from vedette.vision.enhance.headers import NoPictureError
from vedette.vision.models.registry import ModelRegistry
from vedette.vision.recognize.records import is_unit_vector

_EMBED = 1


class EmbedBusyError(TooManyRequestsError):
    """Others are being looked at."""

    code = "embed_busy"


class PictureVectors:
    """Makes the vector of one picture at a time. `close` ends the worker."""

    def __init__(self, registry: ModelRegistry, clock: Clock) -> None:
        self._registry = registry
        self._worker = WarmWorker(self._start, _refuse, clock)

    @property
    def embedding(self) -> EmbeddingRef:
        """What makes them. Raises EmbeddingMissingError, ModelRefusedError."""
        return find_embedding(self._registry)

    async def embed(self, picture: bytes) -> Vectors:
        """(D,) float32 of unit length.

        Raises:
            InvalidInputError: it is no picture, damaged or too large.
            EmbeddingMissingError, EmbedBusyError, WorkerLostError.
        """
        try:
            return await self._worker.ask(_EMBED, picture, _read)
        except WorkerNotReadyError:  # it has seen no picture yet
            raise
        except WorkerLostError as error:
            raise NoPictureError("this picture cannot be decoded", "Save it anew, as JPEG or PNG.") from error

    async def run(self) -> None:
        """Ends a worker that nobody has asked for a while. Runs until cancelled."""
        await self._worker.run()

    async def close(self) -> None:
        """Ends the worker."""
        await self._worker.close()

    async def _start(self) -> WorkerProcess:
        find_embedding(self._registry)
        with lend_scratch([EMBEDDING]) as scratch:
            given = ("--models", str(self._registry.directory.absolute()), *scratch)
            return await start_worker(WorkerCommand("vedette.node.embed_worker", given))


def _read(message: WorkerMessage) -> Vectors:
    if message.kind == FAILED:
        raise decode_failure(message.payload)
    if not message.payload or not is_unit_vector(message.payload, EMBEDDING_SIZE):
        raise WorkerLostError("a worker that makes vectors talks nonsense")
    return np.frombuffer(message.payload, np.float32).copy()


def _refuse() -> EmbedBusyError:
    return EmbedBusyError("other pictures are being looked at", "Try again.", retry_after_s=1.0)
