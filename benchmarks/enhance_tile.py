"""What an enhanced tile costs: milliseconds a picture, in Chromium, by the picture's size.

The console on a real system shows recorded pictures one by one, enhanced; the median time is what the tile itself tells
(drawn and waited for). Chromium here has software graphics (SwiftShader): a graphics processor is far faster, and the
tile measures itself on each machine. Figures: `ms_<width>x<height>`.
"""

import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from playwright.sync_api import Page

from benchmarks.common import Figures, make_parser, write_result
from tests.support.box import Api, free_port, running_box, wait_for
from tests.support.browser import open_browser, sign_in
from vedette.media.encode import VideoEncoding, encode_clip

_SIZES = ((160, 90), (320, 180), (640, 360))
_STEP_S = 0.4
_PATIENCE_MS = 240_000
"""Software graphics take seconds for a picture of 640 x 360."""
_LEAST_STEPS = 8
"""The tile leaves the first two pictures out and tells the median of five."""


@contextmanager
def simulated(folder: Path) -> Iterator[list[str]]:
    """A camera for each size; their addresses."""
    noise, clips = np.random.default_rng(1), []
    for width, height in _SIZES:
        clips.append(folder / f"{width}.mp4")
        pictures = (noise.integers(0, 256, (height, width, 3), np.uint8) for _ in range(40))
        encode_clip(clips[-1], pictures, VideoEncoding(width=width, height=height, fps=10, gop_frames=10, crf=30))
    port = free_port()
    command = [sys.executable, "-m", "vedette", "sim", *map(str, clips), "--port", str(port)]
    simulator = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        yield [f"rtsp://127.0.0.1:{port}/cam{number}/main" for number in range(1, 1 + len(_SIZES))]
    finally:
        simulator.terminate()
        simulator.wait(10)


def record(api: Api, name: str, url: str) -> tuple[str, datetime]:
    """Adds a camera; its id, and a moment that is recorded."""
    settings = {"name": name, "main": {"url": url}, "record": "main", "analysis": {"detector": "none"}}
    camera = api.post("/cameras", settings)["id"]
    span = "from=2000-01-01T00:00:00Z&to=2100-01-01T00:00:00Z"

    def runs() -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = api.get(f"/cameras/{camera}/recordings?{span}")["runs"]
        return found

    wait_for("footage", lambda: sum(run["frames"] for run in runs()) > 60, 120)
    return camera, datetime.fromisoformat(runs()[0]["from"]) + timedelta(seconds=1)


def measure(page: Page, camera: str, at: datetime, seconds: float) -> int:
    """Steps through pictures; what the tile tells of a picture, ms."""
    page.goto(f"/review?cameras={camera}&at={at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}")
    tile = page.locator(f"figure[data-camera='{camera}']")
    page.locator(f"figure[data-camera='{camera}'][data-state=playing]").wait_for()
    page.keyboard.press("k")
    page.locator(f"figure[data-camera='{camera}'][data-state=paused]").wait_for()
    switch = tile.get_by_role("button", name="Show it enhanced")
    switch.click()
    page.locator(f"figure[data-camera='{camera}'][data-enhanced=on]").wait_for()
    for _ in range(max(_LEAST_STEPS, int(seconds / _STEP_S))):
        page.keyboard.press(".")
        page.wait_for_timeout(1000 * _STEP_S)
    told = switch.get_attribute("aria-label") or ""
    found = re.search(r"(\d+) ms a picture", told)
    if found is None:
        raise SystemExit(f"the tile tells no time: {told!r}")
    return int(found[1])


def main() -> None:
    given = make_parser(__doc__, 6.0).parse_args()
    figures: Figures = {}
    with tempfile.TemporaryDirectory() as folder, simulated(Path(folder)) as urls, running_box() as box:
        api = box.api()
        made = [record(api, f"{width}", url) for (width, _), url in zip(_SIZES, urls, strict=True)]
        with open_browser(box.url, {"width": 1920, "height": 1080}) as page:
            page.set_default_timeout(_PATIENCE_MS)
            sign_in(page, "admin", box.first_password)
            for (width, height), (camera, at) in zip(_SIZES, made, strict=True):
                figures[f"ms_{width}x{height}"] = measure(page, camera, at, given.seconds)
                print(f"{width} x {height}: {figures[f'ms_{width}x{height}']} ms a picture", flush=True)
    write_result("enhance_tile", figures, {"graphics": "SwiftShader"}, given.json)


if __name__ == "__main__":
    main()
