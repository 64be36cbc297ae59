"""What masking costs: one picture, and an export with hidden parts against a copy of the same footage.

1080p at 4 Mbit/s, 25 pictures/s, noise and motion. `picture_ms` is the CPU time of decoding, filling two zones and
encoding one picture, `decode_ms` that of decoding it alone. `masked_x_realtime` is how many seconds of one camera an
export masks in a second, made by the gateway's own `FootageExportMaker` with the real jailed child (niced: on a busy
machine it waits); `masked_x_realtime_of_a_core` the same by the CPU time that child and parent took. `time_ratio` is
its time over that of a copy of the same range, made in the same run.
"""

import itertools
import os
import resource
import shutil
import statistics
import time
from pathlib import Path

from benchmarks.common import make_clip, make_parser, say, working_folder, write_result
from benchmarks.export import write_footage
from benchmarks.seek import START_NS
from vedette.adapters.sqlite_recording_catalog import SqliteRecordingCatalog
from vedette.core.geometry import Polygon
from vedette.core.ids import make_id
from vedette.core.privacy import PrivacyZone
from vedette.core.time import NS_PER_S
from vedette.media.audio_transcode import G711ToAac
from vedette.media.clip_mkv import MkvWriter
from vedette.media.decode import PacketDecoder
from vedette.media.demux import FileReader
from vedette.media.mask_codec import MaskingTranscoder
from vedette.media.mask_wire import MaskSetup
from vedette.node.exports import MASKING
from vedette.recording.reader import FootageReader
from vedette.recording.volume import Volume
from vedette.streaming.export_job import ExportCamera, ExportFormat, ExportOrder
from vedette.streaming.export_maker import FootageExportMaker
from vedette.streaming.mask_worker import MaskNursery
from vedette.streaming.stream_choice import StreamChoice

ZONES = (
    PrivacyZone("1", "Window", Polygon(((0.1, 0.1), (0.4, 0.12), (0.38, 0.5), (0.12, 0.45)))),
    PrivacyZone("2", "Door", Polygon(((0.7, 0.3), (0.9, 0.3), (0.9, 0.9), (0.7, 0.9)))),
)
MOST_PICTURES = 250


def time_pictures(clip: Path) -> tuple[float, float]:
    """CPU milliseconds per picture: decoding alone; decoding, filling and encoding."""
    with FileReader(clip, "run", START_NS) as reader:
        video, packets = reader.format.video, list(itertools.islice(reader.packets(), MOST_PICTURES))
    decoder = PacketDecoder(video)
    began = time.process_time()
    for packet in packets:
        decoder.decode(packet.data, packet.pts_90k, is_key=packet.is_key)
    decoded = time.process_time()
    masks = [list(zone.polygon.points) for zone in ZONES]
    setup = MaskSetup(video.codec.value, video.width, video.height, list(video.parameter_sets), masks)
    transcoder = MaskingTranscoder(setup)
    count = 0
    for packet in packets:
        reply = transcoder.push(packet.pts_90k, packet.data, is_key=packet.is_key, decode_only=False)
        count += len(reply.pictures)
    ended = time.process_time()
    assert count == len(packets)
    return (decoded - began) / count * 1e3, (ended - decoded) / count * 1e3


def make_order(camera: ExportCamera, seconds: float, zones: tuple[PrivacyZone, ...]) -> ExportOrder:
    """An order for one camera, in whose middle nothing is missing."""
    from_ns = START_NS + 5 * NS_PER_S
    return ExportOrder(
        export_id=make_id(START_NS, bytes(10)),
        cameras=(ExportCamera(camera.camera_id, camera.name, camera.role, zones),),
        from_ns=from_ns,
        to_ns=from_ns + round(seconds * NS_PER_S),
        format=ExportFormat.MP4,
        stream=StreamChoice.MAIN,
        is_bundle=False,
        purpose="benchmark",
        user_id="",
        user_name="benchmark",
        created_ns=START_NS,
    )


def read_cpu_s() -> float:
    """CPU time of this process and of its children that have ended."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def time_export(volume: Volume, order: ExportOrder, out: Path) -> tuple[float, float, int]:
    """Seconds, CPU seconds and bytes of one export."""
    os.sync()  # what the run before left unwritten is not this run's
    out.mkdir()
    reader = FootageReader(lambda: [volume.root], SqliteRecordingCatalog, time.time_ns)
    started, before_s = time.perf_counter(), read_cpu_s()
    maker = FootageExportMaker(reader, G711ToAac, MkvWriter, MaskNursery(MASKING).open)
    (file,) = maker.make(order, out, lambda _: None).files
    took_s, cpu_s = time.perf_counter() - started, read_cpu_s() - before_s
    reader.close()
    shutil.rmtree(out)
    return took_s, cpu_s, file.size_bytes


def main() -> None:
    parser = make_parser(__doc__, seconds=60)
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args()
    with working_folder() as folder:
        pictures_ms = [time_pictures(make_clip(folder / "pictures.mp4")) for _ in range(options.repeats)]
        for decode_ms, picture_ms in pictures_ms:
            say(f"picture: {picture_ms:.1f} ms of CPU, {decode_ms:.1f} ms of it decoding")
        volume, (camera,) = write_footage(folder, 1, round(options.seconds) + 60)
        masked_s, masked_cpu_s, copy_s, sizes = [], [], [], (0, 0)
        for number in range(options.repeats):
            copied = time_export(volume, make_order(camera, options.seconds, ()), folder / "copy")
            masked = time_export(volume, make_order(camera, options.seconds, ZONES), folder / "masked")
            copy_s.append(copied[0])
            masked_s.append(masked[0])
            masked_cpu_s.append(masked[1])
            sizes = (copied[2], masked[2])
            say(f"run {number + 1}: copy {copied[0]:.2f} s, masked {masked[0]:.1f} s, {masked[1]:.1f} s of CPU")
        write_result(
            "mask",
            {
                "picture_ms": statistics.median(picture_ms for _, picture_ms in pictures_ms),
                "decode_ms": statistics.median(decode_ms for decode_ms, _ in pictures_ms),
                "masked_x_realtime": options.seconds / statistics.median(masked_s),
                "copy_x_realtime": options.seconds / statistics.median(copy_s),
                "time_ratio": statistics.median(m / c for m, c in zip(masked_s, copy_s, strict=True)),
                "masked_x_realtime_of_a_core": options.seconds / statistics.median(masked_cpu_s),
                "size_ratio": sizes[1] / sizes[0],
                "seconds": options.seconds,
            },
            {
                "masked_s": masked_s,
                "masked_cpu_s": masked_cpu_s,
                "copy_s": copy_s,
                "pictures_ms": pictures_ms,
                "masking": str(MASKING),
            },
            options.json,
        )


if __name__ == "__main__":
    main()
