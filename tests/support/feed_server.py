"""A recorder's feed that plays a prepared stream: the other end of `vedette.adapters.feed_client`.

Packets are marked as cached, so the reader takes them at its own speed and none is dropped; `captured_at` follows
the media time, so that what the analyzer measures does not depend on how fast the test machine is.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from websockets.asyncio.server import ServerConnection, unix_serve
from websockets.exceptions import ConnectionClosed

from vedette.core.media import Packet, StreamFormat
from vedette.media.feed import encode_packet, encode_text

Script = tuple[StreamFormat, Iterable[Packet | asyncio.Event]]
"""A stream's packets; at an event it waits for that."""


@asynccontextmanager
async def serve_feed(
    path: Path, scripts: dict[str, Script], cached: int | None = None, held: tuple[int, asyncio.Event] | None = None
) -> AsyncIterator[dict[str, int]]:
    """Serves each camera's script once per connection, then keeps the connection open.

    Scripts are of a camera, all its streams, or of one stream: `A/main`. The first `cached` packets, or all, are marked
    as cached. `held`: from which packet on it waits for which event.

    Yields the number of connections per script, live.
    """
    connections: dict[str, int] = dict.fromkeys(scripts, 0)

    async def serve(connection: ServerConnection) -> None:
        assert connection.request is not None
        query = parse_qs(urlsplit(connection.request.path).query)
        names = (f"{query['camera'][0]}/{query['stream'][0]}", query["camera"][0])
        name = next((name for name in names if name in scripts), None)
        if name is None:
            await connection.close(4404)
            return
        connections[name] += 1
        stream_format, packets = scripts[name]
        try:
            await connection.send(encode_text(stream_format))
            for index, packet in enumerate(packets):
                if held and index == held[0]:
                    await held[1].wait()
                if isinstance(packet, asyncio.Event):
                    await packet.wait()
                    continue
                if "key_frames" in query and not packet.is_key:
                    continue
                is_cached = cached is None or index < cached
                await connection.send(encode_packet(packet, is_cached=is_cached))
            await connection.wait_closed()
        except ConnectionClosed:
            return

    path.parent.mkdir(parents=True, exist_ok=True)
    async with unix_serve(serve, str(path), compression=None):
        yield connections


def to_packets(units: Sequence[tuple[bytes, int, bool]], start_ns: int) -> list[Packet]:
    """Packets from (data, pts_90k, is_key); `captured_at` is `start_ns` plus the media time."""
    return [
        Packet(
            is_audio=False,
            is_key=is_key,
            pts_90k=pts_90k,
            dts_90k=pts_90k,
            captured_at_ns=start_ns + pts_90k * 100_000 // 9,
            received_at_ns=start_ns + pts_90k * 100_000 // 9,
            camera_utc_ns=0,
            sequence=index,
            lost_before=0,
            data=data,
        )
        for index, (data, pts_90k, is_key) in enumerate(units)
    ]
