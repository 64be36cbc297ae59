"""What the routers of streaming need, gathered in `StreamingPorts`. Built by `vedette.node.streaming`."""

from dataclasses import dataclass
from typing import Annotated, Protocol

from fastapi import Depends
from starlette.requests import HTTPConnection

from vedette.streaming.channel import MessageChannel
from vedette.streaming.live_viewer import LiveRequest
from vedette.streaming.playback_session import Announce


class LiveDesk(Protocol):
    """Serves live viewers."""

    async def serve(self, request: LiveRequest, channel: MessageChannel) -> None: ...


class PlaybackDesk(Protocol):
    """Serves players of recordings."""

    async def serve(self, channel: MessageChannel, announce: Announce) -> None: ...


@dataclass(frozen=True, slots=True)
class StreamingPorts:
    """Live view, playback and footage."""

    live: LiveDesk
    playback: PlaybackDesk


def find_streaming(connection: HTTPConnection) -> StreamingPorts:
    """Returns the streaming ports of the application."""
    ports = connection.app.state.ports.streaming
    if not isinstance(ports, StreamingPorts):
        raise TypeError("the application was made without streaming ports")
    return ports


def _live(connection: HTTPConnection) -> LiveDesk:
    return find_streaming(connection).live


def _playback(connection: HTTPConnection) -> PlaybackDesk:
    return find_streaming(connection).playback


LivePort = Annotated[LiveDesk, Depends(_live)]
PlaybackPort = Annotated[PlaybackDesk, Depends(_playback)]
