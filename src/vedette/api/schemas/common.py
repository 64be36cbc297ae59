"""Shapes that every feature's schemas share."""

from typing import Annotated, Generic, TypeVar

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from vedette.core.time import format_utc

T = TypeVar("T")

Id = Annotated[str, Field(pattern=r"^[0-7][0-9A-HJKMNP-TV-Z]{25}$", examples=["01JD5Q8Z3M6V1T9W4X7Y2B0C8D"])]
Utc = Annotated[str, Field(json_schema_extra={"format": "date-time"})]
When = AwareDatetime
"""A time in a request: RFC 3339 with an offset, refused without one."""


class Answer(BaseModel):
    """An answer. Every key is always there."""

    model_config = ConfigDict(populate_by_name=True, json_schema_serialization_defaults_required=True)


class Request(BaseModel):
    """A request body. A typo must not switch protection off, so unknown keys are refused."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True, str_strip_whitespace=True)


class Page(Answer, Generic[T]):
    """One page of a list."""

    items: list[T]
    total: int
    next: str | None = Field(default=None, description="Cursor of the next page, null on the last one.")


class FieldError(Answer):
    field: str
    message: str


class Problem(Answer):
    """RFC 9457 problem details. `code` is stable; `detail` and `hint` are for people."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    hint: str
    errors: list[FieldError] = []


def utc_text(at_ns: int | None) -> str | None:
    """Formats an instant, or passes on that there is none."""
    return None if at_ns is None else format_utc(at_ns)
