"""Keeps the processes of the roles alive: starts, watches, restarts and stops them.

Promise: a process that ends, however it ends, is started again by `RestartPolicy`; one that stops answering is
replaced; on stop every process gets SIGTERM, time to finish, then SIGKILL. The supervisor holds no data, so
that it has no reason to fail itself. Design: docs/design/processes.md.
"""

import asyncio
import contextlib
import signal
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from vedette.core.messages import ProcessStateChanged
from vedette.core.time import NS_PER_S
from vedette.runtime.bus import Publisher
from vedette.runtime.clock import Clock
from vedette.runtime.log import get_logger
from vedette.runtime.restart import HangPolicy, RestartPolicy

PROBE_EVERY_S = 2.0
STOP_TIMEOUT_S = 8.0

IsAnswering = Callable[[str], Awaitable[bool]]
"""Asks a role's health endpoint. Returns within a second or two, never raises."""


@dataclass(frozen=True, slots=True)
class RoleSpec:
    """One role to keep alive. `command` is an argument vector; no shell is ever involved."""

    role: str
    command: Sequence[str]
    nice: int = 0


@dataclass(slots=True)
class RoleStatus:
    """What is known of one role, for `GET /status`."""

    role: str
    state: str = "starting"
    pid: int = 0
    restarts: int = 0
    since_ns: int = 0
    reason: str = ""
    quick_deaths: int = field(default=0, repr=False)


class RoleSupervisor:
    """Runs one role. Owned by a TaskGroup; stop it by `stop()` so that the process ends in order."""

    def __init__(
        self,
        spec: RoleSpec,
        clock: Clock,
        publisher: Publisher,
        is_answering: IsAnswering,
        restart: RestartPolicy | None = None,
        hang: HangPolicy | None = None,
    ) -> None:
        self._spec = spec
        self._clock = clock
        self._publisher = publisher
        self._is_answering = is_answering
        self._restart = restart or RestartPolicy()
        self._hang = hang or HangPolicy()
        self._stopping = asyncio.Event()
        self._log = get_logger("supervisor")
        self.status = RoleStatus(spec.role, since_ns=clock.utc_ns())

    async def run(self) -> None:
        """Keeps the role alive until `stop()` is called."""
        while not self._stopping.is_set():
            started_ns = self._clock.mono_ns()
            reason = await self._live_once()
            if self._stopping.is_set():
                break
            lived_s = (self._clock.mono_ns() - started_ns) / NS_PER_S
            self.status.quick_deaths = self._restart.count_quick_deaths(self.status.quick_deaths, lived_s)
            self.status.restarts += 1
            self._enter("restarting", reason)
            delay_s = self._restart.plan_delay_s(self.status.quick_deaths)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), delay_s)
        self._enter("stopped", "stopped on request")

    def stop(self) -> None:
        """Asks the role to end; `run` returns once it has."""
        self._stopping.set()

    async def _live_once(self) -> str:
        """One life of the process. Returns why it ended."""
        try:
            process = await asyncio.create_subprocess_exec(
                *self._nice_prefix(),
                *self._spec.command,
                stdin=asyncio.subprocess.DEVNULL,
                start_new_session=True,
            )
        except OSError as exc:
            return f"cannot be started: {exc}"
        self.status.pid = process.pid
        self._enter("running", "started")
        async with asyncio.TaskGroup() as tasks:
            ended = tasks.create_task(process.wait())
            hung = tasks.create_task(self._wait_hung())
            asked = tasks.create_task(self._stopping.wait())
            await asyncio.wait({ended, hung, asked}, return_when=asyncio.FIRST_COMPLETED)
            if not ended.done():
                await self._end(process, signal.SIGKILL if hung.done() else signal.SIGTERM)
            reason = "no answer on its health socket" if hung.done() else _describe_end(process.returncode)
            hung.cancel()
            asked.cancel()
        return reason

    def _nice_prefix(self) -> tuple[str, ...]:
        return ("nice", "-n", str(self._spec.nice)) if self._spec.nice else ()

    async def _wait_hung(self) -> None:
        has_answered = False
        last_answer_ns = self._clock.mono_ns()
        while True:
            await asyncio.sleep(PROBE_EVERY_S)
            if await self._is_answering(self._spec.role):
                has_answered = True
                last_answer_ns = self._clock.mono_ns()
            silent_s = (self._clock.mono_ns() - last_answer_ns) / NS_PER_S
            if self._hang.is_hung(silent_s, has_answered=has_answered):
                return

    async def _end(self, process: asyncio.subprocess.Process, first: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(first)
        try:
            await asyncio.wait_for(process.wait(), STOP_TIMEOUT_S)
        except TimeoutError:
            self._log.warning("killed: did not end in time", role=self._spec.role, timeout_s=STOP_TIMEOUT_S)
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()

    def _enter(self, state: str, reason: str) -> None:
        self.status.state = state
        self.status.reason = reason
        self.status.since_ns = self._clock.utc_ns()
        log = self._log.warning if state == "restarting" else self._log.info
        log(f"process {state}", process=self._spec.role, pid=self.status.pid, reason=reason)
        self._publisher.publish_nowait(
            ProcessStateChanged(self._spec.role, state, reason, self.status.restarts, self.status.since_ns)
        )


def _describe_end(returncode: int | None) -> str:
    if returncode is None:
        return "ended"
    if returncode < 0:
        with contextlib.suppress(ValueError):
            return f"killed by {signal.Signals(-returncode).name}"
        return f"killed by signal {-returncode}"
    return f"ended with exit code {returncode}"
