"""The picture routes of an analyzer on a data directory's socket: the real drawing, without jail and workers."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from starlette.applications import Starlette
from typing_extensions import override

from vedette.adapters.role_server import serve_role_app
from vedette.core.errors import InvalidInputError
from vedette.node.analyzer_pictures import picture_routes
from vedette.node.still_pictures import StillPictures
from vedette.runtime.settings import NodeSettings
from vedette.vision import wire
from vedette.vision.session import WorkerSession
from vedette.vision.wire import Kind


class InProcessStills(StillPictures):
    def __init__(self) -> None:
        self._session = WorkerSession(None)

    @override
    async def draw(self, kind: Kind, request: wire.ThumbnailRequest | wire.MaskRequest) -> bytes:
        answered, picture = self._session.handle(kind, wire.encode(request))
        if answered == Kind.FAILED:
            raise InvalidInputError(picture.decode())
        return picture


@asynccontextmanager
async def serve_pictures(data: Path) -> AsyncIterator[None]:
    """Serves while the context is open."""
    app = Starlette(routes=picture_routes(InProcessStills()))
    async with serve_role_app(app, NodeSettings(data=data).paths.socket("analyzer")):
        yield
