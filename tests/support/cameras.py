"""Simulated cameras and receivers for tests of ingest."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.support.encoded import write_square_file
from vedette.camera.factory import SourceFactory
from vedette.camera.ports import PacketSession, PacketSource
from vedette.core.assignment import StreamSource
from vedette.core.media import Packet, StreamFormat, StreamRole
from vedette.runtime.clock import SystemClock
from vedette.testing.sim_server import ServerOptions, SimServer
from vedette.testing.simulated_camera import CameraSpec
from vedette.testing.source import SourceOptions

LIMIT_S = 30.0


def write_clip(folder: Path, frames: int = 25, fps: int = 25, width: int = 320, height: int = 180) -> Path:
    """Writes the moving square as a clip to play."""
    path = folder / f"square_{width}x{height}_{fps}.mp4"
    path.write_bytes(write_square_file(frames, fps, width, height))
    return path


@asynccontextmanager
async def serve(*clips: Path, options: ServerOptions | None = None, **spec: object) -> AsyncIterator[SimServer]:
    """Serves each clip as a camera named cam0, cam1, ...; frames carry their number."""
    chosen = options or ServerOptions(source=SourceOptions(number_frames=True))
    specs = [CameraSpec(f"cam{index}", main=clip, **spec) for index, clip in enumerate(clips)]
    async with SimServer(specs, chosen) as server:
        yield server


def make_source(url: str, transport: str = "auto", user: str = "", password: str = "", **more: str) -> PacketSource:
    stream = StreamSource(StreamRole.MAIN, url, record=True, transport=transport, **more)
    return SourceFactory(SystemClock()).make(stream, user, password)


async def take(session: PacketSession, video: int) -> list[Packet | StreamFormat]:
    """Takes items until `video` video packets have come."""
    items: list[Packet | StreamFormat] = []
    async with asyncio.timeout(LIMIT_S):
        async for item in session:
            items.append(item)
            video -= isinstance(item, Packet) and not item.is_audio
            if video <= 0:
                break
    return items


def videos(items: list[Packet | StreamFormat]) -> list[Packet]:
    return [item for item in items if isinstance(item, Packet) and not item.is_audio]
