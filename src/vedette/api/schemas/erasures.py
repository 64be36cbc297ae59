"""Erasing footage on the wire."""

from typing import Literal

from pydantic import Field

from vedette.api.schemas.common import Answer, Id, Request, Utc, When
from vedette.api.schemas.storage import Reason


class ErasureRangeIn(Request):
    """What is to be erased. `camera_id` null: the footage of all cameras."""

    camera_id: Id | None
    from_: When = Field(alias="from")
    to: When


class ErasureIn(ErasureRangeIn):
    reason: Reason


class ErasedStreamOut(Answer):
    """What goes of one stream; the range is that of whole segments. `growing`: segments that go when they close."""

    camera_id: str
    camera_name: str
    stream: Literal["main", "sub"]
    from_: Utc = Field(serialization_alias="from")
    to: Utc
    segments: int
    growing: int
    bytes: int


class ErasurePlanOut(Answer):
    """What an erasure takes. Whole segments go: `from` and `to` are rounded outward from what was asked.

    `pictures`: event pictures. `key_days`: UTC days whose archive key is destroyed, because all of their footage goes.
    `out_of_reach`: volumes that cannot be looked into now; an order waits for them. `holds`: ids of the holds in the
    way: nothing is erased while there are any.
    """

    from_: Utc = Field(serialization_alias="from")
    to: Utc
    streams: list[ErasedStreamOut]
    segments: int
    bytes: int
    pictures: int
    key_days: list[str]
    out_of_reach: list[str]
    holds: list[str]
    hold_detail: str


class ErasureOut(Answer):
    """An order that is being carried out. `segments_left`: not erased yet; `waits_for`: volumes out of reach."""

    id: str
    camera_ids: list[str]
    from_: Utc = Field(serialization_alias="from")
    to: Utc
    reason: str
    ordered_by: str
    ordered_at: Utc
    segments_left: int
    waits_for: list[str]


class ErasureList(Answer):
    items: list[ErasureOut]
