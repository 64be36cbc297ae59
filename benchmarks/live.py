"""Live view: from the packet's arrival at the recorder to its display in headless Chromium, beside go2rtc.

    python -m benchmarks.live [--seconds N] [--repeats N] [--json FILE]

First one tile of 1080p, then 16 sub-stream tiles in one page, each shown by us and by go2rtc's own MSE player in turn,
`--repeats` times, from the same simulated cameras, which are recorded all the while. Both sides are timed and counted
by the same means. One tile: the frame's number is read from the shown picture, and a reader of the recorder's feed
knows when that frame arrived. 16 tiles: what the browser tells of each video (`live_page/page.ts`).
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from statistics import median, quantiles
from typing import Any, TypeVar

from benchmarks.barcode_clip import make_barcode_clips
from benchmarks.bare_chromium import BarePage, open_bare_chromium
from benchmarks.common import TICKS_PER_S, cpu_ticks
from benchmarks.live_browser import build_engine
from benchmarks.live_observer import ArrivalObserver
from benchmarks.live_peer import find_go2rtc, running_go2rtc
from benchmarks.live_sides import Go2rtcSide, Side, VedetteSide, find_gateway, name_source
from tests.support.box import Api, Box, free_port, running_box, wait_for
from vedette.core.media import StreamRole

Round = TypeVar("Round")
TILES = 16
SETTLE_S = 6.0
SETTLE_TILES_S = 10.0
TARGETS = {"latency_p95_ms": 100.0, "tiles_fps_min": 20.0, "stall_max_s": 0.5}
OVER_ROUNDS: dict[str, Callable[[list[float]], float]] = {
    "tiles_fps_min": min,
    "tiles_fps_median": median,
    "tiles_callbacks_min": min,
    "stall_max_s": max,
    "cpu_per_viewer": median,
}
"""A floor or a ceiling that is promised holds in every round, so the worst one is told."""


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
        sides: list[Side] = [VedetteSide(box, cameras, script, find_gateway(box))]
        binary = find_go2rtc()
        if binary is not None:
            peer = stack.enter_context(running_go2rtc(binary, folder, peer_sources(port)))
            sides.append(Go2rtcSide(peer, script))
        one_s = max(5.0, seconds / 4)
        latencies = in_turn(sides, repeats, lambda side: one_tile(side, observer, one_s, screenshots))
        tiles = in_turn(sides, repeats, lambda side: many_tiles(side, seconds, screenshots))
        return summarize_latencies(latencies) | summarize_tiles(tiles)


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


def peer_sources(port: int) -> dict[str, str]:
    """The same streams for the peer, which connects to those that somebody watches."""
    return {
        name_source(number, role): f"rtsp://127.0.0.1:{port}/cam{number}/{role}"
        for number in range(1, TILES + 1)
        for role in (StreamRole.MAIN, StreamRole.SUB)
    }


def _are_online(api: Api) -> bool:
    cameras = api.get("/cameras")["items"]
    return all(camera["live"][role]["state"] == "online" for camera in cameras for role in ("main", "sub"))


def in_turn(sides: list[Side], repeats: int, run: Callable[[Side], Round]) -> dict[str, list[Round]]:
    """Runs one round of each side after the other; returns the rounds by the side's prefix."""
    rounds: dict[str, list[Round]] = {side.prefix: [] for side in sides}
    for _ in range(repeats):
        for side in sides:
            rounds[side.prefix].append(run(side))
    return rounds


def one_tile(side: Side, observer: ArrivalObserver, seconds: float, screenshots: Path | None) -> list[float]:
    """Milliseconds from arrival to display of each picture of one 1080p tile."""
    with open_bare_chromium() as page:
        side.show(page, StreamRole.MAIN, 1)
        page.evaluate("() => bench.watchBarcode(0)")
        time.sleep(SETTLE_S)
        page.evaluate("() => bench.barcodes()")
        time.sleep(seconds)
        shown = [(int(number), float(at_ms)) for number, at_ms in page.evaluate("() => bench.barcodes()")[0]]
        _keep(page, screenshots, f"{side.prefix}one_tile")
        return observer.latencies_ms(shown)


def many_tiles(side: Side, seconds: float, screenshots: Path | None) -> dict[str, float]:
    """The figures of sixteen sub-stream tiles in one page; processor time in percent of a core."""
    with open_bare_chromium() as page:
        side.show(page, StreamRole.SUB, TILES)
        time.sleep(SETTLE_TILES_S)
        page.evaluate("() => bench.resetTiles()")
        before = cpu_ticks([side.pid])
        time.sleep(seconds)
        tiles = page.evaluate("() => bench.tiles()")
        used_s = (cpu_ticks([side.pid]) - before) / TICKS_PER_S
        _keep(page, screenshots, f"{side.prefix}sixteen_tiles")
    return {
        "tiles_fps_min": min(tile["fps"] for tile in tiles),
        "tiles_fps_median": median(tile["fps"] for tile in tiles),
        "tiles_callbacks_min": min(tile["callbacksPerS"] for tile in tiles),
        "stall_max_s": max(tile["longestPauseS"] for tile in tiles),
        "cpu_per_viewer": 100 * used_s / seconds / TILES,
    }


def summarize_latencies(sides: dict[str, list[list[float]]]) -> dict[str, Any]:
    """Medians over the rounds of each round's percentiles."""
    figures: dict[str, Any] = {}
    for prefix, rounds in sides.items():
        measured = [sorted(values) for values in rounds if len(values) > 20]
        if measured:
            figures[f"{prefix}latency_p50_ms"] = round(median(median(values) for values in measured), 1)
            figures[f"{prefix}latency_p95_ms"] = round(median(quantiles(values, n=20)[18] for values in measured), 1)
            figures[f"{prefix}frames"] = sum(map(len, measured))
    return figures


def summarize_tiles(sides: dict[str, list[dict[str, float]]]) -> dict[str, Any]:
    """Each figure over the rounds, as `OVER_ROUNDS` says."""
    return {
        prefix + name: round(over([each[name] for each in rounds]), 3)
        for prefix, rounds in sides.items()
        for name, over in OVER_ROUNDS.items()
    }


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
