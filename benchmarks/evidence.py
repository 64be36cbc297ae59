"""What evidence costs: recording 60 cameras with hashes, log and seal against recording without, in turns.

`cpu_ratio` is CPU of recorder and notary together over the CPU of a recorder that hashes nothing (`--no-evidence`, for
this benchmark alone) with no notary, from the same simulator on the same machine; the median of pairs that alternate
which side is first. `commits_per_s_per_disk` is what the recorder's own status counts (`commits` of each volume).
"""

import signal
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from benchmarks.common import TICKS_PER_S, cpu_ticks, make_clip, make_parser, say, working_folder, write_result
from benchmarks.recorder import RecorderUnderTest, read_status
from benchmarks.simulate import Simulation

WARM_UP_S = 8.0


@dataclass(frozen=True)
class Measured:
    """CPU in percent of one core: of the recorder, and of the notary (0 without)."""

    recorder_percent: float
    notary_percent: float
    commits_per_s: float

    @property
    def cpu_percent(self) -> float:
        return self.recorder_percent + self.notary_percent


class Notary:
    """The notary role beside the recorder."""

    def __init__(self, data: Path) -> None:
        self._data = data

    def __enter__(self) -> Self:
        command = [sys.executable, "-m", "vedette", "serve", "--role", "notary", "--data", str(self._data)]
        self._process = subprocess.Popen(command, stderr=(self._data / "notary.log").open("ab"))
        return self

    def __exit__(self, *_: object) -> None:
        self._process.send_signal(signal.SIGTERM)
        self._process.wait(30)

    @property
    def pid(self) -> int:
        if self._process.poll() is not None:
            raise RuntimeError((self._data / "notary.log").read_text())
        return self._process.pid


def observe(data: Path, recorder: int, notary: int | None, seconds: float) -> Measured:
    pids = [recorder] if notary is None else [recorder, notary]
    before, commits, started = [cpu_ticks([pid]) for pid in pids], count_commits(data), time.monotonic()
    time.sleep(seconds)
    span_s = time.monotonic() - started
    used = [
        (cpu_ticks([pid]) - earlier) / TICKS_PER_S / span_s * 100 for pid, earlier in zip(pids, before, strict=True)
    ]
    return Measured(used[0], sum(used[1:]), (count_commits(data) - commits) / span_s)


def count_commits(data: Path) -> float:
    """Commits of one disk; there is one volume."""
    volumes = read_status(data)["volumes"]
    return sum(volume["commits"] for volume in volumes) / len(volumes)


def measure(clip: Path, folder: Path, cameras: int, seconds: float, *, with_evidence: bool) -> Measured:
    with Simulation(clip, cameras) as simulation:
        recorder = RecorderUnderTest(folder, simulation.urls)
        recorder.start(*([] if with_evidence else ["--no-evidence"]))
        try:
            recorder.wait_stored(1)
            if not with_evidence:
                time.sleep(WARM_UP_S)
                return observe(folder, recorder.pid, None, seconds)
            with Notary(folder) as notary:
                time.sleep(WARM_UP_S)
                return observe(folder, recorder.pid, notary.pid, seconds)
        finally:
            recorder.kill()


def main() -> None:
    parser = make_parser(__doc__, seconds=90)
    parser.add_argument("--cameras", type=int, default=60)
    parser.add_argument("--repeats", type=int, default=4)
    options = parser.parse_args()
    found: dict[bool, list[Measured]] = {True: [], False: []}
    with working_folder() as folder:
        clip = make_clip(folder / "clip.mp4")
        for repeat in range(options.repeats):
            for with_evidence in (True, False) if repeat % 2 else (False, True):
                with working_folder() as own:
                    done = measure(clip, own, options.cameras, options.seconds, with_evidence=with_evidence)
                found[with_evidence].append(done)
                say(f"{'with' if with_evidence else 'without'} evidence: {done}")
    with_, without = found[True], found[False]
    ratios = [one.cpu_percent / two.cpu_percent for one, two in zip(with_, without, strict=True)]
    write_result(
        "evidence",
        {
            "cpu_ratio": statistics.median(ratios),
            "commits_per_s_per_disk": statistics.median(one.commits_per_s for one in with_),
            "cameras": options.cameras,
            "recorder_percent": statistics.median(one.recorder_percent for one in with_),
            "notary_percent": statistics.median(one.notary_percent for one in with_),
            "without_percent": statistics.median(two.cpu_percent for two in without),
        },
        {"seconds": options.seconds, "cpu_ratios": ratios},
        options.json,
    )


if __name__ == "__main__":
    main()
