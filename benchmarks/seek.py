"""A random second of a recording of many days: index, read, decode; and the timeline.

`first_frame`: until the first picture (the key frame before that second) is decoded and RGB. `exact_frame`: until the
picture of exactly that second is, which takes decoding up to a whole GOP, here on one thread.

The recording is simulated: the index is a real file, filled by SQL with one-minute segments of 1080p25 at
4 Mbit/s; the files behind the segments that are read are a few real ones under many names, because 24 hours
of one camera are 43 GB. The ratios compare `--days` with one day, with the same cameras and the same day view.
The page cache of a file is dropped before each read. Both indexes are measured in turns.
"""

import os
import random
import sqlite3
import time
from contextlib import closing
from dataclasses import replace
from itertools import count
from pathlib import Path

import av

from benchmarks.common import make_clip, make_parser, percentile, say, working_folder, write_result
from vedette.adapters.sqlite_recording_catalog import SqliteRecordingCatalog
from vedette.adapters.sqlite_recording_coverage import join_all
from vedette.adapters.sqlite_recording_index import SqliteRecordingIndex
from vedette.core.footage import FragmentRef, SegmentInit, SegmentRef
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
from vedette.recording.recovery import find_files
from vedette.recording.retention import SpaceLimit
from vedette.recording.scan import scan_segment
from vedette.recording.segmenter import CutPolicy
from vedette.recording.store import SegmentStore
from vedette.recording.stream_recorder import StreamRecorder
from vedette.recording.volume import Volume, create_volume

START_NS = 1_790_000_000 * NS_PER_S
SEGMENT_S = 60
MODELS = 4
ROUNDS = 5
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
        fragments = _shifted(model.fragments, shift_ns)
        records.append(replace(model, head=head, end_ns=model.end_ns + shift_ns, fragments=fragments))
    index.commit(records, [])
    index.close()


def fill(volume: Volume, models: list[SegmentRecord], cameras: list[str], days: int) -> None:
    """Gives cameras a recording of this length in the index; every sixth hour lacks a minute and has a gap."""
    SqliteRecordingIndex(volume.index).close()
    rng = random.Random(1)
    with closing(sqlite3.connect(volume.index)) as connection:
        connection.execute("PRAGMA synchronous=OFF")
        connection.executemany("INSERT INTO streams (camera_id, role) VALUES (?, 'main')", [(c,) for c in cameras])
        known = dict(connection.execute("SELECT camera_id, stream_id FROM streams WHERE role = 'main'"))
        streams = [known[camera] for camera in cameras]
        (number,) = connection.execute("SELECT COALESCE(MAX(number), 0) FROM segments").fetchone()
        for minute in range(days * DAY_S // SEGMENT_S):
            if minute % (DAY_S // SEGMENT_S) == 0:
                connection.commit()  # a journal of one day beside the index, not of all of it
            start_ns = START_NS + minute * SEGMENT_S * NS_PER_S
            if minute % 360 == 359:
                gaps = [(stream, start_ns, start_ns + SEGMENT_S * NS_PER_S) for stream in streams]
                connection.executemany("INSERT INTO gaps VALUES (?, ?, ?, 'network', 1500)", gaps)
                continue
            model = models[minute % len(models)]
            numbers = range(number + 1, number + 1 + len(streams))
            number += len(streams)
            head, end_ns = model.head, model.end_ns + start_ns - model.head.start_ns
            rest = (head.run_id, start_ns, end_ns, minute * SEGMENT_S * TICKS_PER_S, 0)
            sizes = (head.init_size_bytes, model.size_bytes, model.frames)
            pairs = zip(numbers, streams, strict=True)
            connection.executemany(
                "INSERT INTO segments (number, segment_id, stream_id, run_id, start_ns, end_ns, start_90k,"
                " first_sequence, init_size_bytes, size_bytes, frames, is_open) VALUES (?,?,?,?,?,?,?,?,?,?,?,0)",
                [(n, make_id(start_ns, rng.randbytes(10)), s, *rest, *sizes) for n, s in pairs],
            )
            packed = _shifted(model.fragments, start_ns - head.start_ns)
            connection.executemany("INSERT INTO fragments VALUES (?, ?)", [(n, packed) for n in numbers])
        join_all(connection)
        connection.commit()


def _shifted(fragments: bytes, by_ns: int) -> bytes:
    parts = FRAGMENT_FORMAT.iter_unpack(fragments)
    return b"".join(FRAGMENT_FORMAT.pack(fields[0] + by_ns, *fields[1:]) for fields in parts)


def link_file(volume: Volume, models: list[SegmentRecord], segment: SegmentRef) -> None:
    """Puts the model's file behind a segment that will be read."""
    path = volume.segment(segment.segment_id)
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        minute = (segment.start_ns - START_NS) // (SEGMENT_S * NS_PER_S)
        path.hardlink_to(volume.segment(models[minute % len(models)].head.segment_id))


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


def seek(
    reader: FootageReader, volume: Volume, models: list[SegmentRecord], camera: str, at_ns: int
) -> tuple[float, float, float]:
    """Returns milliseconds to the bytes, to the first picture and to the exact one."""
    found = reader.find_key_fragment(camera, StreamRole.MAIN, at_ns)
    if found is None:
        raise RuntimeError("no footage")
    link_file(volume, models, found.segment)
    for part in reader.find_fragments(camera, StreamRole.MAIN, found.end_ns, at_ns + 1, 100):
        link_file(volume, models, part.segment)
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


def measure(
    volume: Volume, models: list[SegmentRecord], cameras: list[str], days: int, seconds: float, seed: int
) -> dict[str, list[float]]:
    rng = random.Random(seed)
    reader = FootageReader(lambda: [volume.root], SqliteRecordingCatalog, time.time_ns)
    result = _no_times()
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        camera, day = rng.choice(cameras), rng.randrange(days)
        second = day * DAY_S + rng.randrange(10, DAY_S - 10)
        times = seek(reader, volume, models, camera, START_NS + second * NS_PER_S)
        for name, value in zip(("read", "first", "exact"), times, strict=True):
            result[name].append(value)
        result["timeline"].append(_time_timeline(reader, camera, day, 1))
        result["whole"].append(_time_timeline(reader, camera, 0, days))
    reader.close()
    return result


def _no_times() -> dict[str, list[float]]:
    return {"read": [], "first": [], "exact": [], "timeline": [], "whole": []}


def measure_in_turns(
    sides: list[tuple[Volume, list[SegmentRecord], int]], cameras: list[str], seconds: float
) -> list[dict[str, list[float]]]:
    """Each index for `seconds` in all, a round after the other: other work on the machine meets both."""
    results = [_no_times() for _ in sides]
    for turn in range(ROUNDS):
        for result, (volume, models, days) in zip(results, sides, strict=True):
            for name, times in measure(volume, models, cameras, days, seconds / ROUNDS, turn).items():
                result[name] += times
    return results


def _time_timeline(reader: FootageReader, camera: str, first_day: int, days: int) -> float:
    from_ns = START_NS + first_day * DAY_S * NS_PER_S
    to_ns = from_ns + days * DAY_S * NS_PER_S
    started = time.perf_counter()
    reader.find_coverage(camera, StreamRole.MAIN, from_ns, to_ns, (to_ns - from_ns) // 1000)
    reader.find_gaps(camera, StreamRole.MAIN, from_ns, to_ns)
    return (time.perf_counter() - started) * 1000


def main() -> None:
    parser = make_parser(__doc__, seconds=20)
    parser.add_argument("--cameras", type=int, default=20, help="cameras in both indexes")
    parser.add_argument("--days", type=int, default=7, help="days in the large index; the small one has one")
    options = parser.parse_args()
    cameras = [make_id(number * 1_000_000, bytes(10)) for number in range(1, options.cameras + 1)]
    sides = []
    with working_folder() as folder:
        clip = make_clip(folder / "clip.mp4")
        for name, days in (("small", 1), ("large", options.days)):
            volume = create_volume(folder / name)
            models = record_models(volume, clip)
            started = time.monotonic()
            fill(volume, models, cameras, days)
            index_bytes = volume.index.stat().st_size
            say(f"{len(cameras)} x {days} d: {index_bytes / 1e6:.1f} MB in {time.monotonic() - started:.0f} s")
            sides.append((volume, models, days))
        results = measure_in_turns(sides, cameras, options.seconds)
        small, large = ({name: percentile(times, 95) for name, times in found.items()} for found in results)
        write_result(
            "seek",
            {
                "first_frame_p95_ms": large["first"],
                "timeline_p95_ms": large["timeline"],
                "growth_ratio": large["first"] / small["first"],
                "timeline_growth_ratio": large["timeline"] / small["timeline"],
                "timeline_whole_p95_ms": large["whole"],
                "first_frame_p50_ms": percentile(results[1]["first"], 50),
                "exact_frame_p95_ms": large["exact"],
                "exact_frame_p50_ms": percentile(results[1]["exact"], 50),
                "read_p95_ms": large["read"],
                "seeks": len(results[1]["read"]),
            },
            {"index_bytes": index_bytes, "cameras": options.cameras, "days": options.days},
            options.json,
        )


if __name__ == "__main__":
    main()
