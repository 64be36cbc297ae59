"""Privacy zones in a real browser, on the real system: drawn with the keys alone, and what an operator sees then."""

from collections.abc import Iterator
from typing import Any

import av
import numpy as np
import pytest
from playwright.sync_api import Page, expect

from tests.support.box import Api, Box, running_box, wait_for
from tests.support.browser import keep_screenshot, open_browser, sign_in

pytestmark = [pytest.mark.system, pytest.mark.timeout(420)]
PASSWORD = "correct horse battery"
WINDOW = {"name": "Window", "polygon": [[0.1, 0.1], [0.6, 0.1], [0.6, 0.6], [0.1, 0.6]]}
HIDDEN_SPREAD = """video => {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [video.videoWidth, video.videoHeight];
  const pen = canvas.getContext("2d");
  pen.drawImage(video, 0, 0);
  const [w, h] = [canvas.width, canvas.height];
  const data = pen.getImageData(w * 0.12, h * 0.12, w * 0.46, h * 0.46).data;
  let [low, high] = [255, 0];
  for (let at = 0; at < data.length; at += 4) {
    low = Math.min(low, data[at + 1]);
    high = Math.max(high, data[at + 1]);
  }
  return high - low;
}"""
"""How much the greens inside the zone differ: nothing of a picture is left when they hardly do."""


@pytest.fixture(scope="module")
def box() -> Iterator[Box]:
    with running_box("--simulate", "1") as box:
        yield box


@pytest.fixture(scope="module")
def api(box: Box) -> Api:
    return box.api()


@pytest.fixture(scope="module")
def camera(api: Api) -> dict[str, Any]:
    def find_online() -> dict[str, Any] | None:
        return next((one for one in api.get("/cameras")["items"] if one["live"]["main"]["state"] == "online"), None)

    camera: dict[str, Any] = wait_for("a camera", find_online)
    return camera


def press(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def test_zone_is_drawn_with_the_keys_and_saved(box: Box, api: Api, camera: dict[str, Any]) -> None:
    with open_browser(box.url) as page:
        sign_in(page, "admin", box.first_password)
        page.goto("/settings/cameras")
        page.get_by_role("link", name="Privacy zones: ").click()
        page.get_by_role("heading", name="Privacy zones").wait_for()
        page.wait_for_function("() => document.querySelector('[data-state=live] video')")
        add = page.get_by_role("button", name="Add zone")
        add.focus()
        press(page, "Enter", "Space", *["ArrowRight"] * 15, "Space", *["ArrowDown"] * 15, "Space", "Enter")
        page.get_by_label("Name").fill("Neighbour's window")
        keep_screenshot(page, "privacy-editor")
        page.get_by_role("button", name="Save").click()
        page.get_by_text("Saved", exact=True).wait_for()
        (zone,) = api.get(f"/cameras/{camera['id']}/privacy")["zones"]
        assert (zone["name"], zone["polygon"]) == ("Neighbour's window", [[0.5, 0.5], [0.8, 0.5], [0.8, 0.8]])
        page.get_by_label("Corner 1 of Neighbour's window").focus()
        press(page, *["ArrowLeft"] * 20)
        page.get_by_role("button", name="Save").click()
        page.get_by_text("Saved", exact=True).wait_for()
        (moved,) = api.get(f"/cameras/{camera['id']}/privacy")["zones"]
        assert (moved["id"], moved["polygon"][0]) == (zone["id"], [0.4, 0.5])


def test_operator_sees_live_pictures_masked_and_is_told_so_in_tile_and_player(
    box: Box, api: Api, camera: dict[str, Any]
) -> None:
    api.put(f"/cameras/{camera['id']}/privacy", {"zones": []})
    api.post("/users", {"name": "olga", "role": "monitor", "password": PASSWORD})
    with open_browser(box.url) as page:
        sign_in(page, "olga", PASSWORD)
        page.goto("/watch")
        tile = page.locator(f"[data-camera='{camera['id']}']")
        expect(tile).to_have_attribute("data-state", "live", timeout=60_000)
        api.put(f"/cameras/{camera['id']}/privacy", {"zones": [WINDOW]})
        expect(tile.get_by_text("Parts hidden")).to_be_visible(timeout=30_000)
        expect(tile).to_have_attribute("data-state", "live")
        assert tile.locator("video").evaluate(HIDDEN_SPREAD) < 8
        keep_screenshot(page, "privacy-tile")
        page.goto(f"/review?cameras={camera['id']}")
        played = page.locator(f"figure[data-camera='{camera['id']}']")
        expect(played.get_by_text("Parts hidden")).to_be_visible(timeout=60_000)
        assert played.locator("video").evaluate(HIDDEN_SPREAD) < 8
        keep_screenshot(page, "privacy-review")


def test_operator_is_told_before_exporting_that_parts_are_hidden_and_gets_a_masked_file(
    box: Box, api: Api, camera: dict[str, Any]
) -> None:
    api.put(f"/cameras/{camera['id']}/privacy", {"zones": [WINDOW]})
    with open_browser(box.url) as page:
        sign_in(page, "olga", PASSWORD)
        page.goto(f"/review?cameras={camera['id']}")
        page.get_by_role("button", name="Export").click()
        dialog = page.get_by_role("dialog")
        expect(dialog.get_by_text("Parts hidden").first).to_be_visible()
        dialog.get_by_label("Purpose").fill("Police, file 12")
        dialog.get_by_label("From").fill("-25s")  # a short one: masking is work, and this browser takes its share
        dialog.get_by_label("To", exact=True).fill("-20s")
        make = dialog.get_by_role("button", name="Make the export")
        dialog.get_by_text("With proof that nothing was changed").click()
        expect(dialog.get_by_text("The bundle holds masked copies")).to_be_visible()
        expect(make).to_be_enabled()
        dialog.get_by_text("With proof that nothing was changed").click()
        expect(dialog.get_by_text("The footage is complete")).to_be_visible(timeout=60_000)  # 25 s were recorded
        make.click()
        link = dialog.get_by_role("link", name="masked.mp4").first
        link.wait_for(timeout=300_000)  # masking gives way to everything else
        keep_screenshot(page, "privacy-export")
        with page.expect_download() as download:
            link.click()
        with av.open(str(download.value.path())) as container:
            pictures = [frame.to_ndarray(format="gray") for frame in container.decode(video=0)]
    assert pictures
    height, width = pictures[0].shape
    inside = np.s_[height * 12 // 100 : height * 58 // 100, width * 12 // 100 : width * 58 // 100]
    assert max(int(picture[inside].max()) - int(picture[inside].min()) for picture in pictures) < 8
