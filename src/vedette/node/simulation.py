"""How many simulated cameras this box runs, kept on disk, so that a demonstration survives a restart."""

import asyncio
import json
from dataclasses import dataclass
from pathlib import Path

from vedette.core.errors import InvalidInputError, UnavailableError
from vedette.runtime.clock import Clock
from vedette.runtime.paths import NodePaths

MAX_SIMULATED = 64
READY_TIMEOUT_S = 120.0
_POLL_S = 0.2


@dataclass(frozen=True, slots=True)
class SimulationPlan:
    """What the `sim` role should serve: `count` generated scenes, or the files in `clips`."""

    count: int = 0
    clips: str = ""

    def __post_init__(self) -> None:
        if not 0 <= self.count <= MAX_SIMULATED:
            raise InvalidInputError(f"between 0 and {MAX_SIMULATED} simulated cameras, not {self.count}")


def load_plan(paths: NodePaths) -> SimulationPlan:
    try:
        return SimulationPlan(**json.loads(_plan_file(paths).read_text()))
    except (
        OSError,
        ValueError,
        TypeError,
    ):  # absent or unreadable: a demonstration is not worth a failed start
        return SimulationPlan()


def save_plan(paths: NodePaths, plan: SimulationPlan) -> None:
    file = _plan_file(paths)
    fresh = file.with_suffix(".new")
    fresh.write_text(json.dumps({"count": plan.count, "clips": plan.clips}))
    fresh.replace(file)


def read_cameras(paths: NodePaths) -> list[dict[str, str]]:
    """The cameras that the `sim` role serves now; empty until it is ready."""
    try:
        cameras: list[dict[str, str]] = json.loads((paths.sim / "sim.json").read_text())["cameras"]
    except (OSError, ValueError, KeyError):
        return []
    return cameras


async def wait_cameras(paths: NodePaths, count: int, clock: Clock) -> list[dict[str, str]]:
    """Waits until the `sim` role serves `count` cameras.

    Raises:
        UnavailableError: it does not in time.
    """
    deadline_ns = clock.mono_ns() + int(READY_TIMEOUT_S * 1e9)
    while len(cameras := read_cameras(paths)) < count:
        if clock.mono_ns() > deadline_ns:
            raise UnavailableError(
                f"the simulated cameras were not ready within {READY_TIMEOUT_S:.0f} s",
                "Look at the log of the sim process; `vedette doctor` tells whether this machine can encode video.",
            )
        await asyncio.sleep(_POLL_S)
    return cameras[:count]


def forget_cameras(paths: NodePaths) -> None:
    """Removes the ready mark before the role is started anew."""
    (paths.sim / "sim.json").unlink(missing_ok=True)


def _plan_file(paths: NodePaths) -> Path:
    return paths.sim / "plan.json"
