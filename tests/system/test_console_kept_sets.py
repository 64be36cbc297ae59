"""Own categories as a person uses them: switched on for a camera, asked for in Search, read beside a found object; and
what is shown of a set that cannot be told or was deleted.
"""

from collections.abc import Iterator
from dataclasses import replace

import cv2
import numpy as np
import pytest
from playwright.sync_api import Locator, Page, expect

from tests.support.box import Box, running_box, wait_for
from tests.support.browser import keep_screenshot, open_browser, sign_in
from tests.support.kept_sets import make_kept_set
from tests.support.seen import see
from vedette.adapters.sqlite_bus import SqlitePublisher
from vedette.core.time import NS_PER_S
from vedette.node.analyzer_events import PictureStore
from vedette.node.category_shelf import CategoryShelf
from vedette.runtime.clock import SystemClock
from vedette.runtime.paths import NodePaths
from vedette.testing.clock import DEFAULT_UTC_NS

pytestmark = [pytest.mark.system, pytest.mark.timeout(420)]
WORD = "bưu điện, 24h: nhanh"


@pytest.fixture(scope="module")
def box() -> Iterator[Box]:
    with running_box() as made:
        CategoryShelf(made.data / "categories").save(make_kept_set("livery", "vehicle", "courier", WORD))
        made.api().post("/cameras", {"name": "Gate", "main": {"url": "rtsp://127.0.0.1:9/1"}})
        yield made


def tell_vehicles(box: Box) -> None:
    """Puts vehicles on the bus, as an analyzer with a set tells them."""
    paths, clock = NodePaths(box.data), SystemClock()
    [camera] = box.api().get("/cameras")["items"]
    picture = cv2.imencode(".jpg", np.full((80, 160, 3), (30, 170, 220), np.uint8))[1].tobytes()
    with SqlitePublisher(paths.bus, "test", clock) as publisher:
        for value in ("courier", WORD, "unknown"):
            seen = see(camera["id"], (clock.utc_ns() - DEFAULT_UTC_NS) / NS_PER_S - 60, livery=value, colour="yellow")
            written = PictureStore(paths.pictures).write(seen.object_id, picture)
            publisher.publish_nowait(replace(seen, picture=written))


def tiles(page: Page) -> Locator:
    return page.get_by_role("region", name="What was found").get_by_role("listitem")


def test_set_is_switched_on_for_a_camera_and_stays_to_be_switched_off_when_it_is_deleted(box: Box) -> None:
    shelf = CategoryShelf(box.data / "categories")
    [camera] = box.api().get("/cameras")["items"]
    with open_browser(box.url, {"width": 390, "height": 844}) as page:
        sign_in(page, "admin", box.first_password)
        page.goto(f"/settings/cameras?edit={camera['id']}")
        page.get_by_text("livery (vehicles)").click()
        keep_screenshot(page, "camera-categories-390")
        page.get_by_role("button", name="Save").click()
        expect(page.get_by_role("dialog")).to_have_count(0)
        assert box.api().get("/cameras")["items"][0]["analysis"]["categories"] == ["livery"]
        kept = shelf.load("livery")
        shelf.delete("livery")
        page.goto(f"/settings/cameras?edit={camera['id']}")
        expect(page.get_by_text("livery (not kept any more)")).to_be_visible()
        page.keyboard.press("Escape")
        page.goto("/settings/health")
        expect(page.get_by_text("livery is left out. This set of categories is not kept any more")).to_be_visible(
            timeout=30_000
        )
        shelf.save(kept)


def test_vehicle_is_found_by_the_words_of_a_set_in_the_box_and_by_its_chip(box: Box) -> None:
    tell_vehicles(box)
    api = box.api()
    wait_for("the vehicles", lambda: len(api.post("/search/objects", {"classes": ["vehicle"]})["items"]) == 3)
    with open_browser(box.url, {"width": 1920, "height": 1080}) as page:
        sign_in(page, "admin", box.first_password)
        page.goto("/search")
        page.get_by_label("Words or a number plate").fill("yellow courier")
        page.get_by_role("button", name="Search", exact=True).click()
        expect(page.get_by_text("livery: courier")).to_be_visible()
        expect(tiles(page)).to_have_count(2)  # what is none of these does not contradict the colour
        page.get_by_label("Words or a number plate").fill("")
        page.get_by_text("Your own categories").click()
        page.get_by_role("button", name=WORD).click()
        expect(tiles(page)).to_have_count(1)
        page.reload()
        expect(tiles(page)).to_have_count(1)
        tiles(page).first.get_by_role("button").click()
        expect(page.get_by_role("row", name="livery").get_by_text(WORD)).to_be_visible()
        keep_screenshot(page, "search-categories-1920")
        page.get_by_role("button", name="none of these").click()
        expect(tiles(page)).to_have_count(2)
