"""Follows the tracks of a camera on the analyzer's socket, for overlays."""

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

from websockets.asyncio.client import ClientConnection, unix_connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from vedette.core.errors import NotFoundError, UnavailableError

OPEN_TIMEOUT_S = 3.0
MAX_MESSAGE_BYTES = 1 << 20
NOT_FOUND = 4404


class UnixTracks:
    """See `vedette.api.ports.TrackFeed`."""

    def __init__(self, socket_path: Path) -> None:
        self._socket_path = socket_path

    @contextlib.asynccontextmanager
    async def follow(self, camera_id: str) -> AsyncIterator[AsyncIterator[str]]:
        """Connects; yields one JSON text per analysed picture until the analyzer ends it.

        Raises:
            UnavailableError: the analyzer does not answer, or went away.
            NotFoundError: it does not analyse this camera.
        """
        try:
            connection = await unix_connect(
                str(self._socket_path),
                uri=f"ws://analyzer/tracks?camera={camera_id}",
                open_timeout=OPEN_TIMEOUT_S,
                close_timeout=1.0,
                max_size=MAX_MESSAGE_BYTES,
                compression=None,
            )
        except (OSError, TimeoutError, InvalidHandshake) as exc:
            raise UnavailableError(
                f"the analyzer does not answer ({type(exc).__name__})", "Boxes come back when it does."
            ) from exc
        try:
            yield _texts(connection, camera_id)
        finally:
            await connection.close()


async def _texts(connection: ClientConnection, camera_id: str) -> AsyncIterator[str]:
    try:
        async for message in connection:
            if isinstance(message, str):
                yield message
    except ConnectionClosed as exc:
        if exc.rcvd is not None and exc.rcvd.code == NOT_FOUND:
            raise NotFoundError(f"the camera {camera_id} is not analysed") from exc
        raise UnavailableError("the analyzer went away", "Boxes come back when it does.") from exc
