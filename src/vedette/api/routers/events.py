"""Events: list, show, picture, acknowledge, and the live feed."""

import asyncio
from typing import Annotated

from fastapi import Path, Query, Response, WebSocket, WebSocketDisconnect

from vedette.api.access import allows
from vedette.api.convert_events import event_out
from vedette.api.cursors import read_cursor, write_cursor
from vedette.api.face_sight import check_told, find_hidden_kinds, is_told
from vedette.api.features import feature_router
from vedette.api.ports import AuditPort, CallerPort, EventsPort
from vedette.api.schemas.common import Id, Page, When
from vedette.api.schemas.events import AcknowledgeIn, EventOut
from vedette.api.sights import SightPort, masked_header
from vedette.api.times import to_ns
from vedette.events.kinds import check_kinds
from vedette.events.records import EventFilter, EventState
from vedette.identity.permissions import Permission

router = feature_router("events")
EventId = Annotated[Id, Path()]
SEND_TIMEOUT_S = 10.0
_PRIVATE = {"Cache-Control": "private, max-age=86400", "Vary": "Cookie, Authorization"}


@router.get("/events")
@allows(Permission.EVENT_VIEW)
async def list_events(
    caller: CallerPort,
    events: EventsPort,
    camera: Annotated[list[Id] | None, Query(max_length=64)] = None,
    kind: Annotated[list[str] | None, Query(max_length=64)] = None,
    state: Annotated[EventState | None, Query()] = None,
    from_: Annotated[When | None, Query(alias="from")] = None,
    to: Annotated[When | None, Query()] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
    cursor: Annotated[str | None, Query(max_length=128)] = None,
) -> Page[EventOut]:
    """Lists events, newest first. `camera` and `kind` may be repeated; an unknown kind is refused."""
    check_kinds(kind or ())
    wanted = EventFilter(
        cameras=tuple(camera or ()),
        kinds=tuple(kind or ()),
        state=state,
        from_ns=None if from_ is None else to_ns(from_),
        to_ns=None if to is None else to_ns(to),
        before=None if cursor is None else read_cursor(cursor),
        limit=limit,
        hidden_kinds=find_hidden_kinds(caller),
    )
    found, total = await events.find_events(wanted)
    following = None
    if len(found) == limit:
        last = found[-1].fact
        following = write_cursor(last.from_ns, last.event_id)
    return Page(items=[event_out(record) for record in found], total=total, next=following)


@router.get("/events/{event_id}")
@allows(Permission.EVENT_VIEW)
async def show_event(event_id: EventId, caller: CallerPort, events: EventsPort) -> EventOut:
    """Shows one event."""
    return event_out(check_told(caller, await events.find_event(event_id)))


@router.get("/events/{event_id}/picture.jpg", response_class=Response)
@allows(Permission.EVENT_VIEW, audit="event.picture")
async def show_event_picture(event_id: EventId, caller: CallerPort, events: EventsPort, sight: SightPort) -> Response:
    """Shows the snapshot of an event, masked for whom it has to be."""
    check_told(caller, await events.find_event(event_id))
    picture, seen = await events.read_picture(event_id, sight.find)
    return Response(picture, media_type="image/jpeg", headers=_PRIVATE | masked_header(seen))


@router.post("/events/{event_id}/acknowledge")
@allows(Permission.EVENT_ACKNOWLEDGE)
async def acknowledge_event(
    event_id: EventId, body: AcknowledgeIn, caller: CallerPort, events: EventsPort, audit: AuditPort
) -> EventOut:
    """Acknowledges an event, once. The second one to try learns who was first."""
    check_told(caller, await events.find_event(event_id))
    record = await events.acknowledge(caller.name, event_id, body.note)
    await audit.record(caller, "event.acknowledge", event_id)
    return event_out(record)


@router.websocket("/events")
@allows(Permission.EVENT_VIEW)
async def follow_events(socket: WebSocket, caller: CallerPort, events: EventsPort) -> None:
    """Sends every new or changed event, and `{"type": "dropped", "events": N}` to a reader that was too slow."""
    await socket.accept()
    async with asyncio.TaskGroup() as group:
        listener = group.create_task(_wait_closed(socket))
        sender = group.create_task(_send_events(socket, caller, events))
        listener.add_done_callback(lambda _: sender.cancel())
        sender.add_done_callback(lambda _: listener.cancel())


async def _wait_closed(socket: WebSocket) -> None:
    """Reads until the client is gone. What it says is not asked for and ignored."""
    try:
        while True:
            await socket.receive_text()
    except (WebSocketDisconnect, KeyError):
        return


async def _send_events(socket: WebSocket, caller: CallerPort, events: EventsPort) -> None:
    async with events.subscribe() as news:
        async for item in news:
            if item.dropped:
                message = f'{{"type":"dropped","events":{item.dropped}}}'
            elif item.event is not None and is_told(caller, item.event):
                message = event_out(item.event).model_dump_json(by_alias=True)
            else:
                continue
            try:
                async with asyncio.timeout(SEND_TIMEOUT_S):
                    await socket.send_text(message)
            except (TimeoutError, WebSocketDisconnect, RuntimeError):
                return  # the reader is gone or does not read; it asks the list when it comes back
