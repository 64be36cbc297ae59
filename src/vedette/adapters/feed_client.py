"""Reads the recorder's live feed: a WebSocket over its UNIX socket."""

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlencode

from websockets.asyncio.client import ClientConnection, unix_connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus

from vedette.core.errors import NotFoundError, UnavailableError
from vedette.core.media import StreamFormat, StreamRole
from vedette.media.feed import FeedDropped, FeedPacket, FeedState, MalformedFeedError, decode_packet, decode_text

MAX_MESSAGE_BYTES = 16 << 20
"""A key frame of an 8K camera is about 2 MiB; anything beyond this is no frame."""
_OPEN_TIMEOUT_S = 5.0

Item = StreamFormat | FeedPacket | FeedState | FeedDropped


class UnixFeedSource:
    """Opens `WS /feed` of the recorder on this box.

    Args:
        is_patient: An eighth of a second later is early enough: the recorder may let pictures gather.
    """

    def __init__(self, socket_path: Path, *, is_patient: bool = False) -> None:
        self._socket_path = socket_path
        self._is_patient = is_patient

    @contextlib.asynccontextmanager
    async def open(
        self, camera_id: str, role: StreamRole, *, key_frames_only: bool = False
    ) -> AsyncIterator[AsyncIterator[Item]]:
        """Connects, yields items until the feed ends.

        Raises:
            UnavailableError: the recorder does not answer, or went away while reading.
            NotFoundError: the recorder has no such stream.
        """
        wanted = {"camera": camera_id, "stream": role.value}
        wanted |= {"key_frames": "1"} if key_frames_only else {}
        wanted |= {"patient": "1"} if self._is_patient else {}
        query = urlencode(wanted)
        try:
            connection = await unix_connect(
                str(self._socket_path),
                uri=f"ws://recorder/feed?{query}",
                open_timeout=_OPEN_TIMEOUT_S,
                close_timeout=1.0,
                max_size=MAX_MESSAGE_BYTES,
                compression=None,
            )
        except InvalidStatus as exc:
            raise _refused(exc.response.status_code, camera_id, role) from exc
        except (OSError, TimeoutError, InvalidHandshake) as exc:
            raise UnavailableError(f"its socket does not answer ({type(exc).__name__})") from exc
        try:
            yield _items(connection)
        finally:
            await connection.close()


async def _items(connection: ClientConnection) -> AsyncIterator[Item]:
    try:
        async for message in connection:
            yield decode_packet(message) if isinstance(message, bytes) else decode_text(message)
    except ConnectionClosed as exc:
        raise UnavailableError("the connection broke") from exc
    except MalformedFeedError as exc:
        raise UnavailableError(exc.message, exc.hint) from exc


def _refused(status: int, camera_id: str, role: StreamRole) -> NotFoundError | UnavailableError:
    if status in {403, 404}:
        return NotFoundError(f"The recorder has no {role} stream of camera {camera_id}.")
    return UnavailableError(f"it answers with status {status}")
