"""What behaviour rules see and what they say. Values only."""

from dataclasses import dataclass
from enum import StrEnum

from vedette.core.detections import Tracks
from vedette.core.messages import Measure

Box = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Scene:
    """One analysed picture.

    Attributes:
        at_ns: When the camera took it.
        tracks: Numbered objects seen in it.
        ended: Numbers that the tracker gave up with it.
        motion: Share of the picture that moved lately, 0..1.
    """

    at_ns: int
    tracks: Tracks
    ended: tuple[int, ...] = ()
    motion: float = 0.0


class Phase(StrEnum):
    """`instant`: it happened and is over. `begin` and `end` come as a pair with one key."""

    BEGIN = "begin"
    END = "end"
    INSTANT = "instant"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that a rule has to say about a picture.

    Attributes:
        key: Joins `begin` and `end`; unique among a camera's open findings.
        from_ns: When it began; for `end` too.
        explanation: Measured values against their thresholds.
    """

    phase: Phase
    key: str
    kind: str
    rule_id: str
    from_ns: int
    to_ns: int | None
    object_class: str
    confidence: float
    track_ids: tuple[int, ...] = ()
    zone: str = ""
    direction: int = 0
    box: Box | None = None
    explanation: tuple[Measure, ...] = ()
