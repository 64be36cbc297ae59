"""Opens a WebSocket of an ASGI application in memory, without a server."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from starlette.types import ASGIApp

STEP_TIMEOUT_S = 10.0


class MemorySocket:
    """The client's end."""

    def __init__(self) -> None:
        self._to_app: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._from_app: asyncio.Queue[dict[str, Any]] = asyncio.Queue()

    async def send_text(self, text: str) -> None:
        await self._to_app.put({"type": "websocket.receive", "text": text})

    async def next_message(self) -> dict[str, Any]:
        async with asyncio.timeout(STEP_TIMEOUT_S):
            return await self._from_app.get()

    async def leave(self) -> None:
        await self._to_app.put({"type": "websocket.disconnect", "code": 1000})


@asynccontextmanager
async def open_socket(app: ASGIApp, url: str, headers: Mapping[str, str]) -> AsyncIterator[MemorySocket]:
    """Connects; the first message of the application (accept or close) is the caller's to read."""
    socket = MemorySocket()
    path, _, query = url.partition("?")
    scope = {
        "type": "websocket",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "scheme": "ws",
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": [(b"host", b"vedette.test"), *((k.encode(), v.encode()) for k, v in headers.items())],
        "client": ("192.0.2.7", 50000),
        "server": ("vedette.test", 80),
        "subprotocols": [],
        "state": {},
        "extensions": {},
    }
    await socket._to_app.put({"type": "websocket.connect"})
    task = asyncio.create_task(app(scope, socket._to_app.get, socket._from_app.put))
    try:
        yield socket
    finally:
        await socket.leave()
        await asyncio.wait({task}, timeout=STEP_TIMEOUT_S)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def refused_code(app: ASGIApp, url: str, headers: Mapping[str, str]) -> int:
    """Returns the code that a socket is closed with at once, or 0 when it stays open."""
    async with open_socket(app, url, headers) as socket:
        first = await socket.next_message()
        if first["type"] == "websocket.accept":
            try:
                async with asyncio.timeout(0.3):
                    first = await socket._from_app.get()
            except TimeoutError:
                return 0
        return int(first["code"]) if first["type"] == "websocket.close" else 0
