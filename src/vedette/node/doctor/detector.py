"""Which detector the analyzer takes for the cameras that it has, by what was measured on this machine."""

from vedette.adapters.model_ledger import open_ledger
from vedette.node.analyzer_assignment import load_assignment
from vedette.node.analyzer_costs import CostShelf
from vedette.node.analyzer_model import ModelChooser
from vedette.node.analyzer_pool import count_workers
from vedette.node.doctor.findings import Finding, good, warning
from vedette.runtime.clock import Clock
from vedette.runtime.settings import NodeSettings
from vedette.vision.models.registry import ModelRegistry

_RATES = "Lower the rate of some cameras, analyse fewer, or use a faster processor."


def check_detector(settings: NodeSettings, clock: Clock) -> Finding:
    """Chooses as an analyzer that starts now, from the figures that the last one kept; measures nothing itself."""
    paths = settings.paths
    registry = ModelRegistry(settings.models_folder, ledger=open_ledger(paths.model_keys))
    shelf = CostShelf(paths.model_costs, registry, clock)
    chooser = ModelChooser(registry, shelf, clock, count_workers(), settings.detector)
    chosen = chooser.choose(load_assignment(paths.assignment("analyzer")).cameras)
    costs = ", ".join(f"{one.model} {one.cost_ms:.1f}" for one in sorted(shelf.costs.costs, key=lambda c: c.cost_ms))
    figures = {f"cost_ms {one.model}": round(one.cost_ms, 2) for one in shelf.costs.costs}
    measured = f"; ms of one core a picture: {costs}" if costs else ""
    if chosen.model is None or chosen.problem:
        return warning("detector", chosen.problem, "Run `vedette models verify`.", **figures)
    if chosen.plan is None:
        summary = f"{chosen.model} ({chosen.why}): the analyzer measures it once the first camera is analysed"
        return good("detector", summary, **figures)
    plan = chosen.plan
    summary = (
        f"{chosen.model} ({chosen.why}): {plan.asked_ms:.0f} of {plan.room_ms:.0f} ms a second asked for{measured}"
    )
    if chosen.why == "cheapest":
        return warning("detector", summary, _RATES, **figures)
    return good("detector", summary, **figures)
