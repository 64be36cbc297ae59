"""The parent's end of a worker: a fresh interpreter on a socket pair, and a keeper that replaces it when it dies.

Promise: the parent survives whatever the worker does. A worker is started as a new process with nothing but its
socket (and the descriptors named), its stderr ends in a bounded buffer here, and what it sends is size-limited.
`WorkerNursery` holds one more worker ready and locked, so that a killed one is replaced at once instead of after
the second or two that imports and model compilation take. Design: docs/design/jail.md.
"""

import asyncio
import contextlib
import os
import re
import socket
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

from vedette.core.errors import InvalidInputError, UnavailableError
from vedette.core.time import NS_PER_S
from vedette.runtime.clock import Clock
from vedette.runtime.restart import RestartPolicy
from vedette.runtime.threads import limit_numeric_threads
from vedette.runtime.worker_channel import (
    FIND_KIND,
    FOUND_KIND,
    HEAD,
    KEEP_KIND,
    READY_KIND,
    UNKEPT_KIND,
    WorkerMessage,
    check_message_size,
)

START_TIMEOUT_S = 120.0
_STDERR_KEPT_BYTES = 4096
_LAST_WORDS_S = 2.0
_MOST_BEFORE_READY = 256
_PART_NAME = re.compile(rb"([a-z0-9][a-z0-9._-]{0,119})\n([0-9a-f]{64})\n", re.ASCII)


class WorkerLostError(UnavailableError):
    """The worker ended, or broke the protocol. What it was doing is lost; a new one can be started."""

    code = "worker_lost"


class WorkerNotReadyError(WorkerLostError):
    """It ended before it was ready, and so before it had seen anything foreign. The message is its last words."""

    code = "worker_not_ready"


@dataclass(frozen=True, slots=True)
class WorkerCommand:
    """What to run: `python -m module --channel FD arguments...`.

    Attributes:
        pass_fds: Descriptors that the child inherits, besides its socket and stderr.
    """

    module: str
    arguments: tuple[str, ...] = ()
    pass_fds: tuple[int, ...] = ()


class KeptParts(Protocol):
    """What workers made at their starts, kept for the next ones. Called in threads, for several workers at a time.

    Whatever is wrong with it is its own to say: a start that finds nothing here only takes longer.
    """

    def find(self, slot: str, identity: str) -> bytes:
        """The part that is in a slot under this identity; empty when there is none."""
        ...

    def keep(self, slot: str, identity: str, data: bytes) -> None:
        """Puts a part in its slot."""
        ...


StartWorker = Callable[[WorkerCommand], Awaitable["WorkerProcess"]]


class WorkerProcess:
    """One running worker. Make it with `start_worker`; end it with `stop`."""

    def __init__(
        self,
        process: asyncio.subprocess.Process,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        self._process = process
        self._reader = reader
        self._writer = writer
        self._stderr = bytearray()
        self._draining = asyncio.create_task(self._drain_stderr())
        self.ready_payload = b""

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def last_words(self) -> str:
        """The end of what the worker wrote to stderr. Foreign bytes: printable ASCII only."""
        text = self._stderr.decode("ascii", "replace")
        return "".join(c if c.isprintable() and c.isascii() else " " for c in text).strip()[-400:]

    async def send(self, kind: int, payload: bytes) -> None:
        """Sends one message; waits while the worker is behind.

        Raises:
            WorkerLostError: the worker is gone.
        """
        try:
            self._writer.write(HEAD.pack(kind, len(payload)) + payload)
            await self._writer.drain()
        except (ConnectionError, RuntimeError) as error:
            raise self._lost("closed its socket") from error

    async def receive(self) -> WorkerMessage:
        """Waits for the next message.

        Raises:
            WorkerLostError: the worker is gone, or announced an impossible message.
        """
        try:
            kind, size = HEAD.unpack(await self._reader.readexactly(HEAD.size))
            check_message_size(size)
            return WorkerMessage(kind, await self._reader.readexactly(size))
        except (asyncio.IncompleteReadError, ConnectionError) as error:
            raise self._lost("ended") from error
        except InvalidInputError as error:
            raise self._lost(error.message) from error

    async def drained(self) -> None:
        """Waits until the worker has closed its stderr: then its last words are whole."""
        await asyncio.shield(self._draining)

    def kill(self) -> None:
        """Ends the worker at once. It has nothing to tidy up: it owns no file."""
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()

    async def stop(self) -> int:
        """Kills the worker, collects it, and returns its exit status.

        Its stderr ends with it, and only then is asyncio's transport of the process closed; who may hold it open longer
        is not waited for.
        """
        self.kill()
        status = await self._process.wait()
        self._writer.close()
        await asyncio.wait({self._draining}, timeout=_LAST_WORDS_S)
        self._draining.cancel()
        await asyncio.gather(self._draining, return_exceptions=True)
        return status

    def _lost(self, what: str) -> WorkerLostError:
        words = f": {self.last_words}" if self.last_words else ""
        return WorkerLostError(f"worker {self.pid} {what}{words}")

    async def _drain_stderr(self) -> None:
        assert self._process.stderr is not None
        while data := await self._process.stderr.read(_STDERR_KEPT_BYTES):
            self._stderr += data
            del self._stderr[:-_STDERR_KEPT_BYTES]


async def start_worker(
    command: WorkerCommand, start_timeout_s: float = START_TIMEOUT_S, kept: KeptParts | None = None
) -> WorkerProcess:
    """Starts a worker and waits until it says that it is ready.

    `kept`: what earlier starts made. The worker takes from it and gives to it until it is ready, never afterwards.

    Raises:
        WorkerLostError: it ended or was silent instead; the message carries its last words.
    """
    environment = dict(os.environ)
    limit_numeric_threads(environment)  # its parent need not be a `vedette` command
    ours, theirs = socket.socketpair()
    with theirs:
        reader, writer = await asyncio.open_unix_connection(sock=ours)
        try:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", command.module, "--channel", str(theirs.fileno()), *command.arguments),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.PIPE,
                pass_fds=(theirs.fileno(), *command.pass_fds),
                env=environment,
            )
        except BaseException:
            writer.close()
            raise
    worker = WorkerProcess(process, reader, writer)
    try:
        async with asyncio.timeout(start_timeout_s):
            worker.ready_payload = await _receive_ready(worker, kept)
    except TimeoutError as error:
        await worker.stop()
        raise WorkerLostError(f"the worker was not ready after {start_timeout_s:.0f} s") from error
    except BaseException:
        await worker.stop()
        raise
    return worker


async def _receive_ready(worker: WorkerProcess, kept: KeptParts | None) -> bytes:
    for _ in range(_MOST_BEFORE_READY):
        message = await _receive_at_start(worker)
        if message.kind == READY_KIND:
            return message.payload
        await _serve_start(worker, message, kept)
    raise WorkerLostError(f"worker {worker.pid} asked too much before it was ready")


async def _receive_at_start(worker: WorkerProcess) -> WorkerMessage:
    try:
        return await worker.receive()
    except WorkerLostError as error:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_LAST_WORDS_S):
                await worker.drained()
        raise WorkerNotReadyError(worker.last_words or error.message) from error


async def _serve_start(worker: WorkerProcess, message: WorkerMessage, kept: KeptParts | None) -> None:
    named = _PART_NAME.match(message.payload)
    if message.kind not in {FIND_KIND, KEEP_KIND} or named is None:
        raise WorkerLostError(f"worker {worker.pid} spoke before it was ready")
    slot, identity = (part.decode("ascii") for part in named.groups())
    if message.kind == KEEP_KIND:
        if kept is not None:
            await asyncio.to_thread(kept.keep, slot, identity, message.payload[named.end() :])
    elif kept is None:
        await worker.send(UNKEPT_KIND, b"")
    else:
        await worker.send(FOUND_KIND, await asyncio.to_thread(kept.find, slot, identity))


class WorkerNursery:
    """Starts workers of one kind and holds one more ready than is in use, shared by all keepers of this kind.

    Args:
        holds_spare: False: it holds none until `hold_spare` is called.
    """

    def __init__(self, command: WorkerCommand, start: StartWorker | None = None, *, holds_spare: bool = True) -> None:
        self._command = command
        self._start = start or start_worker
        self._holds_spare = holds_spare
        self._spare: asyncio.Task[WorkerProcess] | None = None

    def hold_spare(self) -> None:
        """Holds one from here on."""
        self._holds_spare = True
        self._warm_spare()

    async def take(self) -> WorkerProcess:
        """Gives the spare worker, or starts one, and begins to warm the next spare.

        Raises:
            WorkerLostError: no worker can be started.
        """
        spare, self._spare = self._spare, None
        starting = spare or asyncio.create_task(self._begin())
        try:
            worker = await asyncio.shield(starting)
        except asyncio.CancelledError:
            await _give_up(starting)
            raise
        self._warm_spare()
        return worker

    def _warm_spare(self) -> None:
        if self._holds_spare and self._spare is None:
            self._spare = asyncio.create_task(self._begin())

    async def wait_spare(self) -> None:
        """Waits until the spare is warm. One that fails to start is the taker's to hear of."""
        if self._spare is not None:
            await asyncio.wait({self._spare})

    async def close(self) -> None:
        """Stops the spare."""
        spare, self._spare = self._spare, None
        if spare is not None:
            await _give_up(spare)

    async def _begin(self) -> WorkerProcess:
        return await self._start(self._command)


async def _give_up(starting: asyncio.Task[WorkerProcess]) -> None:
    """Ends a start, or the worker that it has already given."""
    starting.cancel()
    [result] = await asyncio.gather(starting, return_exceptions=True)
    if isinstance(result, WorkerProcess):
        await result.stop()


class WorkerKeeper:
    """Keeps one worker serving. Owned by a TaskGroup; stop it by cancelling.

    Args:
        serve: Uses a worker until it is lost (raises WorkerLostError) or cancelled.
        on_lost: Told why, once per loss.
        on_not_ready: Told the last words of one that could not be started, beside `on_lost`.
    """

    def __init__(
        self,
        nursery: WorkerNursery,
        clock: Clock,
        serve: Callable[[WorkerProcess], Awaitable[None]],
        on_lost: Callable[[str], None],
        policy: RestartPolicy | None = None,
        on_not_ready: Callable[[str], None] | None = None,
    ) -> None:
        self._on_not_ready = on_not_ready
        self._nursery = nursery
        self._clock = clock
        self._serve = serve
        self._on_lost = on_lost
        self._policy = policy or RestartPolicy()
        self.restarts = 0

    async def run(self) -> None:
        """Runs until cancelled. The first replacement comes at once, further quick ones ever more slowly."""
        quick_deaths = 0
        while True:
            began_ns = self._clock.mono_ns()
            try:
                await self._live()
            except WorkerLostError as error:
                self._on_lost(error.message)
                if self._on_not_ready is not None and isinstance(error, WorkerNotReadyError):
                    self._on_not_ready(error.message)
            lived_s = (self._clock.mono_ns() - began_ns) / NS_PER_S
            quick_deaths = self._policy.count_quick_deaths(quick_deaths, lived_s)
            self.restarts += 1
            if quick_deaths > 1:
                await self._clock.sleep(self._policy.plan_delay_s(quick_deaths))

    async def _live(self) -> None:
        worker = await self._nursery.take()
        try:
            await self._serve(worker)
        finally:
            await worker.stop()
