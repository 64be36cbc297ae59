"""Nobody reaches a route without the permission that it declares, and no route is without one."""

import re
from collections.abc import Iterator

import pytest
from fastapi import APIRouter
from starlette.routing import Mount, Route, WebSocketRoute

from tests.support.gateway import API, ORIGIN, Harness
from tests.support.sockets import refused_code
from vedette.api.access import Standing, UndeclaredRouteError, allows
from vedette.api.app import create_app
from vedette.api.features import feature_router
from vedette.api.guard import Guard
from vedette.api.routes import ROUTERS, declared_routes
from vedette.identity.permissions import ROLE_PERMISSIONS, Permission, Role

SAMPLE_ID = "01JD5Q8Z3M6V1T9W4X7Y2B0C8D"


def test_undeclared_http_route_stops_the_application(gateway: Harness) -> None:
    router = feature_router("sneaky")

    @router.get("/sneaky")
    async def sneaky() -> str:
        return "footage"

    with pytest.raises(UndeclaredRouteError, match="/api/v1/sneaky"):
        create_app(gateway.parts.ports, gateway.parts.watch, routers=[*ROUTERS, router])


def test_undeclared_socket_stops_the_application(gateway: Harness) -> None:
    router = feature_router("sneaky")

    @router.websocket("/sneaky")
    async def sneaky() -> None: ...

    with pytest.raises(UndeclaredRouteError, match="/api/v1/sneaky"):
        create_app(gateway.parts.ports, gateway.parts.watch, routers=[router])


def test_mounted_application_cannot_hide_routes(gateway: Harness) -> None:
    @allows(Standing.PUBLIC)
    async def files() -> None: ...

    mount = Mount("/files", app=files)
    mount.endpoint = files  # type: ignore[attr-defined]
    with pytest.raises(UndeclaredRouteError, match="cannot be guarded"):
        create_app(gateway.parts.ports, gateway.parts.watch, routers=[APIRouter(routes=[mount])])


def test_every_route_of_the_application_is_behind_the_guard(gateway: Harness) -> None:
    assert gateway.app.router.routes
    for route in gateway.app.router.routes:
        assert isinstance(route, Route | WebSocketRoute)
        assert isinstance(route.app, Guard), route.path


async def test_route_cannot_be_added_to_the_finished_application(gateway: Harness) -> None:
    async def late() -> str:
        return "footage"

    with pytest.raises(AttributeError):
        gateway.app.get("/api/late")(late)
    async with gateway.anonymous() as client:
        assert (await client.get("/api/late")).status_code == 404


def _http_routes() -> Iterator[tuple[str, str, Permission | Standing]]:
    for route, access in declared_routes():
        if isinstance(route, Route):
            path = re.sub(r"\{[^}]*\}", SAMPLE_ID, route.path)
            for method in sorted((route.methods or set()) - {"HEAD"}):
                yield method, path, access.needs


def _sockets() -> Iterator[tuple[str, Permission | Standing]]:
    for route, access in declared_routes():
        if isinstance(route, WebSocketRoute):
            yield f"{route.path}?camera={SAMPLE_ID}", access.needs


@pytest.mark.parametrize("role", list(Role))
async def test_role_reaches_exactly_the_routes_it_may(gateway: Harness, role: Role) -> None:
    login = await gateway.login_as(role)
    for method, path, needs in _http_routes():
        if path == f"{API}/session" and method == "DELETE":
            continue  # would end the walk
        answer = await login.client.request(method, path, headers=login.headers)
        may = isinstance(needs, Standing) or needs in ROLE_PERMISSIONS[role]
        if may:
            assert answer.status_code not in {401, 403}, (method, path, answer.text)
        else:
            assert answer.status_code == 403, (method, path, answer.status_code)
            assert answer.json()["code"] == "missing_permission"


async def test_nobody_reaches_anything_without_login(gateway: Harness) -> None:
    async with gateway.anonymous() as client:
        for method, path, needs in _http_routes():
            answer = await client.request(method, path)
            if needs is Standing.PUBLIC:
                assert answer.status_code not in {401, 403}, (method, path)
            else:
                assert answer.status_code == 401, (method, path, answer.status_code)
                assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("role", [*Role, None])
async def test_sockets_ask_the_same_permissions(gateway: Harness, role: Role | None) -> None:
    login = None if role is None else await gateway.login_as(role)
    for path, needs in _sockets():
        headers = {"origin": ORIGIN}
        if login is not None:
            headers["cookie"] = f"vedette_session={login.cookie}"
        code = await refused_code(gateway.app, path, headers)
        if login is None:
            assert code == 4401, path
        elif needs not in ROLE_PERMISSIONS[Role(login_role(role))]:
            assert code == 4403, path
        else:
            assert code not in {4401, 4403}, path


def login_role(role: Role | None) -> str:
    assert role is not None
    return role.value


async def test_token_may_do_only_its_scopes_and_never_more_than_its_owner(gateway: Harness) -> None:
    login = await gateway.login_as(Role.MONITOR)
    wanted = {"name": "script", "scopes": ["camera.view"]}
    made = await login.client.post(f"{API}/tokens", json=wanted, headers=login.headers)
    bearer = {"Authorization": f"Bearer {made.json()['token']}"}
    async with gateway.anonymous() as client:
        assert (await client.get(f"{API}/cameras", headers=bearer)).status_code == 200
        assert (await client.get(f"{API}/events", headers=bearer)).status_code == 403
    greedy = {"name": "greedy", "scopes": ["users.manage"]}
    refused = await login.client.post(f"{API}/tokens", json=greedy, headers=login.headers)
    assert refused.status_code == 403

    async with gateway.local() as admin:
        users = (await admin.get(f"{API}/users")).json()["items"]
        user_id = next(user["id"] for user in users if user["name"] == "monitor")
        await admin.patch(f"{API}/users/{user_id}", json={"role": "auditor"})
    async with gateway.anonymous() as client:
        assert (await client.get(f"{API}/cameras", headers=bearer)).status_code == 403


async def test_token_cannot_make_a_wider_token(gateway: Harness) -> None:
    login = await gateway.login_as(Role.ADMINISTRATOR)
    narrow = {"name": "narrow", "scopes": ["camera.view"]}
    made = await login.client.post(f"{API}/tokens", json=narrow, headers=login.headers)
    bearer = {"Authorization": f"Bearer {made.json()['token']}"}
    async with gateway.anonymous() as client:
        wide = {"name": "wide", "scopes": ["users.manage"]}
        assert (await client.post(f"{API}/tokens", json=wide, headers=bearer)).status_code == 403
