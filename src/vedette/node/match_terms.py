"""By what face templates are compared; apart from the recognizers, because the gateway loads nothing that looks."""

from vedette.vision.models.registry import ModelRegistry
from vedette.vision.recognize.face_terms import MatchTerms, read_terms

EMBEDDING = "face-reid-0095"


def find_match_terms(registry: ModelRegistry) -> MatchTerms:
    """By what the templates of this release are compared."""
    manifest = registry.find_named(EMBEDDING)
    return read_terms(manifest.release, manifest.thresholds)
