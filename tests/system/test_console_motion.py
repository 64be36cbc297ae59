"""Motion zones in a real browser, on the real system: drawn with the keys alone, kept, and followed by both roles."""

from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from playwright.sync_api import expect

from tests.support.box import Api, Box, running_box, wait_for
from tests.support.browser import keep_screenshot, open_browser, sign_in
from tests.system.test_console_privacy import press
from vedette.core.assignment import AnalyzerAssignment, RecorderAssignment
from vedette.core.motion import MotionSettings

pytestmark = [pytest.mark.system, pytest.mark.timeout(300)]
PASSWORD = "correct horse battery"
DRAWN = [[0.5, 0.5], [0.8, 0.5], [0.8, 0.8]]


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


def find_told(box: Box) -> list[MotionSettings]:
    """What the recorder and the analyzer keep of the one camera."""
    recorder = msgspec.json.decode((box.data / "recorder" / "assignment.json").read_bytes(), type=RecorderAssignment)
    analyzer = msgspec.json.decode((box.data / "analyzer" / "assignment.json").read_bytes(), type=AnalyzerAssignment)
    return [one.motion for one in (*recorder.cameras, *analyzer.cameras)]


def test_part_is_left_out_with_the_keys_saved_and_told_to_recorder_and_analyzer(
    box: Box, api: Api, camera: dict[str, Any]
) -> None:
    path = f"/cameras/{camera['id']}/motion"
    with open_browser(box.url) as page:
        sign_in(page, "admin", box.first_password)
        page.goto("/settings/cameras")
        page.get_by_role("link", name="Motion: ").click()
        page.get_by_role("heading", level=1, name="Motion").wait_for()
        page.wait_for_function("() => document.querySelector('[data-state=live] video')")
        page.get_by_role("button", name="Leave out a part").focus()
        press(page, "Enter", "Space", *["ArrowRight"] * 15, "Space", *["ArrowDown"] * 15, "Space", "Enter")
        page.get_by_label("Name").fill("Trees")
        page.get_by_role("button", name="Only this part").focus()
        press(
            page,
            "Enter",
            *["ArrowLeft"] * 20,
            "Space",
            *["ArrowLeft"] * 4,
            "Space",
            *["ArrowUp"] * 15,
            "Space",
            "Enter",
        )
        page.get_by_role("button", name="Normal Sensitivity").click()
        page.get_by_role("option", name="High").click()
        keep_screenshot(page, "motion-editor")
        page.get_by_role("button", name="Save").click()
        page.get_by_text("Saved", exact=True).wait_for()
    stored = api.get(path)
    assert stored["sensitivity"] == "high"
    assert [(zone["name"], zone["kind"]) for zone in stored["zones"]] == [("Trees", "exclude"), ("Counts 1", "include")]
    assert stored["zones"][0]["polygon"] == DRAWN
    names = [["Trees", "Counts 1"]] * 2
    wait_for("both roles", lambda: [[zone.name for zone in one.zones] for one in find_told(box)] == names)


def test_whoever_may_not_configure_sees_the_zones_and_no_way_to_change_them(
    box: Box, api: Api, camera: dict[str, Any]
) -> None:
    shape = {"name": "Road", "kind": "exclude", "polygon": DRAWN}
    api.put(f"/cameras/{camera['id']}/motion", {"sensitivity": "low", "zones": [shape]})
    api.post("/users", {"name": "olga", "role": "monitor", "password": PASSWORD})
    with open_browser(box.url) as page:
        sign_in(page, "olga", PASSWORD)
        page.goto(f"/settings/cameras/{camera['id']}/motion")
        expect(page.get_by_role("button", name="Road")).to_be_visible()
        expect(page.get_by_role("button", name="Leave out a part")).to_be_disabled()
        expect(page.get_by_role("button", name="Save")).to_be_hidden()
