"""The gateway as a real process: first start, management socket, sockets, stop, and starting wrong."""

import asyncio
import re
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from tests.support.gateway_process import GatewayProcess, free_port, running_gateway, start_gateway
from vedette.adapters.sqlite_bus import SqlitePublisher
from vedette.core.messages import EventObserved
from vedette.runtime.clock import SystemClock

API = "/api/v1"


@asynccontextmanager
async def logged_in(url: str, password: str) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=url, timeout=20, verify=False) as client:
        answer = await client.post(f"{API}/session", json={"user": "admin", "password": password})
        assert answer.status_code == 200, answer.text
        client.headers["X-CSRF-Token"] = answer.json()["csrf"]
        yield client


async def test_first_password_is_shown_once_and_opens_the_door(tmp_path: Path) -> None:
    data = tmp_path / "d"
    async with running_gateway(data) as gateway:
        (password,) = re.findall(r"password\s+(\S+-\S+)", gateway.output)
        async with logged_in(gateway.url, password) as client:
            assert (await client.get(f"{API}/users")).json()["total"] == 1
        code, _ = await gateway.stop()
        assert code == 0, gateway.output
    async with running_gateway(data) as gateway:
        assert "password" not in gateway.output
        async with logged_in(gateway.url, password) as client:
            assert (await client.get(f"{API}/session")).status_code == 200
    assert password not in (data / "stderr").read_text()


async def test_first_password_file_is_private_and_nothing_is_printed(tmp_path: Path) -> None:
    file = tmp_path / "secret" / "first"
    async with running_gateway(tmp_path / "d", "--first-password-file", str(file)) as gateway:
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        password = file.read_text().strip()
        assert password not in gateway.output
        async with logged_in(gateway.url, password) as client:
            assert (await client.get(f"{API}/session")).json()["must_change_password"] is False


async def test_management_socket_is_private_and_makes_an_administrator(tmp_path: Path) -> None:
    async with running_gateway(tmp_path / "d") as gateway:
        assert stat.S_IMODE(gateway.socket.stat().st_mode) == 0o600
        assert stat.S_IMODE(gateway.socket.parent.stat().st_mode) == 0o700
        async with gateway.local() as client:
            assert (await client.get(f"{API}/users")).status_code == 200
            assert "vedette_gateway_sockets" in (await client.get("/metrics")).text
            ready = await client.get("/readyz")
        assert ready.status_code == 503
        assert "recorder" in ready.text
        async with httpx.AsyncClient(base_url=gateway.url, verify=False) as client:
            assert (await client.get(f"{API}/users", headers={"vedette.local": "true"})).status_code == 401
            assert (await client.get("/metrics")).status_code == 404
        for path in (gateway.data / "vedette.db", gateway.data / "keys" / "node.key"):
            assert stat.S_IMODE(path.stat().st_mode) == 0o600


async def test_event_on_the_bus_reaches_a_browser_and_the_list(tmp_path: Path) -> None:
    data = tmp_path / "d"
    fact = EventObserved("01JD5Q8Z3M6V1T9W4X7Y2B0C8D", "01JD5Q8Z3M6V1T9W4X7Y2B0C8E", "motion", 1, None, "person", 0.5)
    async with (
        running_gateway(data, "--first-password-file", str(tmp_path / "pw")) as gateway,
        logged_in(gateway.url, (tmp_path / "pw").read_text().strip()) as client,
    ):
        async with connect(_events_url(gateway), additional_headers=_cookie(client, gateway)) as events:
            with SqlitePublisher(data / "bus", "analyzer", SystemClock()) as publisher:
                publisher.publish_nowait(fact)
                await publisher.flush()
            async with asyncio.timeout(10):
                assert fact.event_id in str(await events.recv())
        assert (await client.get(f"{API}/events/{fact.event_id}")).json()["kind"] == "motion"


def _events_url(gateway: GatewayProcess) -> str:
    return f"ws://127.0.0.1:{gateway.port}{API}/events"


def _cookie(client: httpx.AsyncClient, gateway: GatewayProcess) -> dict[str, str]:
    return {"Cookie": f"vedette_session={client.cookies['vedette_session']}", "Origin": gateway.url}


async def test_stop_with_open_sockets_takes_less_than_three_seconds_and_says_goodbye(tmp_path: Path) -> None:
    async with (
        running_gateway(tmp_path / "d", "--first-password-file", str(tmp_path / "pw")) as gateway,
        logged_in(gateway.url, (tmp_path / "pw").read_text().strip()) as client,
    ):
        headers = _cookie(client, gateway)
        sockets = [await connect(_events_url(gateway), additional_headers=headers) for _ in range(8)]
        code, took_s = await gateway.stop(signal.SIGINT)
        assert code == 0, gateway.output
        assert took_s < 3, took_s
        for opened in sockets:
            with pytest.raises(ConnectionClosed) as closed:
                await opened.recv()
            assert closed.value.rcvd is not None
            assert closed.value.rcvd.code in {1001, 1012}
        assert "Traceback" not in gateway.output


async def test_rejected_socket_tells_the_browser_why(tmp_path: Path) -> None:
    async with running_gateway(tmp_path / "d") as gateway:
        async with connect(_events_url(gateway), additional_headers={"Origin": gateway.url}) as refused:
            with pytest.raises(ConnectionClosed) as closed:
                await refused.recv()
        assert closed.value.rcvd is not None
        assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (4401, "unauthenticated")


def test_port_in_use_is_named_with_what_to_do(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        gateway = start_gateway(tmp_path / "d", port)
        try:
            assert gateway.process.wait(40) == 1
        finally:
            gateway.process.kill()
    assert f"port {port}" in gateway.output
    assert "--port" in gateway.output
    assert "Traceback" not in gateway.output


def test_database_of_a_newer_release_is_not_touched(tmp_path: Path) -> None:
    import sqlite3

    data = tmp_path / "d"
    data.mkdir()
    with sqlite3.connect(data / "vedette.db") as database:
        database.execute("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)")
        database.execute("INSERT INTO alembic_version VALUES ('9999')")
    gateway = start_gateway(data, free_port())
    try:
        assert gateway.process.wait(40) == 1
    finally:
        gateway.process.kill()
    assert "9999" in gateway.output
    assert "Traceback" not in gateway.output


@pytest.mark.parametrize(
    ("role", "foreign"),
    [
        ("gateway", {"av", "cv2", "openpyxl", "openvino", "scipy", "vedette.testing"}),
        ("analyzer", {"av", "openvino", "scipy", "vedette.testing"}),
    ],
)
def test_role_starts_without_libraries_that_it_may_never_need(role: str, foreign: set[str]) -> None:
    code = (
        f"import sys, vedette.node.{role}\n"
        f"found = sorted({foreign!r} & set(sys.modules))\n"
        "print(found)\n"
        "sys.exit(bool(found))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
