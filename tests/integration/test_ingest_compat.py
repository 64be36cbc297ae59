"""Files, MJPEG, MPEG-TS and HLS: through the jailed reader, into the same packets as those of a camera."""

import base64
from pathlib import Path

import pytest

from tests.support.cameras import make_source, take, videos, write_clip
from tests.support.http_media import make_jpeg, make_transport_stream, serve_http
from vedette.camera.compat import StreamEndedError
from vedette.camera.errors import (
    LoginRequiredError,
    NotRtspError,
    PathNotFoundError,
    SourceFailedError,
    WrongPasswordError,
)
from vedette.core.errors import StreamLostError
from vedette.core.media import Codec, Packet

PART = b"--frame\r\nContent-Type: image/jpeg\r\n\r\n"


async def read_to_end(url: str) -> tuple[list[Packet], StreamLostError]:
    packets: list[Packet] = []
    try:
        async with make_source(url).open() as session:
            async for item in session:
                packets += [item] if isinstance(item, Packet) else []
    except StreamLostError as end:
        return packets, end
    raise AssertionError("a session ended without an error")


async def test_every_frame_of_a_file_comes_once_and_then_its_end(tmp_path: Path) -> None:
    packets, end = await read_to_end(write_clip(tmp_path, frames=40).as_uri())
    assert isinstance(end, StreamEndedError)
    assert [packet.sequence for packet in packets] == list(range(40))
    assert packets[0].is_key


async def test_a_missing_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(SourceFailedError, match="No such file"):
        async with make_source((tmp_path / "none.mp4").as_uri()).open():
            pass


@pytest.mark.parametrize("content", [b"", b"no media at all" * 1000, bytes(100_000)])
async def test_a_file_that_is_no_media_is_said(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x.mp4").write_bytes(content)
    with pytest.raises(SourceFailedError):
        async with make_source((tmp_path / "x.mp4").as_uri()).open():
            pass


async def test_motion_jpeg_becomes_h264() -> None:
    chunk = PART + make_jpeg() + b"\r\n"
    paths = {"/video": ("multipart/x-mixed-replace; boundary=frame", chunk)}
    async with serve_http(paths, repeat={"/video": chunk}) as site:
        source = make_source(f"{site}/video")
        async with source.open() as session:
            packets = videos(await take(session, 20))
            assert (session.format.video.codec, session.format.video.width) == (Codec.H264, 320)
    assert packets[0].is_key
    assert source.jail_state.startswith("jailed")


async def test_mpeg_ts_over_http_passes_unchanged() -> None:
    async with (
        serve_http({"/live.ts": ("video/mp2t", make_transport_stream())}) as site,
        make_source(f"{site}/live.ts").open() as session,
    ):
        packets = videos(await take(session, 60))
        assert session.format.video.codec is Codec.H264
    assert [packet.sequence for packet in packets] == list(range(60))


async def test_hls_is_followed_from_the_master_playlist() -> None:
    segment = make_transport_stream(50)
    paths = {
        "/index.m3u8": ("application/vnd.apple.mpegurl", b"#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\nv/media.m3u8\n"),
        "/v/media.m3u8": (
            "application/vnd.apple.mpegurl",
            b"#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\na.ts\n#EXT-X-ENDLIST\n",
        ),
        "/v/a.ts": ("video/mp2t", segment),
    }
    async with serve_http(paths) as site:
        packets, end = await read_to_end(f"{site}/index.m3u8")
    assert isinstance(end, StreamEndedError)
    assert len(packets) == 50


async def test_a_login_over_http() -> None:
    login = base64.b64encode(b"user:pass").decode()
    async with serve_http({"/live.ts": ("video/mp2t", make_transport_stream())}, login) as site:
        async with make_source(f"{site}/live.ts", user="user", password="pass").open() as session:
            assert videos(await take(session, 3))
        with pytest.raises(WrongPasswordError):
            async with make_source(f"{site}/live.ts", user="user", password="wrong").open():
                pass
        with pytest.raises(LoginRequiredError):
            async with make_source(f"{site}/live.ts").open():
                pass


async def test_wrong_answers_over_http_are_said() -> None:
    async with serve_http({"/": ("text/html", b"<html>"), "/x": ("video/mp2t", b"nothing" * 5000)}) as site:
        with pytest.raises(NotRtspError):
            async with make_source(f"{site}/").open():
                pass
        with pytest.raises(PathNotFoundError):
            async with make_source(f"{site}/none").open():
                pass
        with pytest.raises(StreamLostError):
            async with make_source(f"{site}/x").open():
                pass
