"""Simulated cameras in a process of their own, told by lines on stdin. Used by other benchmarks.

`python -m benchmarks.simulate CLIP COUNT [numbered]` prints its port. `numbers`: the next frame number of each camera.
`stall`: stop sending. `sent`: frames sent to whom was connected, per camera. `fault CAMERA KIND VALUE` and
`clear CAMERA`: as in fault scripts. End of stdin: end.
"""

import asyncio
import json
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Self

from vedette.core.media import StreamRole
from vedette.testing.faults import ClipVariant, Fault, FaultKind
from vedette.testing.sim_server import ServerOptions, SimServer
from vedette.testing.simulated_camera import CameraSpec
from vedette.testing.source import SourceOptions


class Simulation:
    """The other end: starts the process and talks to it."""

    def __init__(self, clip: Path, count: int, *, numbered: bool = False) -> None:
        """`numbered`: every picture carries its number (an SEI message, which cameras do not send)."""
        self._command = [sys.executable, "-m", "benchmarks.simulate", str(clip), str(count)]
        self._command += ["numbered"] * numbered
        self.count = count
        self.port = 0

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
        )
        self.port = int(self._read())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            self._process.wait(10)
        finally:
            self._process.kill()

    @property
    def urls(self) -> list[str]:
        return [f"rtsp://127.0.0.1:{self.port}/cam{number}/main" for number in range(self.count)]

    def ask(self, word: str) -> list[int]:
        assert self._process.stdin is not None
        self._process.stdin.write(word + "\n")
        return json.loads(self._read())

    def _read(self) -> str:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError("the simulator has ended")
        return line


async def answer(server: SimServer, word: str) -> list[int]:
    streams = [camera.streams[StreamRole.MAIN] for camera in server.cameras.values()]
    if word == "numbers":
        return [stream.next_frame_number for stream in streams]
    if word == "stall":
        await server.apply(Fault(FaultKind.STALL))
    match word.split():
        case ["fault", camera, kind, value]:
            variant = ClipVariant(size=(640, 360)) if kind == FaultKind.SOURCE else None
            await server.apply(Fault(FaultKind(kind), float(value), variant=variant), camera)
        case ["clear", camera]:
            await server.clear(camera=camera)
    return [sum(log.frames for log in stream.logs()) for stream in streams]


async def serve(clip: Path, count: int, *, numbered: bool) -> None:
    options = ServerOptions(source=SourceOptions(number_frames=numbered))
    specs = [CameraSpec(f"cam{number}", clip) for number in range(count)]
    lines = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    async with SimServer(specs, options) as server:
        print(server.port, flush=True)
        while line := await lines.readline():
            print(json.dumps(await answer(server, line.decode().strip())), flush=True)


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1]), int(sys.argv[2]), numbered="numbered" in sys.argv[3:]))
