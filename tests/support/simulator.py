"""The simulator on a simulated clock: minutes of camera time pass in a fraction of a second."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence

from vedette.testing.clock import SimulatedClock
from vedette.testing.faults import FaultStep
from vedette.testing.sim_server import ServerOptions, SimServer
from vedette.testing.simulated_camera import CameraSpec

STEP_S = 0.02


async def _drive(clock: SimulatedClock) -> None:
    while True:
        await clock.advance(STEP_S)


@contextlib.asynccontextmanager
async def fast_server(
    *specs: CameraSpec, options: ServerOptions | None = None, script: Sequence[FaultStep] = ()
) -> AsyncIterator[SimServer]:
    """Serves cameras while a task drives their clock as fast as the event loop turns."""
    clock = SimulatedClock()
    async with SimServer(specs, options, script, clock) as server:
        driver = asyncio.create_task(_drive(clock))
        try:
            yield server
        finally:
            driver.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await driver
