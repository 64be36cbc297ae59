"""The binary head is a contract with the browser."""

import struct

import pytest

from vedette.core.errors import InvalidInputError
from vedette.streaming.messages import (
    HEAD_SIZE_BYTES,
    MediaFlag,
    MediaHead,
    MediaKind,
    decode_media,
    encode_media,
    gap_text,
    init_text,
)

HEAD = MediaHead(
    kind=MediaKind.FRAGMENT,
    flags=MediaFlag.KEY | MediaFlag.CACHED,
    duration_90k=3600,
    media_90k=90_000 * 86_400 * 400 + 7,
    captured_at_ns=1_795_000_000_123_456_000,
    received_at_ns=1_795_000_000_223_456_000,
    sent_at_ns=1_795_000_000_323_456_000,
)


def test_head_has_the_layout_of_the_contract() -> None:
    message = encode_media(HEAD, b"body")
    assert HEAD_SIZE_BYTES == 40
    version, kind, flags, duration, media_s, captured_ms, _, _ = struct.unpack_from("<BBHIdddd", message)
    assert (version, kind, flags, duration) == (2, 1, 1 | 4, 3600)
    assert media_s == pytest.approx(86_400 * 400 + 7 / 90_000, abs=1e-9)
    assert captured_ms == pytest.approx(1_795_000_000_123.456, abs=0.001)
    assert message[40:] == b"body"


def test_head_survives_to_the_tick_and_microsecond_after_a_year() -> None:
    assert decode_media(encode_media(HEAD, b"x")) == (HEAD, b"x")


@pytest.mark.parametrize("message", [b"", b"\x02" * 39, b"\x03" * 60])
def test_foreign_message_is_refused(message: bytes) -> None:
    with pytest.raises(InvalidInputError):
        decode_media(message)


def test_texts_follow_the_contract() -> None:
    text = init_text(
        codecs=("avc1.64001f", "mp4a.40.2"), width=1920, height=1080, run_id="r", stream="main", codec="h264"
    )
    assert '"mime":"video/mp4; codecs=\\"avc1.64001f,mp4a.40.2\\""' in text
    assert gap_text(0, 1_500_000_000, "disk") == (
        '{"type":"gap","from":"1970-01-01T00:00:00.000000Z","to":"1970-01-01T00:00:01.500000Z","reason":"disk"}'
    )
