"""Runs simulated cameras through the supervisor's socket."""

import msgspec

from vedette.adapters.role_client import RoleClient
from vedette.camera.administration import SimulatedCamera
from vedette.core.errors import UnavailableError

START_TIMEOUT_S = 150.0
"""Scenes are rendered and encoded at the first start: up to a minute for 16 of them on two cores."""


class _Camera(msgspec.Struct):
    name: str
    main: str
    sub: str = ""


class _Answer(msgspec.Struct):
    cameras: list[_Camera]


class SupervisorSimulation:
    """See `vedette.api.ports.Simulation`."""

    def __init__(self, supervisor: RoleClient) -> None:
        self._supervisor = supervisor

    async def run_simulated(self, count: int) -> list[SimulatedCamera]:
        """Raises UnavailableError when the supervisor does not answer or cannot start them."""
        body = msgspec.json.encode({"count": count})
        content = await self._supervisor.put("/sim", body, timeout_s=START_TIMEOUT_S)
        try:
            answer = msgspec.json.decode(content, type=_Answer)
        except msgspec.DecodeError as exc:
            raise UnavailableError(f"the supervisor's answer has an unknown form: {exc}") from exc
        return [SimulatedCamera(camera.name, camera.main, camera.sub) for camera in answer.cameras]
