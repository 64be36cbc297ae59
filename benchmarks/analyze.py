"""Analysed pictures a second through the jailed workers, beside a plain loop; and file analysis against real time.

Ours is the analyzer's own path: packets to workers (one per processor), decode, motion, gate, the installed
detector, checked results, tracking in this process; with `--chain` four streams with every recognizer asked at the
moments that the analyzer would choose. The plain loop (`benchmarks.plain_loop`) decodes every picture with OpenCV and
infers it in float32, one stream: no jail, no tracking. Each side runs the same clip for the same time, interleaved,
three times; medians. `first_file_*`: the first file of an installation, whose worker compiles its networks; `file_*`:
the next one, whose worker starts from what that one kept. `split_*_ms`: where one picture's time goes. `model_ms`: what
`vedette doctor` measures here, to which the goals are in proportion. `*_cpu_ms`: processor time a picture, a file's
with the start of its worker; it hardly depends on other work.
`gate_share`: how many pictures the gate let through to the model on this clip.
"""

import argparse
import asyncio
import os
import resource
import statistics
import tempfile
import time
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from benchmarks.analyze_split import measure_split
from benchmarks.common import TICKS_PER_S, cpu_ticks, make_clip, make_parser, say, working_folder, write_result
from benchmarks.plain_loop import FLOAT_MODEL, compare_runtimes, measure_plain, measure_plain_motion
from vedette.adapters.kept_networks import open_kept_networks
from vedette.adapters.model_download import fetch_from_mirror, install_model
from vedette.media.demux import Clip, read_clip
from vedette.node.analyzer_pool import choose_model
from vedette.node.doctor.speed import check_inference
from vedette.node.file_batch import FileBatch
from vedette.node.file_plan import FilePlan, plan_ahead
from vedette.node.recognizers import find_recognizers
from vedette.runtime.clock import SystemClock
from vedette.runtime.paths import NodePaths
from vedette.runtime.worker import StartWorker, WorkerCommand, WorkerNursery, start_worker
from vedette.vision import wire
from vedette.vision.models.registry import ModelRegistry
from vedette.vision.recognize.describer import TrackDescriber
from vedette.vision.recognize.forms import GROUPS
from vedette.vision.recognize.records import Form
from vedette.vision.track.tracker import Tracker
from vedette.vision.wire import FrameResult, Kind
from vedette.vision.worker_link import WorkerLink, WorkerRefusedError

REPEATS = 3
STREAMS_PER_WORKER = 4
CHAIN_STREAMS = 4
_LIVE_ROOM = 2
"""Objects looked at in one picture, as the analyzer allows."""


@dataclass(frozen=True, slots=True)
class Setting:
    """What is measured. `forms`: of the recognizers, by name; empty but for `--chain`."""

    clip: Clip
    path: Path
    models: Path
    model: str
    forms: Mapping[str, Form]
    seconds: float

    @property
    def detector(self) -> str:
        return "model" if self.model else "motion"

    @property
    def recognizers(self) -> tuple[str, ...]:
        return tuple(self.forms)


@dataclass(slots=True)
class Counts:
    """Of one stream, or of all together. `cpu_s`: processor time of this process and the workers."""

    analysed: int = 0
    inferred: int = 0
    looks: int = 0
    cpu_s: float = 0.0


@dataclass(slots=True)
class Runs:
    """One value per repeat."""

    figures: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))

    def note(self, name: str, value: float) -> None:
        self.figures[name].append(value)

    def medians(self) -> dict[str, float]:
        return {name: statistics.median(values) for name, values in self.figures.items()}


class StreamPlayer:
    """One stream of the load: pushes the clip again and again, and follows what comes back."""

    def __init__(self, link: WorkerLink, number: int, setting: Setting) -> None:
        self._link, self._number, self._setting = link, number, setting
        self._tracker = Tracker()
        self._describer = TrackDescriber(setting.forms)
        self.counts = Counts()

    async def play(self, until: float) -> Counts:
        clip = self._setting.clip
        await self._open(clip)
        offset_90k = (self._number * 7 * 90_000) % clip.duration_90k  # streams are not in step
        start = next(i for i, p in enumerate(clip.video) if p.is_key and p.pts_90k >= offset_90k)
        base_90k, order = 0, [*clip.video[start:], *clip.video]
        while True:
            for packet in order:
                if time.monotonic() >= until:
                    return self.counts
                pts_90k = base_90k + packet.pts_90k
                message = wire.PacketMessage(self._number, pts_90k, packet.data, packet.is_key)
                answer = await self._link.request(self._number, Kind.PACKET, wire.encode_packet(message))
                for result in wire.decode_reply(answer).results:
                    await self._take(result)
            base_90k += 2 * clip.duration_90k

    async def _open(self, clip: Clip) -> None:
        await self._link.wait_up()
        video = clip.format.video
        sets = list(video.parameter_sets)
        detector = self._setting.detector
        setup = wire.OpenStream(self._number, video.codec, video.width, video.height, sets, detector, [], 1000.0)
        await self._link.request(self._number, Kind.OPEN, wire.encode(setup))

    async def _take(self, result: FrameResult) -> None:
        self.counts.analysed += 1
        if result.boxes is None:
            return
        self.counts.inferred += 1
        at_s = result.pts_90k / 90_000
        update = self._tracker.push(wire.decode_boxes(result.boxes), at_s)
        ask = self._describer.plan(self._number, result, at_s, update.tracks, room=_LIVE_ROOM)
        self._describer.forget(update.ended)
        if ask is None:
            return
        try:
            answer = await self._link.request(self._number, Kind.DESCRIBE, wire.encode(ask.request))
        except WorkerRefusedError:
            return
        self._describer.take(ask, answer, self._link.recognizers)
        self.counts.looks += len(ask.track_ids)


async def measure_streams(setting: Setting) -> Counts:
    """What all streams together reached in the time."""
    nursery = WorkerNursery(WorkerCommand("vedette.node.vision_worker", _worker_arguments(setting)))
    workers = len(os.sched_getaffinity(0))
    links = [WorkerLink(nursery, SystemClock(), lambda _: None, say) for _ in range(workers)]
    for link in links:
        link.call()
    keepers = [asyncio.create_task(link.run()) for link in links]
    streams = CHAIN_STREAMS if setting.recognizers else workers * STREAMS_PER_WORKER
    try:
        for link in links:
            await link.wait_up()
        await nursery.wait_spare()
        pids = [os.getpid(), *(link.pid for link in links)]
        until, before = time.monotonic() + setting.seconds, cpu_ticks(pids)
        players = [StreamPlayer(links[n % workers], n + 1, setting) for n in range(streams)]
        counts = await asyncio.gather(*(player.play(until) for player in players))
        used_s = (cpu_ticks(pids) - before) / TICKS_PER_S
    finally:
        for keeper in keepers:
            keeper.cancel()
        await asyncio.gather(*keepers, return_exceptions=True)
        await nursery.close()
    analysed, inferred, looks = (sum(getattr(c, name) for c in counts) for name in ("analysed", "inferred", "looks"))
    return Counts(analysed, inferred, looks, used_s)


def _worker_arguments(setting: Setting) -> tuple[str, ...]:
    arguments: tuple[str, ...] = ("--models", str(setting.models)) if setting.model or setting.recognizers else ()
    arguments += ("--model", setting.model) if setting.model else ()
    return arguments + (("--recognizers", ",".join(setting.recognizers)) if setting.recognizers else ())


def measure_file(setting: Setting, start: StartWorker, out: Path) -> tuple[float, float]:
    """Seconds of video and pictures analysed per second, every picture, one file."""
    ahead = plan_ahead(len(os.sched_getaffinity(0)), 1)
    plan = FilePlan(
        setting.model,
        setting.models,
        (),
        0.0,
        annotate=False,
        recognizers=setting.recognizers,
        ahead=ahead,
        forms=setting.forms,
    )
    [entry] = asyncio.run(FileBatch(plan, None, out, SystemClock(), lambda _: None, start).run([setting.path], 1))
    return entry.duration_s / entry.wall_s, entry.frames_analyzed / entry.wall_s


def measure_once(setting: Setting, float_xml: Path | None, parts: str, out: Path, runs: Runs) -> None:
    """One repeat of both sides."""
    began_s = cpu_s()
    plain = (
        measure_plain(setting.path, float_xml, setting.seconds)
        if float_xml
        else measure_plain_motion(setting.path, setting.seconds)
    )
    runs.note("plain_loop_fps", plain)
    runs.note("plain_loop_cpu_ms", (cpu_s() - began_s) * 1000 / (plain * setting.seconds))
    if parts in {"all", "streams"}:
        counts = asyncio.run(measure_streams(setting))
        fps = counts.analysed / setting.seconds
        runs.note("stream_fps", fps)
        runs.note("stream_cpu_ms", counts.cpu_s * 1000 / max(counts.analysed, 1))
        runs.note("stream_fps_per_core", fps / len(os.sched_getaffinity(0)))
        runs.note("speedup_vs_plain_loop", fps / plain)
        runs.note("gate_share", counts.inferred / max(counts.analysed, 1))
        if setting.recognizers:
            runs.note("looks_per_s", counts.looks / setting.seconds)
    if parts in {"all", "file"}:
        out.mkdir()
        start = partial(start_worker, kept=open_kept_networks(NodePaths(out), say))
        for name in ("first_file", "file"):
            note_file(setting, start, out / name, plain, runs)


def note_file(setting: Setting, start: StartWorker, out: Path, plain: float, runs: Runs) -> None:
    """Analyses the file and notes its figures under the name of the folder. `plain`: the plain loop's rate."""
    name, began_s, began = out.name, cpu_s(), time.monotonic()
    speed, file_fps = measure_file(setting, start, out)
    runs.note(f"{name}_cpu_ms", (cpu_s() - began_s) * 1000 / (file_fps * (time.monotonic() - began)))
    runs.note(f"{name}_speed_x_real_time", speed)
    runs.note(f"{name}_fps", file_fps)
    runs.note(f"{name}_speedup_vs_plain_loop", file_fps / plain)


def cpu_s() -> float:
    """Processor time of this process and of its children that have ended: other work on the machine counts little."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def find_model(given: argparse.Namespace, registry: ModelRegistry, mirror: Path) -> str:
    """The installed detector; the standard pack is installed from the mirror when there is none."""
    if not given.motion and not choose_model(registry)[0] and mirror.is_dir():
        for manifest in (m for m in registry.manifests("standard") if m.obtain != "embedded"):
            install_model(registry, manifest, fetch_from_mirror(mirror))
    return "" if given.motion else choose_model(registry)[0]


def main() -> None:
    parser = make_parser(__doc__, 10.0)
    parser.add_argument(
        "--clip", type=Path, help="H.264 or H.265 file [the Intel one-by-one clip, else a test picture]"
    )
    parser.add_argument("--motion", action="store_true", help="without a model on both sides")
    parser.add_argument("--chain", action="store_true", help="faces, attributes and plates on, four streams")
    parser.add_argument("--repeats", type=int, default=REPEATS)
    parser.add_argument("--parts", choices=["all", "streams", "file"], default="all")
    given = parser.parse_args()
    shared = Path(os.environ.get("VEDETTE_SHARED", Path(__file__).resolve().parents[2] / "shared"))
    mirror = Path(os.environ.get("VEDETTE_MODEL_MIRROR", shared / "models"))
    with working_folder() as folder, tempfile.TemporaryDirectory() as installed:
        path = given.clip or shared / "video/people/intel_one-by-one-person-detection.mp4"
        if not path.exists():
            path = make_clip(folder / "clip.mp4", size="1280x720", rate="2M")
        registry = ModelRegistry(Path(os.environ.get("VEDETTE_MODELS", installed)))
        model = find_model(given, registry, mirror)
        forms = find_recognizers(registry, GROUPS).forms if given.chain else {}
        setting = Setting(read_clip(path), path, registry.directory, model, forms, given.seconds)
        float_xml = mirror / FLOAT_MODEL if model and (mirror / FLOAT_MODEL).is_file() else None
        if model and float_xml is None:
            raise SystemExit(f"the plain loop needs {FLOAT_MODEL} in the mirror (VEDETTE_MODEL_MIRROR)")
        runs = Runs()
        for repeat in range(given.repeats):
            measure_once(setting, float_xml, given.parts, folder / f"out{repeat}", runs)
            say(f"{repeat + 1}/{given.repeats}: " + ", ".join(f"{k} {v[-1]:.2f}" for k, v in runs.figures.items()))
        report(setting, runs, mirror, given.json)


def report(setting: Setting, runs: Runs, mirror: Path, path: Path | None) -> None:
    """Adds what is measured once, prints and writes."""
    split = measure_split(setting.clip, setting.models, setting.model)
    figures = {**runs.medians(), **{f"split_{part}_ms": spent for part, spent in split.items()}}
    if setting.model:
        figures["model_ms"] = float(str(check_inference(setting.models, SystemClock()).figures["median_ms"]))
        figures |= compare_runtimes(mirror)
    size = f"{setting.clip.format.video.width}x{setting.clip.format.video.height}"
    details: dict[str, object] = {
        "model": setting.model or "motion-r1",
        "clip": setting.path.name,
        "size": size,
        "runs": runs.figures,
    }
    write_result("analyze", {**figures}, details, path)


if __name__ == "__main__":
    main()
