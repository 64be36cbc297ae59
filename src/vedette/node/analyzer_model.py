"""Which detector the live streams get: the one that the settings name, else the best that fits what was measured here.

Decided by `vision/model_choice.py`; until every installed detector is measured, and for files, it is the one that
`choose_model` takes. Design: docs/design/vision.md.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from vedette.core.assignment import CameraAnalysis
from vedette.core.errors import VedetteError
from vedette.core.time import NS_PER_S
from vedette.node.analyzer_costs import CostShelf
from vedette.node.analyzer_pool import choose_model, describe_model
from vedette.runtime.clock import Clock
from vedette.vision.model_choice import Candidate, Machine, Plan, Stream, plan_model
from vedette.vision.models.registry import ModelRegistry
from vedette.vision.models.sized import SizedModel, check_named, parse_sized_model

_SETTLED_NS = 60 * NS_PER_S
"""So long after cameras changed it is known what decoding them costs: the detector is chosen once more."""

Why = Literal["fits", "kept", "cheapest", "pinned", "unmeasured", "none"]


@dataclass(frozen=True, slots=True)
class ChosenModel:
    """What the streams get.

    Attributes:
        model: None: none can be used, and motion alone is looked for.
        why: As `Plan.reason`; `pinned`: the settings name it; `unmeasured`: not all are measured yet.
        plan: What it costs, where it is measured.
        problem: Why there is none, or not the one that the settings name; empty when all is well.
    """

    model: SizedModel | None
    why: Why
    plan: Plan | None = None
    problem: str = ""

    @property
    def name(self) -> str:
        """Of its manifest; empty without a model."""
        return self.model.name if self.model else ""

    def describe(self, registry: ModelRegistry) -> str:
        """One sentence for the control `model`."""
        if self.model is None or self.problem:
            return self.problem
        size = "" if self.model.size_px is None else f", at {self.model.size_px[0]}x{self.model.size_px[1]}"
        return f"{describe_model(registry, self.name)}{size}"

    @property
    def state(self) -> str:
        """Of the control `model`."""
        if self.model is None:
            return "absent"
        return "weakened" if self.problem else "holds"


class ModelChooser:
    """Chooses for the cameras of one analyzer, and remembers what it chose. Reads and hashes the models' files: blocks.

    Args:
        workers: How many processes share the streams.
        pinned: What the settings name, as `SizedModel` writes it; empty: nothing.
    """

    def __init__(self, registry: ModelRegistry, shelf: CostShelf, clock: Clock, workers: int, pinned: str = "") -> None:
        self._registry, self._shelf, self._clock, self._pinned = registry, shelf, clock, pinned
        self._workers = workers
        self._decode_ms: dict[str, float] = {}
        self._cameras: tuple[CameraAnalysis, ...] = ()
        self._due_ns: int | None = None
        self.chosen = ChosenModel(None, "none", problem="no detector was chosen yet")

    def note_decoding(self, camera_id: str, decode_ms: float) -> None:
        """Takes what decoding all pictures of one second cost lately; 0: not known yet."""
        if decode_ms:
            self._decode_ms[camera_id] = decode_ms

    def is_due(self) -> bool:
        """Whether it is time to choose once more, as it is known by now what decoding the cameras costs."""
        return self._due_ns is not None and self._clock.mono_ns() >= self._due_ns

    def choose(self, cameras: Sequence[CameraAnalysis]) -> ChosenModel:
        """Chooses for these cameras; what was chosen before stays where another is not worth a restart."""
        analysed = tuple(camera for camera in cameras if camera.detector != "none")
        self._due_ns = None if analysed == self._cameras else self._clock.mono_ns() + _SETTLED_NS
        self._cameras = analysed
        streams = [
            Stream(one.fps, self._decode_ms.get(one.camera_id, 0.0), float(one.detector != "motion"))
            for one in analysed
        ]
        self.chosen = self._choose(streams, self.chosen.model)
        return self.chosen

    def _choose(self, streams: Sequence[Stream], in_use: SizedModel | None) -> ChosenModel:
        if not self._pinned:
            return self._fit(streams, in_use)
        try:
            model = check_named(parse_sized_model(self._pinned), self._registry.manifests())
            self._registry.load(self._registry.find_named(model.name))
        except VedetteError as error:
            problem = f"the settings name the detector {self._pinned}, which cannot be used: {error}"
            return replace(self._fit(streams, in_use), problem=problem)
        measured = [one for one in self._find_candidates() if one.model == model]
        return ChosenModel(model, "pinned", self._plan(streams, measured) if measured else None)

    def _fit(self, streams: Sequence[Stream], in_use: SizedModel | None) -> ChosenModel:
        name, missing = choose_model(self._registry)
        if not name:
            return ChosenModel(None, "none", problem=missing)
        candidates = self._find_candidates()
        if not candidates or self._shelf.list_missing():
            return ChosenModel(SizedModel(name), "unmeasured")
        plan = self._plan(streams, candidates, in_use)
        return ChosenModel(plan.candidate.model, plan.reason, plan)

    def _plan(
        self, streams: Sequence[Stream], candidates: Sequence[Candidate], in_use: SizedModel | None = None
    ) -> Plan:
        return plan_model(streams, candidates, Machine(self._workers, self._shelf.costs.base_ms), in_use)

    def _find_candidates(self) -> list[Candidate]:
        """All that is installed, verified and measured. A detector's files are read once, whatever sizes it has."""
        installed = [(one, self._shelf.costs.find(one.model, one.release)) for one in self._shelf.list_installed()]
        measured = [(one, cost_ms) for one, cost_ms in installed if cost_ms is not None]
        usable = {name for name in {one.model.name for one, _ in measured} if self._is_usable(name)}
        return [Candidate(one.model, one.quality, ms) for one, ms in measured if one.model.name in usable]

    def _is_usable(self, name: str) -> bool:
        try:
            self._registry.load(self._registry.find_named(name))
        except VedetteError:
            return False
        return True


def describe_choice(chosen: ChosenModel) -> dict[str, object]:
    """What the status tells of it. Figures are None where nothing is measured."""
    plan = chosen.plan
    return {
        "detector": str(chosen.model) if chosen.model else "",
        "why": chosen.why,
        "cost_ms": round(plan.candidate.cost_ms, 2) if plan else None,
        "asked_ms": round(plan.asked_ms) if plan else None,
        "room_ms": round(plan.room_ms) if plan else None,
        "streams": plan.streams if plan else None,
        "possible_streams": plan.possible_streams if plan else None,
    }
