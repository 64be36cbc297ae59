"""What each installed detector costs on this machine: measured once, kept, and for what it holds. Pure.

A figure holds for one release in one size, on one processor, under one version of the runtime; under another it is
measured anew. Design: docs/design/vision.md.
"""

from collections.abc import Sequence

import msgspec

from vedette.core.errors import InvalidInputError
from vedette.vision.models.sized import SizedModel

_FORMAT = 1
_MOST_MS = 60_000.0


class ModelCost(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One figure. `model`: name and size, as `SizedModel` writes them; `cost_ms`: of one core, for a whole picture."""

    model: str
    release: str
    cost_ms: float


class MeasuredCosts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All figures of one machine.

    Attributes:
        machine: Processor and runtime, in words.
        base_ms: What a picture costs in a worker besides the detector: small picture and motion.
        at: When the last was measured, UTC.
    """

    machine: str
    base_ms: float
    at: str
    costs: list[ModelCost]
    format: int = _FORMAT

    def find(self, model: SizedModel, release: str) -> float | None:
        """Milliseconds of one look, None when they were not measured for this release."""
        wanted = (str(model), release)
        return next((one.cost_ms for one in self.costs if (one.model, one.release) == wanted), None)

    def add(self, base_ms: float, at: str, costs: Sequence[ModelCost]) -> "MeasuredCosts":
        """With others, which replace those of the same model and size."""
        named = {one.model for one in costs}
        kept = [one for one in self.costs if one.model not in named]
        return MeasuredCosts(self.machine, base_ms, at, [*kept, *costs])


def nothing_measured(machine: str) -> MeasuredCosts:
    return MeasuredCosts(machine, 0.0, "", [])


def describe_machine(processor: str, runtime_version: str) -> str:
    """What the figures hold for."""
    return f"{processor}, OpenVINO {runtime_version}"


def read_costs(data: bytes, machine: str) -> MeasuredCosts:
    """The figures that hold here: none, when they are of another machine or another format.

    Raises:
        InvalidInputError: it is no file of figures.
    """
    try:
        found = msgspec.json.decode(data, type=MeasuredCosts)
    except msgspec.MsgspecError as error:
        raise InvalidInputError(f"these are no measured costs of models: {error}") from error
    if (found.machine, found.format) != (machine, _FORMAT):
        return nothing_measured(machine)
    check_times_ms([found.base_ms, *(one.cost_ms for one in found.costs)])
    return found


def check_times_ms(times: Sequence[float]) -> None:
    """Raises InvalidInputError: they cannot be what pictures cost."""
    if not all(0 < one < _MOST_MS for one in times):
        raise InvalidInputError("these are no measured costs of models: a time is none")
