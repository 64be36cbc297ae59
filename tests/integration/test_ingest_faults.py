"""A camera that misbehaves: what the stream's state says, and what reaches the recorder."""

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from tests.support.cameras import LIMIT_S, make_source, serve, take, videos, write_clip
from vedette.camera.backoff import Backoff
from vedette.camera.live_session import SilencePolicy
from vedette.camera.rtsp_protocol import ReceiveBuffer
from vedette.camera.rtsp_source import RtspSettings, RtspSource
from vedette.camera.rtsp_url import parse_rtsp_url
from vedette.camera.service import StreamService
from vedette.core.media import Codec, Packet, StreamFormat, StreamRole
from vedette.core.messages import BusMessage, StreamStateChanged
from vedette.runtime.clock import SystemClock
from vedette.testing.faults import Fault, FaultKind
from vedette.testing.rtp import read_frame_number
from vedette.testing.rtsp_session import ConnectionOptions, KeepAlive
from vedette.testing.sim_server import ServerOptions, SimServer
from vedette.testing.source import SourceOptions

FAST = SilencePolicy(stall_s=1.0, lost_s=2.5)
PATIENT = SilencePolicy(stall_s=60.0, lost_s=120.0)
"""Where silence is not what is tested: a busy machine pauses too."""
NUMBERED = SourceOptions(number_frames=True)


class Recorder:
    """A sink that keeps everything and can be waited on."""

    def __init__(self) -> None:
        self.packets: list[Packet] = []
        self.formats: list[StreamFormat] = []
        self.starts: list[int] = []
        """Index of the first packet of each format."""
        self.states: list[StreamStateChanged] = []
        self._changed = asyncio.Event()

    def write_format(self, stream_format: StreamFormat) -> None:
        self.formats.append(stream_format)
        self.starts.append(len(self.packets))
        self._changed.set()

    def write_packet(self, packet: Packet) -> None:
        self.packets.append(packet)
        self._changed.set()

    def write_state(self, state: StreamStateChanged) -> None:
        self.states.append(state)
        self._changed.set()

    def publish_nowait(self, message: BusMessage) -> None: ...

    async def flush(self) -> None: ...

    async def until(self, is_so: Callable[[], bool]) -> None:
        async with asyncio.timeout(LIMIT_S):
            while not is_so():
                self._changed.clear()
                await self._changed.wait()

    def seen(self) -> list[str]:
        return [f"{state.state}:{state.code}" for state in self.states]


@asynccontextmanager
async def recording(server: SimServer, silence: SilencePolicy = PATIENT) -> AsyncIterator[Recorder]:
    recorder, clock = Recorder(), SystemClock()
    source = RtspSource(RtspSettings(parse_rtsp_url(server.urls[0])[0], silence=silence), ReceiveBuffer(), clock)
    backoff = Backoff(first_s=0.05, most_s=0.2, rng=random.Random(1))
    service = StreamService("cam", StreamRole.MAIN, source, recorder, recorder, clock, backoff)
    running = asyncio.create_task(service.run())
    try:
        yield recorder
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def test_a_disconnect_is_told_and_the_stream_comes_back_as_a_new_run(tmp_path: Path) -> None:
    async with serve(write_clip(tmp_path)) as server, recording(server) as recorder:
        await recorder.until(lambda: len(recorder.packets) > 5)
        await server.apply(Fault(FaultKind.DISCONNECT))
        await recorder.until(lambda: recorder.seen()[-1] == "online:" and len(recorder.formats) >= 2)
        await recorder.until(lambda: len(recorder.packets) > recorder.starts[1] + 3)
    assert recorder.seen() == ["connecting:", "online:", "offline:closed_by_camera", "online:"]
    assert recorder.formats[0].run_id != recorder.formats[1].run_id
    assert [packet.sequence for packet in recorder.packets[recorder.starts[1] :]][:4] == [0, 1, 2, 3]


async def test_a_silent_camera_stalls_then_is_connected_anew(tmp_path: Path) -> None:
    async with serve(write_clip(tmp_path)) as server, recording(server, FAST) as recorder:
        await recorder.until(lambda: len(recorder.packets) > 5)
        await server.apply(Fault(FaultKind.STALL))
        await recorder.until(lambda: "offline:no_video" in recorder.seen())
        await server.clear()
        await recorder.until(lambda: recorder.seen()[-1] == "online:")
    assert recorder.seen()[1:4] == ["online:", "stalled:no_video", "offline:no_video"]


async def test_a_timestamp_jump_costs_no_frame(tmp_path: Path) -> None:
    async with serve(write_clip(tmp_path)) as server, recording(server) as recorder:
        await recorder.until(lambda: len(recorder.packets) > 10)
        await server.apply(Fault(FaultKind.TIMESTAMP_JUMP, 3600.0))
        await recorder.until(lambda: len(recorder.formats) >= 2)
        count = len(recorder.packets)
        await recorder.until(lambda: len(recorder.packets) > count + 10)
    numbers = [read_frame_number(packet.data) for packet in recorder.packets]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    assert recorder.seen() == ["connecting:", "online:"]


async def test_change_of_resolution_is_a_new_format_at_a_key_frame(tmp_path: Path) -> None:
    small, large = write_clip(tmp_path), write_clip(tmp_path, width=640, height=360)
    async with serve(small) as server, recording(server) as recorder:
        await recorder.until(lambda: len(recorder.packets) > 5)
        await server.apply(Fault(FaultKind.SOURCE, file=large))
        await recorder.until(lambda: len(recorder.formats) >= 2)
        await recorder.until(lambda: len(recorder.packets) > recorder.starts[1] + 5)
    assert [(item.video.width, item.video.height) for item in recorder.formats] == [(320, 180), (640, 360)]
    first = recorder.packets[recorder.starts[1]]
    assert first.is_key
    assert (first.pts_90k, first.sequence) == (0, 0)


async def test_garbage_between_packets_is_survived_or_reconnected(tmp_path: Path) -> None:
    async with serve(write_clip(tmp_path)) as server, recording(server) as recorder:
        await recorder.until(lambda: len(recorder.packets) > 5)
        await server.apply(Fault(FaultKind.GARBAGE, 3000))
        count = len(recorder.packets)
        await recorder.until(lambda: len(recorder.packets) > count + 30)
    assert recorder.seen()[-1] == "online:"


async def test_damaged_payloads_do_not_end_the_stream(tmp_path: Path) -> None:
    async with serve(write_clip(tmp_path)) as server, recording(server) as recorder:
        await recorder.until(lambda: len(recorder.packets) > 5)
        await server.apply(Fault(FaultKind.CORRUPT, 0.3))
        count = len(recorder.packets)
        await recorder.until(lambda: len(recorder.packets) > count + 40)
    assert set(recorder.seen()) <= {"connecting:", "online:"}


async def test_keep_alive_holds_a_strict_session_open(tmp_path: Path) -> None:
    strict = ConnectionOptions(session_timeout_s=4.0, keep_alive=KeepAlive.REQUESTS)
    options = ServerOptions(connection=strict, source=NUMBERED)
    async with (
        serve(write_clip(tmp_path), options=options) as server,
        make_source(server.urls[0]).open() as session,
    ):
        assert len(videos(await take(session, 25 * 9))) == 25 * 9  # more than twice the timeout


async def test_the_codec_of_a_new_description_is_taken(tmp_path: Path) -> None:
    async with serve(write_clip(tmp_path)) as server, make_source(server.urls[0]).open() as session:
        assert session.format.video.codec is Codec.H264
        assert session.format.video.codec_string.startswith("avc1.")
