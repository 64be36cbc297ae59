"""From access units to packets: formats, runs, and what waits for whom."""

import asyncio

import pytest

from tests.support.media import AAC, H264
from vedette.camera.assembler import AudioAssembler, VideoAssembler
from vedette.camera.counters import RateMeter, StreamCounters
from vedette.camera.errors import SilentError
from vedette.camera.live_session import MAX_HELD, LiveSession, Outlet, SilencePolicy
from vedette.core.media import AudioFormat, Codec, Packet, StreamFormat
from vedette.runtime.loop_rest import LoopRest
from vedette.testing.clock import SimulatedClock

S = 1_000_000_000
OTHER = (
    bytes.fromhex("67640028acd940780227e5c044000003000400000300f03c60c658"),
    bytes.fromhex("68ebe3cb22c0"),
)


class Log:
    def __init__(self) -> None:
        self.items: list[Packet | StreamFormat] = []
        self.silences: list[float] = []

    def on_format(self, stream_format: StreamFormat) -> None:
        self.items.append(stream_format)

    def on_packet(self, packet: Packet) -> None:
        self.items.append(packet)

    def on_silence(self, silent_s: float) -> None:
        self.silences.append(silent_s)


def make(sets: tuple[bytes, ...] = H264.parameter_sets, audio: AudioFormat | None = None) -> tuple[VideoAssembler, Log]:
    log = Log()
    return VideoAssembler(Codec.H264, sets, audio, SimulatedClock(), StreamCounters(), log), log


def kinds(log: Log) -> list[str]:
    return ["F" if isinstance(item, StreamFormat) else "k" if item.is_key else "p" for item in log.items]


def test_the_format_comes_before_the_first_packet() -> None:
    video, log = make()
    video.on_unit(0, True, b"key", 0)
    video.on_unit(3600, False, b"p", 0)
    assert kinds(log) == ["F", "k", "p"]


def test_nothing_comes_before_the_parameter_sets_are_known() -> None:
    video, log = make(())
    video.on_unit(0, True, b"key", 0)
    assert log.items == []
    for nal in H264.parameter_sets:
        video.on_parameter_set(nal)
    video.on_unit(3600, False, b"p", 2)
    video.on_unit(7200, True, b"key", 0)
    assert kinds(log) == ["F", "k"]
    packet = log.items[1]
    assert isinstance(packet, Packet)
    assert packet.lost_before == 2  # also what was lost while nothing could be delivered


def test_repeated_parameter_sets_change_nothing() -> None:
    video, log = make()
    for number in range(3):
        for nal in H264.parameter_sets:
            video.on_parameter_set(nal)
        video.on_unit(number * 3600, True, b"key", 0)
    assert kinds(log) == ["F", "k", "k", "k"]


def test_new_parameter_sets_wait_for_the_key_frame_and_start_a_run() -> None:
    video, log = make()
    video.on_unit(0, True, b"key", 0)
    for nal in OTHER:
        video.on_parameter_set(nal)
    video.on_unit(3600, False, b"p", 0)
    video.on_unit(7200, True, b"key", 0)
    assert kinds(log) == ["F", "k", "p", "F", "k"]
    first, second, packet = log.items[0], log.items[3], log.items[4]
    assert isinstance(first, StreamFormat)
    assert isinstance(second, StreamFormat)
    assert isinstance(packet, Packet)
    assert (second.video.width, second.video.height) == (1920, 1080)
    assert first.run_id != second.run_id
    assert (packet.pts_90k, packet.sequence) == (0, 0)


def test_broken_parameter_sets_are_counted_and_ignored() -> None:
    counters, log = StreamCounters(), Log()
    video = VideoAssembler(Codec.H264, H264.parameter_sets, None, SimulatedClock(), counters, log)
    video.on_parameter_set(b"\x67")
    video.on_unit(0, True, b"key", 0)
    assert kinds(log) == ["F", "k"]
    assert counters.damaged == 1


def test_audio_speaks_only_after_video_and_starts_anew_with_it() -> None:
    video, log = make(audio=AAC)
    sound = AudioAssembler(AAC, 44_100, video, SimulatedClock(), StreamCounters(), log)
    sound.on_unit(0, True, b"a", 0)
    assert log.items == []
    video.on_unit(0, True, b"key", 0)
    sound.on_unit(1024, True, b"a", 0)
    sound.on_unit(2048, True, b"a", 0)
    for nal in OTHER:
        video.on_parameter_set(nal)
    video.on_unit(3600, True, b"key", 0)
    sound.on_unit(3072, True, b"a", 0)
    sequences = [item.sequence for item in log.items if isinstance(item, Packet) and item.is_audio]
    assert sequences == [0, 1, 0]


def test_rates_come_from_the_last_seconds() -> None:
    counters, meter = StreamCounters(), RateMeter()
    for second in range(12):
        counters.size_bytes = second * 500_000
        meter.update(counters, second * 25, second * S)
    assert (counters.fps, counters.bitrate_bps) == (25.0, 4_000_000.0)
    for second in range(12, 20):
        meter.update(counters, 275, second * S)
    assert counters.fps == 0.0


def test_what_waits_for_a_receiver_is_bounded() -> None:
    outlet, paused = Outlet(), []
    outlet.on_full = lambda: paused.append(1)
    video = VideoAssembler(Codec.H264, H264.parameter_sets, None, SimulatedClock(), StreamCounters(), outlet)
    for number in range(3 * MAX_HELD):
        video.on_unit(number * 3600, number == 0, b"x", 0)
    assert paused
    log = Log()
    assert outlet.format is not None
    outlet.attach(log, outlet.format)
    assert len(log.items) <= MAX_HELD + 1
    assert outlet.dropped >= MAX_HELD
    assert kinds(log)[:2] == ["F", "k"]


async def test_jitter_is_learned_only_from_pictures_that_were_read_when_they_came() -> None:
    clock, rest, counters = SimulatedClock(), LoopRest(), StreamCounters()
    video = VideoAssembler(Codec.H264, H264.parameter_sets, None, clock, counters, Log(), rest=rest)

    rest.is_prompt = False
    for number, after_s in enumerate((0.04, 0.12, 0.0, 0.0, 0.04)):
        await clock.advance(after_s)
        video.on_unit(3600 * number, number == 0, b"picture", 0)
    rest.is_prompt = True
    for number, after_s in enumerate((0.04, 0.04), 5):
        await clock.advance(after_s)
        video.on_unit(3600 * number, False, b"picture", 0)
    assert counters.jitter_s == 0.0
    await clock.advance(0.048)
    video.on_unit(3600 * 7, False, b"picture", 0)
    assert counters.jitter_s == pytest.approx(0.008 / 16)


async def test_silence_is_told_and_then_ends_the_session() -> None:
    clock, outlet, counters, log = SimulatedClock(), Outlet(), StreamCounters(), Log()
    video = VideoAssembler(Codec.H264, H264.parameter_sets, None, clock, counters, outlet)
    lost: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    session = LiveSession("cam:554", lost, outlet, video, counters, clock, SilencePolicy(2.0, 10.0))
    session.fail = lost.set_exception
    delivering = asyncio.create_task(session.deliver(log))
    await asyncio.sleep(0)
    video.on_unit(0, True, b"key", 0)
    for _ in range(12):
        await clock.advance(1.0)
        session._tick()
    session.stop()
    assert log.silences == pytest.approx([3, 4, 5, 6, 7, 8, 9, 10])
    with pytest.raises(SilentError):
        await delivering


async def test_camera_that_begins_with_its_next_key_frame_has_not_stalled() -> None:
    clock, outlet, counters, log = SimulatedClock(), Outlet(), StreamCounters(), Log()
    video = VideoAssembler(Codec.H264, H264.parameter_sets, None, clock, counters, outlet)
    lost: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    session = LiveSession("cam:554", lost, outlet, video, counters, clock, SilencePolicy(2.0, 10.0))
    outlet.attach(log, session.format)
    for _ in range(9):
        await clock.advance(1.0)
        session._tick()
    session.stop()
    assert log.silences == []


async def test_while_this_process_stands_still_no_camera_is_silent() -> None:
    """Stopped or starved for seconds, then the timer comes before what waits in the socket is read."""
    clock, outlet, counters, log = SimulatedClock(), Outlet(), StreamCounters(), Log()
    video = VideoAssembler(Codec.H264, H264.parameter_sets, None, clock, counters, outlet)
    lost: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    session = LiveSession("cam:554", lost, outlet, video, counters, clock, SilencePolicy(2.0, 10.0))
    session.fail = lost.set_exception
    outlet.attach(log, session.format)
    video.on_unit(0, True, b"key", 0)
    for seconds in (1, 30, 1, 1, 4, 1, 1, 1, 1):
        await clock.advance(seconds)
        session._tick()
    session.stop()
    assert log.silences == pytest.approx([3, 4])
    assert not lost.done()


async def test_slow_cameras_are_given_more_time() -> None:
    clock, outlet, counters, log = SimulatedClock(), Outlet(), StreamCounters(fps=0.2), Log()
    video = VideoAssembler(Codec.H264, H264.parameter_sets, None, clock, counters, outlet)
    lost: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    session = LiveSession("cam:554", lost, outlet, video, counters, clock, SilencePolicy())
    assert outlet.format is None
    outlet.attach(log, session.format)
    for _ in range(15):
        await clock.advance(1.0)
        session._check_silence(clock.mono_ns())
    assert log.silences == []
