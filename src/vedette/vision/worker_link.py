"""The analyzer's connection to one jailed worker: requests in, replies out, through restarts.

Replies come in the order of requests, so when the worker dies or hangs the oldest open request names the stream
that did it (`last_offender`): that stream pauses, the others go on with the next worker at once.
"""

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from vedette.core.errors import InvalidInputError
from vedette.core.time import NS_PER_S
from vedette.runtime.clock import Clock
from vedette.runtime.worker import WorkerKeeper, WorkerLostError, WorkerNursery, WorkerProcess
from vedette.vision import wire
from vedette.vision.wire import Kind

REPLY_TIMEOUT_S = 10.0
_WATCH_EVERY_S = 1.0


class WorkerRefusedError(InvalidInputError):
    """The worker lives but could not do what was asked; the message is its reason."""

    code = "worker_refused"


@dataclass(frozen=True, slots=True)
class _Asked:
    owner: int
    asked_ns: int
    reply: asyncio.Future[bytes]


class WorkerLink:
    """One worker, kept alive from the moment that it is called. `run` is owned by a TaskGroup."""

    def __init__(
        self,
        nursery: WorkerNursery,
        clock: Clock,
        on_ready: Callable[[wire.Ready], None],
        on_lost: Callable[[str], None],
        on_not_ready: Callable[[str], None] | None = None,
    ) -> None:
        self._clock = clock
        self._on_ready = on_ready
        self._keeper = WorkerKeeper(nursery, clock, self._serve, on_lost, on_not_ready=on_not_ready)
        self._worker: WorkerProcess | None = None
        self._asked: deque[_Asked] = deque()
        self._sending = asyncio.Lock()
        self._is_up = asyncio.Event()
        self._called = asyncio.Event()
        self.generation = 0
        self.recognizers: Mapping[str, str] = {}
        """Name to release of those that the worker in use has, or the last one had: told before it saw any picture."""
        self.last_offender = 0
        """Owner of the oldest request when the worker was lost; 0 when it was idle."""

    @property
    def pid(self) -> int:
        """Process id of the worker in use, 0 when there is none."""
        return self._worker.pid if self._worker else 0

    @property
    def restarts(self) -> int:
        return self._keeper.restarts

    @property
    def is_called(self) -> bool:
        return self._called.is_set()

    def call(self) -> None:
        """There is work for it: a worker is started and kept from here on."""
        self._called.set()

    async def run(self) -> None:
        """Keeps a worker, once it is called, until cancelled."""
        await self._called.wait()
        await self._keeper.run()

    async def wait_up(self) -> int:
        """Waits until a worker is ready; gives its generation. Streams must be opened anew in each."""
        await self._is_up.wait()
        return self.generation

    async def request(self, owner: int, kind: Kind, payload: bytes) -> bytes:
        """Asks the worker and waits for its reply.

        Raises:
            WorkerLostError: there is no worker, or it was lost before it replied.
            WorkerRefusedError: it says that it cannot.
        """
        reply: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        async with self._sending:
            if self._worker is None:
                raise WorkerLostError("the vision worker is being replaced")
            self._asked.append(_Asked(owner, self._clock.mono_ns(), reply))
            try:
                await self._worker.send(kind, payload)
            except WorkerLostError:
                reply.cancel()  # nobody will wait for it
                raise
        return await reply

    def replace_worker(self) -> None:
        """Kills the worker in use; the next one takes over."""
        if self._worker is not None:
            self._worker.kill()

    async def _serve(self, worker: WorkerProcess) -> None:
        try:
            ready = wire.decode(worker.ready_payload, wire.Ready)
        except InvalidInputError as error:
            raise WorkerLostError(error.message) from error
        self._worker = worker
        self.generation += 1
        self.recognizers = ready.recognizers
        self._on_ready(ready)
        self._is_up.set()
        watching = asyncio.create_task(self._kill_when_stuck(worker))
        try:
            while True:
                message = await worker.receive()
                self._take_reply(worker, message.kind, message.payload)
        finally:
            watching.cancel()
            self._is_up.clear()
            self._worker = None
            self._fail_all()
            with contextlib.suppress(asyncio.CancelledError):
                await watching

    def _take_reply(self, worker: WorkerProcess, kind: int, payload: bytes) -> None:
        if not self._asked:
            raise WorkerLostError(f"worker {worker.pid} spoke without being asked")
        asked = self._asked.popleft()
        if asked.reply.done():  # the asker was cancelled
            return
        if kind == Kind.FAILED:
            asked.reply.set_exception(WorkerRefusedError(payload[:500].decode("utf-8", "replace")))
        else:
            asked.reply.set_result(payload)

    def _fail_all(self) -> None:
        self.last_offender = self._asked[0].owner if self._asked else 0
        for asked in self._asked:
            if not asked.reply.done():
                asked.reply.set_exception(WorkerLostError("the vision worker was lost"))
        self._asked.clear()

    async def _kill_when_stuck(self, worker: WorkerProcess) -> None:
        while True:
            await self._clock.sleep(_WATCH_EVERY_S)
            if self._asked and self._clock.mono_ns() - self._asked[0].asked_ns > REPLY_TIMEOUT_S * NS_PER_S:
                worker.kill()
                return
