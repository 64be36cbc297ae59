"""Headless Chromium with nobody at its windows: only the words `evaluate`, `navigate` and `captureScreenshot` are sent.

Playwright follows the network of every page it drives, so each message of a WebSocket is encoded, sent to it and thrown
away. With 16 live tiles (400 messages a second) that took about 16 % of a core from what was to be measured.
Here no domain of the DevTools protocol is switched on, which is what a user's browser has too.
"""

import contextlib
import json
import os
import shutil
import subprocess
import tempfile
import urllib.request
from base64 import b64decode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from websockets.sync.client import ClientConnection, connect

from benchmarks.live_browser import EMPTY_PAGE, STYLE
from tests.support.box import wait_for

ANSWER_S = 60.0
LOG_IN = """([user, password]) => fetch('/api/v1/session', {
  method: 'POST', headers: {'Content-Type': 'application/json'}, body: JSON.stringify({user, password}),
}).then(answer => answer.status)"""


class BarePage:
    """The browser's one page, spoken to over its DevTools socket."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self._calls = 0

    def set_size(self, width_px: int, height_px: int) -> None:
        size = {"width": width_px, "height": height_px, "deviceScaleFactor": 1, "mobile": False}
        self._call("Emulation.setDeviceMetricsOverride", **size)

    def goto(self, url: str) -> None:
        """Opens an address and waits until it is loaded. Raises RuntimeError when it cannot be opened."""
        answer = self._call("Page.navigate", url=url)
        if "errorText" in answer:
            raise RuntimeError(f"{url}: {answer['errorText']}")
        wait_for(f"the page {url}", lambda: self.evaluate("() => document.readyState") == "complete", 30)

    def evaluate(self, function: str, argument: Any = None) -> Any:
        """Calls a JavaScript function with one JSON argument, waits for its promise and returns what JSON can hold.

        Raises:
            RuntimeError: the function threw.
        """
        expression = f"({function})({json.dumps(argument)})"
        answer = self._call("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in answer:
            raise RuntimeError(f"the page threw: {answer['exceptionDetails']}")
        return answer["result"].get("value")

    def log_in(self, user: str, password: str) -> None:
        """Logs in at the page's own origin, so that the browser keeps the session's cookie."""
        status = self.evaluate(LOG_IN, [user, password])
        if status != 200:
            raise RuntimeError(f"login failed with status {status}")

    def put_engine(self, script: str) -> None:
        """Empties the page and puts the media engine into it."""
        self.evaluate(EMPTY_PAGE, [STYLE])
        self.put_script(script)

    def put_script(self, script: str) -> None:
        self.evaluate("() => {" + script + "}")

    def screenshot(self, path: Path) -> None:
        path.write_bytes(b64decode(self._call("Page.captureScreenshot")["data"]))

    def _call(self, method: str, **parameters: Any) -> dict[str, Any]:
        self._calls += 1
        self._socket.send(json.dumps({"id": self._calls, "method": method, "params": parameters}))
        while True:
            answer = json.loads(self._socket.recv(ANSWER_S))
            if answer.get("id") == self._calls:
                break
        if "error" in answer:
            raise RuntimeError(f"{method}: {answer['error']['message']}")
        result: dict[str, Any] = answer["result"]
        return result


@contextlib.contextmanager
def open_bare_chromium() -> Iterator[BarePage]:
    """A fresh browser with a page of 1920 by 1080. Raises RuntimeError when there is no `chromium` on this machine."""
    binary = shutil.which("chromium")
    if binary is None:
        raise RuntimeError("chromium is not installed")
    with tempfile.TemporaryDirectory(prefix="chromium-", ignore_cleanup_errors=True) as folder:
        command = [binary, "--headless", "--remote-debugging-port=0", f"--user-data-dir={folder}", "--no-first-run"]
        # Larger than the page: what lies outside the window is laid out but not drawn, and costs nothing.
        command += ["--window-size=1920,1200", "--hide-scrollbars", "--autoplay-policy=no-user-gesture-required"]
        command += [*(["--no-sandbox"] if os.geteuid() == 0 else []), "about:blank"]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            told = Path(folder) / "DevToolsActivePort"
            wait_for("Chromium", lambda: told.is_file() and told.read_text(encoding="utf-8").count("\n"), 30)
            port = int(told.read_text(encoding="utf-8").split("\n")[0])
            address = wait_for("Chromium's page", lambda: _find_page(port), 30)
            with connect(address, max_size=None, compression=None) as socket:
                page = BarePage(socket)
                page.set_size(1920, 1080)
                yield page
        finally:
            process.terminate()
            process.wait(10)


def _find_page(port: int) -> str | None:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/json/list", timeout=5) as answer:
        targets = json.load(answer)
    return next((target["webSocketDebuggerUrl"] for target in targets if target["type"] == "page"), None)
