"""A first-time user in a real browser: signs in, adds a camera, sees it live, plays back, sees an event."""

import contextlib
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from playwright.sync_api import Page

from tests.support.box import Box, running_box, wait_for
from tests.support.browser import keep_screenshot, open_browser
from vedette.media.encode import VideoEncoding, encode_clip

pytestmark = [pytest.mark.system, pytest.mark.timeout(420)]

PLAYING = """() => [...document.querySelectorAll('video')]
    .filter(v => v.videoWidth > 0 && !v.paused).map(v => v.currentTime)"""
PIXELS = """() => {
    const video = document.querySelector('video');
    const canvas = document.createElement('canvas');
    [canvas.width, canvas.height] = [64, 36];
    const context = canvas.getContext('2d');
    context.drawImage(video, 0, 0, 64, 36);
    return [...context.getImageData(0, 0, 64, 36).data];
}"""


def moving_square(count: int) -> Iterator[NDArray[np.uint8]]:
    """A bright square that crosses a grey floor, so that there is motion to find and pixels that change."""
    for index in range(count):
        picture = np.full((360, 640, 3), 90, np.uint8)
        left = (index * 6) % 560
        picture[140:260, left : left + 80] = (60, 200, 240)
        yield picture


@contextlib.contextmanager
def simulated_camera(folder: Path, password: str) -> Iterator[str]:
    """One RTSP camera with a login, as a process of its own. Yields its address."""
    clip = folder / "walk.mp4"
    encode_clip(clip, moving_square(300), VideoEncoding(width=640, height=360, fps=15, gop_frames=15))
    process = subprocess.Popen(
        [sys.executable, "-m", "vedette", "sim", str(clip), "--port", "0", "--user", "viewer", "--password", password],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
    finally:
        process.terminate()
        process.wait(20)


@pytest.fixture(scope="module")
def box() -> Iterator[Box]:
    with running_box() as box:
        yield box


@pytest.fixture(scope="module")
def camera(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with simulated_camera(tmp_path_factory.mktemp("sim"), "pa:ss@1") as url:
        yield url


@pytest.fixture(scope="module")
def page(box: Box) -> Iterator[Page]:
    with open_browser(box.url) as page:
        yield page


def test_1_wrong_password_is_refused_and_the_right_one_signs_in(page: Page, box: Box) -> None:
    page.goto("/")
    page.get_by_label("User").fill("admin")
    page.get_by_label("Password", exact=True).fill("not the password")
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("alert").first.wait_for()
    keep_screenshot(page, "login-refused")
    page.get_by_label("Password", exact=True).fill(box.first_password)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_text("Let us see something").wait_for()
    keep_screenshot(page, "first-run")


def test_2_wrong_camera_password_is_said_before_anything_is_saved(page: Page, camera: str) -> None:
    page.get_by_role("button", name="Add a camera").click()
    page.get_by_label("Name").fill("Gate")
    page.get_by_label("Main stream").first.fill(camera)
    page.get_by_label("User").fill("viewer")
    page.get_by_label("Password", exact=True).fill("wrong")
    page.get_by_role("button", name="Test connection").click()
    said = page.get_by_role("status").filter(has_text="password")
    said.wait_for()
    assert "password" in said.inner_text().lower()
    keep_screenshot(page, "camera-test-wrong-password")


def test_3_camera_is_tested_and_added(page: Page, camera: str) -> None:
    page.get_by_label("Password", exact=True).fill("pa:ss@1")
    page.get_by_role("button", name="Test connection").click()
    page.get_by_text("The camera answers and sends pictures.").wait_for()
    keep_screenshot(page, "camera-test-good")
    page.get_by_role("button", name="Save").click()
    page.get_by_role("dialog").wait_for(state="detached")


def advancing(page: Page) -> bool:
    """True when a playing video's clock moves on within a second and its pixels change."""
    before, pixels = page.evaluate(PLAYING), None
    if not before:
        return False
    pixels = page.evaluate(PIXELS)
    time.sleep(1.0)  # noqa: TID251 -- a person looks for a second
    after = page.evaluate(PLAYING)
    return bool(after) and after[0] > before[0] and page.evaluate(PIXELS) != pixels


def test_4_live_picture_moves(page: Page) -> None:
    page.goto("/watch")
    wait_for("a moving live picture", lambda: advancing(page))
    keep_screenshot(page, "watch")


def footage_spans(box: Box) -> list[dict[str, Any]]:
    api = box.api()
    camera = api.get("/cameras")["items"][0]["id"]
    runs: list[dict[str, Any]] = api.get(
        f"/cameras/{camera}/recordings?from=2000-01-01T00:00:00Z&to=2100-01-01T00:00:00Z"
    )["runs"]
    return runs


def test_5_what_was_seen_is_played_back(page: Page, box: Box) -> None:
    wait_for("ten seconds of footage", lambda: sum(run["frames"] for run in footage_spans(box)) > 150)
    camera = box.api().get("/cameras")["items"][0]["id"]
    page.goto(f"/review?cameras={camera}&at={footage_spans(box)[0]['from']}")
    wait_for("a moving recorded picture", lambda: advancing(page))
    keep_screenshot(page, "review")


def saved_picture(page: Page, button: str) -> NDArray[np.uint8]:
    with page.expect_download() as saved:
        page.get_by_role("button", name=button).click()
    assert saved.value.suggested_filename.endswith(".jpg")
    data = np.frombuffer(saved.value.path().read_bytes(), np.uint8)
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)


def test_6_event_is_listed_with_its_picture_and_acknowledged(page: Page, box: Box) -> None:
    def pictured() -> list[str]:
        return [e["id"] for e in box.api().get("/events")["items"] if e["picture_url"] and e["box"]]

    wait_for("an event with a picture", pictured)
    page.goto(f"/alarms?event={pictured()[0]}")  # the newest may be one of the system, on a full machine
    wait_for(
        "a loaded event picture",
        lambda: page.evaluate("() => [...document.querySelectorAll('img')].some(i => i.naturalWidth > 100)"),
    )
    keep_screenshot(page, "alarms")
    frame, thing = (saved_picture(page, name) for name in ("Save with result", "Save object"))
    assert frame.shape[1] >= thing.shape[1]
    assert frame.shape[0] > thing.shape[0]
    assert frame[-4:, :4].mean() < 40, "the line under the frame says what it is"
    page.get_by_role("button", name="Acknowledge").first.click()
    wait_for("the acknowledgement", lambda: box.api().get("/events?state=acknowledged")["items"])


@pytest.mark.parametrize("size", [(1920, 1080), (1280, 800), (390, 844)], ids=["desk", "laptop", "phone"])
def test_7_every_page_opens_at_every_size_without_sideways_scrolling(page: Page, size: tuple[int, int]) -> None:
    page.set_viewport_size({"width": size[0], "height": size[1]})
    for place in (
        "watch",
        "review",
        "alarms",
        "settings/cameras",
        "settings/users",
        "settings/audit",
        "settings/health",
    ):
        page.goto(f"/{place}")
        page.wait_for_load_state("load")
        page.locator("main").first.wait_for()
        page.wait_for_timeout(1500)
        keep_screenshot(page, f"{place.replace('/', '-')}-{size[0]}")
        overflow = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert overflow <= 0, f"{place} is {overflow} px wider than {size[0]} px"
