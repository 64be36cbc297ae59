"""Sessions, passwords and tokens under attack."""

import asyncio
from pathlib import Path

import pytest

from tests.support.gateway import API, ORIGIN, PASSWORD, Harness, open_gateway
from tests.support.sockets import open_socket
from vedette.api.gate import RequestLimits
from vedette.identity.limits import Allowance
from vedette.identity.permissions import Role

HOUR_S = 3600


async def test_write_by_cookie_without_csrf_token_is_refused(gateway: Harness) -> None:
    login = await gateway.login_as(Role.ADMINISTRATOR)
    body = {"name": "x", "role": "guard"}
    for headers in ({}, {"X-CSRF-Token": "guessed"}, {"X-CSRF-Token": login.csrf[:-1]}):
        answer = await login.client.post(f"{API}/users", json=body, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (403, "csrf")
    assert (await login.client.post(f"{API}/users", json=body, headers=login.headers)).status_code == 201


@pytest.mark.parametrize(
    "origin", ["http://evil.test", "null", "http://vedette.test.evil.test", "https://vedette.test:8443"]
)
async def test_write_from_another_site_is_refused_even_with_the_token(gateway: Harness, origin: str) -> None:
    login = await gateway.login_as(Role.ADMINISTRATOR)
    headers = {**login.headers, "Origin": origin}
    answer = await login.client.post(f"{API}/users", json={"name": "x", "role": "guard"}, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (403, "foreign_origin")


async def test_login_from_another_site_is_refused(gateway: Harness) -> None:
    await gateway.add_user("anna", Role.GUARD)
    async with gateway.anonymous() as client:
        body = {"user": "anna", "password": PASSWORD}
        answer = await client.post(f"{API}/session", json=body, headers={"Origin": "http://evil.test"})
    assert answer.status_code == 403


@pytest.mark.parametrize("headers", [{"origin": "http://evil.test"}, {}])
async def test_socket_of_another_site_is_refused_without_being_accepted(
    gateway: Harness, headers: dict[str, str]
) -> None:
    login = await gateway.login_as(Role.GUARD)
    cookie = {"cookie": f"vedette_session={login.cookie}", **headers}
    async with open_socket(gateway.app, f"{API}/events", cookie) as socket:
        assert (await socket.next_message())["type"] == "websocket.close"


async def test_cookie_is_unreadable_for_scripts_and_bound_to_the_site(gateway: Harness) -> None:
    await gateway.add_user("anna", Role.GUARD)
    async with gateway.anonymous() as client:
        answer = await client.post(f"{API}/session", json={"user": "anna", "password": PASSWORD})
        cookie = answer.headers["set-cookie"]
        assert "HttpOnly" in cookie
        assert "SameSite=strict" in cookie
        assert "Path=/" in cookie
        assert "Secure" not in cookie  # a browser would not send it back over http
        secure = await client.post(f"https://vedette.test{API}/session", json={"user": "anna", "password": PASSWORD})
    assert secure.headers["set-cookie"].startswith("__Host-")
    assert "Secure" in secure.headers["set-cookie"]


async def test_session_ends_on_the_server_at_logout(gateway: Harness) -> None:
    login = await gateway.login_as(Role.GUARD)
    stolen = {"Cookie": f"vedette_session={login.cookie}"}
    assert (await login.client.delete(f"{API}/session", headers=login.headers)).status_code == 204
    async with gateway.anonymous() as client:
        assert (await client.get(f"{API}/session", headers=stolen)).status_code == 401


async def test_session_ends_when_idle_and_at_its_absolute_age(gateway: Harness) -> None:
    login = await gateway.login_as(Role.GUARD)
    await gateway.clock.advance(1.5 * HOUR_S)
    assert (await login.client.get(f"{API}/session")).status_code == 200
    for _ in range(9):
        await gateway.clock.advance(1.5 * HOUR_S)
        assert (await login.client.get(f"{API}/session")).status_code == 200
    await gateway.clock.advance(1.5 * HOUR_S)
    assert (await login.client.get(f"{API}/session")).status_code == 401  # 16.5 hours, never idle

    other = await gateway.login_as(Role.GUARD)
    await gateway.clock.advance(2 * HOUR_S + 1)
    answer = await other.client.get(f"{API}/session")
    assert (answer.status_code, answer.json()["code"]) == (401, "session_ended")


async def test_password_change_ends_every_other_session_and_needs_the_current_one(gateway: Harness) -> None:
    one = await gateway.login_as(Role.GUARD)
    other = await gateway.login_as(Role.GUARD)
    url = f"{API}/session/password"
    wrong = {"current": "not the one", "new": "another long phrase"}
    assert (await one.client.post(url, json=wrong, headers=one.headers)).status_code == 401
    right = {"current": PASSWORD, "new": "another long phrase"}
    changed = await one.client.post(url, json=right, headers=one.headers)
    assert changed.status_code == 200
    assert (await one.client.get(f"{API}/session")).status_code == 200
    assert (await other.client.get(f"{API}/session")).status_code == 401


@pytest.mark.parametrize("attack", ["disable", "remove", "password"])
async def test_open_socket_closes_when_its_user_loses_access(gateway: Harness, attack: str) -> None:
    login = await gateway.login_as(Role.GUARD)
    user_id = (await login.client.get(f"{API}/session")).json()["user"]["id"]
    headers = {"origin": ORIGIN, "cookie": f"vedette_session={login.cookie}"}
    async with open_socket(gateway.app, f"{API}/events", headers) as socket:
        assert (await socket.next_message())["type"] == "websocket.accept"
        async with gateway.local() as admin:
            if attack == "remove":
                await admin.delete(f"{API}/users/{user_id}")
            else:
                change = {"disabled": True} if attack == "disable" else {"password": "a brand new phrase"}
                await admin.patch(f"{API}/users/{user_id}", json=change)
        closed = await socket.next_message()
    assert (closed["type"], closed["code"]) == ("websocket.close", 4401)
    assert len(gateway.parts.watch.sockets) == 0


async def test_open_socket_closes_at_logout_and_when_the_session_is_over(gateway: Harness) -> None:
    login = await gateway.login_as(Role.GUARD)
    headers = {"origin": ORIGIN, "cookie": f"vedette_session={login.cookie}"}
    async with open_socket(gateway.app, f"{API}/events", headers) as socket:
        await socket.next_message()
        await login.client.delete(f"{API}/session", headers=login.headers)
        assert (await socket.next_message())["code"] == 4401

    login = await gateway.login_as(Role.GUARD)
    headers["cookie"] = f"vedette_session={login.cookie}"
    async with open_socket(gateway.app, f"{API}/events", headers) as socket:
        await socket.next_message()
        waiting = asyncio.create_task(socket.next_message())
        for _ in range(20):  # the watch asks the database each minute, in a thread
            await gateway.clock.advance(HOUR_S)
            await asyncio.sleep(0.02)
        assert (await waiting)["code"] == 4401


async def test_guessing_locks_the_guesser_out_and_not_the_user(gateway: Harness) -> None:
    await gateway.add_user("anna", Role.GUARD)
    body = {"user": "anna", "password": "wrong password 1"}
    async with gateway.anonymous("198.51.100.9") as attacker:
        codes = [(await attacker.post(f"{API}/session", json=body)).status_code for _ in range(7)]
        assert codes == [401] * 5 + [429] * 2
        late = await attacker.post(f"{API}/session", json={"user": "anna", "password": PASSWORD})
        assert late.status_code == 429
        assert int(late.headers["retry-after"]) >= 1
    await gateway.login("anna", address="192.0.2.7")
    await gateway.clock.advance(61)
    await gateway.login("anna", address="198.51.100.9")


async def test_parallel_guesses_count_as_much_as_serial_ones(gateway: Harness) -> None:
    await gateway.add_user("anna", Role.GUARD)
    async with gateway.anonymous() as attacker:
        body = {"user": "anna", "password": "wrong password 1"}
        answers = await asyncio.gather(*(attacker.post(f"{API}/session", json=body) for _ in range(20)))
    assert [answer.status_code for answer in answers].count(401) == 5


async def test_unknown_user_and_wrong_password_are_answered_alike(gateway: Harness) -> None:
    await gateway.add_user("anna", Role.GUARD)
    async with gateway.anonymous() as client:
        known = await client.post(f"{API}/session", json={"user": "anna", "password": "wrong password 1"})
        unknown = await client.post(f"{API}/session", json={"user": "bert", "password": "wrong password 1"})
    assert known.content == unknown.content
    assert known.status_code == unknown.status_code == 401


async def test_flood_from_one_address_is_limited_and_others_are_served(tmp_path: Path) -> None:
    limits = RequestLimits(address=Allowance(10, 1), caller=Allowance(10, 1))
    async with open_gateway(tmp_path / "data", limits) as gateway:
        async with gateway.anonymous("198.51.100.9") as flood:
            codes = [(await flood.get(f"{API}/cameras")).status_code for _ in range(12)]
        async with gateway.anonymous("192.0.2.7") as other:
            assert (await other.get(f"{API}/cameras")).status_code == 401
    assert codes == [401] * 10 + [429] * 2


async def test_last_administrator_cannot_be_lost(gateway: Harness) -> None:
    user_id = await gateway.add_user("boss", Role.ADMINISTRATOR)
    async with gateway.local() as client:
        for answer in (
            await client.patch(f"{API}/users/{user_id}", json={"role": "guard"}),
            await client.patch(f"{API}/users/{user_id}", json={"disabled": True}),
            await client.delete(f"{API}/users/{user_id}"),
        ):
            assert (answer.status_code, answer.json()["code"]) == (409, "last_administrator")


async def test_generated_password_must_be_changed_before_anything_else(gateway: Harness) -> None:
    async with gateway.local() as admin:
        made = (await admin.post(f"{API}/users", json={"name": "anna", "role": "guard"})).json()
    login = await gateway.login("anna", made["password"])
    session = (await login.client.get(f"{API}/session")).json()
    assert session["must_change_password"] is True
    refused = await login.client.get(f"{API}/cameras")
    assert (refused.status_code, refused.json()["code"]) == (403, "password_change_required")
    body = {"current": made["password"], "new": "yellow owl on a lens"}
    changed = await login.client.post(f"{API}/session/password", json=body, headers=login.headers)
    assert changed.json()["must_change_password"] is False
    assert (await login.client.get(f"{API}/cameras")).status_code == 200


@pytest.mark.parametrize("password", ["short", "annaannaanna", "Password2026!", "aaaaaaaaaaaa", "my anna dog"])
async def test_weak_passwords_are_refused_without_being_repeated(gateway: Harness, password: str) -> None:
    async with gateway.local() as admin:
        body = {"name": "anna", "role": "guard", "password": password}
        answer = await admin.post(f"{API}/users", json=body)
    assert (answer.status_code, answer.json()["code"]) == (422, "weak_password")
    assert password not in answer.text


async def test_expired_and_removed_tokens_stop_working_at_once(gateway: Harness) -> None:
    login = await gateway.login_as(Role.GUARD)
    body = {"name": "a", "scopes": ["camera.view"], "expires_at": "2026-01-01T01:00:00Z"}
    made = (await login.client.post(f"{API}/tokens", json=body, headers=login.headers)).json()
    bearer = {"Authorization": f"Bearer {made['token']}"}
    async with gateway.anonymous() as client:
        assert (await client.get(f"{API}/cameras", headers=bearer)).status_code == 200
        await gateway.clock.advance(HOUR_S)
        assert (await client.get(f"{API}/cameras", headers=bearer)).status_code == 401
        body["expires_at"] = "2026-01-03T00:00:00Z"
        made = (await login.client.post(f"{API}/tokens", json=body, headers=login.headers)).json()
        bearer = {"Authorization": f"Bearer {made['token']}"}
        assert (await client.get(f"{API}/cameras", headers=bearer)).status_code == 200
        await login.client.delete(f"{API}/tokens/{made['id']}", headers=login.headers)
        assert (await client.get(f"{API}/cameras", headers=bearer)).status_code == 401


async def test_one_user_cannot_remove_the_token_of_another(gateway: Harness) -> None:
    owner = await gateway.login_as(Role.GUARD)
    body = {"name": "a", "scopes": ["camera.view"]}
    made = (await owner.client.post(f"{API}/tokens", json=body, headers=owner.headers)).json()
    thief = await gateway.login_as(Role.ADMINISTRATOR)
    assert (await thief.client.delete(f"{API}/tokens/{made['id']}", headers=thief.headers)).status_code == 404
    assert (await thief.client.get(f"{API}/tokens")).json()["total"] == 0
