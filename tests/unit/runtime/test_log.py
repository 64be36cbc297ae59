"""Nothing secret reaches a log line."""

import pytest

from vedette.runtime.log import redact


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("open rtsp://admin:s3cret@10.0.0.5/live failed", "open rtsp://***@10.0.0.5/live failed"),
        ("rtsps://u:p%40ss@[::1]:322/a and http://x:y@h/", "rtsps://***@[::1]:322/a and http://***@h/"),
        ("rtsp://10.0.0.5:554/live", "rtsp://10.0.0.5:554/live"),
        ("rtsp://admin:pa:ss@word@host/", "rtsp://***@host/"),
    ],
)
def test_login_in_a_url_is_redacted(text: str, clean: str) -> None:
    assert redact(text) == clean
