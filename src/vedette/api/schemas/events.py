"""Events on the wire."""

from typing import Annotated, Literal

from pydantic import Field

from vedette.api.schemas.common import Answer, Request, Utc


class MeasureOut(Answer):
    measure: str
    value: float
    threshold: float
    from_: Utc = Field(serialization_alias="from")
    to: Utc


class AttributeOut(Answer):
    value: str
    confidence: float


class PlateOut(Answer):
    text: str
    confidence: float
    state: Literal["read", "unsure"]


class FaceOut(Answer):
    """A face, described and not identified."""

    quality: float
    age: float | None
    sex: Literal["female", "male", "unknown"]
    live: float | None


class ObjectOut(Answer):
    """What was recognised on one of the event's tracks, decided over the whole track so far."""

    track_id: int
    attributes: dict[str, AttributeOut]
    plate: PlateOut | None
    face: FaceOut | None


class DoubtOut(Answer):
    """Why a match is not sure: what was seen (empty: not seen), and what is listed."""

    kind: Literal["plate_unsure", "signs_alike", "type", "colour", "similarity"]
    seen: str
    listed: str


class MatchOut(Answer):
    """The list and the entry that an event is about, as they were then. `entry_id` is empty for `unlisted`."""

    list_id: str
    list_name: str
    list_kind: Literal["wanted", "permitted", "known"]
    state: Literal["sure", "unsure", "unlisted"]
    entry_id: str
    entry: str
    reason: str
    owner: str
    doubts: list[DoubtOut]


class EventOut(Answer):
    """Something that was observed. `to` is null while it lasts; `camera_id` is empty when it concerns no camera."""

    id: str
    camera_id: str
    camera_name: str
    kind: str
    from_: Utc = Field(serialization_alias="from")
    to: Utc | None
    object_class: str
    confidence: float
    state: Literal["new", "acknowledged"]
    zone: str
    rule_id: str
    direction: int
    box: Annotated[list[float], Field(min_length=4, max_length=4)] | None
    picture_url: str | None
    explanation: list[MeasureOut]
    release: str
    acknowledged_by: str | None
    acknowledged_at: Utc | None
    note: str
    detail: str
    objects: list[ObjectOut]
    severity: Literal["", "alarm", "warning", "information"] = Field(
        description="Empty where the kind alone says how much it matters"
    )
    match: MatchOut | None


class AcknowledgeIn(Request):
    note: Annotated[str, Field(max_length=2000)] = ""
