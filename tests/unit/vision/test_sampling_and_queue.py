"""Hazards of choosing frames and of bounded queues: uneven rates, time jumps, overflow without key frames."""

import asyncio

import pytest

from tests.support.encoded import encode_square
from vedette.core.media import Packet
from vedette.vision import wire
from vedette.vision.packet_queue import PacketQueue, QueueLimits
from vedette.vision.sampling import BacklogThinning, FrameSampler, InferenceGate
from vedette.vision.session import WorkerSession
from vedette.vision.wire import Kind


def packet(number: int, *, is_key: bool = False, size: int = 100) -> Packet:
    return Packet(
        is_audio=False,
        is_key=is_key,
        pts_90k=number * 3600,
        dts_90k=number * 3600,
        captured_at_ns=0,
        received_at_ns=0,
        camera_utc_ns=0,
        sequence=number,
        lost_before=0,
        data=bytes(size),
    )


@pytest.mark.parametrize(("source_fps", "fps"), [(25, 10), (25, 15), (30, 7), (12.5, 12.5), (10, 15)])
def test_sampling_keeps_the_rate(source_fps: float, fps: float) -> None:
    sampler = FrameSampler(fps)
    taken = sum(sampler.wants(round(i * 90_000 / source_fps)) for i in range(int(source_fps * 60)))
    assert taken == pytest.approx(60 * min(fps, source_fps), rel=0.03)


def test_sampling_survives_jumps_either_way() -> None:
    sampler = FrameSampler(5)
    assert sampler.wants(0)
    assert sampler.wants(10**9)
    assert sampler.wants(0)
    assert not sampler.wants(1000)


def test_gate_looks_at_a_still_picture_now_and_then_and_at_a_moving_one_always() -> None:
    gate = InferenceGate()
    still = sum(gate.wants(i / 10, 0.0) for i in range(100))
    assert 8 <= still <= 20
    moving = sum(gate.wants(10 + i / 10, 0.01) for i in range(100))
    assert moving == 100
    gate.note_found(20.0)
    assert gate.wants(21.9, 0.0)


@pytest.mark.parametrize(("backlog", "share"), [(0, 1.0), (7, 1.0), (8, 0.5), (16, 1 / 3), (40, 1 / 6)])
def test_backlog_thins_analysis_out_but_never_stops_it(backlog: int, share: float) -> None:
    thinning = BacklogThinning()
    assert sum(thinning.wants(backlog) for _ in range(600)) == pytest.approx(600 * share, abs=1)


async def test_queue_drops_to_the_newest_key_frame_and_says_so() -> None:
    queue = PacketQueue(QueueLimits(packets=10))
    for number in range(12):
        queue.put_nowait(packet(number, is_key=number in {0, 4, 8}))
    first = await queue.get()
    assert first.packet.sequence == 8
    assert first.is_reset
    assert queue.dropped == 8
    assert not (await queue.get()).is_reset


async def test_queue_without_key_frame_empties_and_waits_for_one() -> None:
    queue = PacketQueue(QueueLimits(packets=5))
    queue.put_nowait(packet(0, is_key=True))
    for number in range(1, 10):
        queue.put_nowait(packet(number))
    assert len(queue) == 0
    queue.put_nowait(packet(10))
    assert len(queue) == 0
    queue.put_nowait(packet(11, is_key=True))
    taken = await queue.get()
    assert (taken.packet.sequence, taken.is_reset) == (11, True)
    assert queue.dropped == 11


async def test_queue_is_bounded_in_bytes() -> None:
    queue = PacketQueue(QueueLimits(packets=1000, size_bytes=1000))
    for number in range(50):
        queue.put_nowait(packet(number, is_key=number % 5 == 0, size=300))
    assert len(queue) <= 4


async def test_packets_of_the_past_wait_for_room() -> None:
    queue = PacketQueue(QueueLimits(packets=2))

    async def fill() -> None:
        for number in range(20):
            await queue.put(packet(number, is_key=number == 0))

    filling = asyncio.create_task(fill())
    seen = [(await queue.get()).packet.sequence for _ in range(20)]
    await filling
    assert seen == list(range(20))
    assert queue.dropped == 0


async def test_restart_wakes_who_waits_for_room() -> None:
    queue = PacketQueue()

    async def fill() -> None:
        for number in range(20):
            await queue.put(packet(number, is_key=number in {0, 10}))

    filling = asyncio.create_task(fill())
    await asyncio.sleep(0)
    await queue.get()
    queue.restart()
    async with asyncio.timeout(5):
        taken = await queue.get()
        assert (taken.packet.sequence, taken.is_reset) == (10, True)
        while not filling.done():
            await queue.get()


async def test_stream_starts_at_a_key_frame() -> None:
    queue = PacketQueue()
    queue.put_nowait(packet(1))
    queue.put_nowait(packet(2, is_key=True))
    assert (await queue.get()).packet.sequence == 2
    assert queue.dropped == 1


def test_rate_can_change_while_a_stream_runs() -> None:
    stream = encode_square(frames=60, fps=30)
    session = WorkerSession(None)
    video = stream.video
    setup = wire.OpenStream(1, video.codec, video.width, video.height, list(video.parameter_sets), "motion", [], 30.0)
    session.handle(Kind.OPEN, wire.encode(setup))
    analysed = []
    for number, (data, pts_90k, is_key) in enumerate(stream.packets):
        if number == 30:
            session.handle(Kind.RATE, wire.encode(wire.SetRate(1, 10.0)))
        packet = wire.encode_packet(wire.PacketMessage(1, pts_90k, data, is_key))
        analysed.append(len(wire.decode_reply(session.handle(Kind.PACKET, packet)[1]).results))
    assert sum(analysed[:30]) == 30
    assert sum(analysed[30:]) == 10
