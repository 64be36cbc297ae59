"""Moving pictures shown enhanced, in a real browser on the real system: the pixels, the words, the saved picture.

The graphics processor is Chromium's software one (SwiftShader): exact, and too slow for moving pictures of this size.
"""

import base64
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from playwright.sync_api import Locator, Page

from tests.support.box import Box, free_port, running_box, wait_for
from tests.support.browser import keep_screenshot, open_browser, sign_in
from vedette.media.encode import VideoEncoding, encode_clip
from vedette.vision.enhance.network import decode_weights
from vedette.vision.enhance.picture import enlarge_bgr
from vedette.vision.enhance.plain import enlarge, to_pixels

pytestmark = [pytest.mark.system, pytest.mark.timeout(400)]

WEIGHTS = Path(__file__).resolve().parents[2] / "src/vedette/vision/weights/enhance"
ANY_TIME = "from=2000-01-01T00:00:00Z&to=2100-01-01T00:00:00Z"
LABEL = "Enhanced, not evidence"
PIXELS = """source => {
  const canvas = document.createElement("canvas");
  canvas.width = source.videoWidth ?? source.width;
  canvas.height = source.videoHeight ?? source.height;
  const context = canvas.getContext("2d");
  context.drawImage(source, 0, 0);
  const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
  let text = "";
  for (let at = 0; at < data.length; at += 32768) text += String.fromCharCode(...data.subarray(at, at + 32768));
  return { width: canvas.width, height: canvas.height, data: btoa(text) };
}"""


WINDOW = {"name": "Window", "polygon": [[0.1, 0.1], [0.6, 0.1], [0.6, 0.6], [0.1, 0.6]]}
WATCH_CANVAS = """() => {
  const [video, canvas] = [document.querySelector("[role=group] video"), document.querySelector("[role=group] canvas")];
  const copy = document.createElement("canvas");
  const pen = copy.getContext("2d", { willReadFrequently: true });
  let isEmptied = false;
  window.seen = [];
  video.addEventListener("emptied", () => { isEmptied = true; });
  const look = () => {
    const isSeen = !canvas.hidden && canvas.width > 0;
    let spread = null;
    if (isSeen) {
      [copy.width, copy.height] = [canvas.width, canvas.height];
      pen.drawImage(canvas, 0, 0);
      const [w, h] = [canvas.width, canvas.height];
      const data = pen.getImageData(w * 0.15, h * 0.15, w * 0.4, h * 0.4).data;
      let [low, high] = [255, 0];
      for (let at = 1; at < data.length; at += 4) [low, high] = [Math.min(low, data[at]), Math.max(high, data[at])];
      spread = high - low;
    }
    window.seen.push({ isEmptied, spread });
    requestAnimationFrame(look);
  };
  look();
}"""
"""What the enhanced picture shows inside the zone at each drawing of the screen."""


@dataclass(frozen=True)
class Yard:
    box: Box
    camera: str
    at: datetime


def draw_street(index: int, width: int, height: int) -> np.ndarray:
    """(height, width, 3) uint8 BGR: coarse and fine texture in colours, letters, and a car that moves."""
    noise = np.random.default_rng(3)
    image = cv2.resize(noise.integers(0, 256, (9, 16, 3), np.uint8), (width, height), interpolation=cv2.INTER_CUBIC)
    image = cv2.addWeighted(image, 0.7, noise.integers(0, 256, (height, width, 3), np.uint8), 0.12, 20)
    cv2.putText(
        image, "VEDETTE 1234", (width // 8, height // 2), cv2.FONT_HERSHEY_SIMPLEX, width / 480, (240, 240, 240), 1
    )
    left = index * 3 % width
    cv2.rectangle(image, (left, height * 2 // 3), (left + width // 6, height * 5 // 6), (40, 60, 210), -1)
    return np.asarray(image, np.uint8)


def make_street(folder: Path, size: tuple[int, int], fps: int, crf: int) -> Path:
    path = folder / f"street-{size[0]}.mp4"
    video = VideoEncoding(width=size[0], height=size[1], fps=fps, gop_frames=fps, crf=crf)
    encode_clip(path, (draw_street(index, *size) for index in range(8 * fps)), video, None)
    return path


@pytest.fixture(scope="module")
def yard(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Yard]:
    """One camera: 640 x 360 at 25 pictures a second, and a small and slow sub stream that any machine keeps up with."""
    folder = tmp_path_factory.mktemp("clips")
    main, sub = make_street(folder, (640, 360), 25, 23), make_street(folder, (128, 72), 1, 32)
    port = free_port()
    command = [sys.executable, "-m", "vedette", "sim", f"{main},{sub}", "--port", str(port)]
    simulator = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        with running_box() as box:
            api = box.api()
            url = f"rtsp://127.0.0.1:{port}/cam1"
            body = {"name": "Yard", "main": {"url": f"{url}/main"}, "sub": {"url": f"{url}/sub"}, "record": "main"}
            camera = api.post("/cameras", body | {"analysis": {"detector": "none"}})["id"]

            def footage() -> list[dict[str, Any]]:
                found: list[dict[str, Any]] = api.get(f"/cameras/{camera}/recordings?{ANY_TIME}")["runs"]
                return found

            wait_for("footage", lambda: sum(run["frames"] for run in footage()) > 150, 120)
            yield Yard(box, camera, datetime.fromisoformat(footage()[0]["from"]) + timedelta(seconds=2))
    finally:
        simulator.terminate()
        simulator.wait(10)


def pixels_of(element: Locator) -> np.ndarray:
    """What an element shows, (H, W, 3) uint8 BGR."""
    got = element.evaluate(PIXELS)
    rgba = np.frombuffer(base64.b64decode(got["data"]), np.uint8).reshape(got["height"], got["width"], 4)
    return np.ascontiguousarray(rgba[..., 2::-1])


def by_python(image_bgr: np.ndarray, name: str) -> np.ndarray:
    """What the server makes of this picture with this weight set."""
    arrays = decode_weights((WEIGHTS / f"{name}.bin").read_bytes()).arrays
    return enlarge_bgr(image_bgr, lambda luma: to_pixels(enlarge(luma, arrays)))


def pause_review(page: Page, yard: Yard) -> Locator:
    """The camera's tile in Review, standing at a recorded picture."""
    page.goto(f"/review?cameras={yard.camera}&at={yard.at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}")
    tile = page.locator(f"figure[data-camera='{yard.camera}']")
    page.locator(f"figure[data-camera='{yard.camera}'][data-state=playing]").wait_for()
    page.keyboard.press("k")
    page.locator(f"figure[data-camera='{yard.camera}'][data-state=paused]").wait_for()
    return tile


def switch(tile: Locator) -> Locator:
    return tile.get_by_role("button", name="Show it enhanced")


def test_enhanced_picture_is_that_of_the_server_but_for_its_label(yard: Yard) -> None:
    with open_browser(yard.box.url, {"width": 1920, "height": 1080}) as page:
        sign_in(page, "admin", yard.box.first_password)
        tile = pause_review(page, yard)
        switch(tile).click()
        page.locator("figure[data-enhanced=on]").wait_for()
        keep_screenshot(page, "tiles-review")
        canvas = tile.locator("canvas")
        name = canvas.get_attribute("data-weights") or ""
        shown, wanted = pixels_of(canvas), by_python(pixels_of(tile.locator("video")), name)
        assert shown.shape == wanted.shape == (720, 1280, 3)
        assert page.get_by_role("figure", name=LABEL).count() == 1
        ground = (shown == 28).all(axis=2)
        rows, columns = np.nonzero(ground[:80, 640:])
        assert ground.sum() > 500, "no label"
        height = int(rows.max()) + 1
        left = 640 + int(columns.min())
        difference = np.abs(shown.astype(int) - wanted.astype(int))
        assert difference[:height, left:].max() > 100, "the label's letters"
        difference[:height, left:] = 0
        # Half floats turn a rounding now and then: one level of luma and one of colour are up to four of blue.
        assert difference.max() <= 6
        assert difference.mean() < 0.05
        plain = cv2.resize(pixels_of(tile.locator("video")), (1280, 720), interpolation=cv2.INTER_LINEAR)
        assert np.abs(shown.astype(int) - plain.astype(int)).mean() > 0.5


def test_live_tile_moves_enhanced_is_remembered_and_saves_marked_pictures(yard: Yard) -> None:
    with open_browser(yard.box.url, {"width": 1280, "height": 800}) as page:
        sign_in(page, "admin", yard.box.first_password)
        page.goto(f"/watch?grid=2x2&cameras={yard.camera}")
        tile = page.locator("[role=group][data-state=live]")
        tile.focus()
        page.keyboard.press("e")
        page.locator("[role=group][data-enhanced=on]").wait_for()
        assert LABEL in (tile.get_attribute("aria-label") or "")
        first = pixels_of(tile.locator("canvas"))
        before = tile.locator("canvas").evaluate("canvas => canvas.toDataURL()")
        page.wait_for_function("before => document.querySelector('canvas').toDataURL() !== before", arg=before)
        second = pixels_of(tile.locator("canvas"))
        assert first.shape == second.shape == (144, 256, 3)
        assert np.abs(first.astype(int) - second.astype(int)).max() > 50, "the picture stands still"
        with page.expect_download() as download:
            tile.get_by_role("button", name="Save this picture").click()
        data = Path(download.value.path()).read_bytes()
        assert download.value.suggested_filename.endswith(" enhanced.jpg")
        assert b"this is not evidence" in data
        image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
        assert image.shape == (144, 256, 3)
        assert (np.abs(image[:12, -20:].astype(int) - 28) < 12).mean() > 0.2, "no label in the saved picture"
        page.reload()
        page.locator("[role=group][data-enhanced=on]").wait_for()
        keep_screenshot(page, "tiles-live")
        tile.focus()
        page.keyboard.press("e")
        page.locator("[role=group][data-enhanced=on]").wait_for(state="detached")
        assert tile.locator("canvas").is_hidden()


def test_machine_that_is_too_slow_shows_the_plain_picture_and_says_by_how_much(yard: Yard) -> None:
    """640 x 360 at 25 pictures a second is more than software graphics give; the plain video stutters beside it."""
    with open_browser(yard.box.url, {"width": 1920, "height": 1080}) as page:
        sign_in(page, "admin", yard.box.first_password)
        page.goto(f"/review?cameras={yard.camera}&at={yard.at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}")
        tile = page.locator(f"figure[data-camera='{yard.camera}']")
        page.locator(f"figure[data-camera='{yard.camera}'][data-state=playing]").wait_for()
        switch(tile).click()
        told = tile.get_by_text("Not enhanced: this computer needs")
        told.wait_for(timeout=240_000)  # a picture took 17 s on a machine with twelve other tasks
        found = re.search(r"needs (\d+) ms a picture, the stream allows (\d+) ms", told.inner_text())
        assert found is not None
        cost_ms, allowed_ms = map(int, found.groups())
        assert allowed_ms == 40, "the stream's own pace, not that of what is shown here"
        assert cost_ms > allowed_ms
        assert tile.locator("canvas").is_hidden()
        assert tile.get_attribute("data-enhanced") == "slow"
        keep_screenshot(page, "tiles-slow")


def test_zone_drawn_while_a_tile_is_enhanced_shows_no_older_picture(yard: Yard) -> None:
    api = yard.box.api()
    password = "correct horse battery"
    api.post("/users", {"name": "olga", "role": "monitor", "password": password})
    with open_browser(yard.box.url, {"width": 1280, "height": 800}) as page:
        sign_in(page, "olga", password)
        page.goto(f"/watch?grid=2x2&cameras={yard.camera}")
        tile = page.locator("[role=group][data-state=live]")
        tile.focus()
        page.keyboard.press("e")
        page.locator("[role=group][data-enhanced=on]").wait_for()
        assert spread_of(pixels_of(tile.locator("canvas"))) > 60, "no picture to hide"
        page.evaluate(WATCH_CANVAS)
        page.wait_for_function("() => window.seen.some((one) => one.spread > 60)")
        api.put(f"/cameras/{yard.camera}/privacy", {"zones": [WINDOW]})
        try:
            tile.get_by_text("Parts hidden").wait_for()
            page.wait_for_function("() => window.seen.filter((one) => one.isEmptied && one.spread !== null).length > 4")
            page.locator("[role=group][data-enhanced=on]").wait_for()
            assert spread_of(pixels_of(tile.locator("canvas"))) < 24
            keep_screenshot(page, "tiles-masked")
            seen = page.evaluate("() => window.seen")
        finally:
            api.put(f"/cameras/{yard.camera}/privacy", {"zones": []})
        before = [one["spread"] for one in seen if not one["isEmptied"] and one["spread"] is not None]
        after = [one["spread"] for one in seen if one["isEmptied"] and one["spread"] is not None]
        assert max(before) > 60
        assert max(after) < 24, "a picture from before the zone stood over the masked video"


def spread_of(image_bgr: np.ndarray) -> int:
    """How much the greens inside the zone differ."""
    height, width = image_bgr.shape[:2]
    greens = image_bgr[height * 15 // 100 : height * 55 // 100, width * 15 // 100 : width * 55 // 100, 1]
    return int(greens.max()) - int(greens.min())


def test_browser_without_webgl_says_so(yard: Yard) -> None:
    with open_browser(yard.box.url, {"width": 390, "height": 844}, ["--disable-3d-apis"]) as page:
        sign_in(page, "admin", yard.box.first_password)
        tile = pause_review(page, yard)
        switch(tile).click()
        tile.get_by_text("WebGL 2").wait_for()
        assert tile.locator("canvas").is_hidden()
        keep_screenshot(page, "tiles-no-webgl-phone")
