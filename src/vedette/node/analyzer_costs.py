"""Measures what a picture costs each installed detector on this machine, once, and keeps the figures.

The file is `DATA/analyzer/costs.json`; the analyzer alone writes it. Nothing waits for a measurement: until there is
one the detector is chosen as before there were any. Design: docs/design/vision.md.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

import msgspec

from vedette.core.errors import InvalidInputError
from vedette.core.time import NS_PER_S, format_utc
from vedette.runtime.clock import Clock
from vedette.runtime.cpu import read_cpu_name
from vedette.runtime.files import replace_file
from vedette.runtime.log import get_logger
from vedette.runtime.worker import StartWorker, WorkerCommand, WorkerLostError, start_worker
from vedette.vision import wire
from vedette.vision.models.costs import (
    MeasuredCosts,
    ModelCost,
    check_times_ms,
    describe_machine,
    nothing_measured,
    read_costs,
)
from vedette.vision.models.registry import ModelRegistry
from vedette.vision.models.sized import SizedModel, list_sizes

_TASK = "detection"
_ASK = 1
_TIMEOUT_S = 120.0
_AGAIN_S = 600
"""After a measurement that came to nothing: a busy machine is quieter at another time."""


@dataclass(frozen=True, slots=True)
class InstalledSize:
    """An installed detector in one of its sizes, and what its manifest says of it."""

    model: SizedModel
    release: str
    quality: float


class CostShelf:
    """The figures of this machine.

    Args:
        path: Of the file.
        start: Starts a worker.
    """

    def __init__(self, path: Path, registry: ModelRegistry, clock: Clock, start: StartWorker = start_worker) -> None:
        self._path, self._registry, self._clock, self._start = path, registry, clock, start
        self.failed: dict[str, str] = {}
        """Detectors that could not be measured, and why; not tried again by this process."""
        self._again_ns = 0
        self.costs = load_costs(path)

    def list_installed(self) -> list[InstalledSize]:
        """Each installed detector in each of its sizes, without those that failed."""
        return [
            InstalledSize(model, manifest.release, size.quality)
            for manifest in self._registry.manifests()
            if manifest.task == _TASK and self._registry.is_installed(manifest)
            for model, size in list_sizes(manifest)
            if str(model) not in self.failed
        ]

    def list_missing(self) -> list[InstalledSize]:
        """Those of the installed ones that are not measured."""
        return [one for one in self.list_installed() if self.costs.find(one.model, one.release) is None]

    def is_due(self) -> bool:
        """Whether something is to be measured now."""
        return self._clock.mono_ns() >= self._again_ns and bool(self.list_missing())

    async def measure(self) -> None:
        """Measures what is missing, in a jailed worker that gives way to others, and keeps it. Never raises for what a
        worker does: what cannot be measured is said and left out.
        """
        missing = self.list_missing()
        try:
            reply = await measure_costs(self._registry.directory, [one.model for one in missing], self._start)
        except (WorkerLostError, InvalidInputError, TimeoutError) as error:
            reason = str(error) or "it took too long"
            get_logger("analyzer").warning("the cost of detectors could not be measured", reason=reason)
            self._again_ns = self._clock.mono_ns() + _AGAIN_S * NS_PER_S
            return
        results = list(zip(missing, reply.costs_ms, reply.failures, strict=True))
        self.failed |= {str(one.model): failure for one, _, failure in results if failure}
        measured = [ModelCost(str(one.model), one.release, cost) for one, cost, failure in results if not failure]
        self.costs = self.costs.add(reply.base_ms, format_utc(self._clock.utc_ns()), measured)
        await asyncio.to_thread(self._save)

    def _save(self) -> None:
        try:
            self._path.parent.mkdir(mode=0o750, parents=True, exist_ok=True)
            replace_file(self._path, msgspec.json.encode(self.costs))
        except OSError as error:
            get_logger("analyzer").warning("measured costs of detectors are not kept", reason=error.strerror)


def load_costs(path: Path) -> MeasuredCosts:
    """The figures that hold on this machine, none where there is no file or it is damaged (which is logged)."""
    machine = describe_machine(read_cpu_name(), metadata.version("openvino"))
    try:
        return read_costs(path.read_bytes(), machine)
    except FileNotFoundError:
        return nothing_measured(machine)
    except (OSError, InvalidInputError) as error:
        get_logger("analyzer").warning("the kept costs of detectors are unusable: measured anew", reason=str(error))
        return nothing_measured(machine)


async def measure_costs(
    models: Path, wanted: Sequence[SizedModel], start: StartWorker = start_worker
) -> wire.CostsReply:
    """Asks one jailed worker about all of them.

    Raises:
        WorkerLostError, TimeoutError
        InvalidInputError: it answers nonsense.
    """
    given = ("--models", str(models.absolute()), *map(str, wanted))
    worker = await start(WorkerCommand("vedette.node.cost_worker", given))
    try:
        async with asyncio.timeout(_TIMEOUT_S):
            await worker.send(_ASK, b"")
            reply = wire.decode((await worker.receive()).payload, wire.CostsReply)
    finally:
        await worker.stop()
    if not len(wanted) == len(reply.costs_ms) == len(reply.failures):
        raise InvalidInputError("a worker that measures costs left some out")
    measured = zip(reply.costs_ms, reply.failures, strict=True)
    check_times_ms([reply.base_ms, *(cost for cost, failure in measured if not failure)])
    return reply
