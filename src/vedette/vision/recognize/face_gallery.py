"""Compares a face with the people of a list, 1:N, and decides what may be said of the result. Pure.

A template is compared with one mean template per person: the cosine of two unit vectors. From `sure` on it is a match,
between `unsure` and `sure` somebody has to look, below it is nobody on the list. The figures behind the two
thresholds: docs/design/recognition.md. They hold for one comparison: a list of N people has N chances to be wrong
about a stranger.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vedette.core.errors import InvalidInputError
from vedette.vision.recognize.face_track import Vector

_NORM_TOLERANCE = 1e-3


@dataclass(frozen=True, slots=True)
class MatchThresholds:
    """Cosines of the embedding's release: at a false match rate of 1e-3 (`unsure`) and 1e-4 (`sure`)."""

    unsure: float
    sure: float

    def __post_init__(self) -> None:
        if not 0 < self.unsure <= self.sure < 1:
            raise InvalidInputError(f"need 0 < unsure <= sure < 1, got {self.unsure} and {self.sure}")


def read_thresholds(thresholds: Mapping[str, float]) -> MatchThresholds:
    """Those of a manifest of a face embedding.

    Raises:
        InvalidInputError: it has none: its templates can be compared, but nothing can be said of the result.
    """
    try:
        return MatchThresholds(thresholds["match_fmr_1e3"], thresholds["match_fmr_1e4"])
    except KeyError as error:
        raise InvalidInputError(f"the face embedding's manifest has no threshold {error}") from error


@dataclass(frozen=True, slots=True)
class FaceMatch:
    """One person that a face is like. `threshold` is the one that was passed."""

    entry_id: str
    list_id: str
    similarity: float
    threshold: float
    is_sure: bool


class FaceGallery:
    """The people of all lists that one camera looks for. Made once per change of a list, and only read then.

    Args:
        entry_ids, list_ids: N people, and the list that each is on.
        templates: (N, 256) float32, each of unit length.
    """

    def __init__(
        self,
        entry_ids: Sequence[str],
        list_ids: Sequence[str],
        templates: NDArray[np.float32],
        thresholds: MatchThresholds,
    ) -> None:
        if templates.ndim != 2 or not len(templates) == len(entry_ids) == len(list_ids):
            raise InvalidInputError(f"need (N, D) templates of N entries, got {templates.shape} of {len(entry_ids)}")
        norms = np.sqrt(np.einsum("ij,ij->i", templates, templates, dtype=np.float64))
        if not (np.isfinite(norms).all() and (np.abs(norms - 1) < _NORM_TOLERANCE).all()):
            raise InvalidInputError("a template is not of unit length")
        self._entry_ids = tuple(entry_ids)
        self._list_ids = tuple(list_ids)
        self._templates = np.ascontiguousarray(templates, np.float32)
        self._thresholds = thresholds

    def __len__(self) -> int:
        return len(self._entry_ids)

    def match(self, vector: Vector) -> list[FaceMatch]:
        """Of each list the one person whom the face is most like, if at all; the most like of all first.

        `vector` is (256,) float32 of unit length. The others above a threshold are left out: at most one of a list's
        people can be in front of the camera.
        """
        if vector.shape != self._templates.shape[1:]:
            raise InvalidInputError(f"a template of {vector.shape} cannot be compared with {self._templates.shape}")
        similarity = self._templates @ vector.astype(np.float32)
        rows = np.flatnonzero(similarity >= self._thresholds.unsure)
        best: dict[str, int] = {}
        for row in rows[np.argsort(-similarity[rows], kind="stable")]:
            best.setdefault(self._list_ids[row], int(row))
        return [self._judge(row, float(similarity[row])) for row in best.values()]

    def _judge(self, row: int, similarity: float) -> FaceMatch:
        is_sure = similarity >= self._thresholds.sure
        threshold = self._thresholds.sure if is_sure else self._thresholds.unsure
        rounded = round(min(similarity, 1.0), 4)
        return FaceMatch(self._entry_ids[row], self._list_ids[row], rounded, threshold, is_sure)
