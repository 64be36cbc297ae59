"""The reader of the recorder's feed: what it passes on, and how every way of losing the recorder looks."""

from pathlib import Path

import pytest
from websockets.asyncio.server import ServerConnection, unix_serve
from websockets.http11 import Request, Response

from tests.support.media import AAC, H264, make_packets
from vedette.adapters.feed_client import UnixFeedSource
from vedette.core.errors import NotFoundError, UnavailableError
from vedette.core.media import StreamFormat, StreamRole
from vedette.media.feed import FeedDropped, FeedPacket, FeedState, encode_packet, encode_text

FORMAT = StreamFormat("run", H264, AAC)
STATE = FeedState("online", "", "receiving", "", 5)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "recorder.sock"


async def read_all(path: Path) -> list:
    items = []
    async with UnixFeedSource(path).open("cam", StreamRole.SUB) as feed:
        async for item in feed:
            items.append(item)  # noqa: PERF401 -- what came before an error counts too
    return items


async def test_everything_the_recorder_says_arrives_in_order(path: Path) -> None:
    packets = make_packets(3)
    asked = []

    async def serve(connection: ServerConnection) -> None:
        asked.append(connection.request.path)
        await connection.send(encode_text(FORMAT))
        await connection.send(encode_packet(packets[0], is_cached=True))
        await connection.send(encode_text(STATE))
        await connection.send(encode_text(FeedDropped(4)))
        await connection.send(encode_packet(packets[1]))

    async with unix_serve(serve, str(path)):
        items = await read_all(path)
    assert items == [FORMAT, FeedPacket(packets[0], True), STATE, FeedDropped(4), FeedPacket(packets[1], False)]
    assert asked == ["/feed?camera=cam&stream=sub"]


@pytest.mark.parametrize("status", [403, 404])
async def test_stream_the_recorder_does_not_know_is_not_found(path: Path, status: int) -> None:
    def refuse(connection: ServerConnection, _: Request) -> Response:
        return connection.respond(status, "no")

    async with unix_serve(lambda _: None, str(path), process_request=refuse):
        with pytest.raises(NotFoundError):
            await read_all(path)


async def test_recorder_that_is_not_there_is_unavailable(path: Path) -> None:
    with pytest.raises(UnavailableError):
        await read_all(path)


async def test_recorder_that_dies_while_reading_is_unavailable(path: Path) -> None:
    async def die(connection: ServerConnection) -> None:
        await connection.send(encode_text(FORMAT))
        connection.transport.abort()

    async with unix_serve(die, str(path)):
        with pytest.raises(UnavailableError):
            await read_all(path)


@pytest.mark.parametrize("message", [b"", b"\x09" * 60, "{}", "no json"])
async def test_message_that_breaks_the_contract_is_unavailable_not_a_crash(path: Path, message) -> None:
    async def serve(connection: ServerConnection) -> None:
        await connection.send(message)

    async with unix_serve(serve, str(path)):
        with pytest.raises(UnavailableError):
            await read_all(path)
