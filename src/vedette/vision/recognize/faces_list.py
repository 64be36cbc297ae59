"""Decides what is said of a track's face: the best picture of it; age, sex and glasses over all of them. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from vedette.core.objects import UNKNOWN, AttributeValue
from vedette.vision.recognize.attribute_forms import GLASSES
from vedette.vision.recognize.label_vote import decide
from vedette.vision.recognize.records import Label, Sighting

_SEX_FLOOR, GLASSES_FLOOR = 0.75, 0.75
_MAX_AGE_SPREAD_YEARS = 15.0


@dataclass(frozen=True, slots=True)
class FaceFacts:
    """One face, decided over its track.

    Attributes:
        track_id: 0 for a face that belongs to no track.
        box_norm_xyxy, quality, jpeg: Of its best picture.
        age: In years, None when unknown.
        sex: `female` | `male` | `unknown`.
        live: 0..1, that it is no picture of a picture; None when it was not judged.
        glasses: `yes` | `no` | `unknown`, None when no picture of it was good enough to look for them.
    """

    track_id: int
    at_s: float
    box_norm_xyxy: tuple[float, float, float, float]
    quality: float
    age: float | None
    sex: str
    live: float | None
    sightings: int
    jpeg: bytes
    glasses: AttributeValue | None = None


def decide_face(track_id: int, sightings: Sequence[Sighting]) -> FaceFacts | None:
    """Joins the sightings of one face."""
    faces = [sighting for sighting in sightings if sighting.record.box is not None]
    if not faces:
        return None
    best = max(faces, key=_quality)
    assert best.record.box is not None
    return FaceFacts(
        track_id,
        best.at_s,
        best.record.box,
        _quality(best),
        _decide_age(faces),
        _decide_sex(faces),
        _weighted_mean(faces, "live"),
        len(faces),
        best.record.jpeg,
        _decide_glasses(faces),
    )


def _quality(sighting: Sighting) -> float:
    return sighting.record.numbers.get("quality", 0.0)


def _weighted_mean(faces: Sequence[Sighting], name: str) -> float | None:
    judged = [(face.record.numbers[name], _quality(face)) for face in faces if name in face.record.numbers]
    if not judged:
        return None
    values, weights = np.array(judged).T
    return round(float(np.average(values, weights=weights + 1e-6)), 4)


def _decide_age(faces: Sequence[Sighting]) -> float | None:
    """The weighted mean; unknown when the single estimates are too far apart to mean anything."""
    ages = [face.record.numbers["age"] for face in faces if "age" in face.record.numbers]
    mean = _weighted_mean(faces, "age")
    if mean is None or float(np.std(ages)) > _MAX_AGE_SPREAD_YEARS:
        return None
    return round(mean, 1)


def _decide_sex(faces: Sequence[Sighting]) -> str:
    seen = _weigh(faces, "sex")
    return decide(seen, _SEX_FLOOR).value if seen else UNKNOWN


def _decide_glasses(faces: Sequence[Sighting]) -> AttributeValue | None:
    seen = _weigh(faces, GLASSES)
    return decide(seen, GLASSES_FLOOR) if seen else None


def _weigh(faces: Sequence[Sighting], name: str) -> list[tuple[Label, float]]:
    """What each picture says, by its quality."""
    return [(face.record.labels[name], _quality(face) + 1e-6) for face in faces if name in face.record.labels]
