"""People on lists of faces: enrolled with a ground, shown to whom may see them, removed with all that is kept of them.

Permissions of their own: `face.view` and `face.enroll`. Without the first, nothing here says who is enrolled.
"""

from typing import Annotated

from fastapi import Path, Query, Response

from vedette.api.access import allows
from vedette.api.features import feature_router
from vedette.api.ports import AlarmsPort, AuditPort, CallerPort, FaceListsPort, WatchlistsPort
from vedette.api.schemas.common import Id
from vedette.api.schemas.face_lists import EnrolIn, PersonIn, PersonList, PersonOut, person_out
from vedette.core.faces import MAX_ENROLLED_PICTURES
from vedette.identity.permissions import Permission
from vedette.watchlists.changes import describe_person, find_weaker_person

router = feature_router("watchlists")
ListId = Annotated[Id, Path()]
EntryId = Annotated[Id, Path()]
MAX_ENROLMENT_BYTES = 24 << 20
MAX_PAGE = 500
_NOT_KEPT = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


@router.get("/watchlists/{list_id}/people")
@allows(Permission.FACE_VIEW)
async def list_watchlist_people(
    list_id: ListId,
    faces: FaceListsPort,
    search: Annotated[str, Query(max_length=80, description="A part of the name")] = "",
    limit: Annotated[int, Query(ge=1, le=MAX_PAGE)] = 100,
    offset: Annotated[int, Query(ge=0)] = 0,
) -> PersonList:
    """Lists the people of a list of faces by name."""
    page = await faces.find_people(list_id, search, limit, offset)
    return PersonList(items=[person_out(record) for record in page.items], total=page.total)


@router.post("/watchlists/{list_id}/people", status_code=201)
@allows(Permission.FACE_ENROLL, max_body_bytes=MAX_ENROLMENT_BYTES)
async def enrol_watchlist_person(
    list_id: ListId, body: EnrolIn, caller: CallerPort, faces: FaceListsPort, audit: AuditPort
) -> PersonOut:
    """Enrols a person. Each picture has to show exactly one face, good enough to be matched, of the same person.

    What is wrong with a picture is said of `pictures.N`, beginning with a stable word: `no_face`, `several_faces`,
    `face_too_small`, `face_blurred`, `face_turned`, `face_badly_lit`, `face_doubtful`, `no_picture`, `other_person`.
    """
    form = body.form(caller.name, keep_pictures=body.keep_pictures)
    record = await faces.enrol(list_id, form, body.pictures, caller.name)
    await audit.record(caller, "watchlist.face_enroll", list_id, detail=describe_person(record.entry))
    return person_out(record)


@router.get("/watchlists/{list_id}/people/{entry_id}")
@allows(Permission.FACE_VIEW)
async def show_watchlist_person(list_id: ListId, entry_id: EntryId, faces: FaceListsPort) -> PersonOut:
    """Shows one person of a list."""
    return person_out(await faces.find_person(list_id, entry_id))


@router.put("/watchlists/{list_id}/people/{entry_id}")
@allows(Permission.FACE_ENROLL)
async def change_watchlist_person(
    list_id: ListId,
    entry_id: EntryId,
    body: PersonIn,
    caller: CallerPort,
    faces: FaceListsPort,
    watchlists: WatchlistsPort,
    audit: AuditPort,
    alarms: AlarmsPort,
) -> PersonOut:
    """Changes what is written of a person. For other pictures, remove and enrol him anew."""
    before, after = await faces.change(list_id, entry_id, body.form(caller.name))
    listed = (await watchlists.find_list(list_id)).watchlist
    for word, record in (("was", before), ("is", after)):
        detail = f"{word} {describe_person(record.entry)}"
        await audit.record(caller, "watchlist.face_change", list_id, detail=detail)
    await alarms.tell_weakenings(caller.name, "", find_weaker_person(listed, before.entry, after.entry))
    return person_out(after)


@router.delete("/watchlists/{list_id}/people/{entry_id}", status_code=204)
@allows(Permission.FACE_ENROLL)
async def remove_watchlist_person(
    list_id: ListId,
    entry_id: EntryId,
    caller: CallerPort,
    faces: FaceListsPort,
    watchlists: WatchlistsPort,
    audit: AuditPort,
    alarms: AlarmsPort,
) -> None:
    """Removes a person with template and portraits. Events that were made stay."""
    record = await faces.remove(list_id, entry_id)
    listed = (await watchlists.find_list(list_id)).watchlist
    await audit.record(caller, "watchlist.face_remove", list_id, detail=describe_person(record.entry))
    await alarms.tell_weakenings(caller.name, "", find_weaker_person(listed, record.entry, None))


@router.get("/watchlists/{list_id}/people/{entry_id}/portraits/{place}.jpg", response_class=Response)
@allows(Permission.FACE_VIEW, audit="watchlist.face_portrait")
async def show_watchlist_portrait(
    list_id: ListId,
    entry_id: EntryId,
    place: Annotated[int, Path(ge=0, lt=MAX_ENROLLED_PICTURES)],
    faces: FaceListsPort,
) -> Response:
    """Shows a kept portrait."""
    portrait = await faces.read_portrait(list_id, entry_id, place)
    return Response(portrait, media_type="image/jpeg", headers=_NOT_KEPT)
