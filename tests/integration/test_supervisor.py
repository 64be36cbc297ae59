"""Real processes under the supervisor: killed, hung, stubborn."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from vedette.core.messages import BusMessage, ProcessStateChanged
from vedette.runtime.clock import SystemClock
from vedette.runtime.restart import HangPolicy, RestartPolicy
from vedette.runtime.supervisor import RoleSpec, RoleSupervisor

SLEEPER = (sys.executable, "-c", "import time; time.sleep(600)")
STUBBORN = (
    sys.executable,
    "-c",
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(flush=True); time.sleep(600)",
)


class Heard:
    """A publisher that keeps what it is told."""

    def __init__(self) -> None:
        self.messages: list[BusMessage] = []

    def publish_nowait(self, message: BusMessage) -> None:
        self.messages.append(message)

    async def flush(self) -> None:
        return


async def silent(_role: str) -> bool:
    return False


@asynccontextmanager
async def running(supervisor: RoleSupervisor) -> AsyncIterator[None]:
    async with asyncio.timeout(60), asyncio.TaskGroup() as tasks:
        tasks.create_task(supervisor.run())
        try:
            yield
        finally:
            supervisor.stop()


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not condition():
            await asyncio.sleep(0.01)


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


async def test_killed_process_comes_back_and_the_bus_hears_why() -> None:
    heard = Heard()
    supervisor = RoleSupervisor(RoleSpec("recorder", SLEEPER), SystemClock(), heard, silent)
    async with running(supervisor):
        await until(lambda: supervisor.status.state == "running")
        first = supervisor.status.pid
        os.kill(first, signal.SIGKILL)
        await until(lambda: supervisor.status.state == "running" and supervisor.status.pid != first)
        second = supervisor.status.pid
    assert not is_alive(second)
    told = [m for m in heard.messages if isinstance(m, ProcessStateChanged)]
    assert [m.state for m in told] == ["running", "restarting", "running", "stopped"]
    assert told[1].reason == "killed by SIGKILL"


async def test_process_that_ignores_sigterm_is_killed_on_stop(monkeypatch) -> None:
    monkeypatch.setattr("vedette.runtime.supervisor.STOP_TIMEOUT_S", 0.3)
    supervisor = RoleSupervisor(RoleSpec("gateway", STUBBORN), SystemClock(), Heard(), silent)
    async with running(supervisor):
        await until(lambda: supervisor.status.state == "running")
        pid = supervisor.status.pid
    assert not is_alive(pid)


async def test_process_that_stops_answering_is_replaced(monkeypatch) -> None:
    monkeypatch.setattr("vedette.runtime.supervisor.PROBE_EVERY_S", 0.02)
    answers = iter([True, True])

    async def answers_then_hangs(_role: str) -> bool:
        return next(answers, False)

    supervisor = RoleSupervisor(
        RoleSpec("analyzer", SLEEPER), SystemClock(), Heard(), answers_then_hangs, hang=HangPolicy(silent_s=0.1)
    )
    async with running(supervisor):
        await until(lambda: supervisor.status.restarts >= 1)
        assert supervisor.status.reason in {"no answer on its health socket", "started"}


async def test_program_that_cannot_be_started_is_said_and_retried() -> None:
    heard = Heard()
    policy = RestartPolicy(first_delay_s=0.001, max_delay_s=0.002)
    supervisor = RoleSupervisor(
        RoleSpec("gateway", ("/nonexistent/vedette",)), SystemClock(), heard, silent, restart=policy
    )
    async with running(supervisor):
        await until(lambda: supervisor.status.restarts >= 3)
    reasons = {m.reason for m in heard.messages if isinstance(m, ProcessStateChanged) and m.state == "restarting"}
    assert any("cannot be started" in reason for reason in reasons)
