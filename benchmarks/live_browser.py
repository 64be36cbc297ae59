"""Headless Chromium with the console's media engine on an otherwise empty page of the server under test.

The engine is built from `console/src/media` by vite, as the console is, and put into a page of the server's own
origin, so that cookies, origin checks and content security policy are those that a user's browser meets.
"""

import contextlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from playwright.sync_api import BrowserContext, Page, sync_playwright

ROOT = Path(__file__).resolve().parents[1]
STYLE = "video{width:100%;height:100%;min-height:0;object-fit:contain;background:#000}"
EMPTY_PAGE = """([style]) => {
  document.documentElement.innerHTML = '<body style="margin:0;background:#111"><div id="wall" style="display:grid;' +
    'gap:2px;grid-template-columns:repeat(var(--columns,1),1fr);width:100vw;height:100vh"></div></body>';
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(style);
  document.adoptedStyleSheets = [sheet];
}"""


def build_engine() -> str:
    """Builds the page's script and returns it. Raises CalledProcessError when vite fails."""
    with tempfile.TemporaryDirectory() as folder:
        command = ["npx", "vite", "build", str(ROOT / "benchmarks" / "live_page"), "--outDir", folder, "--base", "./"]
        subprocess.run([*command, "--logLevel", "error"], cwd=ROOT / "console", check=True)
        (script,) = Path(folder).glob("assets/*.js")
        return script.read_text(encoding="utf-8")


@contextlib.contextmanager
def open_chromium() -> Iterator[BrowserContext]:
    """A fresh browser of 1920 by 1080."""
    options = ["--autoplay-policy=no-user-gesture-required", *(["--no-sandbox"] if os.geteuid() == 0 else [])]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=options)
        try:
            yield browser.new_context(viewport={"width": 1920, "height": 1080})
        finally:
            browser.close()


def open_engine_page(context: BrowserContext, url: str, script: str) -> Page:
    """Opens an address of the server, empties the page and puts the engine into it."""
    page = context.new_page()
    page.goto(url)
    page.evaluate(EMPTY_PAGE, [STYLE])
    page.evaluate("() => {" + script + "}")
    return page


def log_in(context: BrowserContext, url: str, user: str, password: str) -> dict[str, Any]:
    """Logs the browser in; the session cookie stays in the context."""
    answer = context.request.post(f"{url}/api/v1/session", data={"user": user, "password": password})
    if not answer.ok:
        raise RuntimeError(f"login failed: {answer.text()}")
    session: dict[str, Any] = answer.json()
    return session
