"""Live pictures over a WebSocket. What is sent: docs/design/contracts.md, "Media messages to the browser"."""

from typing import Annotated

from fastapi import Query, WebSocket

from vedette.api.access import allows
from vedette.api.features import feature_router
from vedette.api.schemas.common import Id
from vedette.api.sights import SightPort
from vedette.api.socket_channel import SocketChannel, say_goodbye
from vedette.api.streaming_ports import LivePort
from vedette.core.errors import NotFoundError, TooManyRequestsError, UnavailableError
from vedette.identity.permissions import Permission
from vedette.streaming.live_viewer import LiveRequest
from vedette.streaming.stream_choice import StreamChoice

router = feature_router("live")


@router.websocket("/live")
@allows(Permission.CAMERA_VIEW, audit="live.view")
async def watch_live(
    socket: WebSocket,
    live: LivePort,
    sight: SightPort,
    camera: Annotated[Id, Query()],
    stream: Annotated[StreamChoice, Query()] = StreamChoice.AUTO,
    audio: Annotated[bool, Query()] = False,  # noqa: FBT002 -- a query parameter
    h265: Annotated[bool, Query()] = False,  # noqa: FBT002 -- a query parameter
) -> None:
    """Sends one camera's live stream until the client goes."""
    await socket.accept()
    try:
        seen = await sight.find(camera)
        await live.serve(LiveRequest(seen, stream, audio, h265), SocketChannel(socket))
    except (NotFoundError, UnavailableError, TooManyRequestsError) as exc:
        await say_goodbye(socket, exc)
