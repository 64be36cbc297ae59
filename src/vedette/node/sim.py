"""The sim role: simulated cameras for demonstrations, from generated scenes or from files.

The first seconds of every scene are rendered first, so that all cameras show a living picture soon; the whole
scene takes the preview's place, without a hole in time or frame numbers, when it is ready. Rendered
scenes stay in `DATA/sim`, so only the first start renders.
"""

import asyncio
import json
import os
import sys
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from vedette.core.errors import InvalidInputError, UnavailableError, VedetteError
from vedette.core.media import StreamRole
from vedette.runtime.log import configure_logging, get_logger
from vedette.runtime.process import stop_on_signals
from vedette.runtime.settings import NodeSettings
from vedette.testing.scenes.catalog import CATALOG, GOP_FRAMES, SceneFiles
from vedette.testing.scenes.scene import FRAMES
from vedette.testing.sim_server import PortInUseError, ServerOptions, SimServer
from vedette.testing.simulated_camera import CameraSpec
from vedette.testing.source import SourceOptions

_CLIP_SUFFIXES = frozenset({".mp4", ".mov", ".mkv", ".ts", ".avi", ".m4v", ".h264", ".h265"})
_PREVIEW_FRAMES = 2 * GOP_FRAMES


class NoClipsError(InvalidInputError):
    """The folder of clips holds nothing that can be played."""

    code: ClassVar[str] = "no_clips"


class SceneRenderError(UnavailableError):
    """A scene could not be rendered."""

    code: ClassVar[str] = "scene_render_failed"


@dataclass(frozen=True, slots=True)
class ServedCamera:
    """One line of `sim.json`."""

    name: str
    main: str
    sub: str


class Simulation:
    """The role. `run` returns when it is asked to stop."""

    def __init__(self, settings: NodeSettings) -> None:
        self._settings = settings
        self._folder = settings.paths.sim
        self._served: list[ServedCamera] = []
        self._stop = asyncio.Event()
        self._renderers = asyncio.Semaphore(max((os.cpu_count() or 1) - 1, 1))
        self._log = get_logger("sim")

    async def run(self) -> None:
        """Serves until SIGTERM or SIGINT."""
        stop_on_signals(self._stop)
        async with AsyncExitStack() as stack:
            server = await self._open_server(stack)
            self._port_file.write_text(str(server.port), encoding="ascii")
            serving = asyncio.create_task(self._serve(server))
            stopping = asyncio.create_task(self._stop.wait())
            await asyncio.wait({serving, stopping}, return_when=asyncio.FIRST_COMPLETED)
            stopping.cancel()
            if self._stop.is_set():
                serving.cancel()
            with suppress(asyncio.CancelledError):
                await serving

    @property
    def _port_file(self) -> Path:
        return self._folder / "port"

    async def _open_server(self, stack: AsyncExitStack) -> SimServer:
        """Opens the port of last time, so that cameras in the inventory keep their addresses, or any other."""
        source = SourceOptions(number_frames=True)
        with suppress(OSError, ValueError, PortInUseError):
            port = int(self._port_file.read_text(encoding="ascii"))
            return await stack.enter_async_context(SimServer(options=ServerOptions(port=port, source=source)))
        return await stack.enter_async_context(SimServer(options=ServerOptions(source=source)))

    async def _serve(self, server: SimServer) -> None:
        if self._settings.clips is not None:
            await self._serve_clips(server, self._settings.clips)
        else:
            await self._serve_scenes(server)
        await self._stop.wait()

    async def _serve_clips(self, server: SimServer, clips: Path) -> None:
        """Serves the files of a folder, again from the first when more cameras are wanted."""
        found = [clips] if clips.is_file() else sorted(clips.iterdir())
        playable: list[Path] = []
        for path in found:
            if path.suffix.lower() not in _CLIP_SUFFIXES:
                continue
            try:
                await self._add(server, _title(path), path, None)
            except VedetteError as error:
                self._log.warning("clip cannot be played", file=path.name, reason=error.message, hint=error.hint)
                continue
            playable.append(path)
            if len(playable) == self._settings.simulated_cameras:
                break
        if not playable:
            raise NoClipsError(
                f"{clips} holds no file that can be played as a camera.",
                "Put MP4, MOV, MKV or TS files with H.264 or H.265 video there.",
            )
        for index in range(len(playable), self._settings.simulated_cameras):
            path = playable[index % len(playable)]
            await self._add(server, f"{_title(path)} ({index // len(playable) + 1})", path, None)

    async def _serve_scenes(self, server: SimServer) -> None:
        count = self._settings.simulated_cameras
        wanted = range(min(count, len(CATALOG)))
        previews = {index: asyncio.create_task(self._ready(index)) for index in wanted}
        try:
            for index in range(count):
                files = await previews[index % len(CATALOG)]
                repeat = index // len(CATALOG)
                title = CATALOG[index % len(CATALOG)].title + (f" ({repeat + 1})" if repeat else "")
                await self._add(server, title, files.main, files.sub)
            async with asyncio.TaskGroup() as group:
                for index in wanted:
                    group.create_task(self._complete(server, index, count))
        finally:
            for task in previews.values():
                task.cancel()

    async def _ready(self, index: int) -> SceneFiles:
        """Returns files that can be shown now: the whole scene when it is there, else its preview."""
        files = CATALOG[index].files(self._folder)
        if files.exist():
            return files
        if not files.preview().exist():
            await self._render(index, _PREVIEW_FRAMES)
        return files.preview()

    async def _complete(self, server: SimServer, index: int, count: int) -> None:
        """Renders the whole scene and lets all its cameras show it."""
        files = CATALOG[index].files(self._folder)
        if files.exist():
            return
        try:
            await self._render(index, FRAMES)
        except SceneRenderError as error:  # the preview goes on: better than no camera
            self._log.error("scene stays at its preview", reason=error.message, hint=error.hint)
            return
        for camera in range(index, count, len(CATALOG)):
            await server.show(f"cam{camera + 1}", {StreamRole.MAIN: files.main, StreamRole.SUB: files.sub})
        for path in (files.preview().main, files.preview().sub, files.preview().truth):
            path.unlink(missing_ok=True)

    async def _render(self, index: int, frames: int) -> None:
        arguments = ("-m", "vedette.node.scene_render", str(self._folder), str(index), str(frames))
        async with self._renderers:
            child = await asyncio.create_subprocess_exec(sys.executable, *arguments)
            try:
                status = await child.wait()
            finally:
                if child.returncode is None:
                    child.kill()
                    await child.wait()
        if status:
            raise SceneRenderError(
                f"the scene {CATALOG[index].title!r} could not be rendered (exit status {status}).",
                "See the lines above; `vedette doctor` tells whether this machine can encode video.",
            )

    async def _add(self, server: SimServer, title: str, main: Path, sub: Path | None) -> None:
        name = f"cam{len(self._served) + 1}"
        await server.add_camera(CameraSpec(name, main, sub))
        sub_url = server.url(name, StreamRole.SUB) if sub is not None else ""
        self._served.append(ServedCamera(title, server.url(name), sub_url))
        self._log.info("camera serves", camera=title, url=server.url(name))
        self._write_list(server.port)

    def _write_list(self, port: int) -> None:
        """Replaces `sim.json`; readers wait until it names as many cameras as they asked for."""
        cameras = [{"name": each.name, "main": each.main, "sub": each.sub} for each in self._served]
        fresh = self._folder / "sim.json.new"
        fresh.write_text(json.dumps({"cameras": cameras, "port": port}, indent=1), encoding="utf-8")
        fresh.replace(self._folder / "sim.json")


def _title(path: Path) -> str:
    return path.stem.replace("_", " ").strip() or path.name


def run(settings: NodeSettings) -> int:
    """Runs the simulated cameras until it is asked to stop. Returns the exit code."""
    configure_logging("sim")
    settings.paths.prepare()
    try:
        asyncio.run(Simulation(settings).run())
    except VedetteError as error:
        get_logger("sim").error("sim cannot run", code=error.code, reason=error.message, hint=error.hint)
        return 1
    return 0
