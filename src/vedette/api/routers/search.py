"""What was seen: searched by facts, by likeness and by a picture; traces; and erased.

Every search is counted and in the audit trail. Searches by face or appearance need `biometric.search` and a purpose.
"""

from base64 import b64encode
from typing import Annotated

from fastapi import Path, Response

from vedette.api.access import allows
from vedette.api.cursors import InvalidCursorError, read_cursor, write_cursor
from vedette.api.features import feature_router
from vedette.api.ports import AuditPort, CallerPort, CamerasPort, ClockPort, SearchPort
from vedette.api.schemas.common import Id
from vedette.api.schemas.kept_categories import kept_set_out
from vedette.api.schemas.search import (
    DistanceOut,
    DistancesIn,
    DistancesOut,
    ErasedOut,
    ObjectEraseIn,
    ObjectRangeIn,
    ObjectSearchIn,
    ObjectSearchOut,
    PeopleIn,
    PeopleOut,
    PersonInPictureOut,
    PersonSearchIn,
    PictureSearchIn,
    SearchWordsOut,
    SeenObjectOut,
    TraceIn,
    TraceOut,
)
from vedette.api.search_ports import Question
from vedette.api.search_words import find_absent, known_attributes
from vedette.api.sights import SightPort
from vedette.api.times import check_range, to_ns
from vedette.core.errors import InvalidInputError
from vedette.core.plates import read_plate
from vedette.core.time import format_utc
from vedette.identity.permissions import Caller, Permission
from vedette.search.objects import MAX_CANDIDATES, ObjectFilter, Source

router = feature_router("search")
ObjectId = Annotated[Id, Path()]
MAX_PICTURE_BODY_BYTES = 18 << 20
_NOT_KEPT = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


@router.get("/search/words")
@allows(Permission.OBJECT_SEARCH)
async def show_search_words(caller: CallerPort, desk: SearchPort) -> SearchWordsOut:
    """Shows what can be asked: classes, attributes and their values; and what no installed model tells."""
    makes = await desk.read_makes()
    return SearchWordsOut(
        classes=["person", "vehicle", "two_wheeler", "object"],
        attributes={name: list(values) for name, values in known_attributes(makes).items()},
        absent=find_absent(makes),
        categories=[kept_set_out(words) for words in await desk.list_own_words()],
        biometric=caller.may(Permission.BIOMETRIC_SEARCH),
        days=desk.search.days,
    )


@router.post("/search/objects")
@allows(Permission.OBJECT_SEARCH)
async def search_objects(
    body: ObjectSearchIn, caller: CallerPort, desk: SearchPort, clock: ClockPort
) -> ObjectSearchOut:
    """Finds seen objects, the best first: by class, plate and attributes, or like a seen object."""
    offset, asked_ns = _read_page(body.cursor, clock.utc_ns())
    await desk.check_attributes(body.attributes)
    wanted = _filter(caller, body, body, asked_ns if body.cursor else None)
    words = _describe(wanted, body.object_id, body.by)
    question = Question(wanted, body.purpose, words, body.object_id, body.by or "")
    page = await desk.find(caller, question, body.limit, offset)
    reached = offset + len(page.items)
    is_more = len(page.items) == body.limit and reached < min(page.total, MAX_CANDIDATES)
    return page.model_copy(update={"next": write_cursor(reached, str(asked_ns)) if is_more else None})


@router.post("/search/picture")
@allows(Permission.BIOMETRIC_SEARCH, max_body_bytes=MAX_PICTURE_BODY_BYTES)
async def search_picture(body: PictureSearchIn, caller: CallerPort, desk: SearchPort) -> ObjectSearchOut:
    """Finds people by the face in a picture. The picture is kept nowhere.

    It has to show exactly one face, good enough to be matched; `code` says what is wrong with it: `no_face`,
    `several_faces`, `face_too_small`, `face_blurred`, `face_turned`, `face_badly_lit`, `face_doubtful`, `no_picture`.
    """
    wanted = _filter(caller, body, None, None)
    question = Question(wanted, body.purpose, _describe(wanted, None, None))
    return await desk.find_face(caller, body.picture, question, body.limit)


@router.post("/search/people")
@allows(Permission.BIOMETRIC_SEARCH, max_body_bytes=MAX_PICTURE_BODY_BYTES)
async def find_people_in_picture(body: PeopleIn, desk: SearchPort) -> PeopleOut:
    """Finds the people in a picture, to choose one for `POST /search/person`. Nobody is compared; nothing is kept.

    `code` says what is wrong: `no_picture`, `nobody_found`, `appearance_models_missing`.
    """
    people = await desk.find_people(body.picture)
    return PeopleOut(
        items=[
            PersonInPictureOut(
                number=number,
                box=[round(side, 4) for side in one.box_norm_xyxy],
                picture=b64encode(one.picture).decode(),
                usable=bool(one.vector),
            )
            for number, one in enumerate(people, 1)
        ]
    )


@router.post("/search/person")
@allows(Permission.BIOMETRIC_SEARCH, max_body_bytes=MAX_PICTURE_BODY_BYTES)
async def search_person(body: PersonSearchIn, caller: CallerPort, desk: SearchPort) -> ObjectSearchOut:
    """Finds people who look like one in a picture, face or no face. The picture is kept nowhere.

    `code` says what is wrong: `no_picture`, `nobody_found`, `choose_person`, `person_unclear`, `appearance_not_kept`,
    `appearance_models_missing`.
    """
    wanted = _filter(caller, body, None, None)
    question = Question(wanted, body.purpose, _describe(wanted, None, None))
    return await desk.find_person(caller, body.picture, body.person, question, body.limit)


@router.post("/search/trace")
@allows(Permission.OBJECT_SEARCH)
async def trace_object(body: TraceIn, caller: CallerPort, desk: SearchPort) -> TraceOut:
    """Follows what is like a seen object across cameras: appearances by time, each with whether it can be."""
    wanted = _filter(caller, body, None, None)
    words = _describe(wanted, body.object_id, body.by)
    return await desk.trace(caller, Question(wanted, body.purpose, words, body.object_id, body.by or ""))


@router.get("/search/objects/{object_id}")
@allows(Permission.OBJECT_SEARCH)
async def show_seen_object(object_id: ObjectId, caller: CallerPort, desk: SearchPort) -> SeenObjectOut:
    """Shows one seen object."""
    return await desk.show(caller, object_id)


@router.get("/search/objects/{object_id}/picture.jpg", response_class=Response)
@allows(Permission.OBJECT_SEARCH)
async def show_seen_object_picture(
    object_id: ObjectId, caller: CallerPort, desk: SearchPort, sight: SightPort
) -> Response:
    """Shows the picture of a seen object; not where a privacy zone reaches into it."""
    picture = await desk.read_picture(caller, object_id, sight.find)
    return Response(picture, media_type="image/jpeg", headers=_NOT_KEPT)


@router.delete("/search/objects/{object_id}", status_code=204)
@allows(Permission.FOOTAGE_ERASE)
async def erase_seen_object(object_id: ObjectId, caller: CallerPort, desk: SearchPort) -> None:
    """Erases one seen object with picture and vectors."""
    await desk.show(caller, object_id)
    await desk.erase(caller, [object_id], "one object")


@router.post("/search/erasures")
@allows(Permission.FOOTAGE_ERASE)
async def erase_seen_objects(body: ObjectEraseIn, caller: CallerPort, desk: SearchPort) -> ErasedOut:
    """Erases seen objects, such as all of a trace: of one person. Footage stays; it is erased by `POST /erasures`."""
    return ErasedOut(erased=await desk.erase(caller, body.object_ids, body.reason))


@router.get("/search/distances")
@allows(Permission.OBJECT_SEARCH)
async def list_camera_distances(desk: SearchPort) -> DistancesOut:
    """Lists how far cameras are apart, as declared: what the plausibility of a trace is judged by."""
    found = await desk.search.list_distances()
    return DistancesOut(
        items=[DistanceOut(camera_id=one, other_camera_id=other, metres=metres) for one, other, metres in found]
    )


@router.put("/search/distances")
@allows(Permission.CAMERA_CONFIGURE)
async def declare_camera_distances(
    body: DistancesIn, caller: CallerPort, desk: SearchPort, cameras: CamerasPort, audit: AuditPort
) -> DistancesOut:
    """Replaces all declared distances."""
    for camera_id in {camera_id for one in body.items for camera_id in (one.camera_id, one.other_camera_id)}:
        await cameras.find_camera(camera_id)
    await desk.search.declare_distances([(one.camera_id, one.other_camera_id, one.metres) for one in body.items])
    await audit.record(caller, "search.distances", detail=f"{len(body.items)} distances between cameras declared")
    return await list_camera_distances(desk)


def _filter(caller: Caller, body: ObjectRangeIn, facts: ObjectSearchIn | None, before_ns: int | None) -> ObjectFilter:
    from_ns = None if body.from_ is None else to_ns(body.from_)
    until_ns = None if body.to is None else to_ns(body.to)
    if from_ns is not None and until_ns is not None:
        check_range(from_ns, until_ns)
    return ObjectFilter(
        cameras=tuple(body.cameras),
        classes=tuple(facts.classes) if facts else (),
        attributes={name: tuple(values) for name, values in facts.attributes.items()} if facts else {},
        plate=_read_plate(facts.plate) if facts else "",
        from_ns=from_ns,
        to_ns=until_ns,
        before_ns=before_ns,
        is_named=not caller.may(Permission.BIOMETRIC_SEARCH),
        source=Source(body.source),
    )


def _read_plate(text: str) -> str:
    try:
        return read_plate(text)
    except ValueError as exc:
        raise InvalidInputError(f"the plate {exc}") from exc


def _read_page(cursor: str | None, now_ns: int) -> tuple[int, int]:
    """Where a page begins, and when the first one was asked: what is seen since then is on none of them."""
    if cursor is None:
        return 0, now_ns
    offset, asked = read_cursor(cursor)
    if not (0 <= offset <= MAX_CANDIDATES and asked.isdecimal() and len(asked) < 20):
        raise InvalidCursorError("the cursor is not valid", "Start the search again without it.")
    return offset, int(asked)


def _describe(wanted: ObjectFilter, like: str | None, by: str | None) -> str:
    """The question in words, for the audit trail."""
    said = [f"like {like}" + (f" by {by}" if by else "")] if like else []
    said += [f"plate {wanted.plate}"] if wanted.plate else []
    said += [f"{name} {'/'.join(values)}" for name, values in wanted.attributes.items()]
    said += ["/".join(wanted.classes)] if wanted.classes else []
    said += [] if wanted.source is Source.CAMERAS else [f"in {wanted.source.value}"]
    said += [f"{len(wanted.cameras)} cameras"] if wanted.cameras else []
    said += [f"from {format_utc(wanted.from_ns)}"] if wanted.from_ns is not None else []
    said += [f"to {format_utc(wanted.to_ns)}"] if wanted.to_ns is not None else []
    return ", ".join(said) or "everything"
