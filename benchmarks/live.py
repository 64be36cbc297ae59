"""Live view: from the packet's arrival at the recorder to its display in headless Chromium, beside go2rtc.

    python -m benchmarks.live [--seconds N] [--repeats N] [--json FILE]

One tile of 1080p is shown by us and by go2rtc's own MSE player in turn, `--repeats` times, from the same simulated
camera. Both sides are timed by the same means: the frame's number is read from the shown picture, and a reader of
the recorder's feed knows when that frame arrived. Then 16 sub-stream tiles run in one page for a minute.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from benchmarks.barcode_clip import make_barcode_clips
from benchmarks.bare_chromium import BarePage, open_bare_chromium
from benchmarks.live_browser import build_engine
from benchmarks.live_observer import ArrivalObserver
from benchmarks.live_peer import find_go2rtc, running_go2rtc
from tests.support.box import Api, Box, free_port, running_box, wait_for

TILES = 16
SETTLE_S = 6.0
TARGETS = {"latency_p95_ms": 100.0, "tiles_fps_min": 20.0, "stall_max_s": 0.5}


@dataclass(frozen=True)
class Bench:
    """What a round needs."""

    box: Box
    cameras: list[str]
    observer: ArrivalObserver
    script: str
    peer: str | None


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60.0, help="of the 16 tiles; a quarter for each single tile")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--screenshots", type=Path, help="folder for pictures of the pages")
    options = parser.parse_args()
    figures = measure(options.seconds, options.repeats, options.screenshots)
    print_table(figures)
    if options.json:
        document = {"figures": figures, "machine": platform.processor() or platform.machine(), "cores": os.cpu_count()}
        document["load_average"] = os.getloadavg()
        document["date"] = datetime.now(UTC).isoformat(timespec="seconds")
        options.json.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    return 0


def measure(seconds: float, repeats: int, screenshots: Path | None) -> dict[str, Any]:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="vdt-")))
        main_clip, sub_clip = make_barcode_clips(folder)
        script = build_engine()
        port = start_simulator(stack, main_clip, sub_clip)
        box = stack.enter_context(running_box(data=folder / "d"))
        cameras = add_cameras(box, port)
        observer = ArrivalObserver(box.data / "run" / "recorder.sock", cameras[0], main_clip)
        observer.start()
        binary = find_go2rtc()
        peer = None
        if binary is not None:
            source = f"rtsp://127.0.0.1:{port}/cam1/main"
            peer = stack.enter_context(running_go2rtc(binary, folder, {"cam": source}))
        bench = Bench(box, cameras, observer, script, peer)
        latencies, peer_latencies = single_tiles(bench, max(5.0, seconds / 4), repeats, screenshots)
        return summarize(latencies, peer_latencies) | many_tiles(bench, seconds, screenshots)


def start_simulator(stack: ExitStack, main_clip: Path, sub_clip: Path) -> int:
    port = free_port()
    command = [sys.executable, "-m", "vedette", "sim", f"{main_clip},{sub_clip}", "--port", str(port)]
    process = subprocess.Popen([*command, "--count", str(TILES)], stdout=subprocess.DEVNULL)
    stack.callback(lambda: (process.terminate(), process.wait(10)))
    return port


def add_cameras(box: Box, port: int) -> list[str]:
    """Adds the simulated cameras without analysis: this measures live view, and waits until all are online."""
    api = box.api()
    for number in range(1, TILES + 1):
        body = {
            "name": f"Camera {number:02}",
            "main": {"url": f"rtsp://127.0.0.1:{port}/cam{number}/main"},
            "sub": {"url": f"rtsp://127.0.0.1:{port}/cam{number}/sub"},
            "record": "main",
            "analysis": {"detector": "none"},
        }
        api.post("/cameras", body)
    wait_for("all cameras online", lambda: _are_online(api), 60)
    return [camera["id"] for camera in sorted(api.get("/cameras")["items"], key=lambda camera: camera["name"])]


def _are_online(api: Api) -> bool:
    cameras = api.get("/cameras")["items"]
    return all(camera["live"][role]["state"] == "online" for camera in cameras for role in ("main", "sub"))


def single_tiles(
    bench: Bench, seconds: float, repeats: int, screenshots: Path | None
) -> tuple[list[list[float]], list[list[float]]]:
    """Shows one tile by us and by the peer in turn; returns the latencies of each round."""
    ours, theirs = [], []
    for _ in range(repeats):
        ours.append(_round(bench, seconds, screenshots, is_peer=False))
        if bench.peer is not None:
            theirs.append(_round(bench, seconds, screenshots, is_peer=True))
    return ours, theirs


def _round(bench: Bench, seconds: float, screenshots: Path | None, *, is_peer: bool) -> list[float]:
    with open_bare_chromium() as page:
        if is_peer:
            _open_peer(bench, page)
        else:
            _open_ours(bench, page)
            page.evaluate("camera => bench.addLive(camera, 'main')", bench.cameras[0])
        page.evaluate("() => bench.watchBarcode(0)")
        time.sleep(SETTLE_S)
        page.evaluate("() => bench.barcodes()")
        time.sleep(seconds)
        shown = [(int(number), float(at_ms)) for number, at_ms in page.evaluate("() => bench.barcodes()")[0]]
        _keep(page, screenshots, "peer" if is_peer else "one-tile")
        return bench.observer.latencies_ms(shown)


def _open_ours(bench: Bench, page: BarePage) -> None:
    page.goto(f"{bench.box.url}/api/openapi.json")
    page.log_in("admin", bench.box.first_password)
    page.put_engine(bench.script)


def _open_peer(bench: Bench, page: BarePage) -> None:
    """The peer's own player page; of ours only the measuring instruments are put in."""
    page.goto(f"{bench.peer}/stream.html?src=cam&mode=mse")
    wait_for("the peer's video", lambda: page.evaluate("() => document.querySelector('video') !== null"), 30)
    page.put_script(bench.script)


def many_tiles(bench: Bench, seconds: float, screenshots: Path | None) -> dict[str, Any]:
    """Sixteen sub-stream tiles in one page."""
    with open_bare_chromium() as page:
        _open_ours(bench, page)
        for camera in bench.cameras:
            page.evaluate("camera => bench.addLive(camera, 'sub')", camera)
        time.sleep(SETTLE_S + 4)
        gateway = _find_gateway(bench.box)
        page.evaluate("() => bench.resetTiles()")
        before_s = _cpu_s(gateway)
        time.sleep(seconds)
        tiles = page.evaluate("() => bench.tiles()")
        used_s = _cpu_s(gateway) - before_s
        _keep(page, screenshots, "sixteen-tiles")
    return {
        "tiles_fps_min": round(min(tile["fps"] for tile in tiles), 1),
        "tiles_fps_median": round(median(tile["fps"] for tile in tiles), 1),
        "tiles_callbacks_min": round(min(tile["callbacksPerS"] for tile in tiles), 1),
        "stall_max_s": round(max(tile["longestPauseS"] for tile in tiles), 3),
        "cpu_per_viewer": round(100 * used_s / seconds / len(tiles), 3),
    }


def summarize(ours: list[list[float]], theirs: list[list[float]]) -> dict[str, Any]:
    """Medians over the rounds of each round's percentiles."""
    figures: dict[str, Any] = {}
    for prefix, rounds in (("", ours), ("peer_", theirs)):
        measured = [sorted(values) for values in rounds if len(values) > 20]
        if measured:
            figures[f"{prefix}latency_p50_ms"] = round(median(median(values) for values in measured), 1)
            figures[f"{prefix}latency_p95_ms"] = round(median(quantiles(values, n=20)[18] for values in measured), 1)
            figures[f"{prefix}frames"] = sum(map(len, measured))
    return figures


def _find_gateway(box: Box) -> int:
    """The process of the gateway, found by its command line among all."""
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                words = (folder / "cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            if str(box.data).encode() in words and b"gateway" in words:
                return int(folder.name)
    raise RuntimeError("the gateway's process was not found")


def _cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _keep(page: BarePage, folder: Path | None, name: str) -> None:
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
        page.screenshot(folder / f"{name}.png")


def print_table(figures: dict[str, Any]) -> None:
    for name, value in figures.items():
        target = TARGETS.get(name)
        note = "" if target is None else f"   (target {'>=' if name.endswith('min') else '<='} {target:g})"
        print(f"{name:24} {value}{note}")


if __name__ == "__main__":
    sys.exit(main())
