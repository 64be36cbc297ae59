"""By what face templates are compared. Apart from the gallery: the gateway reads it and loads nothing that looks."""

from collections.abc import Mapping
from dataclasses import dataclass

from vedette.core.errors import InvalidInputError


@dataclass(frozen=True, slots=True)
class MatchTerms:
    """By what templates are compared.

    Attributes:
        release: Of the embedding; templates of another one are left out.
        unsure, sure: Its cosines at a false match rate of 1e-3 and 1e-4.
    """

    release: str
    unsure: float
    sure: float

    def __post_init__(self) -> None:
        if not 0 < self.unsure <= self.sure < 1:
            raise InvalidInputError(f"need 0 < unsure <= sure < 1, got {self.unsure} and {self.sure}")


def read_terms(release: str, thresholds: Mapping[str, float]) -> MatchTerms:
    """Those of a manifest of a face embedding.

    Raises:
        InvalidInputError: it has none: its templates can be compared, but nothing can be said of the result.
    """
    try:
        return MatchTerms(release, thresholds["match_fmr_1e3"], thresholds["match_fmr_1e4"])
    except KeyError as error:
        raise InvalidInputError(f"the manifest of {release} has no threshold {error}") from error
