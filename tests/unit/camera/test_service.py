"""One stream kept running: states once, back-off, nothing of the recorder taken for a bad camera."""

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from tests.support.media import H264, make_packets
from vedette.camera.backoff import Backoff
from vedette.camera.counters import StreamCounters
from vedette.camera.errors import RefusedError, SilentError, WrongPasswordError
from vedette.camera.ports import PacketReceiver
from vedette.camera.service import StreamService
from vedette.core.media import Packet, StreamFormat, StreamRole
from vedette.core.messages import BusMessage, StreamStateChanged
from vedette.testing.clock import JumpingClock

FRAME = make_packets(1)[0]
FORMAT = StreamFormat("run", H264)
REFUSED = RefusedError("cam:554")


class ScriptedSource:
    """Plays one list of items per connection; an exception ends it, a number of seconds is a silence."""

    def __init__(self, *connections: list[object]) -> None:
        self.counters = StreamCounters()
        self._connections = list(connections)
        self.open_count = 0

    @asynccontextmanager
    async def open(self) -> AsyncIterator["ScriptedSource"]:
        if not self._connections:
            raise asyncio.CancelledError
        self._items = self._connections.pop(0)
        self.open_count += 1
        if self._items and isinstance(self._items[0], Exception):
            raise self._items[0]
        yield self

    format = FORMAT

    async def deliver(self, receiver: PacketReceiver) -> None:
        receiver.on_format(FORMAT)
        for item in self._items:
            if isinstance(item, Exception):
                raise item
            if isinstance(item, float):
                receiver.on_silence(item)
            elif isinstance(item, Packet):
                receiver.on_packet(item)


class Log:
    """A sink and a publisher that keep everything."""

    def __init__(self, fail: Callable[[], None] = lambda: None) -> None:
        self.packets: list[Packet] = []
        self.formats: list[StreamFormat] = []
        self.states: list[StreamStateChanged] = []
        self.published: list[BusMessage] = []
        self._fail = fail

    def write_format(self, stream_format: StreamFormat) -> None:
        self.formats.append(stream_format)

    def write_packet(self, packet: Packet) -> None:
        self._fail()
        self.packets.append(packet)

    def write_state(self, state: StreamStateChanged) -> None:
        self.states.append(state)

    def publish_nowait(self, message: BusMessage) -> None:
        self.published.append(message)

    async def flush(self) -> None: ...


async def run_script(source: ScriptedSource, log: Log | None = None) -> tuple[Log, JumpingClock]:
    log, clock = log or Log(), JumpingClock()
    backoff = Backoff(jitter=0.0, rng=random.Random(1))
    service = StreamService("cam", StreamRole.MAIN, source, log, log, clock, backoff)
    with pytest.raises(asyncio.CancelledError):
        await service.run()
    return log, clock


async def test_reconnects_with_growing_backoff_and_loses_no_packet() -> None:
    source = ScriptedSource([REFUSED], [REFUSED], [FRAME, FRAME, REFUSED], [FRAME])
    log, clock = await run_script(source)
    assert log.packets == [FRAME] * 3
    assert clock.sleeps == [1.0, 2.0, 1.0, 1.0]  # a delivered packet resets it
    assert [state.state for state in log.states] == [
        "connecting", "offline", "online", "offline", "online", "offline",
    ]  # fmt: skip
    assert log.published == log.states


async def test_a_camera_that_is_off_for_long_is_told_once() -> None:
    log, clock = await run_script(ScriptedSource(*[[REFUSED]] * 12))
    assert [state.code for state in log.states] == ["", "connection_refused"]
    assert clock.sleeps[-1] == 30.0


async def test_another_reason_is_told() -> None:
    log, _ = await run_script(ScriptedSource([REFUSED], [WrongPasswordError("cam:554")]))
    assert [state.code for state in log.states] == ["", "connection_refused", "wrong_password"]
    assert log.states[-1].hint


async def test_a_wrong_password_is_not_tried_again_and_again() -> None:
    _, clock = await run_script(ScriptedSource([WrongPasswordError("cam:554")], [WrongPasswordError("cam:554")]))
    assert clock.sleeps == [30.0, 30.0]


async def test_silence_is_told_once_and_ends_with_the_next_packet() -> None:
    log, _ = await run_script(ScriptedSource([FRAME, 2.0, 3.0, FRAME, 2.5, SilentError("cam:554", 10)]))
    assert [(state.state, state.code) for state in log.states] == [
        ("connecting", ""), ("online", ""), ("stalled", "no_video"), ("online", ""), ("stalled", "no_video"),
        ("offline", "no_video"),
    ]  # fmt: skip


async def test_connecting_without_a_packet_is_no_success() -> None:
    _, clock = await run_script(ScriptedSource([], [], []))
    assert clock.sleeps == [1.0, 2.0, 4.0]


async def test_a_sink_that_cannot_store_is_not_the_cameras_fault() -> None:
    def full() -> None:
        raise OSError(28, "No space left on device")

    source = ScriptedSource([FRAME], [FRAME])
    log, clock = Log(full), JumpingClock()
    service = StreamService("cam", StreamRole.MAIN, source, log, log, clock, Backoff())
    with pytest.raises(OSError, match="No space"):
        await service.run()
    assert source.open_count == 1


def test_jitter_stays_within_its_share_and_differs() -> None:
    backoff = Backoff(rng=random.Random(7))
    delays = [backoff.delay_s(3) for _ in range(50)]
    assert all(3.2 <= delay <= 4.8 for delay in delays)
    assert len(set(delays)) > 40
    assert backoff.delay_s(10_000) <= 36.0
    assert backoff.delay_s(1, least_s=60.0) == 60.0
