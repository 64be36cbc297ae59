"""What every benchmark shares: options, the machine, repeats, and the result file.

`python -m benchmarks.NAME --seconds N --json FILE` prints a table and writes
`{"benchmark", "figures", "details", "machine", "date"}`.
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

Figures = dict[str, float | int]


def make_parser(description: str | None, seconds: float) -> argparse.ArgumentParser:
    """Makes the parser with the options that every benchmark has."""
    parser = argparse.ArgumentParser(description=(description or "").splitlines()[0])
    parser.add_argument("--seconds", type=float, default=seconds, help="length of one measurement")
    parser.add_argument("--json", type=Path, help="write the result here")
    return parser


def describe_machine() -> dict[str, object]:
    """CPU, memory and system, without names that identify the machine."""
    model = platform.processor()
    with Path("/proc/cpuinfo").open(encoding="ascii", errors="replace") as file:
        model = next((line.split(":", 1)[1].strip() for line in file if line.startswith("model name")), model)
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return {
        "cpu": model,
        "cpu_count": os.cpu_count(),
        "memory_gib": round(pages / 2**30, 1),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "load_1m": round(os.getloadavg()[0], 2),
    }


def write_result(name: str, figures: Figures, details: dict[str, object], path: Path | None) -> None:
    """Prints the figures and writes the file when one was asked for."""
    width = max(map(len, figures))
    for key, value in figures.items():
        shown = f"{value:.3f}" if isinstance(value, float) else str(value)
        print(f"{key:<{width}}  {shown}")
    if path is not None:
        result = {
            "benchmark": name,
            "figures": figures,
            "details": details,
            "machine": describe_machine(),
            "date": datetime.now(UTC).isoformat(timespec="seconds"),
        }
        path.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


def say(text: str) -> None:
    """Progress, on stderr."""
    print(text, file=sys.stderr, flush=True)


def percentile(values: Sequence[float], percent: float) -> float:
    """The value below which `percent` of 100 lie; the only value when there is one."""
    if len(values) == 1:
        return values[0]
    return statistics.quantiles(values, n=1000, method="inclusive")[min(998, round(percent * 10) - 1)]


@contextmanager
def working_folder() -> Iterator[Path]:
    """A temporary folder on a real disk."""
    with tempfile.TemporaryDirectory(prefix="vedette-bench-", dir=os.environ.get("VEDETTE_BENCH_DIR")) as name:
        yield Path(name)


def make_clip(path: Path, seconds: int = 10, size: str = "1920x1080", rate: str = "4M", gop: int = 50) -> Path:
    """Encodes a test picture with noise to a constant rate: 25 pictures/s, no B-frames, one slice."""
    command = ["ffmpeg", "-v", "error", "-y", "-f", "lavfi", "-i", f"testsrc2=s={size}:r=25", "-t", str(seconds)]
    command += ["-vf", "noise=alls=12:allf=t", "-c:v", "libx264", "-preset", "veryfast", "-profile:v", "main"]
    command += ["-b:v", rate, "-maxrate", rate, "-bufsize", rate, "-g", str(gop), "-keyint_min", str(gop)]
    command += ["-sc_threshold", "0", "-bf", "0", "-pix_fmt", "yuv420p", "-x264-params", "slices=1", str(path)]
    subprocess.run(command, check=True)
    return path


def cpu_ticks(pids: Sequence[int]) -> int:
    """User and system time of processes, with all their threads, in clock ticks."""
    total = 0
    for pid in pids:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        total += int(fields[11]) + int(fields[12])
    return total


def pss_kib(pids: Sequence[int]) -> int:
    """Proportional set size: shared pages count by share, so that many processes are not over-charged."""
    total = 0
    for pid in pids:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines():
            if line.startswith("Pss:"):
                total += int(line.split()[1])
    return total


TICKS_PER_S = os.sysconf("SC_CLK_TCK")
