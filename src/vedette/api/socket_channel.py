"""A WebSocket as the channel that streaming sessions speak to."""

import asyncio

from fastapi import WebSocket, WebSocketDisconnect

from vedette.api.sockets import CLOSE_TRY_AGAIN
from vedette.core.errors import NotFoundError, VedetteError
from vedette.streaming.channel import ChannelClosedError
from vedette.streaming.messages import error_text

CLOSE_NOT_FOUND = 4404
SEND_TIMEOUT_S = 20.0
"""A client that takes nothing for so long is gone, or might as well be; it reconnects when it comes back."""
MAX_TEXT_CHARS = 4096


class SocketChannel:
    """See `vedette.streaming.channel.MessageChannel`."""

    def __init__(self, socket: WebSocket) -> None:
        self._socket = socket

    async def send(self, message: str | bytes) -> None:
        try:
            async with asyncio.timeout(SEND_TIMEOUT_S):
                if isinstance(message, bytes):
                    await self._socket.send_bytes(message)
                else:
                    await self._socket.send_text(message)
        except (TimeoutError, WebSocketDisconnect, RuntimeError) as exc:
            raise ChannelClosedError from exc

    async def receive(self) -> str:
        try:
            text = await self._socket.receive_text()
        except (WebSocketDisconnect, KeyError, RuntimeError) as exc:  # KeyError: a binary message
            raise ChannelClosedError from exc
        if len(text) > MAX_TEXT_CHARS:
            raise ChannelClosedError
        return text


async def say_goodbye(socket: WebSocket, error: VedetteError) -> None:
    """Tells the client why its session ends, and closes: for good when the thing does not exist."""
    try:
        await socket.send_text(error_text(error.code, error.message, error.hint))
        code = CLOSE_NOT_FOUND if isinstance(error, NotFoundError) else CLOSE_TRY_AGAIN
        await socket.close(code, error.code)
    except (WebSocketDisconnect, RuntimeError):
        return  # gone by itself
