"""Lists and entries on the wire. `vedette.watchlists.forms` judges them: here are only bounds for the parser."""

from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import Field

from vedette.api.schemas.common import Answer, Id, Request, Utc, When, utc_text
from vedette.api.times import to_ns
from vedette.core.watchlists import Watchlist
from vedette.watchlists.forms import VehicleForm, WatchlistForm
from vedette.watchlists.records import EntryRecord, WatchlistRecord

Text = Annotated[str, Field(max_length=2000)]
Word = Annotated[str, Field(max_length=64)]
Kind = Literal["wanted", "permitted", "known"]


class WatchlistIn(Request):
    """A list. `cameras`: ids of those that it is matched on, empty: all. `owner`: empty: who sends it.

    `alarm_unlisted`: a vehicle whose plate is on no entry is an alarm; of lists of the permitted.
    """

    name: Text
    kind: Kind
    subject: Literal["vehicles", "faces"] = "vehicles"
    owner: Text = ""
    purpose: Text
    retention_days: Annotated[int, Field(description="How long an entry is kept after its validity ended")] = 30
    enabled: bool = True
    cameras: Annotated[list[Id], Field(default_factory=list, max_length=10_000)]
    alarm_unlisted: bool = False

    def form(self, caller: str) -> WatchlistForm:
        return WatchlistForm(
            self.name,
            self.kind,
            self.subject,
            self.owner or caller,
            self.purpose,
            self.retention_days,
            self.enabled,
            tuple(self.cameras),
            self.alarm_unlisted,
        )


class WatchlistOut(Answer):
    id: str
    name: str
    kind: Kind
    subject: Literal["vehicles", "faces"]
    owner: str
    purpose: str
    retention_days: int
    enabled: bool
    cameras: list[str]
    alarm_unlisted: bool
    entries: int
    created_by: str
    created_at: Utc
    cameras_without_faces: Annotated[
        list[str], Field(description="Of a list of faces: cameras it looks at where faces are not switched on")
    ]


class WatchlistList(Answer):
    items: list[WatchlistOut]


class EntryIn(Request):
    """An entry of a list of vehicles. Of plate, type and colour at least one says something.

    `plate`: A-Z and 0-9 (what separates them does not count), `?` for one sign, `*` for any number of signs.
    `owner`: empty: who sends it.
    """

    plate: Text = ""
    type: Word = ""
    colour: Word = ""
    reason: Text
    owner: Text = ""
    note: Text = ""
    from_: Annotated[When | None, Field(alias="from")] = None
    to: When | None = None

    def form(self, caller: str) -> VehicleForm:
        from_ns = None if self.from_ is None else to_ns(self.from_)
        until_ns = None if self.to is None else to_ns(self.to)
        texts = (self.reason, self.owner or caller, self.note)
        return VehicleForm(self.plate, self.type, self.colour, *texts, from_ns, until_ns)


class EntryOut(Answer):
    id: str
    plate: str
    type: str
    colour: str
    reason: str
    owner: str
    note: str
    from_: Utc | None = Field(serialization_alias="from")
    to: Utc | None
    created_by: str
    created_at: Utc


class EntryList(Answer):
    items: list[EntryOut]
    total: int


class SheetOut(Answer):
    """What taking over a sheet did."""

    added: int
    changed: int
    removed: int
    unchanged: int


def watchlist_out(record: WatchlistRecord, cameras_without_faces: Sequence[str] = ()) -> WatchlistOut:
    listed: Watchlist = record.watchlist
    return WatchlistOut(
        id=listed.list_id,
        name=listed.name,
        kind=listed.kind.value,
        subject=listed.subject.value,
        owner=listed.owner,
        purpose=listed.purpose,
        retention_days=listed.retention_days,
        enabled=listed.enabled,
        cameras=list(listed.cameras),
        alarm_unlisted=listed.alarm_unlisted,
        entries=record.entries,
        created_by=record.created_by,
        created_at=utc_text(record.created_at_ns) or "",
        cameras_without_faces=list(cameras_without_faces),
    )


def entry_out(record: EntryRecord) -> EntryOut:
    entry, mark = record.entry, record.entry.vehicle
    return EntryOut(
        id=entry.entry_id,
        plate="" if mark is None else mark.plate,
        type="" if mark is None else mark.type,
        colour="" if mark is None else mark.colour,
        reason=entry.reason,
        owner=entry.owner,
        note=entry.note,
        from_=utc_text(entry.from_ns),
        to=utc_text(entry.to_ns),
        created_by=record.created_by,
        created_at=utc_text(record.created_at_ns) or "",
    )
