"""Serves a role's HTTP and WebSocket interface on its UNIX socket, owner only."""

import asyncio
import contextlib
import os
import socket
from collections.abc import AsyncIterator, Generator
from pathlib import Path
from typing import Any

import uvicorn

from vedette.core.errors import UnavailableError

_PATH_LIMIT_BYTES = 107


def bind_role_socket(path: Path) -> socket.socket:
    """Binds a UNIX stream socket with mode 0600, replacing a stale one.

    Raises:
        UnavailableError: the path is too long for the kernel, or another process still serves it.
    """
    if len(os.fsencode(path)) > _PATH_LIMIT_BYTES:
        raise UnavailableError(
            f"the socket path {path} is longer than {_PATH_LIMIT_BYTES} bytes",
            "Use a data directory with a shorter path (--data).",
        )
    with contextlib.closing(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)) as trial:
        if trial.connect_ex(str(path)) == 0:
            raise UnavailableError(
                f"another process already serves {path}", "Stop it, or use another data directory (--data)."
            )
    path.unlink(missing_ok=True)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    before = os.umask(0o177)
    try:
        listener.bind(str(path))
    finally:
        os.umask(before)
    return listener


class _SignalFreeServer(uvicorn.Server):
    """Leaves signals to the role, which has footage to close before it ends."""

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        yield


@contextlib.asynccontextmanager
async def serve_role_app(app: Any, path: Path) -> AsyncIterator[socket.socket]:
    """Serves an ASGI app on the socket `path` while the context is open; gives the listening socket."""
    listener = bind_role_socket(path)
    config = uvicorn.Config(
        app,
        log_level="warning",
        access_log=False,
        lifespan="off",
        ws="websockets-sansio",
        ws_per_message_deflate=False,
        timeout_graceful_shutdown=2,
    )
    server = _SignalFreeServer(config)
    serving = asyncio.create_task(server.serve([listener]))
    try:
        while not server.started and not serving.done():
            await asyncio.sleep(0.01)
        yield listener
    finally:
        server.should_exit = True
        await asyncio.wait({serving}, timeout=5.0)
        serving.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await serving
        path.unlink(missing_ok=True)
