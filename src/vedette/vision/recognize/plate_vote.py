"""Decides a plate over a track: readings that agree, or `unsure`. Pure."""

from collections import defaultdict
from collections.abc import Sequence

from vedette.core.objects import PlateReading
from vedette.vision.recognize.records import Sighting

_READ_CONFIDENCE = 0.8
_READ_SHARE = 0.6


def decide_plate(sightings: Sequence[Sighting]) -> PlateReading | None:
    """The text with the most weight behind it; None when nothing was read.

    `numbers["confidence"]` of a record is that of its whole text.
    """
    votes: dict[str, float] = defaultdict(float)
    best: dict[str, float] = defaultdict(float)
    for sighting in sightings:
        text, confidence = sighting.record.text, sighting.record.numbers.get("confidence", 0.0)
        if text:
            votes[text] += sighting.weight * confidence
            best[text] = max(best[text], confidence)
    if not votes:
        return None
    text = max(votes, key=lambda candidate: (votes[candidate], candidate))
    share = votes[text] / max(sum(votes.values()), 1e-9)
    is_read = share >= _READ_SHARE and best[text] >= _READ_CONFIDENCE
    return PlateReading(text, round(best[text] * share, 4), "read" if is_read else "unsure")
