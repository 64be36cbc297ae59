"""Every way in which a source can be wrong has its own code, a message, and a hint; never a password."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.support.cameras import serve, write_clip
from vedette.camera.errors import NoAnswerError
from vedette.camera.factory import SourceFactory
from vedette.camera.probe import ProbeReport, probe_stream
from vedette.camera.rtsp_protocol import ReceiveBuffer
from vedette.camera.rtsp_source import RtspSettings, RtspSource
from vedette.camera.rtsp_url import parse_rtsp_url
from vedette.cli.probe import command
from vedette.core.assignment import StreamSource
from vedette.core.media import StreamRole
from vedette.runtime.clock import SystemClock
from vedette.testing.faults import Fault, FaultKind
from vedette.testing.login import Login

Answer = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


async def probe(url: str, user: str = "", password: str = "") -> ProbeReport:
    clock = SystemClock()
    stream = StreamSource(StreamRole.MAIN, url, record=False)
    return await probe_stream(SourceFactory(clock), stream, user, password, clock, observe_s=2.5)


@asynccontextmanager
async def answering(answer: bytes, *, first: bool = False) -> AsyncIterator[str]:
    """A server that says the same thing to everybody."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not first:
            await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    async with server:
        yield f"rtsp://user:s3cret@127.0.0.1:{server.sockets[0].getsockname()[1]}/live"


def check(report: ProbeReport, code: str) -> None:
    assert not report.ok
    assert report.error is not None
    assert report.error.code == code, report.error
    assert report.error.message
    assert report.error.hint
    assert "s3cret" not in json.dumps(report.to_dict())
    assert not report.steps[-1].ok


async def test_a_good_camera(tmp_path: Path) -> None:
    async with serve(write_clip(tmp_path), login=Login("user", "s3cret")) as server:
        url = server.urls[0].replace("rtsp://", "rtsp://user:s3cret@")
        report = await probe(url)
    assert report.ok
    assert report.error is None
    assert "s3cret" not in json.dumps(report.to_dict())
    assert [one.name for one in report.steps] == [
        "resolve", "connect", "options", "describe", "login", "setup", "play", "first packet", "first key frame",
    ]  # fmt: skip
    video = report.streams[0]
    assert (video.kind, video.codec, video.width, video.height) == ("video", "h264", 320, 180)
    assert video.fps == pytest.approx(25, abs=0.5)
    assert video.gop_frames == 25
    assert report.clock_offset_s == pytest.approx(0, abs=0.5)


async def test_an_unknown_name() -> None:
    check(await probe("rtsp://user:s3cret@camera.invalid/live"), "host_not_found")


async def test_a_closed_port() -> None:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        check(await probe(f"rtsp://user:s3cret@127.0.0.1:{sock.getsockname()[1]}/live"), "connection_refused")


async def test_a_wrong_password(tmp_path: Path) -> None:
    async with serve(write_clip(tmp_path), login=Login("user", "right")) as server:
        check(await probe(server.urls[0], "user", "s3cret"), "wrong_password")


async def test_a_wrong_path(tmp_path: Path) -> None:
    async with serve(write_clip(tmp_path)) as server:
        check(await probe(server.urls[0].replace("main", "nothing")), "path_not_found")


async def test_a_camera_that_is_busy(tmp_path: Path) -> None:
    async with serve(write_clip(tmp_path)) as server:
        await server.apply(Fault(FaultKind.UNAVAILABLE))
        check(await probe(server.urls[0]), "camera_busy")


async def test_a_web_page_of_the_simulator(tmp_path: Path) -> None:
    async with serve(write_clip(tmp_path)) as server:
        await server.apply(Fault(FaultKind.WEB_PAGE))
        check(await probe(server.urls[0]), "not_rtsp")


@pytest.mark.parametrize(
    ("answer", "first", "code"),
    [
        (b"HTTP/1.1 400 Bad Request\r\nContent-Type: text/html\r\n\r\n<html>", False, "not_rtsp"),
        (b"<!DOCTYPE html><html>no</html>", False, "not_rtsp"),
        (b"SSH-2.0-OpenSSH_9.2p1\r\n", True, "not_rtsp"),
        (bytes(range(128, 256)) * 40, False, "bad_stream"),
        (b"RTSP/1.0 200 OK\r\nContent-Length: 99999999\r\n\r\n", False, "bad_stream"),
        (b"", False, "closed_by_camera"),
        (b"RTSP/1.0 503 Service Unavailable\r\nCSeq: 1\r\n\r\n", False, "camera_busy"),
    ],
)
async def test_other_things_that_answer(answer: bytes, first: bool, code: str) -> None:  # noqa: FBT001
    async with answering(answer, first=first) as url:
        check(await probe(url), code)


@asynccontextmanager
async def scripted(*answers: bytes) -> AsyncIterator[str]:
    """A server that answers each request with the next of these, whatever it asks."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for number, answer in enumerate(answers, 1):
            await reader.readuntil(b"\r\n\r\n")
            writer.write(answer.replace(b"CSEQ", str(number).encode()))
        writer.write_eof()
        writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    async with server:
        yield f"rtsp://user:s3cret@127.0.0.1:{server.sockets[0].getsockname()[1]}/live"


OK = b"RTSP/1.0 200 OK\r\nCSeq: CSEQ\r\n\r\n"


def described(sdp: bytes) -> bytes:
    return b"RTSP/1.0 200 OK\r\nCSeq: CSEQ\r\nContent-Length: %d\r\n\r\n" % len(sdp) + sdp


@pytest.mark.parametrize(
    ("answers", "code"),
    [
        ((OK, described(b"m=video 0 RTP/AVP 26\r\na=rtpmap:26 JPEG/90000\r\n")), "unsupported_codec"),
        ((OK, described(b"m=audio 0 RTP/AVP 0\r\n")), "unsupported_codec"),
        ((OK, described(b"nonsense")), "bad_stream"),
        ((OK, b"RTSP/1.0 403 Forbidden\r\nCSeq: CSEQ\r\n\r\n"), "forbidden_by_camera"),
        ((OK, b"RTSP/1.0 500 Oops\r\nCSeq: CSEQ\r\n\r\n"), "request_refused"),
        ((OK, b"RTSP/1.0 302 Moved\r\nCSeq: CSEQ\r\nLocation: rtsp://evil.example/x\r\n\r\n"), "redirect_refused"),
        ((OK, b"RTSP/1.0 401 No\r\nCSeq: CSEQ\r\nWWW-Authenticate: Negotiate\r\n\r\n"), "login_unsupported"),
    ],
)
async def test_answers_that_end_the_attempt(answers: tuple[bytes, ...], code: str) -> None:
    async with scripted(*answers) as url:
        check(await probe(url), code)


async def test_a_camera_that_never_answers(tmp_path: Path) -> None:
    async with serve(write_clip(tmp_path)) as server:
        await server.apply(Fault(FaultKind.NO_ANSWER))
        settings = RtspSettings(parse_rtsp_url(server.urls[0])[0], reply_timeout_s=0.3)
        with pytest.raises(NoAnswerError, match="OPTIONS"):
            async with RtspSource(settings, ReceiveBuffer(), SystemClock()).open():
                pass


async def test_an_address_that_leads_nowhere() -> None:
    report = await probe("rtsp://user:s3cret@255.255.255.255/live")
    check(report, "unreachable")


async def test_a_redirect_on_the_same_host_is_followed(tmp_path: Path) -> None:
    async with serve(write_clip(tmp_path)) as server:
        moved = b"RTSP/1.0 302 Moved\r\nCSeq: CSEQ\r\nLocation: " + server.urls[0].encode() + b"\r\n\r\n"
        async with scripted(OK, moved) as url:
            report = await probe(url.replace("user:s3cret@", ""))
    assert report.ok, report.error


def test_the_command_prints_one_json_object_and_exits_with_1(tmp_path: Path) -> None:
    password = tmp_path / "password"
    password.write_text("s3cret\n")
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        url = f"rtsp://127.0.0.1:{sock.getsockname()[1]}/live"
        result = CliRunner().invoke(command, [url, "--user", "u", "--password-file", str(password), "--json"])
    assert result.exit_code == 1
    told = json.loads(result.stdout)
    assert (told["ok"], told["error"]["code"]) == (False, "connection_refused")
    assert "s3cret" not in result.output


@pytest.mark.parametrize("arguments", [["ftp://host/x"], ["rtsp://host/a b"], [], ["--nonsense"]])
def test_wrong_usage_exits_with_2(arguments: list[str]) -> None:
    assert CliRunner().invoke(command, arguments).exit_code == 2
