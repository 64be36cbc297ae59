"""H.265 in the console, in two browser engines: WebKit plays it, live and back; Chromium says what can be done."""

import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Page, expect

from tests.support.box import Api, Box, free_port, running_box, wait_for
from tests.support.browser import keep_screenshot, open_browser, sign_in
from tests.support.clips import make_clip
from tests.support.webkit import WebkitPage, open_webkit
from vedette.core.media import Codec

pytestmark = [pytest.mark.system, pytest.mark.timeout(420)]
H264, H265 = Codec.H264, Codec.H265
H264_MIME, H265_MIME = 'video/mp4; codecs="avc1.42e01e"', 'video/mp4; codecs="hvc1.1.6.L120.B0"'
SIZE = (640, 360)
NAMES = {"h264": "Gate", "h265": "Yard", "both": "Hall"}
"""Both: H.265 as main stream, H.264 as sub stream."""
FRAMES_TO_SEE = 10
LOADED = "return document.querySelector('main')?.innerText.length > 20 && !document.querySelector('[class*=skeleton]')"
LOOK = """const tile = document.querySelector(`[data-camera="${arguments[0]}"]`);
const video = tile?.querySelector('video');
if (!video?.videoWidth) return null;
const canvas = document.createElement('canvas');
[canvas.width, canvas.height] = [64, 36];
const context = canvas.getContext('2d');
context.drawImage(video, 0, 0, 64, 36);
const pixels = [...context.getImageData(0, 0, 64, 36).data];
return {state: tile.dataset.state, width: video.videoWidth, time: video.currentTime, pixels,
    frames: video.getVideoPlaybackQuality().totalVideoFrames};"""
"""What a person sees of one camera: the words' state, the clock and the pixels."""


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Box]:
    folder = tmp_path_factory.mktemp("clips")
    clips = {codec: make_clip(folder, codec, frames=150, size=SIZE, fps=15, gop_frames=15) for codec in (H264, H265)}
    port = free_port()
    command = [sys.executable, "-m", "vedette", "sim", str(clips[H264]), str(clips[H265]), "--port", str(port)]
    simulator = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        with running_box() as box:
            api, url = box.api(), f"rtsp://127.0.0.1:{port}"
            add_camera(api, NAMES["h264"], f"{url}/cam1/main")
            add_camera(api, NAMES["h265"], f"{url}/cam2/main")
            add_camera(api, NAMES["both"], f"{url}/cam2/main", f"{url}/cam1/main")
            wait_for("a few seconds of footage", lambda: all(is_recorded(api, one) for one in find_ids(api).values()))
            yield box
    finally:
        simulator.terminate()
        simulator.wait(20)


def add_camera(api: Api, name: str, main: str, sub: str = "") -> None:
    body = {"name": name, "main": {"url": main}, "record": "main", "analysis": {"detector": "none"}}
    api.post("/cameras", body | ({"sub": {"url": sub}} if sub else {}))


def find_ids(api: Api) -> dict[str, str]:
    ids = {one["name"]: one["id"] for one in api.get("/cameras")["items"]}
    return {kind: ids[name] for kind, name in NAMES.items()}


def is_recorded(api: Api, camera: str) -> bool:
    return sum(run["frames"] for run in api.get(f"/cameras/{camera}/recordings")["runs"]) > 150


def review_path(camera: str, seconds_ago: float) -> str:
    at = datetime.now(UTC) - timedelta(seconds=seconds_ago)  # noqa: TID251 -- the system's own clock is the real one
    return f"/review?cameras={camera}&at={at:%Y-%m-%dT%H:%M:%SZ}"


@pytest.fixture(scope="module")
def webkit(box: Box) -> Iterator[WebkitPage]:
    with open_webkit(box.url) as page:
        page.goto("/login")
        for mime in (H264_MIME, H265_MIME):
            if not page.run("return MediaSource.isTypeSupported(arguments[0])", mime):
                pytest.skip(f"WebKit does not decode {mime} (apt-get install gstreamer1.0-libav)")
        page.fill("User", "admin")
        page.fill("Password", box.first_password)
        page.click("button", "Sign in")
        page.wait("the places", "return document.querySelector('nav')")
        yield page


def moves(page: WebkitPage, camera: str, state: str) -> bool:
    """True when the camera's picture is in this state, its clock goes on within a second and its pixels change."""
    before = page.run(LOOK, camera)
    if not before or before["state"] != state:
        return False
    time.sleep(1.0)  # noqa: TID251 -- a person looks for a second
    after = page.run(LOOK, camera)
    return bool(
        after
        and (after["state"], after["width"]) == (state, SIZE[0])
        and after["time"] > before["time"]
        and after["frames"] > FRAMES_TO_SEE
        and after["pixels"] != before["pixels"]
    )


@pytest.mark.parametrize("kind", ["h264", "h265"])
def test_webkit_shows_a_moving_live_picture(webkit: WebkitPage, box: Box, kind: str) -> None:
    camera = find_ids(box.api())[kind]
    webkit.goto(f"/watch?grid=1x1&cameras={camera}")
    wait_for(f"a moving live picture in {kind}", lambda: moves(webkit, camera, "live"), 120)
    assert box.api().get(f"/cameras/{camera}")["live"]["main"]["codec"] == kind
    webkit.keep_screenshot(f"watch-{kind}")


@pytest.mark.parametrize("kind", ["h264", "h265"])
def test_webkit_plays_back_what_was_recorded(webkit: WebkitPage, box: Box, kind: str) -> None:
    camera = find_ids(box.api())[kind]
    webkit.goto(review_path(camera, 8))
    wait_for(f"a moving recorded picture in {kind}", lambda: moves(webkit, camera, "playing"), 120)
    webkit.keep_screenshot(f"review-{kind}")


@pytest.mark.parametrize("size", [(1280, 800), (500, 844)], ids=["laptop", "narrow"])
def test_webkit_opens_every_page_without_sideways_scrolling(webkit: WebkitPage, size: tuple[int, int]) -> None:
    webkit.resize(*size)
    for place in ("watch", "review", "alarms", "search", "settings/cameras", "settings/storage", "settings/health"):
        webkit.goto(f"/{place}")
        webkit.wait(f"the page {place}", LOADED)
        webkit.keep_screenshot(f"{place.replace('/', '-')}-{size[0]}")
        overflow = webkit.run("return document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert overflow <= 0, f"{place} is {overflow} px wider than {size[0]} px"


@pytest.fixture(scope="module")
def chromium(box: Box) -> Iterator[Page]:
    with open_browser(box.url) as page:
        sign_in(page, "admin", box.first_password)
        if page.evaluate("mime => MediaSource.isTypeSupported(mime)", H265_MIME):
            pytest.skip("this Chromium plays H.265")
        yield page


def test_chromium_says_what_can_be_done_about_h265_alone(chromium: Page, box: Box) -> None:
    camera = find_ids(box.api())["h265"]
    chromium.goto(f"/watch?grid=1x1&cameras={camera}")
    tile = chromium.locator(f"[data-camera='{camera}'][data-state=unsupported]")
    tile.get_by_text("second stream to H.264").wait_for()
    keep_screenshot(chromium, "watch-h265-unsupported")


def test_chromium_is_given_the_h264_sub_stream_by_itself(chromium: Page, box: Box) -> None:
    camera = find_ids(box.api())["both"]
    chromium.goto(f"/watch?grid=1x1&cameras={camera}&max={camera}")
    tile = chromium.locator(f"[data-camera='{camera}'][data-state=live]")
    tile.wait_for()
    assert tile.locator("video").evaluate("video => video.videoWidth") == SIZE[0]


def test_chromium_shows_single_pictures_of_footage_in_h265_and_tells_the_way_to_the_rest(
    chromium: Page, box: Box
) -> None:
    camera = find_ids(box.api())["h265"]
    chromium.goto(review_path(camera, 8))
    tile = chromium.locator(f"figure[data-camera='{camera}'][data-state=unsupported]")
    tile.get_by_text("export it and play the file").wait_for()
    expect(tile.locator("img")).to_have_js_property("naturalWidth", SIZE[0], timeout=60_000)
    first = tile.locator("img").get_attribute("src") or ""
    expect(tile.locator("img")).not_to_have_attribute("src", first, timeout=60_000)
    keep_screenshot(chromium, "review-h265-unsupported")
