"""Accepts model releases that are new to this installation, after their files were verified. Before the roles start."""

from vedette.adapters.model_ledger import SignedModelLedger
from vedette.core.errors import NotFoundError, VedetteError
from vedette.runtime.clock import Clock
from vedette.vision.models.registry import ModelRegistry


def accept_new_releases(registry: ModelRegistry, ledger: SignedModelLedger, clock: Clock) -> list[str]:
    """Signs what is installed, verified, and newer than what was accepted; gives what is refused, in words.

    A release that was accepted once and is something else now is left as it is: it is refused when it is loaded.
    """
    refused = []
    for manifest in registry.manifests():
        try:
            unit = registry.read_unit(manifest)
            accepted = ledger.find(manifest.name)
            if accepted is None or unit.serial > accepted.serial:
                ledger.accept(unit, clock.utc_ns(), "found installed at the start")
        except NotFoundError:
            continue
        except VedetteError as error:
            refused.append(error.message)
    return refused
