"""The analyzer's HTTP and WebSocket interface on its UNIX socket (docs/design/contracts.md)."""

import asyncio
import contextlib
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from vedette.core.errors import NotFoundError, VedetteError
from vedette.node.analyzer_assignment import parse_assignment
from vedette.node.analyzer_faces import face_routes
from vedette.node.analyzer_jobs import job_routes
from vedette.node.analyzer_metrics import format_metrics
from vedette.node.analyzer_pictures import picture_routes, problem, read_body
from vedette.node.analyzer_watchlists import watchlist_routes
from vedette.node.category_routes import category_routes
from vedette.node.classification import classify_routes
from vedette.node.people_reader import people_routes

if TYPE_CHECKING:
    from vedette.node.analyzer import Analyzer


def make_analyzer_app(analyzer: "Analyzer") -> Starlette:
    """The routes of one analyzer."""

    async def put_assignment(request: Request) -> Response:
        try:
            await analyzer.take_assignment(parse_assignment(await read_body(request)))
        except VedetteError as error:
            return problem(error)
        return JSONResponse({"ok": True})

    async def tracks(socket: WebSocket) -> None:
        await socket.accept()
        try:
            with analyzer.watch_tracks(socket.query_params.get("camera", "")) as queue:
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
            *picture_routes(analyzer.stills),
            *job_routes(analyzer.jobs),
            *watchlist_routes(analyzer.lists, analyzer.take_lists),
            *face_routes(analyzer.portraits),
            *people_routes(analyzer.people),
            *classify_routes(analyzer.classification),
            *category_routes(analyzer.category_sets, analyzer.lessons),
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
