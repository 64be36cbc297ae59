"""UDP: reordering, loss, and when it is chosen."""

from pathlib import Path

import pytest

from tests.support.cameras import make_source, serve, take, videos, write_clip
from vedette.camera.errors import TransportRefusedError
from vedette.testing.faults import Fault, FaultKind
from vedette.testing.rtp import read_frame_number
from vedette.testing.rtsp_session import ConnectionOptions
from vedette.testing.sim_server import ServerOptions
from vedette.testing.source import SourceOptions

NUMBERED = SourceOptions(number_frames=True)


async def test_every_frame_arrives_over_udp(tmp_path: Path) -> None:
    async with serve(write_clip(tmp_path)) as server:
        source = make_source(server.urls[0], "udp")
        async with source.open() as session:
            packets = videos(await take(session, 50))
    numbers = [read_frame_number(packet.data) for packet in packets]
    assert numbers == list(range(numbers[0], numbers[0] + 50))
    assert source.counters.lost == 0


async def test_reordered_and_doubled_packets_cost_no_frame(tmp_path: Path) -> None:
    async with serve(write_clip(tmp_path, width=1280, height=720)) as server:
        await server.apply(Fault(FaultKind.REORDER, 0.2))
        await server.apply(Fault(FaultKind.DUPLICATE, 0.2))
        source = make_source(server.urls[0], "udp")
        async with source.open() as session:
            packets = videos(await take(session, 50))
    numbers = [read_frame_number(packet.data) for packet in packets]
    assert numbers == list(range(numbers[0], numbers[0] + 50))
    assert source.counters.lost == 0
    assert source.counters.duplicates > 0


async def test_lost_packets_are_counted_and_told(tmp_path: Path) -> None:
    async with serve(write_clip(tmp_path, width=1280, height=720)) as server:
        source = make_source(server.urls[0], "udp")
        async with source.open() as session:
            await server.apply(Fault(FaultKind.LOSS, 0.2))
            packets = videos(await take(session, 60))
    assert source.counters.lost > 0
    assert sum(packet.lost_before for packet in packets) > 0
    # The number is in a NAL unit of its own, so it can be lost while the picture is not.
    numbers = [number for packet in packets if (number := read_frame_number(packet.data)) is not None]
    assert numbers == sorted(set(numbers))


async def test_auto_takes_udp_only_when_tcp_is_refused(tmp_path: Path) -> None:
    options = ServerOptions(connection=ConnectionOptions(allow_tcp=False), source=NUMBERED)
    async with serve(write_clip(tmp_path), options=options) as server:
        async with make_source(server.urls[0], "auto").open() as session:
            assert len(videos(await take(session, 5))) == 5
        with pytest.raises(TransportRefusedError):
            async with make_source(server.urls[0], "tcp").open():
                pass


async def test_udp_that_is_refused_is_said(tmp_path: Path) -> None:
    options = ServerOptions(connection=ConnectionOptions(allow_udp=False), source=NUMBERED)
    async with serve(write_clip(tmp_path), options=options) as server:
        with pytest.raises(TransportRefusedError):
            async with make_source(server.urls[0], "udp").open():
                pass
