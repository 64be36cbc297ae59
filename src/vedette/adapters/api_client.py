"""A client of a running system's HTTP API, for the command line. Synchronous: a command does one thing at a time."""

import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlencode, urlsplit

import httpx
from websockets.exceptions import ConnectionClosed, InvalidHandshake
from websockets.sync.client import ClientConnection, connect, unix_connect

from vedette.adapters.http_clients import speaks_tls
from vedette.core.errors import InvalidInputError, UnavailableError, VedetteError

API = "/api/v1"
TIMEOUT_S = 30.0
SLOW_TIMEOUT_S = 180.0


class NoSystemError(UnavailableError):
    """No running system is known or it does not answer."""

    code = "no_system"


class ApiError(VedetteError):
    """The system answered and said no. `problem` is its problem document."""

    code = "api"

    def __init__(self, problem: Mapping[str, Any], status: int) -> None:
        message = str(problem.get("detail") or f"the system answered {status}")
        for fault in problem.get("errors") or ():
            text = f"{fault.get('field')}: {fault.get('message')}"
            if text not in message:
                message += f"\n  {text}"
        super().__init__(message, str(problem.get("hint") or ""))
        self.status = status
        self.problem = dict(problem)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a system answers: an address with a token, or the management socket of a data directory."""

    url: str = "http://vedette"
    token: str = ""
    socket: Path | None = None


def config_file() -> Path:
    """Where `vedette login` keeps its token."""
    base = os.environ.get("XDG_CONFIG_HOME") or str(Path.home() / ".config")
    return Path(base) / "vedette" / "login.json"


def save_login(endpoint: Endpoint, user: str) -> Path:
    """Keeps a token, readable by this user alone."""
    path = config_file()
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
    with os.fdopen(handle, "w") as file:
        json.dump({"url": endpoint.url, "token": endpoint.token, "user": user}, file)
    draft.replace(path)
    return path


def find_endpoint(data: Path | None) -> Endpoint:
    """Finds the system that commands talk to.

    In this order: `--data` or VEDETTE_DATA (its management socket), VEDETTE_URL with VEDETTE_TOKEN, what
    `vedette login` kept, the management socket in ./var.

    Raises:
        NoSystemError: none of them.
    """
    chosen = data or (Path(os.environ["VEDETTE_DATA"]) if os.environ.get("VEDETTE_DATA") else None)
    if chosen is not None:
        return Endpoint(socket=_find_socket(chosen))
    if os.environ.get("VEDETTE_URL"):
        return Endpoint(check_url(os.environ["VEDETTE_URL"]), os.environ.get("VEDETTE_TOKEN", ""))
    saved = _read_login()
    if saved is not None:
        return saved
    return Endpoint(socket=_find_socket(Path("var")))


def check_url(url: str) -> str:
    """Returns the address of a system without a path.

    Raises:
        InvalidInputError: it is no http or https address.
    """
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.netloc or "@" in parts.netloc:
        raise InvalidInputError(f"{url!r} is no address of a system", "Write it like http://127.0.0.1:8600")
    return f"{parts.scheme}://{parts.netloc}"


def _find_socket(data: Path) -> Path:
    path = data / "run" / "gateway.sock"
    if not path.exists():
        raise NoSystemError(
            f"no running system: {path} is not there",
            "Start one with `vedette serve`, log in to one with `vedette login --url ... --user ...`, "
            "or name its data directory with --data.",
        )
    return path


def _read_login() -> Endpoint | None:
    try:
        saved = json.loads(config_file().read_text(encoding="utf-8"))
        return Endpoint(check_url(str(saved["url"])), str(saved["token"]))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, InvalidInputError) as exc:
        raise NoSystemError(f"{config_file()} cannot be read: {exc}", "Log in again with `vedette login`.") from exc


class ApiClient:
    """Sends requests and turns problem documents into errors. Use it as a context manager."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        transport = None if endpoint.socket is None else httpx.HTTPTransport(uds=str(endpoint.socket), verify=False)
        headers = {"Authorization": f"Bearer {endpoint.token}"} if endpoint.token else {}
        self._client = httpx.Client(
            base_url=endpoint.url,
            transport=transport,
            headers=headers,
            timeout=TIMEOUT_S,
            trust_env=False,
            verify=speaks_tls(endpoint.url),
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def get(self, path: str, parameters: Mapping[str, Any] | None = None) -> Any:
        return self.send("GET", path, parameters=parameters).json()

    def post(self, path: str, body: object, parameters: Mapping[str, Any] | None = None) -> Any:
        return self.send("POST", path, body=body, parameters=parameters).json()

    def send(
        self,
        method: str,
        path: str,
        *,
        body: object = None,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        parameters: Mapping[str, Any] | None = None,
    ) -> httpx.Response:
        """Sends one request.

        Raises:
            NoSystemError: no answer.
            ApiError: an answer that says no.
        """
        chosen = {name: value for name, value in (parameters or {}).items() if value not in (None, "")}
        try:
            answer = self._client.request(
                method,
                f"{API}{path}",
                json=body,
                content=content,
                headers=dict(headers or {}),
                params=chosen,
                timeout=TIMEOUT_S if method == "GET" else SLOW_TIMEOUT_S,
            )
        except httpx.HTTPError as exc:
            where = self._endpoint.socket or self._endpoint.url
            raise NoSystemError(f"the system at {where} does not answer: {exc}", "Is it running?") from exc
        if answer.is_error:
            raise ApiError(_problem(answer), answer.status_code)
        return answer

    @property
    def data_folder(self) -> Path | None:
        """The data directory of a system on this machine, when we talk to its socket."""
        return None if self._endpoint.socket is None else self._endpoint.socket.parent.parent

    def download(
        self,
        path: str,
        parameters: Mapping[str, Any],
        write: Callable[[bytes], object],
        headers: Mapping[str, str] | None = None,
    ) -> Mapping[str, str]:
        """Streams an answer's body into `write` and returns the headers.

        Raises:
            NoSystemError: no answer, or it broke off: what was written is not complete.
            ApiError: an answer that says no; nothing was written.
        """
        try:
            with self._client.stream(
                "GET", f"{API}{path}", params=dict(parameters), headers=dict(headers or {}), timeout=SLOW_TIMEOUT_S
            ) as answer:
                if answer.is_error:
                    answer.read()
                    raise ApiError(_problem(answer), answer.status_code)
                for block in answer.iter_bytes():
                    write(block)
                return dict(answer.headers)
        except httpx.HTTPError as exc:
            where = self._endpoint.socket or self._endpoint.url
            raise NoSystemError(f"the system at {where} broke off: {exc}", "Try again.") from exc

    def pages(self, path: str, parameters: Mapping[str, Any], most: int) -> Iterator[Any]:
        """Yields the items of a list with cursors, page by page, at most so many."""
        cursor: str | None = None
        left = most
        while left > 0:
            page = self.get(path, {**parameters, "cursor": cursor, "limit": min(left, 500)})
            yield from page["items"]
            left -= len(page["items"])
            cursor = page["next"]
            if cursor is None:
                return

    def follow(self, path: str, parameters: Mapping[str, Any]) -> Iterator[Any]:
        """Yields the messages of a socket until the system closes it.

        Raises:
            NoSystemError: it cannot be opened.
        """
        try:
            with self._open_socket(f"{API}{path}?{urlencode(parameters)}") as socket:
                for message in socket:
                    yield json.loads(message)
        except ConnectionClosed as exc:
            raise NoSystemError(f"the system closed the connection: {exc.reason or exc}") from exc
        except (InvalidHandshake, OSError, TimeoutError) as exc:
            raise NoSystemError(f"the system cannot be followed: {exc}", "Is it running?") from exc

    def _open_socket(self, path: str) -> ClientConnection:
        if self._endpoint.socket is not None:
            return unix_connect(str(self._endpoint.socket), uri=f"ws://vedette{path}", compression=None)
        base = self._endpoint.url.replace("http", "ws", 1)
        headers = {"Authorization": f"Bearer {self._endpoint.token}"}
        return connect(f"{base}{path}", additional_headers=headers, compression=None, proxy=None)


def _problem(answer: httpx.Response) -> Mapping[str, Any]:
    try:
        problem = answer.json()
    except ValueError:
        problem = None
    if isinstance(problem, dict):
        return problem
    return {"detail": f"the address answers {answer.status_code}, but not like a Vedette"}


def open_session(url: str, user: str, password: str) -> tuple[httpx.Client, Mapping[str, Any]]:
    """Logs in by password. Returns a client with the session's cookie, and the session.

    Raises:
        NoSystemError, ApiError
    """
    address = check_url(url)
    client = httpx.Client(base_url=address, timeout=TIMEOUT_S, trust_env=False, verify=speaks_tls(address))
    try:
        answer = client.post(f"{API}/session", json={"user": user, "password": password})
    except httpx.HTTPError as exc:
        client.close()
        raise NoSystemError(f"the system at {url} does not answer: {exc}", "Is it running?") from exc
    if answer.is_error:
        client.close()
        raise ApiError(_problem(answer), answer.status_code)
    session: Mapping[str, Any] = answer.json()
    client.headers["X-CSRF-Token"] = str(session["csrf"])
    return client, session


def make_login_token(url: str, user: str, password: str, name: str) -> Endpoint:
    """Logs in, makes a token with all of the user's permissions, and logs out again."""
    client, session = open_session(url, user, password)
    with closing(client):
        try:
            answer = client.post(f"{API}/tokens", json={"name": name, "scopes": session["permissions"]})
            if answer.is_error:
                raise ApiError(_problem(answer), answer.status_code)
            token = str(answer.json()["token"])
            client.delete(f"{API}/session")
        except httpx.HTTPError as exc:
            raise NoSystemError(f"the system at {url} stopped answering: {exc}") from exc
    return Endpoint(check_url(url), token)
