"""The console for people who use no mouse, a screen reader, or 200 % zoom: axe on every page, keys, reflow."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.support.box import Box, running_box
from tests.support.browser import open_browser

pytestmark = [pytest.mark.system, pytest.mark.timeout(300)]

ROOT = Path(__file__).resolve().parents[2]
AXE = ROOT / "console" / "node_modules" / "axe-core" / "axe.min.js"
SETTLE = """Promise.allSettled(document.getAnimations()
  .filter(animation => animation.effect.getComputedTiming().endTime < Infinity).map(animation => animation.finished))
  .then(() => null)"""
RUN_AXE = "axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa', 'best-practice']})"
PLACES = (
    "watch",
    "review",
    "alarms",
    "lists",
    "settings/cameras",
    "settings/cameras?edit=new",
    "settings/storage",
    "settings/completeness",
    "settings/evidence",
    "settings/users",
    "settings/audit",
    "settings/health",
)


@pytest.fixture(scope="module")
def box() -> Iterator[Box]:
    with running_box() as box:
        yield box


@pytest.fixture(scope="module")
def page(box: Box) -> Iterator[Page]:
    """Signed in with the keyboard alone."""
    with open_browser(box.url) as page:
        page.goto("/login")
        page.get_by_label("User").wait_for()
        page.keyboard.type("admin")
        page.keyboard.press("Tab")
        page.keyboard.type(box.first_password)
        page.keyboard.press("Enter")
        page.get_by_role("navigation", name="Places").wait_for()
        yield page


def open_place(page: Page, place: str) -> None:
    """Opens a place and waits for it: inside the frame, not at the login."""
    page.goto(f"/{place}")
    page.get_by_role("navigation", name="Places").wait_for(state="attached")
    page.get_by_role("heading").first.wait_for(state="attached")


def find_violations(page: Page) -> list[str]:
    """What axe finds once nothing fades in any more: half-faded text has half of its contrast."""
    page.evaluate(SETTLE)
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found: dict[str, Any] = page.evaluate(RUN_AXE)
    assert found["passes"], "axe looked at nothing"
    return [f"{rule['id']}: {[node['target'] for node in rule['nodes']]}" for rule in found["violations"]]


@pytest.mark.skipif(not AXE.exists(), reason="axe-core is not installed (cd console && npm ci --ignore-scripts)")
@pytest.mark.parametrize("theme", ["dark", "light"])
@pytest.mark.parametrize("place", PLACES)
def test_page_breaks_no_accessibility_rule(page: Page, place: str, theme: str) -> None:
    page.evaluate("theme => localStorage.setItem('vedette.theme', theme)", theme)
    open_place(page, place)
    assert find_violations(page) == []


@pytest.mark.parametrize("place", PLACES)
def test_page_reflows_at_200_percent_zoom(page: Page, place: str) -> None:
    page.set_viewport_size({"width": 640, "height": 400})
    try:
        open_place(page, place)
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    finally:
        page.set_viewport_size({"width": 1280, "height": 800})


def test_keys_reach_every_place_and_their_list(page: Page) -> None:
    open_place(page, "watch")
    for key, place in (("r", "review"), ("a", "alarms"), ("s", "search"), ("t", "settings"), ("w", "watch")):
        page.keyboard.press("g")
        page.keyboard.press(key)
        page.wait_for_url(f"**/{place}**")
    page.keyboard.press("?")
    page.get_by_role("dialog").wait_for()
    page.keyboard.press("Escape")
    page.get_by_role("dialog").wait_for(state="detached")


def test_typing_is_never_taken_for_a_key(page: Page) -> None:
    page.goto("/settings/cameras?edit=new")
    page.get_by_label("Name").fill("")
    page.get_by_label("Name").press_sequentially("gr?")
    assert page.get_by_label("Name").input_value() == "gr?"
    assert "/settings/cameras" in page.url
