"""Why the live muxer leaves no holes, shown in a real browser: lost frames must not freeze the picture."""

import asyncio
import contextlib
import shutil
import threading
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.responses import HTMLResponse
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket

from benchmarks.live_browser import build_engine, open_chromium, open_engine_page
from tests.support.box import free_port, wait_for
from tests.support.clips import make_clip
from tests.support.looping_feed import LoopingFeed
from tests.support.streaming import CountingEncoder, ListedStreams
from vedette.api.socket_channel import SocketChannel
from vedette.core.media import StreamRole
from vedette.core.privacy import Sight
from vedette.media.feed import FeedPacket
from vedette.runtime.clock import SystemClock
from vedette.streaming.live_hub import LiveHub
from vedette.streaming.live_service import LiveService
from vedette.streaming.live_viewer import LiveRequest
from vedette.streaming.ports import FeedItem
from vedette.streaming.stream_choice import StreamChoice

pytestmark = [pytest.mark.system, pytest.mark.timeout(240)]
GOP_S = 8.0
"""Long, so that a browser which waits for the next key frame is caught."""


class LossyFeed(LoopingFeed):
    """Loses five frames (200 ms) in every second."""

    @contextlib.asynccontextmanager
    async def open(self, camera_id: str, role: StreamRole) -> AsyncIterator[AsyncIterator[FeedItem]]:
        async with super().open(camera_id, role) as items:
            yield self._lose(items)

    @staticmethod
    async def _lose(items: AsyncIterator[FeedItem]) -> AsyncIterator[FeedItem]:
        async for item in items:
            is_lost = isinstance(item, FeedPacket) and not item.packet.is_key and item.packet.sequence % 25 >= 20
            if not is_lost:
                yield item


@contextlib.contextmanager
def serve(feed: LoopingFeed) -> Iterator[str]:
    """Serves live view alone, without a gate, in a thread with its own event loop."""
    port = free_port()
    clock = SystemClock()
    hub = LiveHub(feed, clock, CountingEncoder)
    service = LiveService(hub, hub, ListedStreams("cam", StreamRole.MAIN), clock)

    async def watch(socket: WebSocket) -> None:
        await socket.accept()
        await service.serve(LiveRequest(Sight("cam"), StreamChoice.MAIN, False, False), SocketChannel(socket))

    async def page(_: object) -> HTMLResponse:
        return HTMLResponse("<!doctype html><title>bare</title>")

    app = Starlette(routes=[WebSocketRoute("/api/v1/live", watch), Route("/", page)])
    config = uvicorn.Config(app, port=port, log_level="error", lifespan="off", ws="websockets-sansio")
    server = uvicorn.Server(config)

    async def run() -> None:
        running = asyncio.create_task(hub.run())
        await server.serve()
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    thread = threading.Thread(target=lambda: asyncio.run(run()), daemon=True)
    thread.start()
    try:
        wait_for("the server", lambda: server.started, 30)
        yield f"http://127.0.0.1:{port}/"
    finally:
        server.should_exit = True
        thread.join(20)


def test_lost_frames_do_not_freeze_the_picture_until_the_next_key_frame(tmp_path: Path) -> None:
    if shutil.which("chromium") is None:
        pytest.skip("Chromium is not installed (apt-get install chromium)")
    frames = round(GOP_S * 25)
    clip = make_clip(tmp_path, frames=frames, gop_frames=frames)
    with serve(LossyFeed({StreamRole.MAIN: clip})) as url, open_chromium() as context:
        page = open_engine_page(context, url, build_engine())
        page.evaluate("bench.addLive('cam', 'main')")
        page.wait_for_function("() => bench.live[0].state.state === 'live'", timeout=60_000)
        page.wait_for_timeout(3000)
        page.evaluate("bench.resetTiles()")
        page.wait_for_timeout(round(GOP_S * 1000))
        (tile,) = page.evaluate("bench.tiles()")
        # 20 of 25 frames exist. Waiting for key frames would leave about one frame a second at best.
        assert tile["fps"] > 8
        assert tile["longestPauseS"] < GOP_S / 3
