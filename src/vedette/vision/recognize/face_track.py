"""Decides by which template a tracked face is compared: the mean over its good moments, never one picture. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vedette.vision.recognize.face_quality import QualityPolicy
from vedette.vision.recognize.records import Sighting

Vector = NDArray[np.float32]
MIN_SIGHTINGS = 2
"""One picture may be a grimace, a false detection or somebody passing behind."""


@dataclass(frozen=True, slots=True)
class TrackTemplate:
    """The face of a track, to be compared and then forgotten.

    Attributes:
        vector: (256,) float32, unit length: mean of the sightings' vectors, weighted by quality.
        quality: Of the best of them.
        from_s, to_s: Of the first and the last of them.
        box_norm_xyxy: Where the face was in the last one.
    """

    vector: Vector
    quality: float
    sightings: int
    from_s: float
    to_s: float
    box_norm_xyxy: tuple[float, float, float, float]


def join_sightings(
    sightings: Sequence[Sighting], policy: QualityPolicy | None = None, least: int = MIN_SIGHTINGS
) -> TrackTemplate | None:
    """The template of a track, None while fewer good moments than `least` are known."""
    floor = (policy or QualityPolicy()).match_floor
    good = [found for found in sightings if found.record.vector and _quality(found) >= floor]
    last = max(good, key=lambda found: found.at_s, default=None)
    if len(good) < least or last is None or last.record.box is None:
        return None
    vectors = np.array([np.frombuffer(found.record.vector, np.float32) for found in good])
    weights = np.array([_quality(found) for found in good], np.float32)
    began_s = min(found.at_s for found in good)
    mean, best = mean_direction(vectors, weights), max(map(_quality, good))
    return TrackTemplate(mean, best, len(good), began_s, last.at_s, last.record.box)


def mean_direction(vectors: NDArray[np.float32], weights: NDArray[np.float32] | None = None) -> Vector:
    """(D,) float32 of unit length: the weighted mean of (N, D) unit vectors, N > 0."""
    mean = np.average(vectors.astype(np.float64), axis=0, weights=weights)
    return np.asarray(mean / max(float(np.linalg.norm(mean)), 1e-6), np.float32)


def _quality(sighting: Sighting) -> float:
    return sighting.record.numbers.get("quality", 0.0)
