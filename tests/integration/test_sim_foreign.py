"""Independent clients judge the simulated camera: they must play it without one complaint."""

import asyncio
import os
import shutil
from pathlib import Path

import pytest

from tests.support.clips import make_clip
from vedette.core.media import Codec
from vedette.testing.login import Login, LoginScheme
from vedette.testing.sim_server import ServerOptions, SimServer
from vedette.testing.simulated_camera import CameraSpec
from vedette.testing.tls import TestAuthority, make_server_context

pytestmark = pytest.mark.foreign

USER, PASSWORD = "admin", "p@ss:word"
SECONDS = 5


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("clips")
    size = (640, 360)
    return {
        "h264-aac": make_clip(folder, Codec.H264, Codec.AAC, size=size, frames=75),
        "h265-pcma": make_clip(folder, Codec.H265, Codec.PCMA, size=size, frames=75),
        "h264-b": make_clip(folder, Codec.H264, Codec.PCMU, size=size, frames=75, b_frames=2),
    }


def find_tool(name: str) -> str:
    path = shutil.which(name)
    if path is None:
        pytest.skip(f"{name} is not installed")
    return path


async def run_tool(*command: str, env: dict[str, str] | None = None) -> tuple[str, str]:
    """Runs a foreign client to its end; returns its output. It is killed when it takes too long."""
    process = await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, **(env or {})},
    )
    try:
        out, complaints = await asyncio.wait_for(process.communicate(), 60)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert process.returncode == 0, complaints.decode()
    return out.decode(), complaints.decode()


async def play_ffmpeg(url: str, *options: str) -> dict[int, int]:
    """Decodes some seconds of every stream; returns the decoded frames per stream."""
    command = [find_tool("ffmpeg"), "-v", "warning", *options, "-i", url, "-t", str(SECONDS)]
    out, complaints = await run_tool(*command, "-map", "0", "-f", "framecrc", "-")
    # ffmpeg 5 guesses at the start of a stream with B-frames; that is not about our packets.
    serious = [line for line in complaints.splitlines() if "non-monotonous" not in line and "Queue input" not in line]
    assert serious == []
    frames: dict[int, int] = {}
    for line in out.splitlines():
        if not line.startswith("#"):
            frames[int(line.split(",")[0])] = frames.get(int(line.split(",")[0]), 0) + 1
    return frames


def with_login(url: str) -> str:
    return url.replace("://", f"://{USER}:p%40ss%3Aword@")


@pytest.mark.parametrize("transport", ["tcp", "udp"])
async def test_ffmpeg_decodes_every_codec(clips: dict[str, Path], transport: str) -> None:
    async with SimServer([CameraSpec(name, path) for name, path in clips.items()]) as server:
        plays = [play_ffmpeg(server.url(name), "-rtsp_transport", transport) for name in clips]
        results = await asyncio.gather(*plays)
    for frames in results:
        assert frames[0] >= (SECONDS - 1) * 25
        assert frames[1] > SECONDS * 10


@pytest.mark.parametrize("qop", [False, True])
async def test_ffmpeg_logs_in_by_digest(clips: dict[str, Path], *, qop: bool) -> None:
    login = Login(USER, PASSWORD, (LoginScheme.DIGEST_MD5,), qop)
    async with SimServer([CameraSpec("gate", clips["h264-aac"], login=login)]) as server:
        assert (await play_ffmpeg(with_login(server.url("gate")), "-rtsp_transport", "tcp"))[0] > 90


async def test_ffprobe_sees_what_the_file_holds(clips: dict[str, Path]) -> None:
    entries = "stream=codec_name,width,height,r_frame_rate,sample_rate,channels"
    command = [find_tool("ffprobe"), "-v", "error", "-rtsp_transport", "tcp", "-show_entries", entries, "-of", "csv"]
    async with SimServer([CameraSpec(name, path) for name, path in clips.items()]) as server:
        outputs = await asyncio.gather(*(run_tool(*command, server.url(name)) for name in clips))
    assert [out.split() for out, _ in outputs] == [
        ["stream,h264,640,360,25/1", "stream,aac,16000,1,0/0"],
        ["stream,hevc,640,360,25/1", "stream,pcm_alaw,8000,1,0/0"],
        ["stream,h264,640,360,25/1", "stream,pcm_mulaw,8000,1,0/0"],
    ]


async def test_ffmpeg_plays_rtsps(clips: dict[str, Path]) -> None:
    """Who trusts whom is judged in test_sim_rtsp: ffmpeg 5 has no option to check certificates for RTSP."""
    tls = make_server_context(TestAuthority().make_server("127.0.0.1"))
    async with SimServer([CameraSpec("gate", clips["h265-pcma"])], ServerOptions(tls=tls)) as server:
        assert (await play_ffmpeg(server.url("gate")))[0] > 90


@pytest.mark.parametrize("transport", ["tcp", "udp"])
@pytest.mark.parametrize(
    ("name", "chain"),
    [
        ("h264-aac", "rtph264depay ! h264parse ! avdec_h264"),
        ("h265-pcma", "rtph265depay ! h265parse ! avdec_h265"),
    ],
)
async def test_gstreamer_decodes(clips: dict[str, Path], tmp_path: Path, name: str, chain: str, transport: str) -> None:
    login = Login(USER, PASSWORD, (LoginScheme.DIGEST_MD5, LoginScheme.BASIC))
    env = {"HOME": str(tmp_path), "GST_REGISTRY": str(tmp_path / "registry.bin")}
    async with SimServer([CameraSpec("gate", clips[name], login=login)]) as server:
        source = f"rtspsrc location={server.url('gate')} protocols={transport} user-id={USER} user-pw={PASSWORD}"
        pipeline = f"{source} ! {chain} ! fakesink num-buffers=50 sync=false"
        _, complaints = await run_tool(find_tool("gst-launch-1.0"), "-q", *pipeline.split(), env=env)
    assert "ERROR" not in complaints
    assert "WARN" not in complaints
