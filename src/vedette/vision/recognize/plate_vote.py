"""Decides a plate over a track: what its readings agree on, sign by sign, or `unsure`. Pure.

Wrong is worse than unsure: a list of wanted plates is matched against what is decided here. So a plate is `read` only
when the agreed text is sure, and every one of its signs has most of the weight behind it.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from vedette.core.objects import PlateReading
from vedette.vision.recognize.records import Sighting

_READ_CONFIDENCE = 0.9
_READ_SHARE = 0.6
"""Of the weight, behind the least agreed sign."""
LEAST_READ = _READ_CONFIDENCE * _READ_SHARE
"""No plate that is `read` has less confidence; one that is `unsure` may have more, when one of the two is missing."""
_RELIEF = 0.75
"""Of the doubt, with each further reading of the same text: pictures of one track are alike, so not less."""
_MOST_RELIEFS = 4


@dataclass(frozen=True, slots=True)
class _Reading:
    text: str
    weight: float
    confidence: float
    signs: tuple[float, ...]


def decide_plate(sightings: Sequence[Sighting]) -> PlateReading | None:
    """The text that the readings agree on; None when nothing was read.

    `numbers["confidence"]` of a record is that of its whole text, `sign_0`, `sign_1` ... those of its signs.
    """
    readings = [_reading(sighting) for sighting in sightings if sighting.record.text]
    if not readings:
        return None
    lengths: dict[int, float] = defaultdict(float)
    for reading in readings:
        lengths[len(reading.text)] += reading.weight
    length = max(lengths, key=lambda count: (lengths[count], count))
    agreeing = [reading for reading in readings if len(reading.text) == length]
    total = max(sum(reading.weight for reading in readings), 1e-9)
    chosen = [_vote_sign(agreeing, place) for place in range(length)]
    text = "".join(sign for sign, _ in chosen)
    share = min((weight for _, weight in chosen), default=0.0) / total
    joint = _joint_confidence(agreeing, text)
    is_read = joint >= _READ_CONFIDENCE and share >= _READ_SHARE
    return PlateReading(text, round(min(share, 1.0) * joint, 4), "read" if is_read else "unsure")


def _reading(sighting: Sighting) -> _Reading:
    numbers, text = sighting.record.numbers, sighting.record.text
    confidence = numbers.get("confidence", 0.0)
    signs = tuple(numbers.get(f"sign_{place}", confidence) for place in range(len(text)))
    return _Reading(text, sighting.weight * (0.02 + confidence), confidence, signs)


def _vote_sign(readings: Sequence[_Reading], place: int) -> tuple[str, float]:
    """The sign of one place, and the weight of the readings that have it there."""
    votes: dict[str, float] = defaultdict(float)
    weights: dict[str, float] = defaultdict(float)
    for reading in readings:
        votes[reading.text[place]] += reading.weight * reading.signs[place]
        weights[reading.text[place]] += reading.weight
    sign = max(votes, key=lambda candidate: (votes[candidate], candidate))
    return sign, weights[sign]


def _joint_confidence(readings: Sequence[_Reading], text: str) -> float:
    """That of the best reading of the text, its doubt relieved by others that say the same; when no picture shows the
    whole text, that of its least sure sign among the readings that have it.
    """
    same = [reading.confidence for reading in readings if reading.text == text]
    if not same:
        return 0.5 * min(
            max(reading.signs[place] for reading in readings if reading.text[place] == sign)
            for place, sign in enumerate(text)
        )
    confident = [confidence for confidence in same if confidence >= 0.2]
    reliefs = min(max(len(confident) - 1, 0), _MOST_RELIEFS)
    return 1.0 - (1.0 - max(same)) * _RELIEF**reliefs
