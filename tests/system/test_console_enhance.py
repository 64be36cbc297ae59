"""A still picture beside its enlargement, in a real browser on the real system: in Review, a part of it, both files."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from playwright.sync_api import Locator, Page

from tests.support.box import Api, Box, running_box, wait_for
from tests.support.browser import keep_screenshot, open_browser, sign_in

pytestmark = [pytest.mark.system, pytest.mark.timeout(300)]

NOTE = b"this is not evidence"
ANY_TIME = "from=2000-01-01T00:00:00Z&to=2100-01-01T00:00:00Z"


@pytest.fixture(scope="module")
def box() -> Iterator[Box]:
    with running_box("--simulate", "1") as box:
        yield box


@pytest.fixture(scope="module")
def api(box: Box) -> Api:
    return box.api()


@pytest.fixture(scope="module")
def moment(api: Api) -> tuple[str, datetime]:
    """The simulated camera and a moment of it, once ten seconds are stored."""
    camera: str = wait_for("a camera", lambda: api.get("/cameras")["items"])[0]["id"]

    def runs() -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = api.get(f"/cameras/{camera}/recordings?{ANY_TIME}")["runs"]
        return found

    wait_for("footage", lambda: sum(run["frames"] for run in runs()) > 150)
    return camera, datetime.fromisoformat(runs()[0]["from"]) + timedelta(seconds=3)


def size_of(data: bytes) -> tuple[int, int]:
    image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    return image.shape[1], image.shape[0]


def save(page: Page, dialog: Locator, button: str) -> tuple[str, bytes]:
    with page.expect_download() as download:
        dialog.get_by_role("button", name=button).click()
    return download.value.suggested_filename, Path(download.value.path()).read_bytes()


def open_still(page: Page, moment: tuple[str, datetime]) -> Locator:
    camera, at = moment
    page.goto(f"/review?cameras={camera}&at={at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}")
    page.locator("video[data-visible]").wait_for()
    page.keyboard.press("s")
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("img", name="Enhanced, estimated").wait_for()
    return dialog


def test_paused_picture_and_a_part_of_it_are_compared_and_both_are_saved(
    box: Box, moment: tuple[str, datetime]
) -> None:
    with open_browser(box.url, {"width": 1920, "height": 1080}) as page:
        sign_in(page, "admin", box.first_password)
        dialog = open_still(page, moment)
        page.wait_for_function("document.querySelectorAll('[role=dialog] img').length === 2")
        keep_screenshot(page, "enhance-whole")
        name, recorded = save(page, dialog, "Save as recorded")
        assert "enhanced" not in name
        assert NOTE not in recorded
        whole = size_of(recorded)
        marked, enhanced = save(page, dialog, "Save enhanced")
        assert marked.endswith(" enhanced.jpg")
        assert NOTE in enhanced
        assert size_of(enhanced) == (2 * whole[0], 2 * whole[1])

        picture = dialog.get_by_role("img", name="As recorded").bounding_box()
        assert picture is not None
        page.mouse.move(picture["x"] + picture["width"] * 0.25, picture["y"] + picture["height"] * 0.25)
        page.mouse.down()
        page.mouse.move(picture["x"] + picture["width"] * 0.5, picture["y"] + picture["height"] * 0.5, steps=4)
        page.mouse.up()
        dialog.get_by_role("button", name="Whole picture").wait_for()
        dialog.get_by_role("img", name="Enhanced, estimated").wait_for()
        dialog.get_by_text("Being enhanced").wait_for(state="detached")
        keep_screenshot(page, "enhance-part")
        part = size_of(save(page, dialog, "Save enhanced")[1])
        assert part == pytest.approx((whole[0] / 2, whole[1] / 2), abs=12)
        slider = dialog.get_by_role("slider")
        slider.fill("0")
        assert slider.input_value() == "0"


def test_comparison_fits_a_phone(box: Box, moment: tuple[str, datetime]) -> None:
    with open_browser(box.url, {"width": 390, "height": 844}) as page:
        sign_in(page, "admin", box.first_password)
        open_still(page, moment)
        keep_screenshot(page, "enhance-phone")
        wide = page.evaluate("() => document.documentElement.scrollWidth")
        assert wide <= 390
