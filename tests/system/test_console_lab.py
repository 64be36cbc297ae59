"""The place Lab in a real browser, on the real system: pictures chosen and pasted, refused ones, and none kept."""

from collections.abc import Iterator

import cv2
import numpy as np
import pytest
from playwright.sync_api import FilePayload, expect

from tests.support.box import Box, running_box
from tests.support.browser import keep_screenshot, open_browser, sign_in

pytestmark = [pytest.mark.system, pytest.mark.timeout(300)]

_PASTE = """async (bytes) => {
  const transfer = new DataTransfer();
  transfer.items.add(new File([new Uint8Array(bytes)], "pasted.png", { type: "image/png" }));
  window.dispatchEvent(new ClipboardEvent("paste", { clipboardData: transfer }));
}"""


@pytest.fixture(scope="module")
def box() -> Iterator[Box]:
    with running_box() as box:
        yield box


def picture(ending: str, seed: int) -> bytes:
    image = np.random.default_rng(seed).integers(0, 255, (240, 320, 3), np.uint8)
    return bytes(cv2.imencode(ending, cv2.GaussianBlur(image, (0, 0), 9))[1])


def test_pictures_are_looked_at_and_what_is_none_is_refused(box: Box) -> None:
    good = FilePayload(name="sân trước.jpg", mimeType="image/jpeg", buffer=picture(".jpg", 1))
    bad = FilePayload(name="notes.png", mimeType="image/png", buffer=b"this is no picture " * 10)
    text = FilePayload(name="notes.txt", mimeType="text/plain", buffer=b"text")
    with open_browser(box.url) as page:
        sign_in(page, "admin", box.first_password)
        page.goto("/lab")
        page.get_by_role("heading", name="No picture was looked at yet").wait_for()
        page.locator("input[type=file]").set_input_files([good, bad, text])
        answered = page.get_by_role("article", name="sân trước.jpg")
        expect(answered.get_by_role("listitem")).to_have_count(3, timeout=120_000)
        expect(page.get_by_text("1 file was left out")).to_be_visible()
        expect(page.get_by_text("It knows airplane, automobile, bird")).to_be_visible()
        refused = page.get_by_role("article", name="notes.png")
        expect(refused.get_by_text("This is no picture that can be looked at.")).to_be_visible(timeout=60_000)
        page.evaluate(_PASTE, list(picture(".png", 2)))
        expect(page.get_by_role("article", name="pasted.png").get_by_role("listitem")).to_have_count(3, timeout=60_000)
        keep_screenshot(page, "lab")
        page.get_by_role("button", name="Take notes.png away").click()
        expect(refused).to_have_count(0)
        page.set_viewport_size({"width": 390, "height": 844})
        keep_screenshot(page, "lab-phone")
        page.reload()
        page.get_by_role("heading", name="No picture was looked at yet").wait_for()
