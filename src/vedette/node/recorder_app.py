"""The recorder's socket: assignment in, status out, live feed. Starlette alone: no FastAPI in this process."""

import asyncio
import contextlib
from typing import Protocol

import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from vedette.core.assignment import RecorderAssignment
from vedette.core.errors import InvalidInputError, VedetteError
from vedette.core.media import StreamRole
from vedette.recording.feed_hub import FeedHub, FeedReader
from vedette.recording.records import StreamKey
from vedette.runtime.loop_rest import LoopRest

MOST_ASSIGNMENT_BYTES = 16 << 20


class MalformedAssignmentError(InvalidInputError):
    """An assignment does not have the form of `RecorderAssignment`."""

    code = "malformed_assignment"


class RecorderDesk(Protocol):
    """What the socket asks of the recorder."""

    async def assign(self, assignment: RecorderAssignment) -> None: ...

    def describe(self) -> dict[str, object]: ...

    def format_metrics(self) -> str: ...

    def find_hub(self, key: StreamKey) -> FeedHub | None: ...


def decode_assignment(content: bytes) -> RecorderAssignment:
    """Reads an assignment.

    Raises:
        MalformedAssignmentError: it is too large or does not have the form.
    """
    if len(content) > MOST_ASSIGNMENT_BYTES:
        raise MalformedAssignmentError(f"an assignment of {len(content)} bytes")
    try:
        return msgspec.json.decode(content, type=RecorderAssignment)
    except (msgspec.MsgspecError, UnicodeDecodeError) as exc:
        raise MalformedAssignmentError(f"the assignment cannot be read: {exc}") from exc


def make_app(desk: RecorderDesk, rest: LoopRest) -> Starlette:
    """Makes the application that is served on `recorder.sock`. Whoever watches live keeps the loop from resting."""

    async def put_assignment(request: Request) -> Response:
        try:
            with rest.awake():
                assignment = decode_assignment(await request.body())
                await desk.assign(assignment)
        except VedetteError as error:
            problem = {"code": error.code, "message": error.message, "hint": error.hint}
            return JSONResponse(problem, 400 if isinstance(error, InvalidInputError) else 503)
        return JSONResponse({"version": assignment.version})

    async def status(_: Request) -> Response:
        return Response(msgspec.json.encode(desk.describe()), media_type="application/json")

    async def metrics(_: Request) -> Response:
        return PlainTextResponse(desk.format_metrics())

    async def healthz(_: Request) -> Response:
        return PlainTextResponse("ok\n")

    async def feed(socket: WebSocket) -> None:
        hub = _find_hub(desk, socket)
        if hub is None:
            await socket.close(code=4404)  # before accept: the client gets a refused handshake
            return
        await socket.accept()
        attention = contextlib.nullcontext() if "patient" in socket.query_params else rest.awake()
        with hub.join(key_frames_only="key_frames" in socket.query_params) as reader, attention:
            await _send_until_gone(socket, reader)

    return Starlette(
        routes=[
            Route("/assignment", put_assignment, methods=["PUT"]),
            Route("/status", status),
            Route("/metrics", metrics),
            Route("/healthz", healthz),
            WebSocketRoute("/feed", feed),
        ]
    )


def _find_hub(desk: RecorderDesk, socket: WebSocket) -> FeedHub | None:
    try:
        role = StreamRole(socket.query_params.get("stream", "main"))
    except ValueError:
        return None
    return desk.find_hub(StreamKey(socket.query_params.get("camera", ""), role))


async def _send_until_gone(socket: WebSocket, reader: FeedReader) -> None:
    sending = asyncio.create_task(_send(socket, reader))
    receiving = asyncio.create_task(_wait_gone(socket))
    try:
        await asyncio.wait({sending, receiving}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in (sending, receiving):
            task.cancel()
        await asyncio.gather(sending, receiving, return_exceptions=True)
    with contextlib.suppress(RuntimeError, WebSocketDisconnect):  # it is closed already
        await socket.close()


async def _send(socket: WebSocket, reader: FeedReader) -> None:
    while (message := await reader.next_message()) is not None:
        if isinstance(message, bytes):
            await socket.send_bytes(message)
        else:
            await socket.send_text(message)


async def _wait_gone(socket: WebSocket) -> None:
    with contextlib.suppress(WebSocketDisconnect):
        while True:
            await socket.receive_text()
