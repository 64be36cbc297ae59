"""Headless Chromium, driven as a person drives it."""

import contextlib
import os
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from playwright.sync_api import Page, ViewportSize, sync_playwright

ROOT = Path(__file__).resolve().parents[2]
ARTIFACTS = Path(os.environ.get("VEDETTE_ARTIFACTS", ROOT / "artifacts")) / "screenshots"
CHROMIUM_OPTIONS = (
    "--autoplay-policy=no-user-gesture-required",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    "--no-first-run",
)


@contextlib.contextmanager
def open_browser(url: str, viewport: ViewportSize | None = None, more_options: Sequence[str] = ()) -> Iterator[Page]:
    """A fresh browser with one page; errors of the page fail the test that uses it."""
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("Chromium is not installed (apt-get install chromium)")
    options = [*CHROMIUM_OPTIONS, *more_options, *(["--no-sandbox"] if os.geteuid() == 0 else [])]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=options)
        context = browser.new_context(base_url=url, viewport=viewport or {"width": 1280, "height": 800}, locale="en-GB")
        page = context.new_page()
        page.set_default_timeout(60_000)
        errors: list[str] = []
        page.on("pageerror", lambda error: errors.append(str(error)))
        try:
            yield page
            assert not errors, f"the page raised: {errors}"
        finally:
            browser.close()


def sign_in(page: Page, user: str, password: str) -> None:
    page.goto("/login")
    page.get_by_label("User").fill(user)
    page.get_by_label("Password", exact=True).fill(password)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("navigation", name="Places").wait_for()


def keep_screenshot(page: Page, name: str) -> None:
    """Keeps a picture of the page as an artefact of the test run."""
    ARTIFACTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=ARTIFACTS / f"{name}.png")
