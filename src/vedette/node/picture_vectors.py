"""Makes vectors of pictures that somebody brings, in one jailed worker. This process decodes none of them."""

import numpy as np

from vedette.core.errors import TooManyRequestsError
from vedette.node.embeddings import find_embedding, lend_scratch
from vedette.node.warm_worker import WarmWorker
from vedette.runtime.clock import Clock
from vedette.runtime.worker import StartWorker, WorkerCommand, WorkerLostError, WorkerProcess, start_worker
from vedette.vision.categories.category_set import EmbeddingRef
from vedette.vision.categories.embedding import EMBEDDING, EMBEDDING_SIZE
from vedette.vision.categories.head import Vectors
from vedette.vision.models.registry import ModelRegistry
from vedette.vision.picture import Image
from vedette.vision.recognize.records import is_unit_vector


class EmbedBusyError(TooManyRequestsError):
    """Others are being looked at."""

    code = "embed_busy"


class PictureVectors:
    """Makes the vector of one picture at a time. `close` ends the worker."""

    def __init__(self, registry: ModelRegistry, clock: Clock, start: StartWorker = start_worker) -> None:
        self._registry, self._start_worker = registry, start
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
        return await self._worker.look(picture, _read)

    async def embed_changed(self, picture: bytes) -> list[tuple[Vectors, Image]]:
        """The same of the picture as it is and under each of `CHANGES`, each with a small view of it. As `embed`."""
        return await self._worker.look_changed(picture, _read)

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
            return await self._start_worker(WorkerCommand("vedette.node.embed_worker", given))


def _read(payload: bytes) -> Vectors:
    if not payload or not is_unit_vector(payload, EMBEDDING_SIZE):
        raise WorkerLostError("a worker that makes vectors talks nonsense")
    return np.frombuffer(payload, np.float32).copy()


def _refuse() -> EmbedBusyError:
    return EmbedBusyError("other pictures are being looked at", "Try again.", retry_after_s=1.0)
