"""Hazards of a stream in a worker: opened twice or not again, a change told never or always, a picture that is gone."""

from dataclasses import replace
from typing import cast

import pytest

from vedette.core.media import Codec, Packet, StreamFormat, VideoFormat
from vedette.core.motion import MotionSensitivity, MotionSettings
from vedette.node.overlay_feed import OverlayFeed
from vedette.node.worker_stream import WorkerStream
from vedette.vision import wire
from vedette.vision.wire import FrameResult, Kind
from vedette.vision.worker_link import WorkerLink, WorkerRefusedError

FORMAT = StreamFormat("run-1", VideoFormat(Codec("h264"), 640, 360, (b"sps", b"pps"), ""))
FRAME = FrameResult(90, 640, 360, 0.0, None)


class RecordingLink:
    """Keeps what it is asked; its worker has no picture."""

    def __init__(self) -> None:
        self.generation = 1
        self.asked: list[tuple[int, Kind, bytes]] = []

    async def wait_up(self) -> int:
        return self.generation

    async def request(self, owner: int, kind: Kind, payload: bytes) -> bytes:
        self.asked.append((owner, kind, payload))
        if kind is Kind.SNAPSHOT:
            raise WorkerRefusedError("no such picture")
        return wire.encode(wire.PacketReply(1, 0, [FRAME]))

    def take(self) -> list[Kind]:
        kinds = [kind for _, kind, _ in self.asked]
        self.asked.clear()
        return kinds


def open_link(owner: int | None = None) -> tuple[RecordingLink, WorkerStream]:
    link = RecordingLink()
    return link, WorkerStream(7, cast("WorkerLink", link), "model", ("person",), owner)


async def test_stream_is_opened_once_and_again_for_each_worker_run_and_format() -> None:
    link, stream = open_link()
    await stream.open(FORMAT, 5.0, 2)
    await stream.open(FORMAT, 5.0, 2)
    assert link.take() == [Kind.OPEN]
    link.generation = 2
    await stream.open(FORMAT, 5.0, 2)
    await stream.open(replace(FORMAT, run_id="run-2"), 5.0, 2)
    larger = replace(FORMAT, run_id="run-2", video=replace(FORMAT.video, width=1280))
    await stream.open(larger, 5.0, 2)
    stream.forget()
    await stream.open(larger, 5.0, 2)
    assert link.take() == [Kind.OPEN] * 4


async def test_changes_are_told_once_and_the_stream_stays_open() -> None:
    link, stream = open_link()
    other = MotionSettings(MotionSensitivity.HIGH)
    await stream.open(FORMAT, 5.0, 2)
    await stream.open(FORMAT, 3.0, 2)
    await stream.open(FORMAT, 3.0, 0, other)
    await stream.open(FORMAT, 3.0, 0, other)
    assert link.take() == [Kind.OPEN, Kind.RATE, Kind.TUNE, Kind.RATE]


async def test_what_a_second_stream_does_counts_as_its_owners_doing() -> None:
    link, stream = open_link(owner=3)
    await stream.open(FORMAT)
    packet = Packet(is_audio=False, is_key=True, pts_90k=90, dts_90k=90, captured_at_ns=1, received_at_ns=1,
                    camera_utc_ns=0, sequence=0, lost_before=0, data=b"x")  # fmt: skip
    reply = await stream.push(packet)
    await stream.close()
    assert reply.results == [FRAME]
    assert {owner for owner, _, _ in link.asked} == {3}
    assert link.asked[-1][2] == (7).to_bytes(4, "big")


async def test_picture_that_is_gone_is_no_crop_but_is_missed_in_an_event() -> None:
    _, stream = open_link()
    assert await stream.crop(FRAME, (0.1, 0.1, 0.4, 0.9)) == b""
    with pytest.raises(WorkerRefusedError):
        await stream.draw(FRAME, [])


def test_slow_viewer_of_the_overlay_loses_the_oldest_and_one_who_left_gets_nothing() -> None:
    feed = OverlayFeed()
    with feed.watch("A") as slow, feed.watch("B") as other:
        for number in range(20):
            feed.show("A", {"number": number})
        assert [slow.get_nowait()["number"] for _ in range(slow.qsize())] == list(range(12, 20))
        assert other.empty()
    feed.show("A", {"number": 20})
    assert slow.empty()
