"""The two-way message channel to one client. Implemented by the API's WebSocket, by lists in tests."""

from typing import Protocol


class ChannelClosedError(Exception):
    """The client is gone. Not an error of ours: a session ends by it."""


class MessageChannel(Protocol):
    """Sends text and bytes, receives text. Sending waits while the client is slow.

    Every method raises ChannelClosedError when the client is gone.
    """

    async def send(self, message: str | bytes) -> None: ...
    async def receive(self) -> str: ...
