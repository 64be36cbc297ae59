"""Plans, holds, completeness, evidence and exports in a real browser, on the real system."""

import hashlib
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.support.box import Api, Box, running_box, wait_for
from tests.support.browser import keep_screenshot, open_browser, sign_in

pytestmark = [pytest.mark.system, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def box() -> Iterator[Box]:
    with running_box("--simulate", "1") as box:
        yield box


@pytest.fixture(scope="module")
def api(box: Box) -> Api:
    return box.api()


@pytest.fixture(scope="module")
def camera(api: Api) -> dict[str, Any]:
    """The simulated camera, once ten seconds of it are stored."""
    camera: dict[str, Any] = wait_for("a camera", lambda: api.get("/cameras")["items"])[0]
    wait_for("footage", lambda: sum(run["frames"] for run in footage_runs(api, camera["id"])) > 150)
    return camera


@pytest.fixture(scope="module")
def page(box: Box) -> Iterator[Page]:
    with open_browser(box.url) as page:
        sign_in(page, "admin", box.first_password)
        yield page


def footage_runs(api: Api, camera_id: str) -> list[dict[str, Any]]:
    answer = api.get(f"/cameras/{camera_id}/recordings?from=2000-01-01T00:00:00Z&to=2100-01-01T00:00:00Z")
    runs: list[dict[str, Any]] = answer["runs"]
    return runs


def test_export_ends_as_done_and_its_file_is_downloaded_whole(page: Page, api: Api, camera: dict[str, Any]) -> None:
    begin = datetime.fromisoformat(footage_runs(api, camera["id"])[0]["from"])
    page.goto(f"/review?cameras={camera['id']}&at={begin.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}")
    page.get_by_role("button", name="Export").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Purpose").fill("Police, file 12")
    dialog.get_by_role("button", name="Make the export").click()
    link = dialog.get_by_role("link", name=".mp4").first
    link.wait_for()
    keep_screenshot(page, "export-done")
    job = api.get("/exports")["items"][0]
    assert (job["state"], job["purpose"]) == ("done", "Police, file 12")
    with page.expect_download() as download:
        link.click()
    assert hashlib.sha256(download.value.path().read_bytes()).hexdigest() == job["files"][0]["sha256"]


def test_hold_made_in_the_console_is_in_force_until_released(page: Page, api: Api, camera: dict[str, Any]) -> None:
    page.goto("/settings/storage")
    page.get_by_role("button", name="Hold", exact=True).click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_text(camera["name"]).click()
    dialog.get_by_label("Reason").fill("Theft, file 12")
    dialog.get_by_role("button", name="Hold", exact=True).click()
    release = page.get_by_role("button", name=f"Release: {camera['name']}")
    release.wait_for()
    keep_screenshot(page, "storage")
    [hold] = api.get("/holds")["items"]
    assert (hold["camera_id"], hold["reason"]) == (camera["id"], "Theft, file 12")
    release.click()
    question = page.get_by_role("alertdialog")
    question.get_by_role("textbox").fill("The case is closed")
    question.get_by_role("button", name="Release").click()
    release.wait_for(state="detached")
    assert api.get("/holds")["items"] == []


def test_completeness_is_a_percentage_of_frames_that_were_expected(page: Page, camera: dict[str, Any]) -> None:
    page.goto(f"/settings/completeness?step=hour&cameras={camera['id']}")
    share = page.get_by_text(re.compile(r"^\d+(\.\d+)?\s?%$")).first
    share.wait_for()
    keep_screenshot(page, "completeness")
    assert 0 < float(share.inner_text().rstrip("% ")) <= 100


def test_evidence_shows_the_fingerprint_that_the_server_gives(page: Page, api: Api) -> None:
    page.goto("/settings/evidence")
    shown = page.get_by_role("region", name="Fingerprint of this site").locator("code")
    shown.wait_for()
    keep_screenshot(page, "evidence")
    assert re.sub(r"\s", "", shown.inner_text()) == api.get("/evidence")["fingerprint"] != ""


def test_footage_erased_in_the_console_is_shown_first_and_then_gone(
    page: Page, api: Api, camera: dict[str, Any]
) -> None:
    first = footage_runs(api, camera["id"])[0]["from"]
    everything = {"camera_id": camera["id"], "from": first, "to": "2100-01-01T00:00:00Z"}
    wait_for("a closed segment", lambda: api.post("/erasures/plan", everything)["segments"])
    page.goto("/settings/storage")
    page.get_by_role("button", name="Erase footage").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Reason").fill("Request 7")
    dialog.get_by_role("button", name="Show what would go").click()
    dialog.get_by_text("would be erased for good").wait_for()
    keep_screenshot(page, "erasure")
    assert footage_runs(api, camera["id"])[0]["from"] == first, "showing takes nothing"
    dialog.get_by_role("button", name="Erase for good").click()
    dialog.wait_for(state="detached")
    wait_for("the order carried out", lambda: not api.get("/erasures")["items"])
    assert all(run["from"] > first for run in footage_runs(api, camera["id"]))


def test_plan_painted_in_the_calendar_is_saved_and_told_by_the_tile(
    page: Page, api: Api, camera: dict[str, Any]
) -> None:
    page.goto(f"/settings/recording?cameras={camera['id']}")
    page.get_by_role("button", name="Unless the calendar says otherwise").click()
    page.get_by_role("option", name="On motion").click()
    page.get_by_role("button", name="Not recorded").click()
    grid = page.get_by_role("grid")
    grid.scroll_into_view_if_needed()
    place = grid.bounding_box()
    assert place is not None
    page.mouse.move(place["x"] + 2, place["y"] + 2)
    page.mouse.down()
    page.mouse.move(place["x"] + place["width"] - 2, place["y"] + place["height"] - 2, steps=5)
    page.mouse.up()
    keep_screenshot(page, "recording-plan")
    page.get_by_role("button", name="Save").click()
    page.get_by_role("status").filter(has_text="Saved").wait_for()
    plan = api.get(f"/cameras/{camera['id']}/recording-plan")
    assert plan["mode"] == "motion"
    assert plan["calendar"] == [{"days": [0, 1, 2, 3, 4, 5, 6], "from": "00:00", "to": "24:00", "mode": "off"}]
    page.goto("/watch")
    page.get_by_text("Recording off by schedule").wait_for(state="attached")
