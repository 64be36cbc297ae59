"""Lists of plates and vehicles: wanted, permitted, known. Every change is in the audit trail and in force at once."""

import asyncio
from collections.abc import Sequence
from typing import Annotated

from fastapi import Path, Query, Request
from starlette.responses import Response

from vedette.api.access import allows
from vedette.api.face_cameras import find_cameras_without_faces
from vedette.api.face_sight import check_may_keep_list, check_may_see_list, may_see_list
from vedette.api.features import feature_router
from vedette.api.ports import AlarmsPort, AuditPort, CallerPort, CamerasPort, WatchlistsPort
from vedette.api.schemas.common import Id
from vedette.api.schemas.watchlists import (
    EntryIn,
    EntryList,
    EntryOut,
    SheetOut,
    WatchlistIn,
    WatchlistList,
    WatchlistOut,
    entry_out,
    watchlist_out,
)
from vedette.camera.inventory import Camera
from vedette.core.watchlists import ListKind
from vedette.identity.permissions import Permission
from vedette.watchlists.changes import (
    describe_entry,
    describe_list,
    describe_list_changes,
    find_weaker_entry,
    find_weaker_list,
)
from vedette.watchlists.records import EntryFilter, WatchlistRecord
from vedette.watchlists.sheet import MAX_SHEET_BYTES, write_sheet

CSV = "text/csv"
_SHEET_BODY = {"requestBody": {"required": True, "content": {CSV: {"schema": {"type": "string"}}}}}

router = feature_router("watchlists")
ListId = Annotated[Id, Path()]
EntryId = Annotated[Id, Path()]
MAX_PAGE = 500


@router.get("/watchlists")
@allows(Permission.WATCHLIST_VIEW)
async def list_watchlists(caller: CallerPort, watchlists: WatchlistsPort, cameras: CamerasPort) -> WatchlistList:
    """Lists all lists by name, without their entries; those of faces for whom may see them (`face.view`)."""
    inventory = await cameras.list_all()
    shown = [record for record in await watchlists.list_all() if may_see_list(caller, record.watchlist)]
    return WatchlistList(items=[_show(record, inventory) for record in shown])


def _show(record: WatchlistRecord, inventory: Sequence[Camera]) -> WatchlistOut:
    return watchlist_out(record, find_cameras_without_faces(record.watchlist, inventory))


@router.post("/watchlists", status_code=201)
@allows(Permission.WATCHLIST_MANAGE)
async def add_watchlist(
    body: WatchlistIn, caller: CallerPort, watchlists: WatchlistsPort, cameras: CamerasPort, audit: AuditPort
) -> WatchlistOut:
    """Adds an empty list. One of faces needs `face.enroll` as well."""
    check_may_keep_list(caller, body.subject)
    record = await watchlists.add_list(body.form(caller.name), caller.name)
    await audit.record(caller, "watchlist.add", record.watchlist.list_id, detail=describe_list(record.watchlist))
    return _show(record, await cameras.list_all())


@router.get("/watchlists/{list_id}")
@allows(Permission.WATCHLIST_VIEW)
async def show_watchlist(
    list_id: ListId, caller: CallerPort, watchlists: WatchlistsPort, cameras: CamerasPort
) -> WatchlistOut:
    """Shows one list."""
    record = await watchlists.find_list(list_id)
    check_may_see_list(caller, record.watchlist)
    return _show(record, await cameras.list_all())


@router.put("/watchlists/{list_id}")
@allows(Permission.WATCHLIST_MANAGE)
async def change_watchlist(
    list_id: ListId,
    body: WatchlistIn,
    caller: CallerPort,
    watchlists: WatchlistsPort,
    cameras: CamerasPort,
    audit: AuditPort,
    alarms: AlarmsPort,
) -> WatchlistOut:
    """Changes what is set of a list; its entries and its subject stay. What is watched less is an event as well."""
    check_may_keep_list(caller, (await watchlists.find_list(list_id)).watchlist.subject)
    before, record = await watchlists.change_list(list_id, body.form(caller.name))
    for line in describe_list_changes(before, record.watchlist):
        await audit.record(caller, "watchlist.change", list_id, detail=line)
    await alarms.tell_weakenings(caller.name, "", find_weaker_list(before, record.watchlist))
    return _show(record, await cameras.list_all())


@router.delete("/watchlists/{list_id}", status_code=204)
@allows(Permission.WATCHLIST_MANAGE)
async def remove_watchlist(
    list_id: ListId, caller: CallerPort, watchlists: WatchlistsPort, audit: AuditPort, alarms: AlarmsPort
) -> None:
    """Removes a list with all of its entries. Events that it made stay."""
    check_may_keep_list(caller, (await watchlists.find_list(list_id)).watchlist.subject)
    record = await watchlists.remove_list(list_id)
    detail = f"{describe_list(record.watchlist)}; {record.entries} entries"
    await audit.record(caller, "watchlist.remove", list_id, detail=detail)
    await alarms.tell_weakenings(caller.name, "", find_weaker_list(record.watchlist, None))


@router.get("/watchlists/{list_id}/entries")
@allows(Permission.WATCHLIST_VIEW)
async def list_watchlist_entries(
    list_id: ListId,
    watchlists: WatchlistsPort,
    search: Annotated[str, Query(max_length=64, description="Part of a plate, a type or a colour")] = "",
    limit: Annotated[int, Query(ge=1, le=MAX_PAGE)] = 100,
    offset: Annotated[int, Query(ge=0)] = 0,
) -> EntryList:
    """Lists entries by plate."""
    found, total = await watchlists.find_entries(EntryFilter(list_id, search, limit, offset))
    return EntryList(items=[entry_out(record) for record in found], total=total)


@router.post("/watchlists/{list_id}/entries", status_code=201)
@allows(Permission.WATCHLIST_MANAGE)
async def add_watchlist_entry(
    list_id: ListId, body: EntryIn, caller: CallerPort, watchlists: WatchlistsPort, audit: AuditPort
) -> EntryOut:
    """Adds an entry."""
    record = await watchlists.add_entry(list_id, body.form(caller.name), caller.name)
    listed = (await watchlists.find_list(list_id)).watchlist
    await audit.record(caller, "watchlist.entry_add", list_id, detail=describe_entry(listed, record.entry))
    return entry_out(record)


@router.put("/watchlists/{list_id}/entries/{entry_id}")
@allows(Permission.WATCHLIST_MANAGE)
async def change_watchlist_entry(
    list_id: ListId,
    entry_id: EntryId,
    body: EntryIn,
    caller: CallerPort,
    watchlists: WatchlistsPort,
    audit: AuditPort,
    alarms: AlarmsPort,
) -> EntryOut:
    """Replaces an entry."""
    before, after = await watchlists.change_entry(list_id, entry_id, body.form(caller.name))
    listed = (await watchlists.find_list(list_id)).watchlist
    for word, record in (("was", before), ("is", after)):
        detail = f"{word} {describe_entry(listed, record.entry)}"
        await audit.record(caller, "watchlist.entry_change", list_id, detail=detail)
    await alarms.tell_weakenings(caller.name, "", find_weaker_entry(listed, before.entry, after.entry))
    return entry_out(after)


@router.delete("/watchlists/{list_id}/entries/{entry_id}", status_code=204)
@allows(Permission.WATCHLIST_MANAGE)
async def remove_watchlist_entry(
    list_id: ListId,
    entry_id: EntryId,
    caller: CallerPort,
    watchlists: WatchlistsPort,
    audit: AuditPort,
    alarms: AlarmsPort,
) -> None:
    """Removes an entry."""
    record = await watchlists.remove_entry(list_id, entry_id)
    listed = (await watchlists.find_list(list_id)).watchlist
    await audit.record(caller, "watchlist.entry_remove", list_id, detail=describe_entry(listed, record.entry))
    await alarms.tell_weakenings(caller.name, "", find_weaker_entry(listed, record.entry, None))


@router.get("/watchlists/{list_id}/entries.csv", response_class=Response)
@allows(Permission.WATCHLIST_VIEW, audit="watchlist.export")
async def export_watchlist_entries(list_id: ListId, watchlists: WatchlistsPort) -> Response:
    """Downloads the entries as CSV (UTF-8). A cell that a spreadsheet would run has an apostrophe in front."""
    _, entries = await watchlists.list_entries(list_id)
    sheet = await asyncio.to_thread(write_sheet, entries)
    name = f"watchlist-{list_id}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response("\ufeff" + sheet, media_type=f"{CSV}; charset=utf-8", headers=headers)


@router.post("/watchlists/{list_id}/entries.csv", openapi_extra=_SHEET_BODY)
@allows(Permission.WATCHLIST_MANAGE, max_body_bytes=MAX_SHEET_BYTES)
async def import_watchlist_entries(
    list_id: ListId,
    request: Request,
    caller: CallerPort,
    watchlists: WatchlistsPort,
    audit: AuditPort,
    alarms: AlarmsPort,
    timezone: Annotated[str, Query(max_length=64, description="In which a date without a time is a day")] = "UTC",
    replace: Annotated[bool, Query(description="What the sheet does not have goes")] = False,  # noqa: FBT002 -- a query
) -> SheetOut:
    """Takes over a CSV sheet, all of it or nothing; every fault names its row (`rows.12.plate`).

    Columns: plate, type, colour, from, to, reason, owner, note. An entry for the same plate, type and colour is
    replaced.
    """
    data = await request.body()
    outcome = await watchlists.import_sheet(list_id, data, caller.name, timezone, is_whole=replace)
    listed = (await watchlists.find_list(list_id)).watchlist
    figures = f"{outcome.added} added, {outcome.changed} changed, {outcome.removed} removed"
    await audit.record(caller, "watchlist.import", list_id, detail=f"{listed.name}: {figures}; sha256 {outcome.sha256}")
    if outcome.removed and listed.kind is ListKind.WANTED and listed.enabled:
        told = [f"{outcome.removed} entries of watchlist {listed.name} removed by a sheet"]
        await alarms.tell_weakenings(caller.name, "", told)
    return SheetOut(added=outcome.added, changed=outcome.changed, removed=outcome.removed, unchanged=outcome.unchanged)
