"""Finding and parsing RTSP messages, bounded."""

import pytest

from vedette.camera.rtsp_message import (
    MalformedRtspError,
    find_message,
    parse_message,
    session_of,
    write_request,
)

REPLY = b"RTSP/1.0 200 OK\r\nCSeq: 3\r\nContent-Length: 4\r\n\r\nbodyRTSP"


def test_a_message_ends_after_its_body() -> None:
    stop = find_message(REPLY, 0, len(REPLY))
    assert stop == len(REPLY) - 4
    reply = parse_message(REPLY[:stop])
    assert (reply.status, reply.reason, reply.cseq, reply.body) == (200, "OK", 3, b"body")


@pytest.mark.parametrize("length", range(len(REPLY) - 4))
def test_an_incomplete_message_is_waited_for(length: int) -> None:
    assert find_message(REPLY, 0, length) is None


def test_bare_line_feeds_are_understood() -> None:
    data = b"RTSP/1.0 401 Unauthorized\nCSeq:2\nWWW-Authenticate: Basic realm=x\n\n"
    assert find_message(data, 0, len(data)) == len(data)
    reply = parse_message(data)
    assert (reply.status, reply.challenges) == (401, ("Basic realm=x",))


def test_a_request_by_the_camera_is_told_apart() -> None:
    reply = parse_message(b"OPTIONS rtsp://x/ RTSP/1.0\r\nCSeq: 1\r\n\r\n")
    assert (reply.status, reply.reason) == (0, "OPTIONS")


def test_a_web_page_is_noticed() -> None:
    assert parse_message(b"HTTP/1.1 400 Bad Request\r\n\r\n").is_http


@pytest.mark.parametrize("length", [b"-1", b"abc", b"99999999", b"1" * 400])
def test_impossible_lengths_are_refused(length: bytes) -> None:
    data = b"RTSP/1.0 200 OK\r\nContent-Length: " + length + b"\r\n\r\n"
    with pytest.raises(MalformedRtspError):
        find_message(data, 0, len(data))


def test_an_endless_head_is_refused() -> None:
    data = b"RTSP/1.0 200 OK\r\n" + b"X: y\r\n" * 4000
    with pytest.raises(MalformedRtspError):
        find_message(data, 0, len(data))


def test_a_line_break_cannot_be_smuggled_into_a_request() -> None:
    with pytest.raises(MalformedRtspError):
        write_request("SETUP", "rtsp://x/\r\nX-Evil: 1", {})


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("12345678;timeout=30", ("12345678", 30.0)),
        ("abc", ("abc", 60.0)),
        ("abc; TIMEOUT = 0", ("abc", 4.0)),
        ("abc;timeout=99999", ("abc", 3600.0)),
    ],
)
def test_session_and_timeout(header: str, expected: tuple[str, float]) -> None:
    assert session_of(parse_message(f"RTSP/1.0 200 OK\r\nSession: {header}\r\n\r\n".encode())) == expected
