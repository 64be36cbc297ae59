"""Decides what a tracked person looks like: the mean over the track's good moments. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from vedette.vision.recognize.face_track import Vector, mean_direction
from vedette.vision.recognize.records import Sighting


@dataclass(frozen=True, slots=True)
class TrackAppearance:
    """What a track looks like over its life.

    Attributes:
        vector: (256,) float32 of unit length: mean of the sightings' unit vectors, weighted by sharpness.
        release: Of the model; vectors of another cannot be compared.
        sightings: Moments that it is the mean of, 1 or more.
    """

    vector: Vector
    release: str
    sightings: int


def join_appearance(sightings: Sequence[Sighting]) -> TrackAppearance | None:
    """The appearance of a track, None while no good moment of it is known.

    A new worker may have another model than the one before: only the moments of the latest release count.
    """
    seen = [found for found in sightings if found.record.vector]
    if not seen:
        return None
    release = max(seen, key=lambda found: found.at_s).release
    good = [found for found in seen if found.release == release]
    weights = np.array([found.weight for found in good], np.float32)
    return TrackAppearance(mean_direction(read_vectors(good), weights), release, len(good))


def read_vectors(sightings: Sequence[Sighting]) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    """(N, D) float32, of sightings that have one; N > 0."""
    return np.array([np.frombuffer(found.record.vector, np.float32) for found in sightings])
