"""Addresses at which something is wrong, served from a thread: for tests that drive whole processes."""

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Mapping
from pathlib import Path
from typing import Any

from tests.support.cameras import write_clip
from vedette.testing.faults import Fault, FaultKind
from vedette.testing.login import Login
from vedette.testing.sim_server import ServerOptions, SimServer
from vedette.testing.simulated_camera import CameraSpec
from vedette.testing.tls import make_server_tls

VP8 = b"v=0\r\ns=x\r\nt=0 0\r\nm=video 0 RTP/AVP 97\r\na=rtpmap:97 VP8/90000\r\n"
_OK = b"RTSP/1.0 200 OK\r\nCSeq: CSEQ\r\n"

Answers = Callable[[int], bytes]


@contextlib.contextmanager
def wrong_sources(folder: Path, login: tuple[str, str]) -> Iterator[Mapping[str, str]]:
    """Serves one address of each kind until left. Kind -> address."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()

    def call(work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, loop).result(30)

    servers = _serve(folder, login)
    try:
        yield call(anext(servers))
    finally:
        with contextlib.suppress(StopAsyncIteration):
            call(anext(servers))
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()


async def _serve(folder: Path, login: tuple[str, str]) -> AsyncIterator[dict[str, str]]:
    clip = write_clip(folder)
    silent, page = CameraSpec("silent", clip), CameraSpec("page", clip)
    locked = CameraSpec("locked", clip, login=Login(*login))
    tls = ServerOptions(tls=make_server_tls("127.0.0.1", None))
    async with contextlib.AsyncExitStack() as stack:
        faulty = await stack.enter_async_context(SimServer([silent, page, locked], ServerOptions(port_per_camera=True)))
        await faulty.apply(Fault(FaultKind.NO_ANSWER), camera="silent")
        await faulty.apply(Fault(FaultKind.WEB_PAGE), camera="page")
        encrypted = await stack.enter_async_context(SimServer([CameraSpec("cam", clip)], tls))
        described = _OK + b"Content-Length: %d\r\n\r\n" % len(VP8) + VP8
        foreign = await stack.enter_async_context(_answering([_OK + b"\r\n", described]))
        garbage = await stack.enter_async_context(_answering([bytes(range(128, 256)) * 40]))
        yield {
            "silent": faulty.url("silent"),
            "page": faulty.url("page"),
            "locked": faulty.url("locked"),
            "untrusted": encrypted.url("cam"),
            "foreign": foreign,
            "garbage": garbage,
        }


@contextlib.asynccontextmanager
async def _answering(answers: list[bytes]) -> AsyncIterator[str]:
    """A server that answers each request of a connection with the next of these, whatever it asks."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            for number, answer in enumerate(answers, 1):
                await reader.readuntil(b"\r\n\r\n")
                writer.write(answer.replace(b"CSEQ", str(number).encode()))
                await writer.drain()
        writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    async with server:
        yield f"rtsp://127.0.0.1:{server.sockets[0].getsockname()[1]}/live"
