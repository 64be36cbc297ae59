"""What is known of one tracked object: decided over its whole track, never from one picture."""

from dataclasses import dataclass, field

UNKNOWN = "unknown"
"""The value of an attribute that was looked at and not seen surely enough."""
VEHICLE_TYPES = ("car", "bus", "truck", "van")
"""Types of vehicles that are recognised."""
COLOUR_NAMES = ("black", "gray", "white", "red", "orange", "brown", "yellow", "green", "blue", "purple", "pink")
"""Colours that are named."""


@dataclass(frozen=True, slots=True)
class AttributeValue:
    """One attribute. `confidence` is that of the value, or of the best guess when the value is `unknown`."""

    value: str
    confidence: float


@dataclass(frozen=True, slots=True)
class PlateReading:
    """A number plate. `state`: `read`, or `unsure` when the readings do not agree well enough."""

    text: str
    confidence: float
    state: str


@dataclass(frozen=True, slots=True)
class FaceSeen:
    """A face, described and not identified: no template of it is kept.

    Attributes:
        quality: 0..1 of its best picture.
        age: In years, None when unknown.
        sex: `female` | `male` | `unknown`.
        live: 0..1 that it is no picture of a picture, None when it was not judged.
    """

    quality: float
    age: float | None
    sex: str
    live: float | None


@dataclass(frozen=True, slots=True)
class ObjectFacts:
    """What was recognised on one track."""

    track_id: int
    attributes: dict[str, AttributeValue] = field(default_factory=dict)
    plate: PlateReading | None = None
    face: FaceSeen | None = None


@dataclass(frozen=True, slots=True)
class FileOrigin:
    """The file in which something was seen, where no camera of ours saw it.

    Attributes:
        job_id: Of its analysis; what is told of it is kept as long as that.
        name: As its owner called it.
        start_ns: The moment as which its first second counts.
        is_dated: Whether somebody said so; else `start_ns` is when the file was brought.
    """

    job_id: str
    name: str
    start_ns: int
    is_dated: bool


@dataclass(frozen=True, slots=True)
class SealedVector:
    """The numbers by which an object is found again, sealed: biometric data, so never in clear outside a process.

    Attributes:
        kind: `face` | `appearance`.
        release: Of the embedding: vectors of different releases cannot be compared.
        sealed: By `vedette.adapters.template_box`, for `name_place(kind, object_id)`.
    """

    kind: str
    release: str
    sealed: str = field(repr=False)


def name_place(kind: str, object_id: str) -> str:
    """What a vector of an object is sealed for: it opens for no other object and no other kind."""
    return f"{kind} of object {object_id}"
