"""The place Lab in a real browser, on the real system: pictures chosen and pasted, refused ones, and none kept."""

from collections.abc import Iterator

import cv2
import numpy as np
import pytest
from playwright.sync_api import FilePayload, expect

from tests.support.box import Box, running_box
from tests.support.browser import keep_screenshot, open_browser, sign_in
from vedette.vision.classify.changes import CHANGES

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
        measured = page.get_by_role("region", name="How good is it?")
        expect(measured.get_by_role("table")).to_have_count(3)
        expect(measured.get_by_role("row", name="45°")).to_contain_text("%")
        refused = page.get_by_role("article", name="notes.png")
        expect(refused.get_by_text("This is no picture that can be looked at.")).to_be_visible(timeout=60_000)
        page.evaluate(_PASTE, list(picture(".png", 2)))
        expect(page.get_by_role("article", name="pasted.png").get_by_role("listitem")).to_have_count(3, timeout=60_000)
        keep_screenshot(page, "lab")
        page.get_by_role("button", name="Take notes.png away").click()
        expect(refused).to_have_count(0)
        page.set_viewport_size({"width": 390, "height": 844})
        keep_screenshot(page, "lab-phone")
        measured.evaluate("section => section.scrollIntoView()")
        keep_screenshot(page, "lab-measured-phone")
        page.reload()
        page.get_by_role("heading", name="No picture was looked at yet").wait_for()


def test_picture_is_shown_shifted_scaled_and_turned_with_what_is_said_of_each(box: Box) -> None:
    street = np.full((240, 320, 3), (190, 170, 150), np.uint8)
    cv2.rectangle(street, (90, 110), (230, 170), (40, 40, 200), -1)
    for x in (120, 200):
        cv2.circle(street, (x, 170), 18, (20, 20, 20), -1)
    given = FilePayload(name="car.png", mimeType="image/png", buffer=bytes(cv2.imencode(".png", street)[1]))
    with open_browser(box.url, {"width": 1920, "height": 1080}) as page:
        sign_in(page, "admin", box.first_password)
        page.goto("/lab")
        page.locator("input[type=file]").set_input_files([given])
        page.get_by_role("button", name="Is the answer to car.png stable?").click(timeout=120_000)
        dialog = page.get_by_role("dialog", name="Does the answer hold? car.png")
        expect(dialog.get_by_role("figure")).to_have_count(1 + len(CHANGES), timeout=60_000)
        same = dialog.get_by_role("img", name="the same answer").count()
        other = dialog.get_by_role("img", name="another answer").count()
        assert same + other == len(CHANGES)
        expect(dialog.get_by_text(f"The same answer in {same} of {len(CHANGES)} changed pictures")).to_be_visible()
        pictures = dialog.locator("figure img").evaluate_all("all => all.map(one => `${one.naturalWidth} ${one.src}`)")
        assert len(set(pictures)) == 1 + len(CHANGES), "pictures that were not changed"
        assert all(one.startswith("112 ") for one in pictures), "pictures that cannot be shown"
        keep_screenshot(page, "lab-stability")
        page.set_viewport_size({"width": 390, "height": 844})
        keep_screenshot(page, "lab-stability-phone")
        page.keyboard.press("Escape")
        expect(dialog).to_have_count(0)
        page.set_viewport_size({"width": 1920, "height": 1080})
        page.get_by_role("region", name="How good is it?").evaluate("section => section.scrollIntoView()")
        keep_screenshot(page, "lab-measured")
