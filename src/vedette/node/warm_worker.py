"""One jailed worker that looks at foreign pictures, started by the first and kept warm for a while.

A worker of its own: a picture is foreign bytes, and what it does to its decoder must not touch a camera. It is started
when somebody is about to show pictures, or by the first one (a second or two), answers the next ones at once, and ends
when nobody asks any more, so that a system where nobody does pays nothing. One that is lost is replaced with the next
picture.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import TypeVar

from vedette.core.errors import InvalidInputError, TooManyRequestsError, VedetteError
from vedette.node.file_replies import receive_reply
from vedette.runtime.clock import Clock
from vedette.runtime.turns import Turns
from vedette.runtime.worker import WorkerLostError, WorkerNotReadyError, WorkerProcess
from vedette.vision.classify.answers import FAILED, LOOK, LOOK_CHANGED, decode_failure, decode_looks
from vedette.vision.enhance.headers import NoPictureError
from vedette.vision.picture import Image

IDLE_S = 300.0
_REPLY_TIMEOUT_S = 20.0
_MAX_WAITING = 8

_Read = TypeVar("_Read")


class WarmWorker:
    """Asks one picture at a time. `close` ends the worker.

    Args:
        start: Starts one.
        refuse: The error when too many wait.
    """

    def __init__(
        self, start: Callable[[], Awaitable[WorkerProcess]], refuse: Callable[[], TooManyRequestsError], clock: Clock
    ) -> None:
        self._start, self._clock = start, clock
        self._worker: WorkerProcess | None = None
        self._turns = Turns(_MAX_WAITING, refuse)
        self._asked_ns = 0
        self._expected = asyncio.Event()

    @property
    def pid(self) -> int | None:
        """Of the worker that is warm."""
        return None if self._worker is None else self._worker.pid

    def expect(self) -> None:
        """Somebody is about to show a picture: `run` starts the worker, so that it need not wait."""
        self._expected.set()

    async def look(self, picture: bytes, read: Callable[[bytes], _Read]) -> _Read:
        """What the worker says of a picture, as `read` takes it; it says WorkerLostError when that is nonsense.

        Raises:
            InvalidInputError: it is no picture, damaged, too large, or the worker ended or hung over it. A worker that
                was lost is not asked again.
            WorkerNotReadyError, and what `start` and `refuse` raise.
        """
        return await self._look(LOOK, picture, read)

    async def look_changed(self, picture: bytes, read: Callable[[bytes], _Read]) -> list[tuple[_Read, Image]]:
        """The same of the picture as it is and under each of `CHANGES`, each with a small view (BGR). As `look`."""

        def read_all(payload: bytes) -> list[tuple[_Read, Image]]:
            try:
                looks = decode_looks(payload)
            except InvalidInputError as error:  # it may have been taken over: it is not asked again
                raise WorkerLostError("a worker that looks at pictures talks nonsense") from error
            return [(read(one.answer), one.view) for one in looks]

        return await self._look(LOOK_CHANGED, picture, read_all)

    async def _look(self, kind: int, picture: bytes, read: Callable[[bytes], _Read]) -> _Read:
        try:
            return await self._ask(kind, picture, read)
        except WorkerNotReadyError:  # it has seen no picture yet
            raise
        except WorkerLostError as error:
            raise NoPictureError("this picture cannot be decoded", "Save it anew, as JPEG or PNG.") from error

    async def _ask(self, kind: int, picture: bytes, read: Callable[[bytes], _Read]) -> _Read:
        async with self._turns.take():
            worker = await self._ready()
            try:
                await worker.send(kind, picture)
                message = await receive_reply(worker, _REPLY_TIMEOUT_S)
                if message.kind == FAILED:
                    raise decode_failure(message.payload)
                return read(message.payload)
            except (WorkerLostError, asyncio.CancelledError):  # cancelled: its answer would be taken for the next one's
                await self.close()
                raise

    async def _ready(self) -> WorkerProcess:
        self._asked_ns = self._clock.mono_ns()
        self._worker = self._worker or await self._start()
        return self._worker

    async def run(self) -> None:
        """Starts a worker that is expected, ends one that nobody has asked for a while. Runs until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._start_expected())
            tasks.create_task(self._end_idle())

    async def _start_expected(self) -> None:
        while True:
            await self._expected.wait()
            self._expected.clear()
            async with self._turns.have():
                with suppress(VedetteError):  # whoever shows a picture is told
                    await self._ready()

    async def _end_idle(self) -> None:
        while True:
            await self._clock.sleep(IDLE_S / 5)
            async with self._turns.have():
                if self._worker and self._clock.mono_ns() - self._asked_ns > IDLE_S * 1e9:
                    await self.close()

    async def close(self) -> None:
        """Ends the worker. It is forgotten once it is collected: who is cancelled before calls this again."""
        if self._worker is not None:
            await self._worker.stop()
            self._worker = None
