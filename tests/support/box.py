"""A whole Vedette on this machine: `vedette serve` as a user starts it, on a free port and an empty directory."""

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any

from tests.support.warm_networks import warm_networks

START_TIMEOUT_S = 90.0
STOP_TIMEOUT_S = 30.0


def free_port() -> int:
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        port: int = trial.getsockname()[1]
    return port


def wait_for(what: str, condition: Callable[[], Any], timeout_s: float = 60.0) -> Any:
    """Waits until `condition` gives something true and returns it; the time limit is generous on purpose."""
    deadline = time.monotonic() + timeout_s
    while True:
        got = condition()
        if got:
            return got
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {timeout_s:.0f} s in vain for: {what}")
        time.sleep(0.1)  # noqa: TID251 -- waits for other processes


class ApiError(Exception):
    """An answer that says no, with its problem document."""

    def __init__(self, status: int, problem: dict[str, Any]) -> None:
        super().__init__(f"{status} {problem}")
        self.status = status
        self.problem = problem


@dataclass
class Api:
    """A person's session: cookie and CSRF token, as the console keeps them."""

    url: str
    csrf: str = ""
    cookies: CookieJar = field(default_factory=CookieJar)

    def __post_init__(self) -> None:
        self._opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self.cookies))

    def request(self, method: str, path: str, body: Any = None, timeout_s: float = 60.0) -> bytes:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data=data, method=method)
        request.add_header("Content-Type", "application/json")
        request.add_header("Origin", self.url)
        if self.csrf:
            request.add_header("X-CSRF-Token", self.csrf)
        try:
            with self._opener.open(request, timeout=timeout_s) as answer:
                content: bytes = answer.read()
        except urllib.error.HTTPError as error:
            text = error.read()
            problem = json.loads(text) if text[:1] == b"{" else {"detail": text.decode(errors="replace")}
            raise ApiError(error.code, problem) from error
        return content

    def get(self, path: str) -> Any:
        return json.loads(self.request("GET", "/api/v1" + path))

    def post(self, path: str, body: Any = None) -> Any:
        content = self.request("POST", "/api/v1" + path, {} if body is None else body, timeout_s=200.0)
        return json.loads(content) if content else None

    def put(self, path: str, body: Any) -> Any:
        content = self.request("PUT", "/api/v1" + path, body)
        return json.loads(content) if content else None

    def login(self, user: str, password: str) -> None:
        self.csrf = self.post("/session", {"user": user, "password": password})["csrf"]


@dataclass
class Box:
    """The running system."""

    process: subprocess.Popen[str]
    data: Path
    port: int
    lines: list[str]

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}"

    @property
    def first_password(self) -> str:
        return (self.data / "first-password").read_text(encoding="utf-8").strip()

    def api(self) -> Api:
        """A fresh session of the administrator."""
        api = Api(self.url)
        api.login("admin", self.first_password)
        return api

    def log(self) -> str:
        return "".join(self.lines[-400:])


def vedette(*arguments: str, **kwargs: Any) -> "subprocess.CompletedProcess[str]":
    """Runs a `vedette` command to its end."""
    kwargs.setdefault("timeout", 120)
    return subprocess.run(
        [sys.executable, "-m", "vedette", *arguments], capture_output=True, text=True, check=False, **kwargs
    )


@contextlib.contextmanager
def running_box(*arguments: str, data: Path | None = None, env: dict[str, str] | None = None) -> Iterator[Box]:
    """Starts the system and stops it by one SIGINT, as Ctrl-C does."""
    folder = data or Path(tempfile.mkdtemp(prefix="vdt-"))  # short: UNIX socket paths are limited
    with contextlib.ExitStack() as ends:
        if data is None:
            ends.callback(shutil.rmtree, folder, ignore_errors=True)
        ends.enter_context(warm_networks(folder, with_costs=True))
        yield from _run(folder, arguments, env or {})


def _run(folder: Path, arguments: tuple[str, ...], env: dict[str, str]) -> Iterator[Box]:
    port = free_port()
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "vedette", "serve", "--data", str(folder), "--port", str(port)),
            *("--first-password-file", str(folder / "first-password"), *arguments),
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1", **env},
    )
    lines: list[str] = []
    reader = threading.Thread(target=_collect, args=(process, lines), daemon=True)
    reader.start()
    box = Box(process, folder, port, lines)
    try:
        wait_for("the system's address\n" + "".join(lines), lambda: _has_started(box), START_TIMEOUT_S)
        yield box
    finally:
        _stop(process)
        reader.join(timeout=5)


def _collect(process: "subprocess.Popen[str]", lines: list[str]) -> None:
    assert process.stdout is not None
    for line in process.stdout:
        lines.append(line)  # noqa: PERF402 -- seen by the other thread line by line


def _has_started(box: Box) -> bool:
    if box.process.poll() is not None:
        raise AssertionError(f"vedette serve ended with {box.process.returncode}:\n{box.log()}")
    return any(line.startswith("Vedette is running:") for line in list(box.lines))


def _stop(process: "subprocess.Popen[str]") -> None:
    if process.poll() is None:
        process.send_signal(signal.SIGINT)
    try:
        process.wait(STOP_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        raise AssertionError("the system did not stop on one SIGINT") from None
