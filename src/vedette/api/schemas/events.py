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


class AcknowledgeIn(Request):
    note: Annotated[str, Field(max_length=2000)] = ""
