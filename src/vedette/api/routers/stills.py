"""Still pictures of recorded moments and of events, as they are or enlarged by super-resolution.

An enlarged picture says what it is in its pixels, in the file and in a header. It is kept nowhere.
"""

import re
from typing import Annotated, Literal
from urllib.parse import quote

from fastapi import Path, Query, Response

from vedette.api.access import allows
from vedette.api.face_sight import check_told
from vedette.api.features import feature_router
from vedette.api.ports import CallerPort, CamerasPort, EventsPort
from vedette.api.schemas.common import Id, When
from vedette.api.sights import CameraSightPort, SightPort, masked_header
from vedette.api.streaming_ports import StillsPort
from vedette.api.times import to_ns
from vedette.core.errors import InvalidInputError
from vedette.core.time import format_utc
from vedette.identity.permissions import Permission
from vedette.streaming.still_service import Crop, MadeStill, StillOrder
from vedette.streaming.stream_choice import StreamChoice

router = feature_router("stills")

Enhance = Annotated[
    Literal["1", "2"], Query(description="`2`: twice the size by super-resolution, labelled; `1`: as recorded")
]
CropText = Annotated[
    str,
    Query(max_length=120, description="Only this part: left, top, width, height in fractions of the picture, 0 to 1"),
]
_HEADERS = {
    "Cache-Control": "private, max-age=3600",
    "Vary": "Cookie, Authorization",  # another user of the same browser may see less
    "X-Content-Type-Options": "nosniff",
}


@router.get("/cameras/{camera_id}/still.jpg", response_class=Response)
@allows(Permission.RECORDING_PLAY, audit="recording.still")
async def show_still(
    sight: CameraSightPort,
    stills: StillsPort,
    cameras: CamerasPort,
    caller: CallerPort,
    at: Annotated[When, Query()],
    enhance: Enhance = "1",
    crop: CropText = "",
    stream: Annotated[StreamChoice, Query()] = StreamChoice.AUTO,
) -> Response:
    """The picture that stood at a time, or a part of it, in full size, masked for whom it has to be before anything
    else is done to it. 404: nothing is recorded then; `X-Vedette-Captured-At` is the picture's own time.
    """
    order = read_order(enhance, crop)
    camera = await cameras.find_camera(sight.camera_id)
    still = await stills.make_still(caller, sight, to_ns(at), stream, order)
    shown = format_utc(still.captured_at_ns)
    headers = _HEADERS | masked_header(sight) | {"X-Vedette-Captured-At": shown}
    return answer(still.made, headers, f"{camera.settings.name} {shown}")


@router.get("/events/{event_id}/still.jpg", response_class=Response)
@allows(Permission.EVENT_VIEW, audit="event.picture")
async def show_event_still(
    event_id: Annotated[Id, Path()],
    stills: StillsPort,
    events: EventsPort,
    sight: SightPort,
    caller: CallerPort,
    enhance: Enhance = "1",
    crop: CropText = "",
) -> Response:
    """The snapshot of an event, or a part of it, masked for whom it has to be before anything else is done to it."""
    order = read_order(enhance, crop)
    check_told(caller, await events.find_event(event_id))
    picture, seen = await events.read_picture(event_id, sight.find)
    made = await stills.enhance_picture(caller, picture, order)
    return answer(made, _HEADERS | masked_header(seen), f"event {event_id}")


def read_order(enhance: Literal["1", "2"], crop: str) -> StillOrder:
    """Reads what was asked for.

    Raises:
        InvalidInputError: the part is none.
    """
    if not crop:
        return StillOrder(int(enhance))
    try:
        left, top, width, height = (float(text) for text in crop.split(","))
    except ValueError as exc:
        raise InvalidInputError(
            "crop needs four numbers: left, top, width and height in fractions of the picture",
            "For example crop=0.25,0.5,0.2,0.1",
        ) from exc
    return StillOrder(int(enhance), Crop(left, top, width, height))


def answer(made: MadeStill, headers: dict[str, str], name: str) -> Response:
    """The picture, under a name that says what it is."""
    marked = f"{name} enhanced" if made.enhanced else name
    plain = re.sub(r"[^A-Za-z0-9_.-]+", "-", marked).strip("-")
    encoded = quote(f"{marked}.jpg", safe="")
    headers = headers | {"Content-Disposition": f"inline; filename=\"{plain}.jpg\"; filename*=UTF-8''{encoded}"}
    if made.enhanced:
        headers["X-Vedette-Enhanced"] = made.enhanced
    return Response(made.jpeg, media_type="image/jpeg", headers=headers)
