"""How long an export takes: four cameras, ten minutes each of 1080p at 4 Mbit/s, in one job, hashes and all.

`export_s` is wall time from the order to finished files, as the gateway's export job makes them (`FootageExportMaker`
on the real store's files and index). The footage is written by the recorder's own code before; it is in the page
cache, as footage of the last minutes is; `--cold` drops it before each run. The share of disk writing that the
system puts off (dirty pages) is not in it: exports are not synced.
"""

import os
import random
import shutil
import statistics
import time
from pathlib import Path

from benchmarks.common import make_clip, make_parser, say, working_folder, write_result
from benchmarks.seek import START_NS, record_models, simulate
from vedette.adapters.sqlite_recording_catalog import SqliteRecordingCatalog
from vedette.core.ids import make_id
from vedette.core.media import StreamRole
from vedette.core.time import NS_PER_S
from vedette.media.audio_transcode import G711ToAac
from vedette.media.clip_mkv import MkvWriter
from vedette.recording.reader import FootageReader
from vedette.recording.volume import Volume, create_volume
from vedette.streaming.export_job import ExportCamera, ExportFormat, ExportOrder
from vedette.streaming.export_maker import FootageExportMaker
from vedette.streaming.mask_worker import MaskNursery
from vedette.streaming.stream_choice import StreamChoice


def write_footage(folder: Path, cameras: int, seconds: int) -> tuple[Volume, tuple[ExportCamera, ...]]:
    """Gives every camera files of its own: hard links would be read once and copied four times from the cache."""
    volume = create_volume(folder / "volume")
    models = record_models(volume, make_clip(folder / "clip.mp4"))
    chosen = []
    for number in range(cameras):
        camera = ExportCamera(make_id((number + 1) * 1_000_000, bytes(10)), f"Camera {number + 1}", StreamRole.MAIN)
        simulate(volume, models, camera.camera_id, seconds)
        chosen.append(camera)
    for path in (volume.root / "segments").rglob("*.mp4"):
        if path.stat().st_nlink > 1:
            draft = path.with_suffix(".copy")
            shutil.copyfile(path, draft)
            draft.replace(path)
    return volume, tuple(chosen)


def drop_caches(volume: Volume) -> None:
    os.sync()
    for path in (volume.root / "segments").rglob("*.mp4"):
        with path.open("rb") as file:
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def main() -> None:
    parser = make_parser(__doc__, seconds=600)
    parser.add_argument("--cameras", type=int, default=4)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--format", choices=[each.value for each in ExportFormat], default="mp4")
    parser.add_argument("--cold", action="store_true", help="footage is read from the disk, not from memory")
    options = parser.parse_args()
    rng = random.Random(1)
    with working_folder() as folder:
        volume, cameras = write_footage(folder, options.cameras, round(options.seconds) + 60)
        from_ns = START_NS + rng.randrange(NS_PER_S, 30 * NS_PER_S)
        order = ExportOrder(
            export_id=make_id(START_NS, bytes(10)),
            cameras=cameras,
            from_ns=from_ns,
            to_ns=from_ns + round(options.seconds * NS_PER_S),
            format=ExportFormat(options.format),
            stream=StreamChoice.MAIN,
            is_bundle=False,
            purpose="benchmark",
            user_id="",
            user_name="benchmark",
            created_ns=START_NS,
        )
        runs_s, cpu_s, size_bytes = [], [], 0
        for number in range(options.repeats):
            os.sync()  # what the run before left unwritten is not this run's
            if options.cold:
                drop_caches(volume)
            out = folder / f"out{number}"
            out.mkdir()
            started, worked = time.perf_counter(), time.process_time()
            reader = FootageReader(lambda: [volume.root], SqliteRecordingCatalog, time.time_ns)
            outcome = FootageExportMaker(reader, G711ToAac, MkvWriter, MaskNursery().open).make(
                order, out, lambda _: None
            )
            reader.close()
            runs_s.append(time.perf_counter() - started)
            cpu_s.append(time.process_time() - worked)
            size_bytes = sum(file.size_bytes for file in outcome.files)
            figures = f"{runs_s[-1]:.2f} s, {cpu_s[-1]:.2f} s of CPU, {size_bytes / 1e6:.0f} MB"
            say(f"run {number + 1}: {figures} in {len(outcome.files)} files")
            shutil.rmtree(out)
        write_result(
            "export",
            {
                "export_s": statistics.median(runs_s),
                "cameras": options.cameras,
                "minutes": options.seconds / 60,
                "size_bytes": size_bytes,
                "cpu_s": statistics.median(cpu_s),
                "export_max_s": max(runs_s),
                "export_min_s": min(runs_s),
            },
            {"runs_s": runs_s, "cpu_s": cpu_s, "format": options.format, "cold": options.cold},
            options.json,
        )


if __name__ == "__main__":
    main()
