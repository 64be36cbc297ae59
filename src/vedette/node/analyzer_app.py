"""The analyzer's HTTP and WebSocket interface on its UNIX socket (docs/design/contracts.md)."""

import asyncio
import contextlib
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from vedette.core.errors import InvalidInputError, NotFoundError, VedetteError
from vedette.node.analyzer_assignment import parse_assignment
from vedette.node.analyzer_metrics import format_metrics

if TYPE_CHECKING:
    from vedette.node.analyzer import Analyzer

MAX_BODY_BYTES = 24 << 20
_STATUS = {"invalid": 422, "not_found": 404}


def make_analyzer_app(analyzer: "Analyzer") -> Starlette:
    """The routes of one analyzer."""

    async def put_assignment(request: Request) -> Response:
        try:
            await analyzer.take_assignment(parse_assignment(await _read_body(request)))
        except VedetteError as error:
            return _problem(error)
        return JSONResponse({"ok": True})

    async def post_thumbnail(request: Request) -> Response:
        try:
            width = _parse_width(request.query_params.get("width", "320"))
            jpeg = await analyzer.render_thumbnail(await _read_body(request), width)
        except VedetteError as error:
            return _problem(error)
        except TimeoutError:
            return JSONResponse({"code": "unavailable", "message": "no vision worker is ready"}, 503)
        return Response(jpeg, media_type="image/jpeg")

    async def tracks(socket: WebSocket) -> None:
        await socket.accept()
        try:
            async with analyzer.watch_tracks(socket.query_params.get("camera", "")) as queue:
                await _send_until_closed(socket, queue)
        except NotFoundError as error:
            await socket.close(4404, error.message)

    async def status(_: Request) -> Response:
        return JSONResponse(analyzer.status())

    async def metrics(_: Request) -> Response:
        return PlainTextResponse(format_metrics(analyzer.status()), media_type="text/plain; version=0.0.4")

    async def healthz(_: Request) -> Response:
        return PlainTextResponse("ok\n")

    return Starlette(
        routes=[
            Route("/assignment", put_assignment, methods=["PUT"]),
            Route("/thumbnail", post_thumbnail, methods=["POST"]),
            Route("/status", status),
            Route("/metrics", metrics),
            Route("/healthz", healthz),
            WebSocketRoute("/tracks", tracks),
        ]
    )


async def _send_until_closed(socket: WebSocket, queue: "asyncio.Queue[dict[str, object]]") -> None:
    """Sends messages until the viewer leaves. Reading tells when it does."""

    async def wait_closed() -> None:
        with contextlib.suppress(WebSocketDisconnect, RuntimeError):
            while True:
                await socket.receive_text()

    closed = asyncio.create_task(wait_closed())
    try:
        while not closed.done():
            getting = asyncio.create_task(queue.get())
            await asyncio.wait({closed, getting}, return_when=asyncio.FIRST_COMPLETED)
            if not getting.done():
                getting.cancel()
                return
            await socket.send_json(getting.result())
    except (WebSocketDisconnect, RuntimeError):
        return
    finally:
        closed.cancel()


async def _read_body(request: Request) -> bytes:
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > MAX_BODY_BYTES:
            raise InvalidInputError(f"the body is larger than {MAX_BODY_BYTES} bytes")
    return bytes(body)


def _parse_width(text: str) -> int:
    if not text.isdecimal() or not 16 <= int(text) <= 3840:
        raise InvalidInputError(f"width must be 16 to 3840, not {text!r}")
    return int(text)


def _problem(error: VedetteError) -> Response:
    status = _STATUS.get(error.kind, 503)
    return JSONResponse({"code": error.code, "message": error.message, "hint": error.hint}, status)
