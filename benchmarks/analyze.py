"""Analysed pictures a second through the jailed workers, beside a plain loop; and file analysis against real time.

Ours is the analyzer's own path: packets to workers (one per processor), decode, motion, gate, the installed
detector, checked results, tracking in this process. The plain loop is what one writes first: OpenCV's VideoCapture,
resize, and the same model file on OpenVINO with its default options on all processors; no jail, no tracking, every
picture inferred. Each side runs the same clip for the same time, interleaved, three times; medians.
`gate_share` says how many pictures the gate let through to the model on this clip.
"""

import asyncio
import os
import statistics
import tempfile
import time
from pathlib import Path

import cv2
import numpy as np
import openvino as ov

from benchmarks.common import make_clip, make_parser, say, working_folder, write_result
from vedette.adapters.model_download import fetch_from_mirror, install_model
from vedette.media.demux import Clip, read_clip
from vedette.node.analyzer_pool import choose_model
from vedette.node.file_analysis import FilePlan
from vedette.node.file_batch import FileBatch
from vedette.runtime.clock import SystemClock
from vedette.runtime.worker import WorkerCommand, WorkerNursery
from vedette.vision import wire
from vedette.vision.models.registry import ModelRegistry
from vedette.vision.track.tracker import Tracker
from vedette.vision.wire import Kind
from vedette.vision.worker_link import WorkerLink

REPEATS = 3
STREAMS_PER_WORKER = 4


async def play_stream(link: WorkerLink, number: int, clip: Clip, detector: str, until: float) -> tuple[int, int]:
    """Pushes the clip again and again. Gives analysed and inferred pictures."""
    await link.wait_up()
    video = clip.format.video
    sets = list(video.parameter_sets)
    setup = wire.OpenStream(number, video.codec, video.width, video.height, sets, detector, [], 1000.0)
    await link.request(number, Kind.OPEN, wire.encode(setup))
    tracker = Tracker()
    analysed = inferred = 0
    offset_90k = (number * 7 * 90_000) % clip.duration_90k  # streams are not in step
    start = next(i for i, p in enumerate(clip.video) if p.is_key and p.pts_90k >= offset_90k)
    base_90k = 0
    order = [*clip.video[start:], *clip.video]
    while True:
        for packet in order:
            if time.monotonic() >= until:
                return analysed, inferred
            message = wire.PacketMessage(number, base_90k + packet.pts_90k, packet.data, packet.is_key)
            reply = wire.decode_reply(await link.request(number, Kind.PACKET, wire.encode_packet(message)))
            for result in reply.results:
                analysed += 1
                if result.boxes is not None:
                    inferred += 1
                    tracker.push(wire.decode_boxes(result.boxes), result.pts_90k / 90_000)
        base_90k += 2 * clip.duration_90k


async def measure_ours(clip: Clip, models: Path, model: str, seconds: float) -> tuple[float, float]:
    """Analysed pictures a second, and the share of them that was inferred."""
    arguments = ("--models", str(models), "--model", model) if model else ()
    nursery = WorkerNursery(WorkerCommand("vedette.node.vision_worker", arguments))
    workers = len(os.sched_getaffinity(0))
    links = [WorkerLink(nursery, SystemClock(), lambda _: None, say) for _ in range(workers)]
    keepers = [asyncio.create_task(link.run()) for link in links]
    try:
        for link in links:
            await link.wait_up()
        await nursery.wait_spare()
        until = time.monotonic() + seconds
        detector = "model" if model else "motion"
        counts = await asyncio.gather(
            *(
                play_stream(links[n % workers], n + 1, clip, detector, until)
                for n in range(workers * STREAMS_PER_WORKER)
            )
        )
    finally:
        for keeper in keepers:
            keeper.cancel()
        await asyncio.gather(*keepers, return_exceptions=True)
        await nursery.close()
    analysed = sum(count for count, _ in counts)
    return analysed / seconds, sum(count for _, count in counts) / max(analysed, 1)


def measure_plain(path: Path, model_xml: Path | None, seconds: float) -> float:
    """Pictures a second of the plain loop."""
    if model_xml is None:
        return measure_plain_motion(path, seconds)
    request = ov.Core().compile_model(str(model_xml), "CPU").create_infer_request()
    request.infer({0: np.zeros((1, 3, 256, 448), np.float32)})
    done, until, source = 0, time.monotonic() + seconds, cv2.VideoCapture(str(path))
    while time.monotonic() < until:
        read, image = source.read()
        if not read:
            source = cv2.VideoCapture(str(path))
            continue
        tensor = cv2.resize(image, (448, 256)).transpose(2, 0, 1)[None].astype(np.float32)
        request.infer({0: tensor})
        done += 1
    return done / seconds


def measure_plain_motion(path: Path, seconds: float) -> float:
    """The same without a model: OpenCV's MOG2 on the whole picture, as its tutorial does."""
    background = cv2.createBackgroundSubtractorMOG2()
    done, until, source = 0, time.monotonic() + seconds, cv2.VideoCapture(str(path))
    while time.monotonic() < until:
        read, image = source.read()
        if not read:
            source = cv2.VideoCapture(str(path))
            continue
        background.apply(image)
        done += 1
    return done / seconds


def measure_file(path: Path, models: Path, model: str, out: Path) -> float:
    """Seconds of video analysed per second, every picture, one file."""
    plan = FilePlan(model, models, (), 0.0, annotate=False)
    [entry] = asyncio.run(FileBatch(plan, None, out, SystemClock(), lambda _: None).run([path], 1))
    return entry.duration_s / entry.wall_s


def main() -> None:
    parser = make_parser(__doc__, 10.0)
    parser.add_argument(
        "--clip", type=Path, help="H.264 or H.265 file [the Intel one-by-one clip, else a test picture]"
    )
    parser.add_argument("--motion", action="store_true", help="without a model on both sides")
    given = parser.parse_args()
    shared = Path(os.environ.get("VEDETTE_SHARED", Path(__file__).resolve().parents[2] / "shared"))
    with working_folder() as folder, tempfile.TemporaryDirectory() as installed:
        path = given.clip or shared / "video/people/intel_one-by-one-person-detection.mp4"
        if not path.exists():
            path = make_clip(folder / "clip.mp4", size="1280x720", rate="2M")
        models = Path(os.environ.get("VEDETTE_MODELS", installed))
        registry = ModelRegistry(models)
        mirror = Path(os.environ.get("VEDETTE_MODEL_MIRROR", shared / "models"))
        if not given.motion and not choose_model(registry)[0] and mirror.is_dir():
            for manifest in registry.manifests("standard"):
                install_model(registry, manifest, fetch_from_mirror(mirror))
        model = "" if given.motion else choose_model(registry)[0]
        manifest = next((m for m in registry.manifests() if m.name == model), None)
        xml = registry.path_of(manifest, manifest.files[0]) if manifest else None
        clip = read_clip(path)
        ours, plain, shares, files = [], [], [], []
        for repeat in range(REPEATS):
            fps, share = asyncio.run(measure_ours(clip, models, model, given.seconds))
            ours.append(fps)
            shares.append(share)
            plain.append(measure_plain(path, xml, given.seconds))
            files.append(measure_file(path, models, model, folder / f"out{repeat}"))
            say(f"{repeat + 1}/{REPEATS}: ours {fps:.0f}, plain {plain[-1]:.0f} pictures/s, file {files[-1]:.1f} x")
    figures = {
        "stream_fps": statistics.median(ours),
        "plain_loop_fps": statistics.median(plain),
        "speedup_vs_plain_loop": statistics.median(a / b for a, b in zip(ours, plain, strict=True)),
        "gate_share": statistics.median(shares),
        "file_speed_x_real_time": statistics.median(files),
    }
    size = f"{clip.format.video.width}x{clip.format.video.height}"
    details = {"model": model or "motion-r1", "clip": path.name, "size": size, "runs": {"ours": ours, "plain": plain}}
    write_result("analyze", figures, details, given.json)


if __name__ == "__main__":
    main()
