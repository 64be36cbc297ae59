"""Independent RTSP servers as judges: what they send arrives complete, by ffprobe's count."""

import json
import subprocess
from pathlib import Path

import pytest

from tests.support.cameras import make_source, take, videos, write_clip
from tests.support.rtsp_servers import go2rtc_server, gstreamer_server
from tests.support.shared import shared_file
from vedette.camera.errors import WrongPasswordError
from vedette.core.errors import StreamLostError
from vedette.core.media import Codec, Packet

pytestmark = pytest.mark.foreign


def count_frames(clip: Path) -> int:
    command = ["ffprobe", "-v", "error", "-select_streams", "v:0", "-count_packets", "-show_streams", "-of", "json"]
    done = subprocess.run([*command, str(clip)], check=True, capture_output=True, timeout=60)
    return int(json.loads(done.stdout)["streams"][0]["nb_read_packets"])


async def read_all(url: str, **more: str) -> tuple[list[Packet], StreamLostError]:
    packets: list[Packet] = []
    source = make_source(url, **more)
    try:
        async with source.open() as session:
            async for item in session:
                packets += [item] if isinstance(item, Packet) else []
    except StreamLostError as end:
        assert source.counters.lost == 0
        return packets, end
    raise AssertionError("a session ended without an error")


@pytest.mark.parametrize("transport", ["tcp", "udp"])
async def test_gstreamer_delivers_every_frame(tmp_path: Path, transport: str) -> None:
    clip = write_clip(tmp_path, frames=75)
    with gstreamer_server(tmp_path, clip) as server:
        packets, _ = await read_all(server.url, transport=transport)
    assert len(packets) == count_frames(clip)
    assert packets[0].is_key


@pytest.mark.parametrize("method", ["digest", "basic"])
async def test_gstreamer_lets_us_in_and_keeps_others_out(tmp_path: Path, method: str) -> None:
    with gstreamer_server(tmp_path, write_clip(tmp_path), user="user", password="pass", method=method) as server:
        async with make_source(server.url, user="user", password="pass").open() as session:
            assert videos(await take(session, 5))
        with pytest.raises(WrongPasswordError):
            async with make_source(server.url, user="user", password="wrong").open():
                pass


async def test_auto_takes_udp_of_a_gstreamer_that_refuses_tcp(tmp_path: Path) -> None:
    with gstreamer_server(tmp_path, write_clip(tmp_path), transports="udp") as server:
        async with make_source(server.url, "auto").open() as session:
            assert videos(await take(session, 5))


@pytest.mark.shared
@pytest.mark.parametrize(
    ("name", "codec"), [("codec_samples/p_h264.mp4", Codec.H264), ("codec_samples/p_h265.mp4", Codec.H265)]
)
async def test_real_clips_arrive_complete(tmp_path: Path, name: str, codec: Codec) -> None:
    clip = shared_file(f"video/{name}")
    with gstreamer_server(tmp_path, clip, codec=codec.value) as server:
        packets, _ = await read_all(server.url)
    assert len(packets) == count_frames(clip)
    times = [packet.dts_90k for packet in packets]
    assert times == sorted(times)


async def test_go2rtc_delivers(tmp_path: Path) -> None:
    with go2rtc_server(tmp_path, write_clip(tmp_path, frames=50)) as server:
        async with make_source(server.url, "tcp").open() as session:
            packets = videos(await take(session, 60))
            assert session.format.video.codec is Codec.H264
    assert [packet.sequence for packet in packets] == list(range(60))
    assert all(packet.lost_before == 0 for packet in packets)
