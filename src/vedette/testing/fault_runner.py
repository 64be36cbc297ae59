"""Carries out a fault script: which step is due when is decided here, what a fault does is not."""

import asyncio
import heapq
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from vedette.core.time import NS_PER_S
from vedette.runtime.clock import Clock
from vedette.testing.faults import ANSWER_FAULTS, Fault, FaultKind, FaultStep
from vedette.testing.simulated_camera import CameraConnection, SimulatedCamera


class FaultTarget(Protocol):
    """The server that suffers the faults."""

    clock: Clock

    async def prepare(self, fault: Fault, camera: str = "*", stream: str = "*") -> None: ...

    async def apply(self, fault: Fault, camera: str = "*", stream: str = "*") -> None: ...

    async def clear(self, kind: FaultKind = ..., camera: str = "*", stream: str = "*") -> None: ...


@dataclass(frozen=True, slots=True)
class FaultAction:
    """Something to do at a moment of the script: switch a fault on, or off again."""

    at_s: float
    step: FaultStep
    is_end: bool


def plan_actions(step: FaultStep, from_s: float) -> Iterator[FaultAction]:
    """Yields what a step means, in time order; endless when it repeats."""
    at_s = from_s + step.at_s
    while True:
        yield FaultAction(at_s, step, is_end=False)
        if step.for_s is not None:
            yield FaultAction(at_s + step.for_s, step, is_end=True)
        if step.every_s is None:
            return
        at_s += step.every_s


@dataclass(order=True, slots=True)
class _Pending:
    at_s: float
    order: int
    action: FaultAction = field(compare=False)
    rest: Iterator[FaultAction] = field(compare=False)
    camera: str = field(compare=False)


class FaultRunner:
    """Owned by the server's TaskGroup; stop it by cancelling."""

    def __init__(self, script: Sequence[FaultStep], target: FaultTarget) -> None:
        self._script = script
        self._target = target
        self._start_ns = target.clock.mono_ns()
        self._pending: list[_Pending] = []
        self._order = 0
        self._changed = asyncio.Event()

    async def prepare(self) -> None:
        """Loads the clips that the script changes to, so that no fault comes late, and starts its time."""
        for step in self._script:
            await self._target.prepare(step.fault, step.camera, step.stream)
        self._start_ns = self._target.clock.mono_ns()
        for step in self._script:
            if step.on_connection is None:
                self._add(plan_actions(step, 0.0), step.camera)

    def on_connection(self, camera: SimulatedCamera, connection: CameraConnection) -> FaultKind | None:
        """Starts the steps that wait for this connection of this camera.

        Returns:
            How this connection is (not) answered when a step says so for this connection alone.
        """
        del connection
        answer = None
        for step in self._script:
            if step.on_connection != camera.connection_count or not step.names(camera.name):
                continue
            if step.fault.kind in ANSWER_FAULTS and step.for_s is None and step.at_s == 0:
                answer = step.fault.kind
            else:
                self._add(plan_actions(step, self._elapsed_s()), camera.name)
        return answer

    async def run(self) -> None:
        """Runs the script until cancelled."""
        while True:
            self._changed.clear()
            while self._pending and self._pending[0].at_s <= self._elapsed_s():
                pending = heapq.heappop(self._pending)
                await self._carry_out(pending.action, pending.camera)
                self._add(pending.rest, pending.camera)
            await self._wait()

    async def _wait(self) -> None:
        if not self._pending:
            await self._changed.wait()
            return
        delay_s = self._pending[0].at_s - self._elapsed_s()
        sleeping = asyncio.ensure_future(self._target.clock.sleep(delay_s))
        changed = asyncio.ensure_future(self._changed.wait())
        try:
            await asyncio.wait({sleeping, changed}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            sleeping.cancel()
            changed.cancel()

    async def _carry_out(self, action: FaultAction, camera: str) -> None:
        step = action.step
        if action.is_end:
            await self._target.clear(step.fault.kind, camera, step.stream)
        else:
            await self._target.apply(step.fault, camera, step.stream)

    def _add(self, actions: Iterator[FaultAction], camera: str) -> None:
        action = next(actions, None)
        if action is not None:
            self._order += 1
            heapq.heappush(self._pending, _Pending(action.at_s, self._order, action, actions, camera))
            self._changed.set()

    def _elapsed_s(self) -> float:
        return (self._target.clock.mono_ns() - self._start_ns) / NS_PER_S
