"""People on lists of faces, on the wire. What is valid, `vedette.watchlists.face_forms` judges. Templates have no shape
here: they never leave.
"""

from typing import Annotated, Literal

from pydantic import Base64Bytes, Field

from vedette.api.schemas.common import Answer, Request, Utc, When, utc_text
from vedette.api.schemas.watchlists import Text
from vedette.api.times import to_ns
from vedette.core.faces import MAX_ENROLLED_PICTURES
from vedette.watchlists.face_forms import FaceForm
from vedette.watchlists.records import EntryRecord

GroundWord = Literal["consent", "legal"]


class PersonIn(Request):
    """What is written of a person. `owner`: empty: who sends it."""

    name: Text
    ground: GroundWord
    document: Annotated[Text, Field(description="Where the consent, or the order, is filed")]
    granted_on: Annotated[str, Field(max_length=10, description="Its date, `2026-11-28`")]
    reason: Text
    owner: Text = ""
    note: Text = ""
    from_: Annotated[When | None, Field(alias="from")] = None
    to: When | None = None

    def form(self, caller: str, *, keep_pictures: bool = False) -> FaceForm:
        from_ns = None if self.from_ is None else to_ns(self.from_)
        until_ns = None if self.to is None else to_ns(self.to)
        grounds = (self.name, self.ground, self.document, self.granted_on)
        return FaceForm(*grounds, self.reason, self.owner or caller, self.note, from_ns, until_ns, keep_pictures)


class EnrolIn(PersonIn):
    """A person with one to five pictures of the face, JPEG, PNG, WebP or BMP in Base64.

    `keep_pictures`: keep a small portrait of each, sealed, to be shown beside a match; else nothing but the template is
    kept.
    """

    pictures: Annotated[list[Base64Bytes], Field(min_length=1, max_length=MAX_ENROLLED_PICTURES)]
    keep_pictures: bool = False


class PersonOut(Answer):
    """`pictures`: how many were enrolled. `portraits`: how many of them are kept."""

    id: str
    list_id: str
    name: str
    ground: GroundWord
    document: str
    granted_on: str
    reason: str
    owner: str
    note: str
    from_: Utc | None = Field(serialization_alias="from")
    to: Utc | None
    pictures: int
    portraits: int
    release: str
    created_by: str
    created_at: Utc


class PersonList(Answer):
    items: list[PersonOut]
    total: int


def person_out(record: EntryRecord) -> PersonOut:
    entry, mark = record.entry, record.entry.face
    if mark is None:
        raise TypeError(f"the entry {entry.entry_id} is no person")
    return PersonOut(
        id=entry.entry_id,
        list_id=record.list_id,
        name=mark.name,
        ground=mark.ground.value,
        document=mark.document,
        granted_on=mark.granted_on,
        reason=entry.reason,
        owner=entry.owner,
        note=entry.note,
        from_=utc_text(entry.from_ns),
        to=utc_text(entry.to_ns),
        pictures=mark.pictures,
        portraits=mark.pictures if mark.keeps_pictures else 0,
        release=mark.release,
        created_by=record.created_by,
        created_at=utc_text(record.created_at_ns) or "",
    )
