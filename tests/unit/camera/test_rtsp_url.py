"""Addresses: parsing, control URLs, and no credentials anywhere."""

import pytest

from vedette.camera.errors import BadUrlError
from vedette.camera.rtsp_url import join_control, parse_rtsp_url, redact_url


def test_credentials_are_taken_out() -> None:
    url, user, password = parse_rtsp_url("rtsp://ad%40min:p%3Ass@192.0.2.1:8554/cam/1?sub=0")
    assert (user, password) == ("ad@min", "p:ss")
    assert url.text == "rtsp://192.0.2.1:8554/cam/1?sub=0"
    assert url.where == "192.0.2.1:8554"


def test_default_ports_and_ipv6() -> None:
    assert parse_rtsp_url("rtsp://[2001:db8::1]/x")[0].text == "rtsp://[2001:db8::1]/x"
    assert parse_rtsp_url("rtsps://cam.example/x")[0].port == 322
    assert parse_rtsp_url("rtsp://cam.example")[0].path == "/"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "rtsp://",
        "http://x/",
        "rtsp://x:99999/",
        "rtsp://x:0/",
        "rtsp://x/a b",
        "rtsp://x/\r\nA: b",
        "rtsp://u:p#1@x/",
        "rtsp://[::1/",
        "rtsp://x/" + "a" * 3000,
    ],
)
def test_unusable_addresses_are_refused(text: str) -> None:
    with pytest.raises(BadUrlError):
        parse_rtsp_url(text)


@pytest.mark.parametrize(
    "text",
    [
        "rtsp://user:pass@host/x",
        "see RTSP://user:pass@host/x now",
        "http://user:p@pass@host/x",
        "rtsp://user:1#pass@host/x",
        "rtsp://user:1/pass@host/x",
        "rtsp://user:1?pass@host/x",
        "rtsp://user:554pass@host/x",
        "rtsp://:pass@host/x",
    ],
)
def test_redaction(text: str) -> None:
    assert "pass" not in redact_url(text)
    assert "host/x" in redact_url(text)


@pytest.mark.parametrize("text", ["rtsp://host/a:b", "rtsp://host:554", "no url at all: a@b"])
def test_redaction_leaves_other_texts(text: str) -> None:
    assert redact_url(text) == text


@pytest.mark.parametrize(
    ("base", "control", "expected"),
    [
        ("rtsp://h/live", "trackID=1", "rtsp://h/live/trackID=1"),
        ("rtsp://h/live/", "trackID=1", "rtsp://h/live/trackID=1"),
        ("rtsp://h/live?a=1", "trackID=1", "rtsp://h/live?a=1/trackID=1"),
        ("rtsp://h/live", "rtsp://other/t", "rtsp://other/t"),
        ("rtsp://h/live", "*", "rtsp://h/live"),
        ("rtsp://h/live", "", "rtsp://h/live"),
        ("rtsp://h/live/", "?ctype=video", "rtsp://h/live?ctype=video"),
    ],
)
def test_control_urls(base: str, control: str, expected: str) -> None:
    assert join_control(base, control) == expected
