"""The RTSP client against the simulated camera, over TCP."""

from itertools import pairwise
from pathlib import Path

from tests.support.cameras import make_source, serve, take, videos, write_clip
from vedette.core.media import Codec
from vedette.testing.rtp import read_frame_number


async def test_every_frame_arrives_once_and_in_order(tmp_path: Path) -> None:
    async with serve(write_clip(tmp_path)) as server, make_source(server.urls[0]).open() as session:
        packets = videos(await take(session, 60))
    numbers = [read_frame_number(packet.data) for packet in packets]
    assert numbers == list(range(numbers[0], numbers[0] + 60))
    assert [packet.sequence for packet in packets] == list(range(60))
    assert packets[0].is_key
    assert packets[0].pts_90k == 0
    assert all(packet.lost_before == 0 for packet in packets)


async def test_the_format_is_that_of_the_file_and_samples_carry_no_parameter_sets(tmp_path: Path) -> None:
    async with serve(write_clip(tmp_path)) as server, make_source(server.urls[0]).open() as session:
        packets = videos(await take(session, 30))
        video = session.format.video
    assert (video.codec, video.width, video.height) == (Codec.H264, 320, 180)
    assert [nal[0] & 31 for nal in video.parameter_sets] == [7, 8]
    for packet in packets:
        position = 0
        while position < len(packet.data):
            size = int.from_bytes(packet.data[position : position + 4], "big")
            assert packet.data[position + 4] & 31 in {1, 5, 6}
            position += 4 + size
        assert position == len(packet.data)


async def test_times_never_run_backwards_and_stay_near_arrival(tmp_path: Path) -> None:
    async with serve(write_clip(tmp_path)) as server, make_source(server.urls[0]).open() as session:
        packets = videos(await take(session, 50))
    for before, after in pairwise(packets):
        assert after.dts_90k > before.dts_90k
        assert after.captured_at_ns >= before.captured_at_ns
        assert abs(after.received_at_ns - after.captured_at_ns) <= 1_000_000_000
