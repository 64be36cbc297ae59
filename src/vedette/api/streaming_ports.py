"""What the routers of streaming need, gathered in `StreamingPorts`. Built by `vedette.node.streaming`."""

from dataclasses import dataclass
from typing import Annotated, Protocol

from fastapi import Depends
from starlette.requests import HTTPConnection

from vedette.api.still_desk import StillDesk
from vedette.core.media import StreamRole
from vedette.core.privacy import LookAt, Sight, WholeCamera
from vedette.streaming.channel import MessageChannel
from vedette.streaming.export_job import ExportFormat
from vedette.streaming.export_marks import Notes
from vedette.streaming.footage_service import MaskedFile, MkvFile, Mp4File
from vedette.streaming.live_viewer import LiveRequest
from vedette.streaming.playback_session import Announce
from vedette.streaming.stream_choice import StreamChoice


class LiveDesk(Protocol):
    """Serves live viewers."""

    async def serve(self, request: LiveRequest, channel: MessageChannel) -> None: ...


class PlaybackDesk(Protocol):
    """Serves players of recordings."""

    async def serve(self, channel: MessageChannel, look: LookAt, announce: Announce) -> None: ...


class FootageMedia(Protocol):
    """Footage as playlists, files and pictures: `vedette.streaming.footage_service.FootageService`."""

    async def make_playlist(self, sight: Sight, choice: StreamChoice, from_ns: int, to_ns: int) -> str: ...
    async def make_init(self, sight: Sight, role: StreamRole, at_ns: int) -> bytes: ...
    async def make_part(self, sight: Sight, role: StreamRole, start_ns: int, end_ns: int) -> bytes: ...
    async def plan_mp4(
        self, camera: WholeCamera, choice: StreamChoice, from_ns: int, to_ns: int, notes: Notes
    ) -> Mp4File: ...
    async def plan_mkv(
        self, camera: WholeCamera, choice: StreamChoice, from_ns: int, to_ns: int, notes: Notes
    ) -> MkvFile: ...
    async def plan_masked(
        self, sight: Sight, choice: StreamChoice, from_ns: int, to_ns: int, kind: ExportFormat, notes: Notes
    ) -> MaskedFile: ...
    async def make_thumbnail(self, sight: Sight, at_ns: int, width_px: int) -> bytes: ...


class MaskedFeeds(Protocol):
    """What is being masked now: live feeds, exports."""

    def drop(self, camera_id: str) -> None:
        """Ends what is made of a camera: its zones changed."""
        ...


@dataclass(frozen=True, slots=True)
class StreamingPorts:
    """Live view, playback, footage and stills."""

    masked: MaskedFeeds
    live: LiveDesk
    playback: PlaybackDesk
    footage: FootageMedia
    stills: StillDesk


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


def _footage(connection: HTTPConnection) -> FootageMedia:
    return find_streaming(connection).footage


def _stills(connection: HTTPConnection) -> StillDesk:
    return find_streaming(connection).stills


LivePort = Annotated[LiveDesk, Depends(_live)]
PlaybackPort = Annotated[PlaybackDesk, Depends(_playback)]
FootageMediaPort = Annotated[FootageMedia, Depends(_footage)]
StillsPort = Annotated[StillDesk, Depends(_stills)]
