"""Two days of recording in minutes: drift, retention and leaks, on a simulated clock and a real disk.

Cameras drift, lose packets, reboot and change their resolution; our wall clock steps by an hour both ways; the volume
is small, so that everything expires many times over. Every picture carries its number: what is not stored must have
been lost on purpose.
"""

import gc
import random
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.common import make_parser, say, working_folder, write_result
from vedette.adapters.sqlite_recording_catalog import SqliteRecordingCatalog
from vedette.adapters.sqlite_recording_index import SqliteRecordingIndex
from vedette.camera.assembler import VideoAssembler
from vedette.camera.counters import StreamCounters
from vedette.core.ids import make_id
from vedette.core.media import Codec, Packet, StreamFormat, StreamRole
from vedette.core.time import NS_PER_S
from vedette.media.fmp4 import parse_fragment
from vedette.recording.disk import PosixDisk
from vedette.recording.ledger import CompletenessLedger
from vedette.recording.reader import FootageReader
from vedette.recording.records import GapRecord, StreamKey
from vedette.recording.recovery import recover
from vedette.recording.retention import SpaceLimit
from vedette.recording.segmenter import CutPolicy
from vedette.recording.store import SegmentStore
from vedette.recording.store_terms import StoreJob
from vedette.recording.stream_recorder import StreamRecorder
from vedette.recording.volume import create_volume

START_NS = 1_790_000_000 * NS_PER_S
ALWAYS = (0, 1 << 62)
HOUR_NS = 3600 * NS_PER_S
FPS = 10
GOP = 20
TICKS = 90_000 // FPS
COMMIT_EVERY_S = 10
PPM = (150, -180, 40)
SETS = (
    ("6764001eacd940a02ff97011000003000100000300320f162d96", "68ebe3cb22c0"),
    ("6742c00bd90141fb011000000300100000030140f142a480", "68cb83cb20"),
)
"""640x360 and 320x240: the parameter sets of two encoders."""


class SoakClock:
    """Moves when told; the wall clock can step."""

    def __init__(self) -> None:
        self.true_ns = 0
        self.step_ns = 0

    def utc_ns(self) -> int:
        return START_NS + self.true_ns + self.step_ns

    def mono_ns(self) -> int:
        return self.true_ns

    async def sleep(self, delay_s: float) -> None:
        raise NotImplementedError("nothing sleeps in this drill")


class LazyDisk(PosixDisk):
    """Does not wait for the hardware: two days of syncs would take hours and prove nothing here."""

    def sync(self, descriptor: int) -> None: ...

    def sync_folder(self, path: Path) -> None: ...


class StoreSink:
    """Hands everything to the store at once."""

    def __init__(self, store: SegmentStore) -> None:
        self._store = store

    def submit(self, job: StoreJob) -> bool:
        self._store.append(job)
        return True

    def close_segment(self, segment_id: str) -> None:
        self._store.close_segment(segment_id)

    def submit_gap(self, gap: GapRecord) -> None:
        self._store.add_gap(gap)


@dataclass
class Camera:
    """One simulated camera and the recorder of its stream."""

    key: StreamKey
    ppm: int
    rng: random.Random
    clock: SoakClock
    recorder: StreamRecorder
    number: int = 0
    frames_sent: int = 0
    lost: set[int] = field(default_factory=set)
    never_sent: set[int] = field(default_factory=set)
    off_until_ns: int = 0
    rtp_offset: int = 0
    sets: int = 0
    worst_clock_error_ns: int = 0
    outages: list[tuple[int, int]] = field(default_factory=list)
    assembler: VideoAssembler | None = None

    def on_format(self, stream_format: StreamFormat) -> None:
        self.recorder.write_format(stream_format)

    def on_packet(self, packet: Packet) -> None:
        now_ns = self.clock.utc_ns()
        clocks = (now_ns, now_ns - HOUR_NS, now_ns + HOUR_NS)  # up to a key frame a run stays on the clock of before
        error_ns = min(abs(packet.captured_at_ns - clock) for clock in clocks)
        self.worst_clock_error_ns = max(self.worst_clock_error_ns, error_ns)
        self.recorder.write_packet(packet)

    def connect(self) -> None:
        sets = tuple(bytes.fromhex(nal) for nal in SETS[self.sets])
        self.rtp_offset = self.rng.getrandbits(32)
        self.assembler = VideoAssembler(Codec.H264, sets, None, self.clock, StreamCounters(), self)

    def send(self, at_ns: int) -> None:
        """Sends the picture that is due, or does what the moment brings."""
        if at_ns < self.off_until_ns:
            return
        if self.assembler is None:
            self.connect()
        is_key = self.number % GOP == 0
        chance = self.rng.random()
        if chance < 5e-5:
            self._go_off(at_ns)
            return
        if is_key and chance < 1e-3:
            self.sets = 1 - self.sets
            for nal in SETS[self.sets]:
                self.assembler.on_parameter_set(bytes.fromhex(nal))
        number = self.number
        self.number += 1
        self.frames_sent += 1
        if not is_key and chance > 1 - 2e-4:
            self.lost.add(number)
            return
        lost = 3 if number - 1 in self.lost else 0
        drifted = at_ns * (1_000_000 + self.ppm) // 1_000_000
        rtp = (self.rtp_offset + drifted * 9 // 100_000) & 0xFFFFFFFF
        size = 2000 if is_key else 300
        self.assembler.on_unit(rtp, is_key, number.to_bytes(8, "big") + bytes(size), lost)

    def _go_off(self, at_ns: int) -> None:
        self.off_until_ns = at_ns + self.rng.randrange(5, 120) * NS_PER_S
        self.outages.append((self.clock.utc_ns(), self.clock.utc_ns() + self.off_until_ns - at_ns))
        self.recorder.on_fault("no_answer", ends_run=True)
        self.assembler = None
        following = self.number + -self.number % GOP  # the next picture it sends is a key frame
        self.never_sent |= set(range(self.number, following))
        self.number = following


def resident_kib() -> int:
    text = Path("/proc/self/status").read_text(encoding="ascii")
    return next(int(line.split()[1]) for line in text.splitlines() if line.startswith("VmRSS:"))


def read_numbers(reader: FootageReader, key: StreamKey) -> Iterator[int]:
    for part in reader.find_fragments(key.camera_id, key.role, *ALWAYS, 10_000_000):
        data = reader.read_fragment(part)
        track = parse_fragment(data).video
        if track is None:
            continue
        at = track.offset
        for size in track.sizes_bytes:
            yield int.from_bytes(data[at : at + 8], "big")
            at += size


def run_soak(
    folder: Path, hours: float, max_bytes: int, *, step_every_s: int = 8 * 3600, seed: int = 1
) -> dict[str, float | int]:
    """Records `hours` simulated hours of three cameras; our clock steps every `step_every_s`. Returns the figures."""
    clock = SoakClock()
    rng = random.Random(seed)
    volume = create_volume(folder / "volume")
    index = SqliteRecordingIndex(volume.index)
    recover(volume, index, LazyDisk())
    store = SegmentStore(volume, index, SpaceLimit(max_bytes, 0), LazyDisk())
    cameras = [_make_camera(number, ppm, clock, store, rng) for number, ppm in enumerate(PPM)]
    seconds = round(hours * 3600)
    most_used, half = 0, (0, 0)
    for second in range(seconds):
        for tick in range(FPS):
            clock.true_ns = second * NS_PER_S + tick * NS_PER_S // FPS + NS_PER_S
            for camera in cameras:
                camera.send(clock.true_ns)
        for camera in cameras:
            camera.recorder.tick(clock.utc_ns())
        if second % COMMIT_EVERY_S == 0:
            store.commit()
            store.drain_news()
            most_used = max(most_used, store.used_bytes)
        if second and second % step_every_s == 0:
            clock.step_ns = -HOUR_NS if clock.step_ns == 0 else 0
        if second == seconds // 2:
            gc.collect()
            half = resident_kib(), len(list(Path("/proc/self/fd").iterdir()))
        if second % 14_400 == 0:
            say(f"{second / 3600:.0f} h: {store.used_bytes >> 20} MiB stored, {resident_kib() >> 10} MiB resident")
    for camera in cameras:
        camera.recorder.close()
    store.close()
    gc.collect()
    grown = resident_kib() - half[0], len(list(Path("/proc/self/fd").iterdir())) - half[1]
    return _judge(folder / "volume", cameras) | {
        "hours": hours,
        "used_over_limit_bytes": max(0, most_used - max_bytes),
        "memory_growth_mib": grown[0] / 1024,
        "descriptor_growth": grown[1],
    }


def _make_camera(number: int, ppm: int, clock: SoakClock, store: SegmentStore, rng: random.Random) -> Camera:
    key = StreamKey(make_id(number * 1_000_000, bytes(10)), StreamRole.MAIN)
    ids = random.Random(number)
    recorder = StreamRecorder(
        key,
        StoreSink(store),
        CompletenessLedger(key, None),
        lambda: make_id(clock.true_ns, ids.randbytes(10)),
        lambda _: None,
        CutPolicy(),
        number * 20 * 90_000,
    )
    return Camera(key, ppm, random.Random(rng.getrandbits(64)), clock, recorder)


def _judge(root: Path, cameras: list[Camera]) -> dict[str, float | int]:
    reader = FootageReader(lambda: [root], SqliteRecordingCatalog, lambda: ALWAYS[1])
    missing = twice = unknown = untold = stored_count = 0
    for camera in cameras:
        stored = list(read_numbers(reader, camera.key))
        have = set(stored)
        stored_count += len(have)
        twice += len(stored) - len(have)
        first = min(have)
        missing += len(set(range(first, camera.number)) - have - camera.lost - camera.never_sent)
        gaps = reader.find_gaps(camera.key.camera_id, camera.key.role, *ALWAYS)
        unknown += sum(gap.reason == "unknown" for gap in gaps)
        oldest_ns = min(run.from_ns for run in reader.find_runs(camera.key.camera_id, camera.key.role, *ALWAYS))
        untold += sum(
            start_ns > oldest_ns and not any(gap.from_ns < end_ns and gap.to_ns > start_ns for gap in gaps)
            for start_ns, end_ns in camera.outages
        )
    reader.close()
    return {
        "cameras": len(cameras),
        "frames_sent": sum(camera.frames_sent for camera in cameras),
        "frames_kept": stored_count,
        "frames_missing": missing,
        "frames_twice": twice,
        "unexplained_gaps": unknown,
        "untold_outages": untold,
        "outages": sum(len(camera.outages) for camera in cameras),
        "clock_error_max_ms": max(camera.worst_clock_error_ns for camera in cameras) / 1e6,
    }


def main() -> None:
    parser = make_parser(__doc__, seconds=0)
    parser.add_argument("--hours", type=float, default=48.0)
    parser.add_argument("--max-mib", type=int, default=400)
    options = parser.parse_args()
    with working_folder() as folder:
        figures = run_soak(folder, options.hours, options.max_mib << 20)
        shutil.rmtree(folder / "volume")
    write_result("soak", figures, {}, options.json)


if __name__ == "__main__":
    main()
