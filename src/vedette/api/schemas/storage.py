"""Recording plans, volumes, holds and the completeness ledger on the wire."""

from typing import Annotated, Literal

from pydantic import Field

from vedette.api.schemas.common import Answer, Id, Request, Utc, When

Mode = Literal["off", "continuous", "motion", "event"]
_MODE_WORD = Field(max_length=16, json_schema_extra={"enum": ["off", "continuous", "motion", "event"]})
_CLOCK_WORD = Field(max_length=8, examples=["08:00", "24:00"])
Bytes = Annotated[int, Field(ge=0, le=1 << 62)]
Reason = Annotated[str, Field(max_length=500)]


class SpanIn(Request):
    """A mode during part of the week; days 0 (Monday) to 6 (Sunday). A night shift is two spans."""

    days: Annotated[list[int], Field(max_length=64)]
    from_: Annotated[str, _CLOCK_WORD] = Field(alias="from")
    to: Annotated[str, _CLOCK_WORD]
    mode: Annotated[str, _MODE_WORD]


class MotionSourcesIn(Request):
    """Which sources tell motion. What motion is: `/cameras/{id}/motion`."""

    use_packet_sizes: bool = True


class RetentionIn(Request):
    """How long footage of one mode is kept. 0: no promise, no limit."""

    mode: Annotated[str, _MODE_WORD]
    min_days: float = 0.0
    max_days: float = 0.0


class RecordingPlanIn(Request):
    """When a camera is recorded, where, and how long it is kept. Faults are all told at once (`invalid_camera`)."""

    mode: Annotated[str, _MODE_WORD]
    calendar: Annotated[list[SpanIn], Field(max_length=1000)] = Field(default_factory=list)
    timezone: Annotated[str, Field(max_length=64, description="IANA name")] = "UTC"
    pre_s: float = 5.0
    post_s: float = 10.0
    motion: MotionSourcesIn = Field(default_factory=MotionSourcesIn)
    retention: Annotated[list[RetentionIn], Field(max_length=64)] = Field(default_factory=list)
    volumes: Annotated[list[str], Field(max_length=64)] = Field(
        default_factory=list, description="Preferred first; empty: all"
    )


class SpanOut(Answer):
    days: list[int]
    from_: str = Field(serialization_alias="from")
    to: str
    mode: Mode


class MotionSourcesOut(Answer):
    use_packet_sizes: bool


class RetentionOut(Answer):
    mode: Mode
    min_days: float
    max_days: float


class RecordingPlanOut(Answer):
    mode: Mode
    calendar: list[SpanOut]
    timezone: str
    pre_s: float
    post_s: float
    motion: MotionSourcesOut
    retention: list[RetentionOut]
    volumes: list[str]


class VolumeIn(Request):
    name: Annotated[str, Field(max_length=64)]
    path: Annotated[str, Field(max_length=1024)]
    max_bytes: Bytes = 0
    reserve_bytes: Bytes = 1 << 30


class VolumePatch(Request):
    """New limits. What is absent stays; a volume keeps its name and place."""

    max_bytes: Bytes | None = None
    reserve_bytes: Bytes | None = None


class StorageVolumeOut(Answer):
    """A storage volume. Live figures are the recorder's; `unknown` when it does not answer.

    `days_left`: until the oldest footage begins to be deleted, null when unknown. `cameras`: how many record to it;
    `spilled_cameras`: how many of those only because their own volume cannot be used.
    """

    name: str
    path: str
    id: str
    state: Literal["writable", "full", "failed", "unknown"]
    reason: str
    size_bytes: int
    free_bytes: int
    used_bytes: int
    held_bytes: int
    max_bytes: int
    reserve_bytes: int
    oldest_at: Utc | None
    days_left: float | None
    cameras: int
    spilled_cameras: int
    longest_commit_s: float


class VolumeList(Answer):
    items: list[StorageVolumeOut]


class HoldIn(Request):
    """Footage to be held; `to` may lie in the future."""

    camera_id: Id
    from_: When = Field(alias="from")
    to: When
    reason: Reason


class HoldOut(Answer):
    """A hold. `bytes`: footage in its range now. The last three are null until it is released."""

    id: str
    camera_id: str
    camera_name: str
    from_: Utc = Field(serialization_alias="from")
    to: Utc
    reason: str
    created_by: str
    created_at: Utc
    bytes: int
    released_by: str | None
    released_at: Utc | None
    release_reason: str | None


class HoldList(Answer):
    items: list[HoldOut]


class LedgerSlot(Answer):
    """Frames of one slot: what should be there, what is, and how many are missing by reason."""

    at: Utc
    expected: int
    stored: int
    reasons: dict[str, int]


class LedgerGap(Answer):
    from_: Utc = Field(serialization_alias="from")
    to: Utc
    stream: str
    reason: str
    frames_missing: int


class LedgerStream(Answer):
    """One stream of one camera. `completeness`: stored / expected, null when nothing was expected."""

    camera_id: str
    stream: str
    expected: int
    stored: int
    completeness: float | None
    slots: list[LedgerSlot]
    gaps: list[LedgerGap]


class LedgerOut(Answer):
    """Completeness by camera and stream. Slots without any expectation are left out."""

    from_: Utc = Field(serialization_alias="from")
    to: Utc
    step_s: int
    cameras: list[LedgerStream]
