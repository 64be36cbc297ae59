"""An event loop that rests between its turns: nothing is lost by it, and who cannot wait is not made to."""

import socket
from pathlib import Path

import pytest

from tests.support.cameras import serve, take, videos, write_clip
from vedette.camera.factory import SourceFactory
from vedette.camera.ports import PacketSource
from vedette.core.assignment import StreamSource
from vedette.core.errors import StreamLostError
from vedette.core.media import StreamRole
from vedette.runtime.clock import SystemClock
from vedette.runtime.loop_rest import LoopRest
from vedette.testing.rtp import read_frame_number


def make_source(url: str, rest: LoopRest, transport: str = "tcp") -> PacketSource:
    stream = StreamSource(StreamRole.MAIN, url, record=True, transport=transport)
    return SourceFactory(SystemClock(), rest).make(stream)


@pytest.mark.parametrize("transport", ["tcp", "udp"])
async def test_udp_holds_the_loop_awake_and_tcp_only_while_it_connects(tmp_path: Path, transport: str) -> None:
    rest = LoopRest()
    async with serve(write_clip(tmp_path)) as server:
        async with make_source(server.urls[0], rest, transport).open():
            assert rest.is_held is (transport == "udp")
        assert not rest.is_held
        with pytest.raises(StreamLostError):
            async with make_source(server.urls[0].replace("cam0", "nobody"), rest, transport).open():
                pass
        assert not rest.is_held


async def test_every_frame_arrives_while_the_loop_rests(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vedette.camera.rtsp_source.SETTLING_S", 0.0)
    rest, rests = LoopRest(), 0

    def note() -> None:
        nonlocal rests
        rests += 1

    with socket.create_server(("127.0.0.1", 0)) as door:
        async with serve(write_clip(tmp_path)) as server:
            source = make_source(server.urls[0], rest)
            async with source.open() as session:
                rest.start(door, note)
                packets = videos(await take(session, 50))
            rest.stop()
    numbers = [read_frame_number(packet.data) for packet in packets]
    assert numbers == list(range(numbers[0], numbers[0] + 50))
    assert rests > 1
    assert source.counters.lost == 0
