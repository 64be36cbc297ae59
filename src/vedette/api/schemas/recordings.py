"""Recordings and the timeline on the wire."""

from typing import Annotated, Literal

from pydantic import Field

from vedette.api.schemas.common import Answer, Utc


class RunOut(Answer):
    from_: Utc = Field(serialization_alias="from")
    to: Utc
    stream: str
    frames: int
    bytes: int


class GapOut(Answer):
    from_: Utc = Field(serialization_alias="from")
    to: Utc
    stream: str
    reason: str
    frames_missing: int


class SigningOut(Answer):
    """What the camera's own signature says of a stretch of footage (docs/design/media-signing.md).

    `vouched`: the signing key leads to a maker whose certificate this site trusts.
    """

    from_: Utc = Field(serialization_alias="from")
    to: Utc
    stream: str
    result: Literal["valid", "partly", "invalid", "unsigned", "unchecked"]
    subject: str
    fingerprint: str
    vouched: bool
    segments: int
    gops: int
    valid_gops: int
    missing: int
    first_fault: Utc | None
    reasons: list[str]


class StreamSigningOut(SigningOut):
    camera_id: str


class SigningListOut(Answer):
    """The newest result of every stream that was looked at, of cameras that are there."""

    items: list[StreamSigningOut]


class PlayableCameraOut(Answer):
    id: str
    name: str


class PlayableCamerasOut(Answer):
    """Cameras whose recordings the caller may play, in order of name: what they are called, and nothing else."""

    items: list[PlayableCameraOut]


class RecordingsOut(Answer):
    runs: list[RunOut]
    gaps: list[GapOut]
    signing: list[SigningOut]


class TimelineEvent(Answer):
    id: str
    kind: str
    at_ms: float
    state: str


class TimelineCamera(Answer):
    """One row of the timeline, already cut to the asked zoom level. Times are UTC milliseconds."""

    camera_id: str
    coverage: list[Annotated[list[float], Field(min_length=2, max_length=2)]]
    gaps: list[tuple[float, float, str]]
    motion: list[float]
    events: list[TimelineEvent]


class TimelineOut(Answer):
    from_ms: float
    to_ms: float
    cameras: list[TimelineCamera]
