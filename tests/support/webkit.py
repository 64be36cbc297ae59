"""WebKitGTK, driven over WebDriver (W3C) on a screen of its own: a second browser engine, and one that decodes H.265.

Debian's MiniBrowser hands media to GStreamer, so it plays what `gstreamer1.0-libav` decodes; Chromium plays what was
compiled into it. Playwright drives no WebKit but its own, which no package registry has.
"""

import base64
import contextlib
import json
import os
import shutil
import subprocess
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.support.box import free_port, wait_for
from tests.support.browser import ARTIFACTS

PACKAGES = "webkit2gtk-driver xvfb gstreamer1.0-plugins-good gstreamer1.0-plugins-bad gstreamer1.0-libav"
ELEMENT = "element-6066-11e4-a52e-4f735466cecf"
"""The key of an element's reference (W3C WebDriver, section 12.1)."""
KEEP_ERRORS = """window.raised = [];
addEventListener("error", (event) => raised.push(event.message));
addEventListener("unhandledrejection", (event) => raised.push(String(event.reason)));"""
SCREEN = (1920, 1200)
ANSWER_TIMEOUT_S = 90.0


class WebDriverError(Exception):
    """The driver refused a command."""


@dataclass(frozen=True)
class WebkitPage:
    """One window of the browser. Every wait ends with an AssertionError that says what was waited for."""

    driver: str
    session: str
    base_url: str

    def goto(self, path: str) -> None:
        self.check_errors()
        self._command("POST", "url", {"url": self.base_url + path})
        self.run(KEEP_ERRORS)

    def run(self, script: str, *arguments: Any) -> Any:
        """Runs the body of a function and returns its value (no promise)."""
        return self._command("POST", "execute/sync", {"script": script, "args": list(arguments)})

    def wait(self, what: str, script: str, *arguments: Any, timeout_s: float = 90.0) -> Any:
        """Waits until the script returns something true, and returns it."""
        return wait_for(f"{what}, in WebKit", lambda: self.run(script, *arguments), timeout_s)

    def fill(self, label: str, text: str) -> None:
        """Types into the field with this label, as a person does."""
        script = (
            "return [...document.querySelectorAll('label')].find(l => l.textContent.trim() === arguments[0])?.control"
        )
        field = self.wait(f"a field {label!r}", script, label)
        self._command("POST", f"element/{field[ELEMENT]}/value", {"text": text})

    def click(self, role: str, name: str) -> None:
        """Clicks the first visible element of a tag whose text or label is `name`."""
        script = """return [...document.querySelectorAll(arguments[0])].find(one => one.checkVisibility() &&
            (one.ariaLabel ?? one.textContent).trim() === arguments[1])"""
        found = self.wait(f"{role} {name!r}", script, role, name)
        self._command("POST", f"element/{found[ELEMENT]}/click", {})

    def resize(self, width: int, height: int) -> None:
        self._command("POST", "window/rect", {"x": 0, "y": 0, "width": width, "height": height})

    def keep_screenshot(self, name: str) -> None:
        """Keeps a picture of the page as an artefact of the test run."""
        ARTIFACTS.mkdir(parents=True, exist_ok=True)
        (ARTIFACTS / f"webkit-{name}.png").write_bytes(base64.b64decode(self._command("GET", "screenshot")))

    def check_errors(self) -> None:
        """Fails when the page raised something since it was opened."""
        raised = self.run("return window.raised ?? []")
        assert not raised, f"the page raised: {raised}"

    def close(self) -> None:
        self._command("DELETE", "")

    def _command(self, method: str, name: str, body: dict[str, Any] | None = None) -> Any:
        path = f"/session/{self.session}/{name}".rstrip("/")
        return command(self.driver, method, path, body)


def command(driver: str, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
    """One command of the driver; returns the value of its answer."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(driver + path, data=data, method=method)
    request.add_header("Content-Type", "application/json")
    try:
        with urllib.request.urlopen(request, timeout=ANSWER_TIMEOUT_S) as answer:
            return json.load(answer)["value"]
    except urllib.error.HTTPError as error:
        raise WebDriverError(f"{method} {path}: {error.read().decode(errors='replace')}") from error


def find_minibrowser() -> Path | None:
    """Debian keeps it beside the library, outside PATH."""
    return next(iter(sorted(Path("/usr/lib").glob("*/webkit2gtk-4.*/MiniBrowser"), reverse=True)), None)


@contextlib.contextmanager
def open_webkit(url: str) -> Iterator[WebkitPage]:
    """A fresh browser with one window and a profile of its own; errors of the page fail the test that uses it."""
    driver, xvfb, browser = shutil.which("WebKitWebDriver"), shutil.which("Xvfb"), find_minibrowser()
    if driver is None or xvfb is None or browser is None:
        pytest.skip(f"WebKitGTK with its driver and Xvfb is not installed (apt-get install {PACKAGES})")
    with contextlib.ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="vdt-webkit-")))
        display = stack.enter_context(_running_screen(xvfb))
        address = stack.enter_context(_running_driver(driver, display, home))
        page = WebkitPage(address, _open_session(address, browser), url)
        stack.callback(page.close)
        page.resize(1280, 800)
        yield page
        page.check_errors()


def _open_session(driver: str, browser: Path) -> str:
    options = {"binary": str(browser), "args": ["--automation"]}
    capabilities = {"alwaysMatch": {"webkitgtk:browserOptions": options, "pageLoadStrategy": "normal"}}
    session: str = command(driver, "POST", "/session", {"capabilities": capabilities})["sessionId"]
    return session


@contextlib.contextmanager
def _running_screen(xvfb: str) -> Iterator[str]:
    """A virtual screen under a number that the server chooses itself."""
    reading, writing = os.pipe()
    size = f"{SCREEN[0]}x{SCREEN[1]}x24"
    options = ["-displayfd", str(writing), "-screen", "0", size, "-nolisten", "tcp"]
    process = subprocess.Popen([xvfb, *options], pass_fds=[writing], stderr=subprocess.DEVNULL)
    os.close(writing)
    try:
        with os.fdopen(reading, encoding="ascii") as answer:
            number = answer.readline().strip()
        assert number, "Xvfb did not start"
        yield f":{number}"
    finally:
        process.terminate()
        process.wait(10)


@contextlib.contextmanager
def _running_driver(driver: str, display: str, home: Path) -> Iterator[str]:
    port = free_port()
    own = {"DISPLAY": display, "HOME": str(home), "XDG_CACHE_HOME": str(home), "XDG_RUNTIME_DIR": str(home)}
    options = ["--host=127.0.0.1", f"--port={port}"]
    process = subprocess.Popen([driver, *options], env=os.environ | own, stdout=subprocess.DEVNULL)
    address = f"http://127.0.0.1:{port}"
    try:
        wait_for("WebKit's driver", lambda: _answers(address), 30)
        yield address
    finally:
        process.terminate()
        process.wait(10)


def _answers(address: str) -> bool:
    try:
        command(address, "GET", "/status")
    except OSError:
        return False
    return True
