"""What a taken-over worker may say, and how it is refused."""

import numpy as np
import pytest

from vedette.core.detections import Detections
from vedette.core.errors import InvalidInputError
from vedette.vision import wire


def rows(*values: tuple[float, ...]) -> bytes:
    return np.array(values, np.float32).tobytes()


def test_boxes_travel_unchanged() -> None:
    found = Detections(
        np.array([[0.1, 0.2, 0.3, 0.4], [0, 0, 1, 1]], np.float32),
        np.array([0.9, 0.2], np.float32),
        np.array([0, 3], np.int16),
    )
    back = wire.decode_boxes(wire.encode_boxes(found))
    np.testing.assert_array_equal(back.boxes_norm_xyxy, found.boxes_norm_xyxy)
    np.testing.assert_array_equal(back.class_id, found.class_id)
    assert len(wire.decode_boxes(b"")) == 0


@pytest.mark.parametrize(
    "data",
    [
        b"x" * 23,
        rows((0.1, 0.1, 0.2, 0.2, np.nan, 0)),
        rows((0.1, 0.1, np.inf, 0.2, 0.5, 0)),
        rows((0.3, 0.1, 0.2, 0.2, 0.5, 0)),
        rows((-0.1, 0.1, 0.2, 0.2, 0.5, 0)),
        rows((0.1, 0.1, 0.2, 0.2, 1.5, 0)),
        rows((0.1, 0.1, 0.2, 0.2, 0.5, 4)),
        rows((0.1, 0.1, 0.2, 0.2, 0.5, 0.5)),
        rows(*[(0.1, 0.1, 0.2, 0.2, 0.5, 0)] * (wire.MAX_BOXES + 1)),
    ],
)
def test_impossible_boxes_are_refused(data: bytes) -> None:
    with pytest.raises(InvalidInputError):
        wire.decode_boxes(data)


@pytest.mark.parametrize(
    "reply",
    [
        wire.PacketReply(1, 0, [wire.FrameResult(0, 10, 10, 2.0, None)]),
        wire.PacketReply(1, 0, [wire.FrameResult(0, 10, 10, float("nan"), None)]),
        wire.PacketReply(1, 0, [wire.FrameResult(0, 0, 10, 0.1, None)]),
        wire.PacketReply(1, 0, [wire.FrameResult(0, 10, 10, 0.1, None)] * (wire.MAX_RESULTS + 1)),
    ],
)
def test_replies_out_of_range_are_refused(reply: wire.PacketReply) -> None:
    with pytest.raises(InvalidInputError):
        wire.decode_reply(wire.encode(reply))


@pytest.mark.parametrize("data", [b"", b"\xc1", b"\x00" * 50, b"\x84"])
def test_garbage_is_no_message(data: bytes) -> None:
    with pytest.raises(InvalidInputError):
        wire.decode_reply(data)


@pytest.mark.parametrize(
    "data", [b"", b"GIF89a", b"\xff\xd8\xff no end", b"\xff\xd8\xff" + bytes(9 << 20) + b"\xff\xd9"]
)
def test_picture_that_is_no_jpeg_is_refused(data: bytes) -> None:
    with pytest.raises(InvalidInputError):
        wire.check_jpeg(data)


@pytest.mark.parametrize("flags", [(False, False, False), (True, False, False), (False, True, True)])
def test_packet_travels_unchanged(flags: tuple[bool, bool, bool]) -> None:
    packet = wire.PacketMessage(7, -5, b"data", *flags)
    assert wire.decode_packet(wire.encode_packet(packet)) == packet
