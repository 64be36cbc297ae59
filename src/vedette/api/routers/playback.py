"""Recorded pictures over a WebSocket. What is sent: docs/design/contracts.md, "Media messages to the browser"."""

from fastapi import WebSocket

from vedette.api.access import allows
from vedette.api.features import feature_router
from vedette.api.ports import AuditPort, CallerPort
from vedette.api.sights import SightPort
from vedette.api.socket_channel import SocketChannel, say_goodbye
from vedette.api.streaming_ports import PlaybackPort
from vedette.core.errors import TooManyRequestsError
from vedette.identity.permissions import Permission

router = feature_router("playback")


@router.websocket("/playback")
@allows(Permission.RECORDING_PLAY)
async def play_recordings(
    socket: WebSocket, playback: PlaybackPort, sight: SightPort, caller: CallerPort, audit: AuditPort
) -> None:
    """Plays recordings as the client asks; each camera is written into the audit trail once per connection."""

    async def announce(camera_id: str) -> None:
        await audit.record(caller, "recording.play", camera_id)

    await socket.accept()
    try:
        await playback.serve(SocketChannel(socket), sight.find, announce)
    except TooManyRequestsError as exc:
        await say_goodbye(socket, exc)
