"""Files in a real browser, on the real system: brought, paused, gone on with, looked at, removed."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import FilePayload, expect

from tests.support.box import Box, running_box
from tests.support.browser import keep_screenshot, open_browser, sign_in
from tests.support.encoded import write_square_file

pytestmark = [pytest.mark.system, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def box() -> Iterator[Box]:
    with running_box() as box:
        yield box


def test_file_is_brought_analysed_looked_at_and_removed(box: Box) -> None:
    film = FilePayload(name="cổng chính.mp4", mimeType="video/mp4", buffer=write_square_file(frames=60))
    text = FilePayload(name="notes.mp4", mimeType="video/mp4", buffer=b"this is no video at all " * 100)
    with open_browser(box.url) as page:
        sign_in(page, "admin", box.first_password)
        page.goto("/files")
        page.get_by_role("heading", name="Nothing was brought yet").wait_for()
        page.locator("input[type=file]").set_input_files([film, text])
        job = page.get_by_role("article", name="cổng chính.mp4")
        expect(job.get_by_text("Done", exact=True)).to_be_visible(timeout=120_000)
        failed = page.get_by_role("article", name="notes.mp4")
        expect(failed.get_by_text("no video file")).to_be_visible(timeout=120_000)
        job.get_by_role("button", name="Show: 1 objects").click()
        picture = job.get_by_role("list", name="Objects").get_by_role("img")
        expect(picture).to_be_visible()
        page.wait_for_function("image => image.complete && image.naturalWidth > 10", arg=picture.element_handle())
        page.wait_for_function("() => document.querySelector('article video')?.duration > 5")
        keep_screenshot(page, "files-results")
        page.reload()
        expect(page.get_by_role("list", name="Events")).to_be_visible()
        page.get_by_role("button", name="Remove notes.mp4").click()
        expect(failed).to_have_count(0)


def test_long_file_is_paused_goes_on_and_is_cancelled(box: Box) -> None:
    film = FilePayload(name="long.mp4", mimeType="video/mp4", buffer=write_square_file(frames=3000, fps=30))
    with open_browser(box.url, {"width": 390, "height": 844}) as page:
        sign_in(page, "admin", box.first_password)
        page.goto("/files")
        page.locator("input[type=file]").set_input_files(film)
        job = page.get_by_role("article", name="long.mp4")
        expect(job.get_by_text("Running", exact=True)).to_be_visible(timeout=120_000)
        job.get_by_role("button", name="Pause long.mp4").click()
        expect(job.get_by_text("Paused", exact=True)).to_be_visible()
        keep_screenshot(page, "files-phone")
        job.get_by_role("button", name="Go on with long.mp4").click()
        expect(job.get_by_text("Running", exact=True)).to_be_visible()
        job.get_by_role("button", name="Cancel long.mp4").click()
        expect(job.get_by_text("Cancelled", exact=True)).to_be_visible()
