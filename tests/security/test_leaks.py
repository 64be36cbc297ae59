"""Secrets stay inside: camera passwords, user passwords, session and token secrets."""

import asyncio
from pathlib import Path

import pytest

from tests.support.gateway import API, PASSWORD, Harness
from vedette.api.headers import CONTENT_SECURITY_POLICY
from vedette.identity.permissions import Role

CANARY = "canary-7f3a-password"


def _files(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


async def test_camera_password_is_in_no_answer_log_or_file(gateway: Harness, capfd: pytest.CaptureFixture[str]) -> None:
    seen = ""
    async with gateway.local() as client:
        bodies = [
            {"name": "a", "main": {"url": "rtsp://127.0.0.1:9/1"}, "user": "root", "password": CANARY},
            {"name": "b", "main": {"url": f"rtsp://root:{CANARY}@127.0.0.1:9/1"}},
            {"name": "c", "main": {"url": f"rtsp://root:{CANARY}@127.0.0.1:9/1"}, "record": "both"},
            {"name": "d", "main": {"url": f"ftp://root:{CANARY}@127.0.0.1"}},
            {"name": "e", "main": {"url": "rtsp://127.0.0.1:9/1"}, "pasword": CANARY},
            {"name": "f", "main": {"url": "rtsp://127.0.0.1:9/1"}, "user": {"x": CANARY}},
        ]
        for body in bodies:
            seen += (await client.post(f"{API}/cameras", json=body)).text
        tested = await client.post(f"{API}/cameras/test", json={"url": f"rtsp://root:{CANARY}@127.0.0.1:9/"})
        seen += tested.text
        for path in ("cameras", "audit", "system", "events"):
            seen += (await client.get(f"{API}/{path}")).text
        sheet = await client.get(f"{API}/cameras/export.xlsx")
    await asyncio.sleep(0)
    output = capfd.readouterr()
    assert CANARY not in seen
    assert CANARY not in output.out + output.err
    assert CANARY.encode() not in sheet.content
    assert CANARY.encode() not in _files(gateway.data)


async def test_login_secrets_are_stored_only_as_hashes(gateway: Harness) -> None:
    login = await gateway.login_as(Role.GUARD)
    body = {"name": "a", "scopes": ["camera.view"]}
    token = (await login.client.post(f"{API}/tokens", json=body, headers=login.headers)).json()["token"]
    stored = _files(gateway.data)
    for secret in (login.cookie, token, PASSWORD, login.csrf):
        assert secret.encode() not in stored
    assert b"$argon2id$" in stored
    assert token not in (await login.client.get(f"{API}/tokens")).text


async def test_typed_password_in_the_name_field_is_not_written_down(gateway: Harness) -> None:
    async with gateway.anonymous() as client:
        await client.post(f"{API}/session", json={"user": CANARY, "password": "x"})
        await client.post(f"{API}/session", json={"user": "x", "password": [CANARY]})
    assert CANARY.encode() not in _files(gateway.data)


async def test_every_answer_carries_the_security_headers(gateway: Harness) -> None:
    async with gateway.anonymous() as client:
        for path in ("/", f"{API}/cameras", "/api/nothing", "/api/openapi.json"):
            headers = (await client.get(path)).headers
            assert headers["content-security-policy"] == CONTENT_SECURITY_POLICY
            assert headers["x-content-type-options"] == "nosniff"
            assert headers["x-frame-options"] == "DENY"
            assert "camera=()" in headers["permissions-policy"]
            assert headers["referrer-policy"] == "no-referrer"
    script = next(part for part in CONTENT_SECURITY_POLICY.split("; ") if part.startswith("script-src"))
    assert script == "script-src 'self'"
    assert "frame-ancestors 'none'" in CONTENT_SECURITY_POLICY


async def test_body_longer_than_its_route_takes_is_refused(gateway: Harness) -> None:
    async def endless():
        for _ in range(100):
            yield b"x" * 65536

    async with gateway.anonymous() as client:
        declared = await client.post(f"{API}/session", content=b"x" * (300 * 1024))
        streamed = await client.post(f"{API}/session", content=endless())
        lying = await client.post(f"{API}/session", content=b"{}", headers={"content-length": "-5"})
    assert (declared.status_code, declared.json()["code"]) == (413, "too_large")
    assert streamed.status_code == 413
    assert lying.status_code == 413


async def test_management_answers_are_not_on_the_public_address(gateway: Harness) -> None:
    async with gateway.anonymous() as client:
        for path in ("/metrics", "/healthz", "/readyz", "/status"):
            assert (await client.get(path)).status_code == 404
    async with gateway.local() as client:
        assert (await client.get("/healthz")).text == "ok\n"
        assert (await client.get("/metrics")).text.startswith("vedette_up")


@pytest.mark.parametrize(
    "path", ["/../keys/node.key", "/%2e%2e/keys/node.key", "/assets/..%2f..%2fkeys/node.key", "//etc/passwd"]
)
async def test_console_path_cannot_leave_its_folder(gateway: Harness, path: str) -> None:
    async with gateway.anonymous() as client:
        answer = await client.get(path)
    assert answer.status_code in {404, 503, 200}
    assert (gateway.data / "keys" / "node.key").read_bytes() not in answer.content
    assert b"root:" not in answer.content


async def test_refusals_logins_and_changes_are_in_the_audit_trail(gateway: Harness) -> None:
    login = await gateway.login_as(Role.GUARD)
    await login.client.post(f"{API}/users", json={"name": "x", "role": "guard"}, headers=login.headers)
    async with gateway.anonymous("198.51.100.9") as client:
        await client.post(f"{API}/session", json={"user": "guard", "password": "wrong password 1"})
    await login.client.delete(f"{API}/session", headers=login.headers)
    async with gateway.local() as admin:
        items = (await admin.get(f"{API}/audit")).json()["items"]
    rows = [(row["user"], row["action"], row["outcome"], row["resource"], row["address"]) for row in items]
    assert ("guard", "login", "done", "", "192.0.2.7") in rows
    assert ("guard", "refused", "refused", "POST /api/v1/users", "192.0.2.7") in rows
    assert ("guard", "login", "refused", "", "198.51.100.9") in rows
    assert ("guard", "logout", "done", "", "192.0.2.7") in rows
    assert any(row[0] == "local" and row[1] == "user.add" for row in rows)


async def test_watching_is_in_the_audit_trail(gateway: Harness) -> None:
    from tests.support.gateway import ORIGIN
    from tests.support.sockets import open_socket

    login = await gateway.login_as(Role.GUARD)
    camera = "01JD5Q8Z3M6V1T9W4X7Y2B0C8D"
    headers = {"origin": ORIGIN, "cookie": f"vedette_session={login.cookie}"}
    async with open_socket(gateway.app, f"{API}/live?camera={camera}", headers) as socket:
        await socket.next_message()
    async with gateway.local() as admin:
        items = (await admin.get(f"{API}/audit", params={"action": "live."})).json()["items"]
    assert [(row["user"], row["resource"]) for row in items] == [("guard", camera)]
