"""A small HTTP server for media: fixed paths, optional login, and pictures that come one after the other."""

import asyncio
import io
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from fractions import Fraction

import av

from tests.support.encoded import draw_square, write_square_file


@asynccontextmanager
async def serve_http(
    paths: Mapping[str, tuple[str, bytes]], login: str = "", repeat: Mapping[str, bytes] | None = None
) -> AsyncIterator[str]:
    """Serves path -> (content type, body). With `login`, the Basic credentials that are asked for.

    For the paths in `repeat` that chunk is sent after the body again and again, 25 times a second.
    """

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            path = head.split(" ")[1]
            if login and f"Authorization: Basic {login}" not in head:
                writer.write(b'HTTP/1.1 401 No\r\nWWW-Authenticate: Basic realm="cam"\r\n\r\n')
            elif path not in paths:
                writer.write(b"HTTP/1.1 404 Not Found\r\n\r\n")
            else:
                kind, body = paths[path]
                writer.write(f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\n\r\n".encode() + body)
                while repeat and path in repeat:
                    await writer.drain()
                    writer.write(repeat[path])
                    await asyncio.sleep(0.04)
            await writer.drain()
        except (ConnectionError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


def make_jpeg(width: int = 320, height: int = 180) -> bytes:
    context = av.VideoCodecContext.create("mjpeg", "w")
    context.width, context.height, context.pix_fmt, context.thread_count = width, height, "yuvj420p", 1
    context.time_base = Fraction(1, 25)
    frame = av.VideoFrame.from_ndarray(draw_square(3, width, height), format="bgr24").reformat(format="yuvj420p")
    frame.pts = 0
    return b"".join(bytes(packet) for packet in [*context.encode(frame), *context.encode(None)])


def make_transport_stream(frames: int = 75) -> bytes:
    """The moving square as MPEG-TS, remuxed without touching its packets."""
    out = io.BytesIO()
    with av.open(io.BytesIO(write_square_file(frames, 25))) as source, av.open(out, "w", format="mpegts") as target:
        stream = target.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(video=0):
            if packet.dts is not None:
                packet.stream = stream
                target.mux(packet)
    return out.getvalue()
