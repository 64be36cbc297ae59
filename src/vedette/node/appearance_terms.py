"""By what looks are compared, of whichever release made them. Apart from the recognizers: the gateway reads it."""

from vedette.vision.models.manifest import ModelManifest
from vedette.vision.models.registry import ModelRegistry
from vedette.vision.recognize.attribute_forms import APPEARANCE_MODELS
from vedette.vision.track.rejoin import RejoinPolicy


def find_appearance(registry: ModelRegistry) -> ModelManifest:
    """Of the model that is used here: the first that is installed, or the best if none is."""
    return registry.find_first(APPEARANCE_MODELS) or registry.find_named(APPEARANCE_MODELS[0])


def find_rejoin_policy(registry: ModelRegistry, release: str) -> RejoinPolicy | None:
    """When two tracks of a file are one by looks of this release; None where that was not measured: they stay two."""
    known = {manifest.release: manifest for manifest in map(registry.find_named, APPEARANCE_MODELS)}
    measured = known[release].thresholds if release in known else {}
    if "rejoin_alike" not in measured or "rejoin_margin" not in measured:
        return None
    return RejoinPolicy(measured["rejoin_alike"], measured["rejoin_margin"])
