"""An auditor in a real browser: finds every camera by name, plays its recording, and is shown no address."""

from datetime import datetime, timedelta

import pytest
from playwright.sync_api import expect

from tests.support.box import running_box, wait_for
from tests.support.browser import keep_screenshot, open_browser, sign_in

pytestmark = [pytest.mark.system, pytest.mark.timeout(300)]
PASSWORD = "correct horse battery"


def test_auditor_finds_a_camera_by_name_and_plays_its_recording() -> None:
    with running_box("--simulate", "2") as box:
        api = box.api()
        cameras = wait_for("cameras", lambda: api.get("/cameras")["items"] if box else None)
        api.post("/users", {"name": "ada", "role": "auditor", "password": PASSWORD})
        first = min(cameras, key=lambda camera: camera["name"].casefold())

        def is_recorded() -> bool:
            runs = api.get(f"/cameras/{first['id']}/recordings")["runs"]
            spans = [datetime.fromisoformat(run["to"]) - datetime.fromisoformat(run["from"]) for run in runs]
            return max(spans, default=timedelta()) > timedelta(seconds=12)

        wait_for("footage", is_recorded, 120)
        with open_browser(box.url) as page:
            asked: list[str] = []
            page.on("response", lambda answer: asked.append(f"{answer.status} {answer.url}"))
            sign_in(page, "ada", PASSWORD)
            page.goto("/review")
            page.wait_for_url(f"**/review?*{first['id']}*")
            chooser = page.get_by_role("button", name=first["name"])
            expect(chooser).to_be_visible()
            played = page.locator("video")
            expect(played).to_have_js_property("paused", value=False, timeout=60_000)
            page.wait_for_function("() => document.querySelector('video').videoWidth > 0", timeout=60_000)
            chooser.click()
            for camera in cameras:
                expect(page.get_by_role("option", name=camera["name"])).to_be_visible()
            keep_screenshot(page, "auditor-review")
            assert not [line for line in asked if line.startswith("403")]
            assert "rtsp://" not in page.content()
