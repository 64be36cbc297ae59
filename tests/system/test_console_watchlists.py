"""Watchlists in the console, as a person makes them: list, entries, a sheet with faults, a match in the alarms."""

import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.support.box import Box, running_box, wait_for
from tests.support.browser import keep_screenshot, open_browser, sign_in
from vedette.adapters.sqlite_bus import SqlitePublisher
from vedette.core.messages import EventObserved, Measure
from vedette.core.objects import AttributeValue, ObjectFacts, PlateReading
from vedette.core.watchlists import Doubt, DoubtKind, ListKind, MatchState, WatchlistMatch
from vedette.runtime.clock import SystemClock, new_id
from vedette.runtime.paths import NodePaths

pytestmark = [pytest.mark.system, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def box() -> Iterator[Box]:
    with running_box() as box:
        yield box


def make_list(page: Page, name: str) -> None:
    page.get_by_role("button", name="Add list").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name").fill(name)
    dialog.get_by_label("Purpose").fill("Police order 12 of 20 November")
    dialog.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", name=name)).to_be_visible()


def add_entry(page: Page, plate: str, reason: str, colour: str = "") -> None:
    page.get_by_role("button", name="Add entry").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Plate").fill(plate)
    if colour:
        dialog.get_by_role("button", name="Colour").click()
        page.get_by_role("option", name=colour, exact=True).click()
    dialog.get_by_label("Reason").fill(reason)
    dialog.get_by_label("Valid until").fill("2030-12-31T18:00")
    dialog.get_by_role("button", name="Save").click()
    expect(dialog).to_be_hidden()


def import_sheet(page: Page, path: Path, text: str) -> None:
    path.write_text(text, "utf-8")
    page.get_by_role("button", name="Import").first.click()
    page.get_by_role("dialog").locator("input[type=file]").set_input_files(path)
    page.get_by_role("dialog").get_by_role("button", name="Import", exact=True).click()


def tell_match(box: Box, state: MatchState, severity: str, *doubts: Doubt) -> None:
    """Puts an event on the bus as an analyzer does."""
    clock = SystemClock()
    now_ns = clock.utc_ns()
    match = WatchlistMatch("L", "Stolen", ListKind.WANTED, state, "E", "51F12345, red", "stolen", "admin", doubts)
    seen = ObjectFacts(1, {"colour": AttributeValue("blue", 0.8)}, PlateReading("51F12345", 0.93, "read"))
    fact = EventObserved(
        event_id=new_id(clock),
        camera_id="",
        kind="plate_read",
        from_ns=now_ns,
        to_ns=now_ns,
        object_class="vehicle",
        confidence=0.93,
        rule_id="watchlist",
        explanation=(Measure("plate_confidence", 0.93, 0.54, now_ns, now_ns),),
        objects=(seen,),
        severity=severity,
        match=match,
    )
    with SqlitePublisher(NodePaths(box.data).bus, "test", clock) as publisher:
        publisher.publish_nowait(fact)


def find_version(box: Box) -> str:
    """Which lists the running analyzer has."""
    transport = httpx.HTTPTransport(uds=str(NodePaths(box.data).socket("analyzer")), verify=False)
    with httpx.Client(transport=transport, base_url="http://analyzer", timeout=20) as client:
        version: str = client.get("/watchlists").json()["version"]
    return version


def test_changes_reach_the_running_analyzer_without_a_restart(box: Box) -> None:
    api = box.api()
    body = {"name": "Guests", "kind": "permitted", "purpose": "the yard"}
    empty = wait_for("the analyzer has lists", lambda: find_version(box))
    path = f"/watchlists/{api.post('/watchlists', body)['id']}"
    versions = [empty, wait_for("the list", lambda: other_version(box, empty))]
    for plate in ("51F00001", "51F00002"):
        api.post(f"{path}/entries", {"plate": plate, "reason": "guest"})
        versions.append(wait_for("the entry", lambda: other_version(box, versions[-1])))
    assert len(set(versions)) == 4
    api.request("DELETE", f"/api/v1{path}")
    wait_for("the removal", lambda: find_version(box) == empty)


def other_version(box: Box, than: str) -> str:
    version = find_version(box)
    return "" if version == than else version


def test_list_is_made_filled_and_corrected_and_a_match_names_it(box: Box, tmp_path: Path) -> None:
    with open_browser(box.url) as page:
        sign_in(page, "admin", box.first_password)
        page.get_by_role("link", name="Watchlists").click()
        expect(page.get_by_text("No list yet")).to_be_visible()
        make_list(page, "Stolen")
        add_entry(page, "51F-123.45", "stolen on Monday", "red")
        add_entry(page, "30A*", "seen at the scene")
        expect(page.get_by_text("51F12345")).to_be_visible()
        keep_screenshot(page, "watchlists-1280")
        import_sheet(page, tmp_path / "bad.csv", "plate,reason\n51#,x\n60A1,\n")
        faults = page.get_by_role("alert")
        expect(faults).to_contain_text("Row 2, plate")
        expect(faults).to_contain_text("Row 3, reason")
        keep_screenshot(page, "watchlists-import-faults")
        page.get_by_role("dialog").locator("input[type=file]").set_input_files(
            {"name": "good.csv", "mimeType": "text/csv", "buffer": b"plate;reason\n60A-111.11;stolen\n"}
        )
        page.get_by_role("dialog").get_by_role("button", name="Import", exact=True).click()
        expect(page.get_by_role("status").filter(has_text="1 added")).to_be_visible()
        page.get_by_role("dialog").get_by_role("button", name="Close").last.click()
        page.get_by_label("Find a plate, colour or type").fill("60a")
        expect(page.get_by_text("51F12345")).to_be_hidden()
        expect(page).to_have_url(re.compile("search=60a"))
        expect(page.get_by_text("60A11111")).to_be_visible()
        tell_match(box, MatchState.SURE, "alarm")
        wait_for("the event", lambda: box.api().get("/events?kind=plate_read")["total"] == 1)
        page.goto("/alarms?kind=plate_read")
        note = page.get_by_role("region", name="Watchlist")
        expect(note).to_contain_text("Alarm: on the list Stolen (wanted)")
        expect(note).to_contain_text("stolen")
        keep_screenshot(page, "watchlists-match-1280")


def test_lists_work_with_keys_on_a_phone_and_in_vietnamese(box: Box) -> None:
    tell_match(box, MatchState.UNSURE, "warning", Doubt(DoubtKind.COLOUR, "blue", "red"))
    with open_browser(box.url, {"width": 390, "height": 844}) as page:
        sign_in(page, "admin", box.first_password)
        page.keyboard.press("g")
        page.keyboard.press("l")
        page.get_by_role("heading", name="Watchlists").wait_for()
        if page.get_by_text("No list yet").is_visible():
            make_list(page, "Stolen")
        else:
            page.get_by_role("button", name="Stolen").click()
        page.get_by_role("button", name="Back to the lists").wait_for()
        keep_screenshot(page, "watchlists-390")
        page.get_by_role("button", name="Add entry").click()
        keep_screenshot(page, "watchlists-entry-390")
        page.keyboard.press("Escape")
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        page.get_by_role("button", name="Account and display").click()
        page.get_by_role("menuitem", name="Tiếng Việt").click()
        expect(page.get_by_role("button", name="Thêm mục")).to_be_visible()
        keep_screenshot(page, "watchlists-vi-390")
        page.goto("/alarms?kind=plate_read")
        page.get_by_role("button", name="51F12345").first.click()
        note = page.get_by_role("region", name="Danh sách theo dõi")
        expect(note).to_contain_text("Trong danh sách là màu đỏ, nhìn thấy: xanh dương")
        keep_screenshot(page, "watchlists-match-390")
