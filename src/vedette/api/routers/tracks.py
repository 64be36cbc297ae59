"""Boxes of tracked objects over live pictures: one text message per analysed picture."""

import asyncio
import contextlib
from typing import Annotated

from fastapi import Query, WebSocket, WebSocketDisconnect

from vedette.api.access import allows
from vedette.api.features import feature_router
from vedette.api.ports import TracksPort
from vedette.api.schemas.common import Id
from vedette.api.socket_channel import say_goodbye
from vedette.core.errors import NotFoundError, UnavailableError
from vedette.identity.permissions import Permission

SEND_TIMEOUT_S = 10.0

router = feature_router("tracks")


@router.websocket("/tracks")
@allows(Permission.CAMERA_VIEW)
async def follow_tracks(socket: WebSocket, tracks: TracksPort, camera: Annotated[Id, Query()]) -> None:
    """Sends the tracks of one camera until the client goes or the analyzer ends."""
    await socket.accept()
    sending = asyncio.create_task(_send(socket, tracks, camera))
    leaving = asyncio.create_task(_wait_gone(socket))
    try:
        await asyncio.wait({sending, leaving}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in (sending, leaving):
            task.cancel()
        await asyncio.gather(leaving, return_exceptions=True)
        with contextlib.suppress(asyncio.CancelledError):
            await sending


async def _send(socket: WebSocket, tracks: TracksPort, camera: str) -> None:
    """A client that takes nothing for ten seconds is gone; the analyzer drops what it cannot send meanwhile."""
    try:
        async with tracks.follow(camera) as texts:
            async for text in texts:
                async with asyncio.timeout(SEND_TIMEOUT_S):
                    await socket.send_text(text)
    except (NotFoundError, UnavailableError) as exc:
        await say_goodbye(socket, exc)
    except (TimeoutError, WebSocketDisconnect, RuntimeError):
        return


async def _wait_gone(socket: WebSocket) -> None:
    with contextlib.suppress(WebSocketDisconnect, KeyError):
        while True:
            await socket.receive_text()
