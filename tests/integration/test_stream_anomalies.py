"""A simulated camera with each fault, through the recorder's own stream: the fact that comes onto the bus.

In real time: what is judged is how packets arrive. The window of drift needs minutes and is judged in the unit test.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.support.cameras import make_source, serve, write_clip
from vedette.camera.counters import CameraReport
from vedette.core.assignment import StreamSource
from vedette.core.media import StreamRole
from vedette.core.messages import BusMessage, StreamAnomalyObserved
from vedette.node.recorder_streams import RecorderStream, StreamTerms
from vedette.runtime.clock import SystemClock
from vedette.testing.faults import Fault, FaultKind
from vedette.testing.sim_server import ServerOptions

LIMIT_S = 40.0


class Bus:
    """Keeps the anomalies and can be waited on."""

    def __init__(self) -> None:
        self.anomalies: list[StreamAnomalyObserved] = []
        self.reports: list[CameraReport | None] = []  # what each tick judged, without repetition
        self._changed = asyncio.Event()

    def publish_nowait(self, message: BusMessage) -> None:
        if isinstance(message, StreamAnomalyObserved):
            self.anomalies.append(message)
        self._changed.set()

    async def flush(self) -> None: ...

    def kinds(self) -> list[str]:
        return [each.kind for each in self.anomalies]

    async def until(self, kind: str, limit_s: float = LIMIT_S) -> StreamAnomalyObserved:
        async with asyncio.timeout(limit_s):
            while kind not in self.kinds():
                self._changed.clear()
                await self._changed.wait()
        return next(each for each in self.anomalies if each.kind == kind)


@asynccontextmanager
async def watched(url: str, transport: str = "auto") -> AsyncIterator[tuple[Bus, RecorderStream]]:
    """A stream as the recorder runs it, ticking once a second."""
    bus, clock = Bus(), SystemClock()
    source = StreamSource(StreamRole.MAIN, url, record=True, transport=transport)
    stream = RecorderStream(StreamTerms("cam", source, ""), lambda _terms: make_source(url, transport), bus, clock)

    async def tick() -> None:
        while True:
            await clock.sleep(1.0)
            report = stream.counters.report if stream.counters is not None else None
            if report not in bus.reports:
                bus.reports.append(report)
            stream.tick()

    tasks = [asyncio.create_task(stream.run()), asyncio.create_task(tick())]
    try:
        yield bus, stream
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def counted(stream: RecorderStream, is_so: Callable[[], bool]) -> None:
    async with asyncio.timeout(LIMIT_S):
        while stream.counters is None or not is_so():
            await SystemClock().sleep(0.1)


def quick_reports() -> ServerOptions:
    return ServerOptions(report_interval_s=1.0)


@pytest.mark.parametrize("transport", ["tcp", "udp"])
async def test_loss_is_counted_and_told(tmp_path: Path, transport: str) -> None:
    async with serve(write_clip(tmp_path)) as server, watched(server.urls[0], transport) as (bus, stream):
        await counted(stream, lambda: stream.counters.units > 25)
        await server.apply(Fault(FaultKind.LOSS, 0.1))
        told = await bus.until("packet_loss")
        assert told.value > 0.01
        await server.clear()
        await bus.until("-packet_loss")
    assert bus.kinds() == ["packet_loss", "-packet_loss"]


@pytest.mark.parametrize("transport", ["tcp", "udp"])
async def test_duplicates_are_counted_and_are_no_loss(tmp_path: Path, transport: str) -> None:
    async with serve(write_clip(tmp_path)) as server, watched(server.urls[0], transport) as (bus, stream):
        await counted(stream, lambda: stream.counters.units > 5)
        await server.apply(Fault(FaultKind.DUPLICATE, 0.5))
        await counted(stream, lambda: stream.counters.duplicates >= 20)
        assert stream.counters.lost == 0
    assert bus.kinds() == []


async def test_reordering_over_udp_is_counted_and_is_no_loss(tmp_path: Path) -> None:
    """Over TCP packets cannot overtake each other: there a swap is a camera's fault and counts as loss."""
    async with serve(write_clip(tmp_path)) as server, watched(server.urls[0], "udp") as (bus, stream):
        await counted(stream, lambda: stream.counters.units > 5)
        await server.apply(Fault(FaultKind.REORDER, 0.5))
        await counted(stream, lambda: stream.counters.reordered >= 5)
        assert stream.counters.lost == 0
    assert bus.kinds() == []


async def test_five_seconds_of_path_delay_are_told_within_ten(tmp_path: Path) -> None:
    async with (
        serve(write_clip(tmp_path), options=quick_reports()) as server,
        watched(server.urls[0]) as (bus, stream),
    ):
        await counted(stream, lambda: stream.counters.units > 75)
        await server.apply(Fault(FaultKind.DELAY, 5.0))
        told = await bus.until("delay", limit_s=10.0)
        assert 4.5 < told.value < 6.0
        await server.clear()
        await bus.until("-delay")
    assert bus.kinds() == ["delay", "-delay"]


async def test_a_camera_clock_that_steps_is_told_as_step_and_offset(tmp_path: Path) -> None:
    async with (
        serve(write_clip(tmp_path), options=quick_reports()) as server,
        watched(server.urls[0]) as (bus, stream),
    ):
        # The first report alone proves nothing (it may have come late): two that agree are the clock that steps.
        await counted(stream, lambda: len(bus.reports) > 4)
        await server.apply(Fault(FaultKind.WRONG_NTP, -60.0))
        told = await bus.until("clock_offset")
        assert -61.0 < told.value < -59.0
    assert bus.kinds() == ["clock_step", "clock_offset"]


async def test_a_jump_of_rtp_time_is_told_as_step(tmp_path: Path) -> None:
    async with serve(write_clip(tmp_path)) as server, watched(server.urls[0]) as (bus, stream):
        await counted(stream, lambda: stream.counters.units > 50)
        await server.apply(Fault(FaultKind.TIMESTAMP_JUMP, 3600.0))
        told = await bus.until("clock_step")
        assert 3599.0 < told.value < 3601.0


async def test_another_resolution_is_told_with_old_and_new(tmp_path: Path) -> None:
    small, large = write_clip(tmp_path), write_clip(tmp_path, width=640, height=360)
    async with serve(small) as server, watched(server.urls[0]) as (bus, stream):
        await counted(stream, lambda: stream.counters.units > 40)
        await server.apply(Fault(FaultKind.SOURCE, file=large))
        told = await bus.until("format_changed")
    assert told.detail == "video changed from h264 320x180 to h264 640x360"
