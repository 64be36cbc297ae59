"""Recording 60 cameras: one recorder process against one `ffmpeg -c copy -f segment` per camera, and against GStreamer.

All sides record the same simulator on the same machine, in turns; CPU time from /proc/PID/stat, memory as
PSS. Frames are counted by the simulator: everything sent must be stored. GStreamer records all cameras in one process,
as ours does, to fragmented MP4 (`splitmuxsink`); without GStreamer its figures are left out.
"""

import shutil
import statistics
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.common import (
    TICKS_PER_S,
    cpu_ticks,
    make_clip,
    make_parser,
    pss_kib,
    say,
    working_folder,
    write_result,
)
from benchmarks.recorder import ALWAYS, RecorderUnderTest
from benchmarks.simulate import Simulation
from vedette.core.media import StreamRole

WARM_UP_S = 8.0


@dataclass(frozen=True)
class Measured:
    """`cpu_percent` of one core."""

    cpu_percent: float
    pss_mib: float
    sent: int = 0
    stored: int = 0


def observe(pids: list[int], seconds: float) -> tuple[float, float]:
    """Returns CPU in percent of one core over the span, and PSS in MiB as the median of five looks."""
    before, started = cpu_ticks(pids), time.monotonic()
    memory = []
    for look in range(5):
        time.sleep(max(0.0, started + seconds * (look + 1) / 5 - time.monotonic()))
        memory.append(pss_kib(pids) / 1024)
    used = (cpu_ticks(pids) - before) / TICKS_PER_S
    return used / (time.monotonic() - started) * 100, statistics.median(memory)


def measure_ours(clip: Path, folder: Path, cameras: int, seconds: float, *arguments: str) -> Measured:
    """`arguments`: of `vedette serve`."""
    with Simulation(clip, cameras) as simulation:
        recorder = RecorderUnderTest(folder, simulation.urls)
        recorder.start(*arguments)
        try:
            recorder.wait_stored(1)
            time.sleep(WARM_UP_S)
            cpu_percent, pss_mib = observe([recorder.pid], seconds)
            sent = sum(simulation.ask("stall"))
            time.sleep(2.5)  # what was sent is on its way; then nothing more comes
            recorder.stop()
        finally:
            recorder.kill()
        reader = recorder.reader()
        runs = [run for camera in recorder.cameras for run in reader.find_runs(camera, StreamRole.MAIN, *ALWAYS)]
        return Measured(cpu_percent, pss_mib, sent, sum(run.frames for run in runs))


def measure_ffmpeg(clip: Path, folder: Path, cameras: int, seconds: float) -> Measured:
    with Simulation(clip, cameras) as simulation:
        commands = [
            ["ffmpeg", "-nostdin", "-v", "error", "-rtsp_transport", "tcp", "-i", url, "-c", "copy",
             "-f", "segment", "-segment_time", "60", "-segment_format", "mp4",
             "-segment_format_options", "movflags=frag_keyframe+empty_moov+default_base_moof",
             "-reset_timestamps", "1", str(folder / f"{number}-%03d.mp4")]
            for number, url in enumerate(simulation.urls)
        ]  # fmt: skip
        with _recording(commands, folder, cameras) as pids:
            return Measured(*observe(pids, seconds))


def measure_gstreamer(clip: Path, folder: Path, cameras: int, seconds: float) -> Measured:
    with Simulation(clip, cameras) as simulation:
        command = ["gst-launch-1.0", "-q"]
        for number, url in enumerate(simulation.urls):
            command += ["rtspsrc", f"location={url}", "protocols=tcp", "!", "rtph264depay", "!", "h264parse", "!",
                        "splitmuxsink", f"location={folder / f'{number}-%03d.mp4'}", "max-size-time=60000000000",
                        "muxer-factory=mp4mux", "muxer-properties=properties,fragment-duration=1000"]  # fmt: skip
        with _recording([command], folder, cameras) as pids:
            return Measured(*observe(pids, seconds))


@contextmanager
def _recording(commands: list[list[str]], folder: Path, cameras: int) -> Iterator[list[int]]:
    """Processes that record, warmed up: each camera has its file. Gives their numbers."""
    processes = [subprocess.Popen(command) for command in commands]
    try:
        deadline = time.monotonic() + 60
        while len(list(folder.glob("*.mp4"))) < cameras:
            if time.monotonic() > deadline:
                raise SystemExit(f"{commands[0][0]} does not record all cameras within a minute")
            time.sleep(0.2)
        time.sleep(WARM_UP_S)
        yield [process.pid for process in processes]
    finally:
        for process in processes:
            process.kill()
        for process in processes:
            process.wait(10)


Side = list[Measured]
Measure = Callable[[Path, Path, int, float], Measured]


def _ratios(ours: Side, theirs: Side) -> tuple[list[float], list[float]]:
    """Of processor time and of memory, run by run."""
    pairs = list(zip(ours, theirs, strict=True))
    return [one.cpu_percent / two.cpu_percent for one, two in pairs], [one.pss_mib / two.pss_mib for one, two in pairs]


def _peer_figures(name: str, ours: Side, theirs: Side) -> dict[str, float]:
    cpu, pss = _ratios(ours, theirs)
    return {
        f"{name}_cpu_percent": statistics.median(one.cpu_percent for one in theirs),
        f"{name}_pss_mib": statistics.median(one.pss_mib for one in theirs),
        f"cpu_ratio_to_{name}": statistics.median(cpu),
        f"pss_ratio_to_{name}": statistics.median(pss),
    }


def main() -> None:
    parser = make_parser(__doc__, seconds=60)
    parser.add_argument("--cameras", type=int, default=60)
    parser.add_argument("--repeats", type=int, default=2)
    parser.add_argument("--no-evidence", action="store_true", help="without hashing what is recorded")
    options = parser.parse_args()
    arguments = ("--no-evidence",) if options.no_evidence else ()
    sides: dict[str, tuple[Side, Measure]] = {
        "ours": ([], lambda *where: measure_ours(*where, *arguments)),
        "ffmpeg": ([], measure_ffmpeg),
    }
    if shutil.which("gst-launch-1.0"):
        sides["gstreamer"] = ([], measure_gstreamer)
    with working_folder() as folder:
        clip = make_clip(folder / "clip.mp4")
        # A folder per run: what one run wrote is gone before the next begins.
        for _ in range(options.repeats):
            for name, (side, measure) in sides.items():
                with working_folder() as own:
                    side.append(measure(clip, own, options.cameras, options.seconds))
                say(f"{name}: {side[-1].cpu_percent:.1f} % of a core, {side[-1].pss_mib:.0f} MiB")
    ours = sides.pop("ours")[0]
    cpu, pss = _ratios(ours, sides["ffmpeg"][0])
    figures: dict[str, float] = {
        "cpu_ratio": statistics.median(cpu),
        "pss_ratio": statistics.median(pss),
        "cameras": options.cameras,
        "frames_sent": sum(one.sent for one in ours),
        "frames_stored": sum(one.stored for one in ours),
        "cpu_percent": statistics.median(one.cpu_percent for one in ours),
        "pss_mib": statistics.median(one.pss_mib for one in ours),
    }
    for name, (theirs, _) in sides.items():
        figures |= _peer_figures(name, ours, theirs)
    write_result("record", figures, {"seconds": options.seconds, "cpu_ratios": cpu, "pss_ratios": pss}, options.json)


if __name__ == "__main__":
    main()
