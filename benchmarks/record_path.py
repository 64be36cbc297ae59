"""What recording costs inside the process: 60 cameras' bytes through the recorder's own code, without a network.

The pictures of a clip are put into the receive buffer one after the other, as sixty connections would bring them, and
take the whole way: depacketising, times, fragments, hashing, files, index. One thread, so nothing waits for another;
processor time of the thread, so that other work on the machine hardly counts. What the kernel's network costs, and
being woken for every picture, is `benchmarks.record`.
"""

import asyncio
import resource
import statistics
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.common import make_clip, make_parser, say, working_folder, write_result
from vedette.adapters.sqlite_recording_index import SqliteRecordingIndex
from vedette.camera.assembler import VideoAssembler
from vedette.camera.counters import StreamCounters
from vedette.camera.rtsp_protocol import ReceiveBuffer, RtspProtocol
from vedette.camera.video_payload import VideoReceiver
from vedette.core.ids import make_id
from vedette.core.media import Packet, StreamFormat, StreamRole
from vedette.core.recording_plan import RecordingPlan
from vedette.core.time import NS_PER_S
from vedette.recording.disk import PosixDisk
from vedette.recording.feed_hub import FeedHub
from vedette.recording.gated_recorder import GatedRecorder
from vedette.recording.ledger import CompletenessLedger
from vedette.recording.records import GapRecord, StreamKey
from vedette.recording.retention import SpaceLimit
from vedette.recording.segment_body import make_plain_body, make_unhashed_body
from vedette.recording.segmenter import CutPolicy
from vedette.recording.store import SegmentStore
from vedette.recording.store_terms import StoreJob
from vedette.recording.stream_recorder import StreamRecorder
from vedette.recording.volume import create_volume
from vedette.testing.rtp import VIDEO_PAYLOAD_TYPE, stamp
from vedette.testing.source import SimSource, load_source

_WRITES_PER_S = 20


class SteppedClock:
    """Moves when it is told to."""

    def __init__(self) -> None:
        self.at_ns = 1_790_000_000 * NS_PER_S

    def utc_ns(self) -> int:
        return self.at_ns

    def mono_ns(self) -> int:
        return self.at_ns

    async def sleep(self, delay_s: float) -> None:
        raise NotImplementedError


class Queue:
    """Takes what the recorders hand over, as a volume's writer does."""

    def __init__(self) -> None:
        self.items: list[StoreJob | GapRecord | str] = []

    def submit(self, job: StoreJob) -> bool:
        self.items.append(job)
        return True

    def close_segment(self, segment_id: str) -> None:
        self.items.append(segment_id)

    def submit_gap(self, gap: GapRecord) -> None:
        self.items.append(gap)


class Camera:
    """One connection and its recorder."""

    def __init__(
        self,
        number: int,
        source: SimSource,
        clock: SteppedClock,
        queue: Queue | None,
        buffer: ReceiveBuffer,
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        key = StreamKey(make_id(number * 1_000_000, bytes(10)), StreamRole.MAIN)
        self.hub = FeedHub()
        self.units = 0
        self.source = source
        self._number = number
        self._sequence = number * 1000
        self._frame = number * len(source.frames) // 60
        self._ids = 0
        recorder = StreamRecorder(
            key, queue or Queue(), CompletenessLedger(key, None), self._make_id, lambda _gap: None, CutPolicy()
        )
        gated = GatedRecorder(recorder, RecordingPlan(), clock.utc_ns(), clock.mono_ns())
        self._recorder = gated if queue is not None else None
        counters = StreamCounters()
        video = source.format.video
        assembler = VideoAssembler(video.codec, video.parameter_sets, None, clock, counters, self)
        receiver = VideoReceiver(video.codec, VIDEO_PAYLOAD_TYPE, counters, assembler, "camera")
        receiver.bind(0)
        self.protocol = RtspProtocol(buffer, "camera", loop)
        self.protocol.attach({0: receiver})

    def on_format(self, stream_format: StreamFormat) -> None:
        if self._recorder is not None:
            self._recorder.write_format(stream_format)
        self.hub.write_format(stream_format)

    def on_packet(self, packet: Packet) -> None:
        self.units += 1
        if self._recorder is not None:
            self._recorder.write(packet)
            self.hub.write_packet(packet)

    def prepare_read(self) -> Callable[[], None]:
        """Puts the next picture where a read from the camera puts it; returns what the event loop calls then."""
        loops, place = divmod(self._frame, len(self.source.frames))
        frame = self.source.frames[place]
        self._frame += 1
        rtp_time = frame.pts_90k + loops * self.source.loop_90k
        data = stamp(frame.unit, 0, self._sequence, rtp_time, self._number)
        self._sequence += len(frame.unit.starts)
        self.protocol.get_buffer(-1)[: len(data)] = data
        return lambda: self.protocol.buffer_updated(len(data))

    def _make_id(self) -> str:
        self._ids += 1
        return make_id(self._ids, self._number.to_bytes(10, "big"))


def play(
    cameras: list[Camera], clock: SteppedClock, seconds: int, write: Callable[[], None], commit: Callable[[], None]
) -> dict[str, float]:
    """Plays some seconds of all cameras; returns processor time in us per picture, by stage."""
    spent = {"receive": 0, "write": 0, "commit": 0}
    steps = round(cameras[0].source.fps) * len(cameras)
    before = [camera.units for camera in cameras]

    def timed(stage: str, work: Callable[[], None]) -> None:
        began = time.thread_time_ns()
        work()
        spent[stage] += time.thread_time_ns() - began

    for _ in range(seconds):
        for step in range(steps):
            clock.at_ns += NS_PER_S // steps
            timed("receive", cameras[step % len(cameras)].prepare_read())
            if step % (steps // _WRITES_PER_S) == 0:
                timed("write", write)
        timed("commit", commit)
    pictures = sum(camera.units for camera in cameras) - sum(before)
    return {stage: used / pictures / 1000 for stage, used in spent.items()}


def measure(source: SimSource, folder: Path, cameras: int, seconds: int, kind: str) -> dict[str, float]:
    """`kind`: receive (nothing is kept), plain (recorded without hashes) or hashed."""
    clock, queue, buffer = SteppedClock(), Queue(), ReceiveBuffer()
    loop = asyncio.new_event_loop()
    volume = create_volume(folder / "volume")
    body = make_plain_body if kind == "hashed" else make_unhashed_body
    index = SqliteRecordingIndex(volume.index)
    store = SegmentStore(volume, index, SpaceLimit(0, 1 << 20), PosixDisk(), None, clock.utc_ns(), body)
    taken = None if kind == "receive" else queue
    made = [Camera(number, source, clock, taken, buffer, loop) for number in range(cameras)]

    def write() -> None:
        items, queue.items = queue.items, []
        for item in items:
            if isinstance(item, StoreJob):
                store.append(item)
            elif isinstance(item, GapRecord):
                store.add_gap(item)
            else:
                store.close_segment(item)
        store.start_writing()

    play(made, clock, 2, write, store.commit)
    spent = play(made, clock, seconds, write, store.commit)
    store.close()
    loop.close()
    return spent


def main() -> None:
    parser = make_parser(__doc__, seconds=4)
    parser.add_argument("--cameras", type=int, default=60)
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args()
    found: dict[str, list[dict[str, float]]] = {"receive": [], "plain": [], "hashed": []}
    with working_folder() as folder:
        source = load_source(make_clip(folder / "clip.mp4"))
        for _ in range(options.repeats):
            for kind, runs in found.items():
                with working_folder() as own:
                    runs.append(measure(source, own, options.cameras, int(options.seconds), kind))
                say(f"{kind}: {', '.join(f'{stage} {used:.1f}' for stage, used in runs[-1].items())} us a picture")
    figures: dict[str, float] = {}
    for kind, runs in found.items():
        for stage in runs[0] if kind != "receive" else ["receive"]:
            figures[f"{kind}_{stage}_us"] = statistics.median(run[stage] for run in runs)
    for kind in ("plain", "hashed"):
        per_picture = sum(figures[f"{kind}_{stage}_us"] for stage in ("receive", "write", "commit"))
        figures[f"{kind}_us_per_camera_second"] = per_picture * source.fps
    figures["resident_mib"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    write_result("record_path", figures, {"seconds": options.seconds}, options.json)


if __name__ == "__main__":
    main()
