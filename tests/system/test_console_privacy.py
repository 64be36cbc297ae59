"""Privacy zones in a real browser, on the real system: drawn with the keys alone, and what an operator sees then."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.support.box import Api, Box, running_box, wait_for
from tests.support.browser import keep_screenshot, open_browser

pytestmark = [pytest.mark.system, pytest.mark.timeout(300)]
PASSWORD = "correct horse battery"


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


def sign_in(page: Page, user: str, password: str) -> None:
    page.goto("/login")
    page.get_by_label("User").fill(user)
    page.get_by_label("Password", exact=True).fill(password)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("navigation", name="Places").wait_for()


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


def test_operator_is_told_in_plain_words_in_the_tile_and_in_the_player(
    box: Box, api: Api, camera: dict[str, Any]
) -> None:
    window = {"name": "Window", "polygon": [[0.1, 0.1], [0.6, 0.1], [0.6, 0.6], [0.1, 0.6]]}
    api.put(f"/cameras/{camera['id']}/privacy", {"zones": []})
    api.post("/users", {"name": "olga", "role": "monitor", "password": PASSWORD})
    word = "Parts of this picture are hidden from you."
    with open_browser(box.url) as page:
        sign_in(page, "olga", PASSWORD)
        page.goto("/watch")
        tile = page.locator(f"[data-camera='{camera['id']}']")
        expect(tile).to_have_attribute("data-state", "live", timeout=60_000)
        api.put(f"/cameras/{camera['id']}/privacy", {"zones": [window]})
        expect(tile.get_by_text(word)).to_be_visible(timeout=10_000)
        assert tile.locator("video").evaluate("video => video.readyState") == 0, "the unmasked picture still stands"
        keep_screenshot(page, "privacy-tile")
        page.goto(f"/review?cameras={camera['id']}")
        expect(page.get_by_text(word).first).to_be_visible(timeout=30_000)
        keep_screenshot(page, "privacy-review")
