"""What encryption at rest costs: CPU of recording 60 cameras at 4 Mbit/s encrypted against in the clear, in turns.

`recorder_ratio`: the recorder's process, with real cameras from the simulator; the median of pairs that alternate which
side is first. `added_percent`: of one core, from the writer alone (hash, encrypt, write, index; no cameras), which a
loaded machine disturbs less. `read_ratio`: CPU of reading all of it back.
"""

import statistics
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from benchmarks.common import TICKS_PER_S, cpu_ticks, make_clip, make_parser, say, working_folder, write_result
from benchmarks.recorder import ALWAYS, RecorderUnderTest, read_status
from benchmarks.simulate import Simulation
from vedette.adapters.sqlite_recording_catalog import SqliteRecordingCatalog
from vedette.adapters.sqlite_recording_index import SqliteRecordingIndex
from vedette.core.ids import make_id
from vedette.core.media import Codec, Packet, StreamFormat, StreamRole, VideoFormat
from vedette.core.time import NS_PER_S
from vedette.core.time import TICKS_PER_S as MEDIA_TICKS_PER_S
from vedette.media.fmp4 import TrackFragment, make_fragment, make_init
from vedette.recording.archive_keys import ArchiveKeyRing, make_keys_ahead
from vedette.recording.disk import PosixDisk
from vedette.recording.reader import FootageReader
from vedette.recording.records import FragmentEntry, SegmentHead, StreamKey
from vedette.recording.retention import SpaceLimit
from vedette.recording.segment_body import BodyMaker, make_plain_body
from vedette.recording.segment_encryptor import SegmentEncryptor
from vedette.recording.stamp import make_stamp
from vedette.recording.store import SegmentStore
from vedette.recording.store_terms import StoreJob
from vedette.recording.volume import create_volume

START_NS = 1_795_000_000 * NS_PER_S
FRAGMENT_BYTES = 500_000
FRAMES = 25
WARM_UP_S = 8.0
VIDEO = VideoFormat(
    Codec.H264,
    1920,
    1080,
    (bytes.fromhex("6764001eacd940a02ff97011000003000100000300320f162d96"), bytes.fromhex("68ebe3cb22c0")),
    "avc1.64001e",
)


def make_job(camera: int, second: int, data: bytes) -> StoreJob:
    """One second of one camera."""
    at_ns = START_NS + second * NS_PER_S
    key = StreamKey(make_id(camera * 1_000_000, bytes(10)), StreamRole.MAIN)
    segment = make_id((camera + 1) * 1_000_000, (second // 60).to_bytes(10, "big"))
    head = SegmentHead(segment, key, "run", at_ns, 0, second * FRAMES, 0)
    step, size = MEDIA_TICKS_PER_S // FRAMES, FRAGMENT_BYTES // FRAMES
    packets = [
        Packet(False, n == 0, n * step, n * step, at_ns, at_ns, 0, n, 0, data[n * size : (n + 1) * size])
        for n in range(FRAMES)
    ]
    buffers = make_fragment(second * FRAMES + 1, [TrackFragment(packets, MEDIA_TICKS_PER_S)], 0, at_ns)
    entry = FragmentEntry(
        at_ns, at_ns + NS_PER_S, 0, MEDIA_TICKS_PER_S, sum(map(len, buffers)), FRAMES, len(packets[0].data)
    )
    return StoreJob(head, entry, make_init(StreamFormat("run", VIDEO), make_stamp(head)), buffers)


def measure_writer(folder: Path, make_body: BodyMaker, cameras: int, seconds: int) -> float:
    """CPU of the writer in percent of one core, were this recorded in real time."""
    volume = create_volume(folder / "volume")
    store = SegmentStore(volume, SqliteRecordingIndex(volume.index), SpaceLimit(0, 0), PosixDisk(), make_body=make_body)
    data, used_s = bytes(range(256)) * (FRAGMENT_BYTES // 256 + 1), 0.0
    for second in range(seconds):
        jobs = [make_job(camera, second, data) for camera in range(cameras)]
        before = time.process_time()
        for job in jobs:
            store.append(job)
        store.start_writing()
        store.commit()
        used_s += time.process_time() - before
    store.close()
    return used_s / seconds * 100


def measure_reader(folder: Path, cameras: int) -> float:
    """CPU seconds of reading everything back."""
    keys = ArchiveKeyRing(folder / "archive")
    with closing(FootageReader(lambda: [folder / "volume"], SqliteRecordingCatalog, lambda: ALWAYS[1], keys)) as reader:
        before = time.process_time()
        for camera in range(cameras):
            camera_id = make_id(camera * 1_000_000, bytes(10))
            for part in reader.find_fragments(camera_id, StreamRole.MAIN, *ALWAYS, 100_000):
                reader.read_fragment(part)
        return time.process_time() - before


def in_turns(repeats: int, run: Callable[[bool], float]) -> dict[bool, list[float]]:
    found: dict[bool, list[float]] = {True: [], False: []}
    for repeat in range(repeats):
        for is_encrypted in (True, False) if repeat % 2 else (False, True):
            found[is_encrypted].append(run(is_encrypted))
            say(f"{'encrypted' if is_encrypted else 'in the clear'}: {found[is_encrypted][-1]:.2f}")
    return found


def measure_recorder(clip: Path, cameras: int, seconds: float, *, is_encrypted: bool) -> float:
    """CPU of the recorder's process, in percent of one core."""
    with working_folder() as folder, Simulation(clip, cameras) as simulation:
        data, settings = folder / "d", folder / "settings.yaml"
        data.mkdir()
        make_keys_ahead(data / "keys" / "archive", data / "keys" / "archive-public", time.time_ns(), days=1)
        settings.write_text(f"encrypt: {'at_rest' if is_encrypted else 'off'}\n".replace(" off", ' "off"'))
        recorder = RecorderUnderTest(data, simulation.urls)
        recorder.start("--config", str(settings))
        try:
            recorder.wait_stored(1)
            time.sleep(WARM_UP_S)
            before, started = cpu_ticks([recorder.pid]), time.monotonic()
            time.sleep(seconds)
            percent = (cpu_ticks([recorder.pid]) - before) / TICKS_PER_S / (time.monotonic() - started) * 100
            check_stored(data, cameras, is_encrypted=is_encrypted)
            return percent
        finally:
            recorder.kill()


def check_stored(data: Path, cameras: int, *, is_encrypted: bool) -> None:
    """Was it what was to be measured? Raises RuntimeError."""
    files = list((data / "volumes" / "main" / "segments").glob("*/*.mp4"))
    kinds = {file.open("rb").read(6) == b"VDTSEG" for file in files}
    if kinds != {is_encrypted}:
        raise RuntimeError(f"stored encrypted: {kinds}, wanted: {is_encrypted}")
    spans = [stream["bitrate_bps"] / 1e6 for camera in read_status(data)["cameras"] for stream in camera["streams"]]
    say(f"{len(files)} files of {cameras} cameras, {statistics.median(spans):.2f} Mbit/s each")


def main() -> None:
    parser = make_parser(__doc__, seconds=60)
    parser.add_argument("--cameras", type=int, default=60)
    parser.add_argument("--repeats", type=int, default=4)
    options = parser.parse_args()
    reads: dict[bool, list[float]] = {True: [], False: []}

    def run_writer(is_encrypted: bool) -> float:  # noqa: FBT001 -- one of two sides
        with working_folder() as folder:
            make_keys_ahead(folder / "archive", folder / "public", START_NS, days=1)
            make_body = SegmentEncryptor(folder / "public").make_body if is_encrypted else make_plain_body
            percent = measure_writer(folder, make_body, options.cameras, 20)
            reads[is_encrypted].append(measure_reader(folder, options.cameras))
            return percent

    writer = in_turns(options.repeats, run_writer)
    with working_folder() as folder:
        clip = make_clip(folder / "clip.mp4")
        recorder = in_turns(
            options.repeats,
            lambda is_encrypted: measure_recorder(clip, options.cameras, options.seconds, is_encrypted=is_encrypted),
        )
    ratios = [one / two for one, two in zip(recorder[True], recorder[False], strict=True)]
    write_result(
        "encrypt",
        {
            "recorder_ratio": statistics.median(ratios),
            "recorder_percent": statistics.median(recorder[True]),
            "recorder_plain_percent": statistics.median(recorder[False]),
            "writer_percent": statistics.median(writer[True]),
            "writer_plain_percent": statistics.median(writer[False]),
            "added_percent": statistics.median(writer[True]) - statistics.median(writer[False]),
            "read_ratio": statistics.median(reads[True]) / statistics.median(reads[False]),
            "cameras": options.cameras,
        },
        {"seconds": options.seconds, "recorder_ratios": ratios, "writer": writer[True], "writer_plain": writer[False]},
        options.json,
    )


if __name__ == "__main__":
    main()
