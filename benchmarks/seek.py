"""A random second of a 24-hour recording: index, read, decode; and the timeline.

`first_frame`: until the first picture (the key frame before that second) is decoded and RGB. `exact_frame`: until the
picture of exactly that second is, which takes decoding up to a whole GOP, here on one thread.

The recording is simulated: the index is the real one with 24 hours of one-minute segments of 1080p25 at
4 Mbit/s, written by the recorder's own code; the files behind it are a few real segments under many names,
because 24 hours of one camera are 43 GB. The page cache of a file is dropped before each read.
"""

import os
import random
import time
from dataclasses import replace
from itertools import count
from pathlib import Path

import av

from benchmarks.common import make_clip, make_parser, percentile, say, working_folder, write_result
from vedette.adapters.sqlite_recording_catalog import SqliteRecordingCatalog
from vedette.adapters.sqlite_recording_index import SqliteRecordingIndex
from vedette.core.footage import FragmentRef, SegmentInit
from vedette.core.ids import make_id
from vedette.core.media import Packet, StreamFormat, StreamRole
from vedette.core.time import NS_PER_S, TICKS_PER_S, ticks_to_ns
from vedette.media.demux import read_clip
from vedette.media.fmp4 import parse_fragment
from vedette.media.fmp4.sample_entry import avc_decoder_record
from vedette.recording.disk import PosixDisk
from vedette.recording.ledger import CompletenessLedger
from vedette.recording.reader import FootageReader
from vedette.recording.records import FRAGMENT_FORMAT, SegmentRecord, StreamKey
from vedette.recording.recovery import find_files, scan_segment
from vedette.recording.retention import SpaceLimit
from vedette.recording.segmenter import CutPolicy
from vedette.recording.store import SegmentStore
from vedette.recording.stream_recorder import StreamRecorder
from vedette.recording.volume import Volume, create_volume

START_NS = 1_790_000_000 * NS_PER_S
SEGMENT_S = 60
MODELS = 4
DAY_S = 86_400


class DirectSink:
    """Stores at once."""

    def __init__(self, store: SegmentStore) -> None:
        self._store = store
        self.submit_gap = store.add_gap
        self.close_segment = store.close_segment

    def submit(self, job) -> bool:  # noqa: ANN001 -- StoreJob
        self._store.append(job)
        return True


def record_models(volume: Volume, clip: Path) -> list[SegmentRecord]:
    """Records a few real minutes of the clip, looped, and returns them as the index knows them."""
    content = read_clip(clip)
    index = SqliteRecordingIndex(volume.index)
    store = SegmentStore(volume, index, SpaceLimit(0, 0), PosixDisk())
    key = StreamKey(make_id(0, bytes(10)), StreamRole.MAIN)
    ids = count(1)
    recorder = StreamRecorder(
        key,
        DirectSink(store),
        CompletenessLedger(key, None),
        lambda: make_id(next(ids) * 1_000_000, os.urandom(10)),
        lambda _: None,
        CutPolicy(),
    )
    recorder.write_format(StreamFormat("run", content.format.video))
    sequence = count()
    for loop in range(MODELS * SEGMENT_S * TICKS_PER_S // content.duration_90k):
        for packet in content.video:
            recorder.write_packet(_moved(packet, loop * content.duration_90k, next(sequence)))
        store.commit()
    recorder.close()
    store.close()
    files = sorted(find_files(volume), key=lambda path: path.name)
    return [scan_segment(path).record for path in files][:MODELS]


def _moved(packet: Packet, by_90k: int, sequence: int) -> Packet:
    dts_90k = packet.dts_90k + by_90k
    at_ns = START_NS + ticks_to_ns(dts_90k)
    pts_90k = packet.pts_90k + by_90k
    return Packet(False, packet.is_key, pts_90k, dts_90k, at_ns, at_ns, 0, sequence, packet.lost_before, packet.data)


def simulate(volume: Volume, models: list[SegmentRecord], camera: str, seconds: int) -> None:
    """Gives a camera a recording of this length in the index, with the models' files behind it."""
    key = StreamKey(camera, StreamRole.MAIN)
    index = SqliteRecordingIndex(volume.index)
    rng = random.Random(camera)
    records = []
    for number in range(seconds // SEGMENT_S):
        model = models[number % len(models)]
        start_ns = START_NS + number * SEGMENT_S * NS_PER_S
        shift_ns = start_ns - model.head.start_ns
        segment_id = make_id(start_ns, rng.randbytes(10))
        path = volume.segment(segment_id)
        path.parent.mkdir(exist_ok=True)
        path.hardlink_to(volume.segment(model.head.segment_id))
        start_90k = number * SEGMENT_S * TICKS_PER_S
        head = replace(model.head, segment_id=segment_id, key=key, start_ns=start_ns, start_90k=start_90k)
        fragments = b"".join(
            FRAGMENT_FORMAT.pack(fields[0] + shift_ns, *fields[1:])
            for fields in FRAGMENT_FORMAT.iter_unpack(model.fragments)
        )
        records.append(replace(model, head=head, end_ns=model.end_ns + shift_ns, fragments=fragments))
    index.commit(records, [])
    index.close()


def drop_cache(volume: Volume, fragment: FragmentRef) -> None:
    descriptor = os.open(volume.segment(fragment.segment.segment_id), os.O_RDONLY)
    try:
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
    finally:
        os.close(descriptor)


class OneThreadDecoder:
    """Decodes a stream from its init segment on."""

    def __init__(self, init: SegmentInit) -> None:
        self._context = av.VideoCodecContext.create("h264", "r")
        self._context.extradata = avc_decoder_record(init.format.video.parameter_sets)
        self._context.thread_count = 1

    def decode(self, payloads: list[bytes]) -> av.VideoFrame:
        """Returns the last picture of these access units, as a player shows it."""
        frames = [frame for data in payloads for frame in self._context.decode(av.Packet(data))]
        frames += self._context.decode(None)
        frames[-1].to_ndarray(format="rgb24")
        return frames[-1]


def find_payloads(fragments: list[tuple[FragmentRef, bytes]], media_90k: int) -> list[bytes]:
    """The access units from the key frame up to the picture that is shown at a media time."""
    payloads = []
    for fragment, data in fragments:
        track = parse_fragment(data).video
        if track is None:
            continue
        at, time_90k = track.offset, fragment.media_90k
        for size, duration_90k in zip(track.sizes_bytes, track.durations_90k, strict=True):
            if time_90k <= media_90k:
                payloads.append(data[at : at + size])
            at, time_90k = at + size, time_90k + duration_90k
    return payloads


def seek(reader: FootageReader, volume: Volume, camera: str, at_ns: int) -> tuple[float, float, float]:
    """Returns milliseconds to the bytes, to the first picture and to the exact one."""
    found = reader.find_key_fragment(camera, StreamRole.MAIN, at_ns)
    if found is None:
        raise RuntimeError("no footage")
    drop_cache(volume, found)
    started = time.perf_counter()
    key = reader.find_key_fragment(camera, StreamRole.MAIN, at_ns)
    assert key is not None
    init = reader.read_init(key.segment)
    data = [(key, reader.read_fragment(key))]
    read_ms = (time.perf_counter() - started) * 1000
    OneThreadDecoder(init).decode(find_payloads(data, key.media_90k))
    first_ms = (time.perf_counter() - started) * 1000
    rest = reader.find_fragments(camera, StreamRole.MAIN, key.end_ns, at_ns + 1, 100)
    data += [(part, reader.read_fragment(part)) for part in rest]
    target_90k = key.media_90k + (at_ns - key.start_ns) * 9 // 100_000
    OneThreadDecoder(init).decode(find_payloads(data, target_90k))
    return read_ms, first_ms, (time.perf_counter() - started) * 1000


def measure(volume: Volume, camera: str, length_s: int, seconds: float, rng: random.Random) -> dict[str, list[float]]:
    reader = FootageReader(lambda: [volume.root], SqliteRecordingCatalog, time.time_ns)
    result: dict[str, list[float]] = {"read": [], "first": [], "exact": [], "timeline": []}
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        at_ns = START_NS + rng.randrange(10, length_s - 10) * NS_PER_S
        read_ms, first_ms, exact_ms = seek(reader, volume, camera, at_ns)
        started = time.perf_counter()
        end_ns = START_NS + length_s * NS_PER_S
        reader.find_coverage(camera, StreamRole.MAIN, START_NS, end_ns, length_s * NS_PER_S // 1000)
        reader.find_gaps(camera, StreamRole.MAIN, START_NS, end_ns)
        result["timeline"].append((time.perf_counter() - started) * 1000)
        result["read"].append(read_ms)
        result["first"].append(first_ms)
        result["exact"].append(exact_ms)
    reader.close()
    return result


def main() -> None:
    parser = make_parser(__doc__, seconds=20)
    parser.add_argument("--cameras", type=int, default=20, help="cameras beside it in the large index")
    options = parser.parse_args()
    rng = random.Random(1)
    cameras = [make_id(number * 1_000_000, bytes(10)) for number in range(1, options.cameras + 1)]
    with working_folder() as folder:
        clip = make_clip(folder / "clip.mp4")
        small, large = create_volume(folder / "small"), create_volume(folder / "large")
        for volume, names, length_s in ((small, cameras[:1], 3600), (large, cameras, DAY_S)):
            models = record_models(volume, clip)
            for camera in names:
                simulate(volume, models, camera, length_s)
            say(f"{len(names)} x {length_s / 3600:.0f} h: index {volume.index.stat().st_size / 1e6:.1f} MB")
        one_hour = measure(small, cameras[0], 3600, options.seconds / 2, rng)
        one_day = measure(large, rng.choice(cameras), DAY_S, options.seconds, rng)
        write_result(
            "seek",
            {
                "first_frame_p95_ms": percentile(one_day["first"], 95),
                "timeline_p95_ms": percentile(one_day["timeline"], 95),
                "growth_ratio": percentile(one_day["read"], 50) / percentile(one_hour["read"], 50),
                "first_frame_p50_ms": percentile(one_day["first"], 50),
                "exact_frame_p95_ms": percentile(one_day["exact"], 95),
                "exact_frame_p50_ms": percentile(one_day["exact"], 50),
                "read_p95_ms": percentile(one_day["read"], 95),
                "seeks": len(one_day["read"]),
            },
            {"index_bytes": large.index.stat().st_size, "cameras": options.cameras, "hours": 24},
            options.json,
        )


if __name__ == "__main__":
    main()
