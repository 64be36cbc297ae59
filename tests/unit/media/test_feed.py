"""The feed between recorder and its readers."""

import pytest

from tests.support.media import AAC, H264, H265, make_packets
from vedette.core.media import StreamFormat
from vedette.media.feed import (
    HEAD_SIZE_BYTES,
    FeedDropped,
    FeedPacket,
    FeedState,
    MalformedFeedError,
    decode_packet,
    decode_text,
    encode_packet,
    encode_text,
)


@pytest.mark.parametrize("is_cached", [False, True])
@pytest.mark.parametrize("is_audio", [False, True])
def test_packet_survives(is_audio, is_cached) -> None:
    for packet in make_packets(3, gop=2, is_audio=is_audio, offsets_90k=(-5, 0, 5)):
        message = encode_packet(packet, is_cached=is_cached)
        assert len(message) == HEAD_SIZE_BYTES + len(packet.data)
        assert decode_packet(message) == FeedPacket(packet, is_cached)


@pytest.mark.parametrize(
    "message",
    [
        StreamFormat("run", H264, AAC),
        StreamFormat("run", H265),
        FeedState("offline", "refused", "the camera refused", "check it", 5),
        FeedDropped(12),
    ],
)
def test_text_survives(message) -> None:
    assert decode_text(encode_text(message)) == message


def test_short_message_is_refused() -> None:
    with pytest.raises(MalformedFeedError):
        decode_packet(bytes([1]) * (HEAD_SIZE_BYTES - 1))


def test_unknown_version_is_refused_and_says_what_to_do() -> None:
    with pytest.raises(MalformedFeedError, match="same release"):
        decode_packet(bytes([2]) * HEAD_SIZE_BYTES)


@pytest.mark.parametrize(
    "text", ["", "{}", "[]", '{"type":"dropped"}', '{"type":"dropped","frames":1,"x":1}', '{"type":"?"}']
)
def test_text_that_breaks_the_contract_is_refused(text) -> None:
    with pytest.raises(MalformedFeedError):
        decode_text(text)
