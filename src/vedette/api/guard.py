"""Wraps a route: nothing of it runs before the gate has let the request pass.

The body is not read, the socket not accepted, and no dependency solved before that. A socket that is refused is
accepted and closed at once with 4401, 4403 or 4429, because a browser shows a page nothing else of a refusal;
only a foreign page gets a plain 403. While a socket is open the guard watches that its login still holds.
"""

import asyncio
import contextlib
from dataclasses import dataclass

from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocketDisconnect

from vedette.api.access import Access
from vedette.api.gate import ForeignOriginError, Gate
from vedette.api.ports import CALLER_KEY, SOCKET_KEY
from vedette.api.sockets import (
    CLOSE_FORBIDDEN,
    CLOSE_LIMITED,
    CLOSE_UNAUTHENTICATED,
    OpenSocket,
    OpenSockets,
)
from vedette.core.errors import TooManyRequestsError, UnauthenticatedError, VedetteError
from vedette.core.time import NS_PER_S
from vedette.identity.logins import Logins
from vedette.runtime.clock import Clock

CHECK_S = 60.0


@dataclass(frozen=True, slots=True)
class Watch:
    """What guards need besides the gate."""

    gate: Gate
    logins: Logins
    sockets: OpenSockets
    clock: Clock


class Guard:
    """The ASGI application in front of one route's own."""

    def __init__(self, app: ASGIApp, access: Access, watch: Watch) -> None:
        self._app = app
        self._access = access
        self._watch = watch

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await self._guard_socket(scope, receive, send)
            return
        scope[CALLER_KEY] = await self._watch.gate.admit(HTTPConnection(scope), self._access)
        await self._app(scope, _limit_body(scope, receive, self._access.max_body_bytes), send)

    async def _guard_socket(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            caller = await self._watch.gate.admit(HTTPConnection(scope), self._access)
        except ForeignOriginError:
            await send({"type": "websocket.close", "code": CLOSE_FORBIDDEN})
            return
        except VedetteError as exc:
            await receive()
            await send({"type": "websocket.accept"})
            await send({"type": "websocket.close", "code": _close_code(exc), "reason": exc.code})
            return
        scope[CALLER_KEY] = caller
        if caller is None:
            await self._app(scope, receive, send)
            return
        with self._watch.sockets.hold(caller) as socket:
            scope[SOCKET_KEY] = socket
            await self._serve_socket(scope, receive, send, socket)

    async def _serve_socket(self, scope: Scope, receive: Receive, send: Send, socket: OpenSocket) -> None:
        closed = False

        async def send_once_open(message: Message) -> None:
            nonlocal closed
            if closed:
                return
            closed = message["type"] == "websocket.close"
            await send(message)

        async with asyncio.TaskGroup() as group:
            serving = group.create_task(_run(self._app, scope, receive, send_once_open))
            watching = group.create_task(self._wait_ended(socket))
            await asyncio.wait({serving, watching}, return_when=asyncio.FIRST_COMPLETED)
            if serving.done():
                watching.cancel()
                return
            await send_once_open({"type": "websocket.close", "code": watching.result(), "reason": socket.reason})
            serving.cancel()

    async def _wait_ended(self, socket: OpenSocket) -> int:
        """Waits until the socket's login has ended; an open socket counts as use of the session."""
        while True:
            delay_s = CHECK_S
            if socket.caller.expires_at_ns:
                left_ns = socket.caller.expires_at_ns - self._watch.clock.utc_ns()
                delay_s = max(0.0, min(delay_s, left_ns / NS_PER_S))
            if await _is_set_within(socket.ended, delay_s, self._watch.clock):
                return socket.code
            try:
                await self._watch.logins.touch(socket.caller)
            except UnauthenticatedError:
                return CLOSE_UNAUTHENTICATED


async def _run(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    """Runs a socket's endpoint; that the other side has left is how most sockets end, and no error."""
    with contextlib.suppress(WebSocketDisconnect):
        await app(scope, receive, send)


async def _is_set_within(event: asyncio.Event, delay_s: float, clock: Clock) -> bool:
    waits = {asyncio.ensure_future(event.wait()), asyncio.ensure_future(clock.sleep(delay_s))}
    try:
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()
    return event.is_set()


def _close_code(error: VedetteError) -> int:
    if isinstance(error, UnauthenticatedError):
        return CLOSE_UNAUTHENTICATED
    return CLOSE_LIMITED if isinstance(error, TooManyRequestsError) else CLOSE_FORBIDDEN


def _limit_body(scope: Scope, receive: Receive, max_bytes: int) -> Receive:
    """Stops reading a body that is longer than its route takes.

    The exception is the framework's own: it turns every other one that happens while it reads into a 400.
    """
    too_large = HTTPException(413, f"the body is longer than {max_bytes} bytes")
    for name, value in scope["headers"]:
        if name == b"content-length" and (not value.isdigit() or int(value) > max_bytes):
            raise too_large
    received = 0

    async def receive_limited() -> Message:
        nonlocal received
        message = await receive()
        if message["type"] == "http.request":
            received += len(message.get("body", b""))
            if received > max_bytes:
                raise too_large
        return message

    return receive_limited
