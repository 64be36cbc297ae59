"""Recordings and the timeline on the wire."""

from typing import Annotated

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


class RecordingsOut(Answer):
    runs: list[RunOut]
    gaps: list[GapOut]


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
