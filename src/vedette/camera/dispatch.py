"""Sends the desired state to the roles: after each change, at start, and again until a role has taken it.

The roles keep what they were told on their own disk, so this loop may be late or absent without costing a
frame. Every send carries the complete state: sending it twice is harmless. Design: docs/design/api.md.
"""

import asyncio
from typing import Protocol

from vedette.camera.assignment_plan import plan_analyzer_assignment, plan_recorder_assignment
from vedette.camera.inventory import Camera
from vedette.core.assignment import AnalyzerAssignment, RecorderAssignment, VolumeAssignment
from vedette.core.errors import VedetteError
from vedette.core.recording_plan import Erasure, Hold
from vedette.runtime.clock import Clock
from vedette.runtime.log import get_logger

RETRY_S = 2.0
REPEAT_S = 60.0
"""A role that lost its disk gets its orders back within this time."""


class AssignmentTaker(Protocol):
    """Takes an assignment to its role."""

    async def put_assignment(self, assignment: RecorderAssignment | AnalyzerAssignment) -> None:
        """Raises VedetteError when the role does not take it within a few seconds."""
        ...


class Inventory(Protocol):
    async def list_all(self) -> list[Camera]: ...


class VolumeLister(Protocol):
    async def list_assignments(self) -> list[VolumeAssignment]: ...


class HoldLister(Protocol):
    async def list_active(self) -> list[Hold]: ...


class ErasureLister(Protocol):
    def list_active(self) -> list[Erasure]: ...


class VersionCounter(Protocol):
    async def count_up(self, name: str) -> int: ...


class AssignmentDispatcher:
    """Keeps both roles told. Owned by a TaskGroup; stop it by cancelling."""

    def __init__(
        self,
        *,
        inventory: Inventory,
        versions: VersionCounter,
        recorder: AssignmentTaker,
        analyzer: AssignmentTaker,
        volumes: VolumeLister,
        holds: HoldLister,
        erasures: ErasureLister,
        clock: Clock,
    ) -> None:
        self._inventory = inventory
        self._versions = versions
        self._takers = {"recorder": recorder, "analyzer": analyzer}
        self._volumes = volumes
        self._holds = holds
        self._erasures = erasures
        self._clock = clock
        self._wakes = {role: asyncio.Event() for role in self._takers}
        self._untold: dict[str, str] = {}
        self._log = get_logger("camera")

    def announce(self) -> None:
        """Says that the inventory has changed. Returns at once."""
        for wake in self._wakes.values():
            wake.set()

    @property
    def untold(self) -> dict[str, str]:
        """Roles that have not taken the present state, with the reason."""
        return dict(self._untold)

    async def run(self) -> None:
        """Runs until cancelled. A role that is down does not hold up the other."""
        async with asyncio.TaskGroup() as group:
            for role in self._takers:
                group.create_task(self._keep_told(role))

    async def _keep_told(self, role: str) -> None:
        while True:
            self._wakes[role].clear()
            delay_s = REPEAT_S if await self._tell(role) else RETRY_S
            await self._wait(role, delay_s)

    async def _tell(self, role: str) -> bool:
        try:
            await self._takers[role].put_assignment(await self._plan(role))
        except VedetteError as exc:
            if role not in self._untold:
                self._log.warning("a role has not taken its assignment", role=role, code=exc.code, reason=str(exc))
            self._untold[role] = str(exc)
            return False
        if self._untold.pop(role, None) is not None:
            self._log.info("the role has taken its assignment", role=role)
        return True

    async def _plan(self, role: str) -> RecorderAssignment | AnalyzerAssignment:
        cameras = await self._inventory.list_all()
        version = await self._versions.count_up(f"{role}_assignment")
        if role != "recorder":
            return plan_analyzer_assignment(version, cameras)
        erasures = self._erasures.list_active()  # before the holds: no erasure goes without a hold that came before it
        volumes, holds = await self._volumes.list_assignments(), await self._holds.list_active()
        return plan_recorder_assignment(version, cameras, volumes, holds, erasures)

    async def _wait(self, role: str, delay_s: float) -> None:
        waits = {
            asyncio.ensure_future(self._wakes[role].wait()),
            asyncio.ensure_future(self._clock.sleep(delay_s)),
        }
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
