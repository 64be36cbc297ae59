"""The gateway's application, composed as in production but with a driven clock, cheap hashing and no other role."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
from fastapi import FastAPI
from starlette.types import ASGIApp

from vedette.api.app import create_app
from vedette.api.gate import RequestLimits
from vedette.api.management import ManagementApp
from vedette.identity.limits import Allowance
from vedette.identity.passwords import HashCost, PasswordHasher
from vedette.identity.permissions import Role
from vedette.node.gateway_parts import GatewayParts, open_parts
from vedette.node.streaming import open_streaming
from vedette.runtime.settings import NodeSettings
from vedette.testing.clock import SimulatedClock

CHEAP = HashCost(passes=1, memory_kib=64, lanes=1)
ORIGIN = "http://vedette.test"
PASSWORD = "correct horse battery"
API = "/api/v1"


@dataclass(frozen=True, slots=True)
class Login:
    """A logged-in browser: its cookies and CSRF token are in the client."""

    client: httpx.AsyncClient
    csrf: str
    cookie: str

    @property
    def headers(self) -> dict[str, str]:
        return {"X-CSRF-Token": self.csrf, "Origin": ORIGIN}


@dataclass(frozen=True, slots=True)
class Harness:
    """A gateway that is asked in memory."""

    app: FastAPI
    parts: GatewayParts
    clock: SimulatedClock
    data: Path

    def anonymous(self, address: str = "192.0.2.7") -> httpx.AsyncClient:
        return _client(self.app, address)

    def local(self) -> httpx.AsyncClient:
        """The local administrator's client, as over the management socket."""

        async def find_unready() -> str:
            return ""

        management = ManagementApp(
            self.app, find_unready=find_unready, describe=dict, format_metrics=lambda: "vedette_up 1\n"
        )
        return _client(management, "")

    async def add_user(self, name: str, role: Role) -> str:
        async with self.local() as client:
            answer = await client.post(f"{API}/users", json={"name": name, "role": role.value, "password": PASSWORD})
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    async def login(self, name: str, password: str = PASSWORD, address: str = "192.0.2.7") -> Login:
        client = _client(self.app, address)
        answer = await client.post(f"{API}/session", json={"user": name, "password": password})
        assert answer.status_code == 200, answer.text
        cookie = answer.cookies["vedette_session"]
        return Login(client, answer.json()["csrf"], cookie)

    async def login_as(self, role: Role) -> Login:
        """Logs in as the user of this role, made on first use."""
        try:
            return await self.login(role.value)
        except AssertionError:
            await self.add_user(role.value, role)
            return await self.login(role.value)


def _client(app: ASGIApp, address: str) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app=app, client=(address, 50000), raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url=ORIGIN)


@asynccontextmanager
async def open_gateway(data: Path, limits: RequestLimits | None = None) -> AsyncIterator[Harness]:
    """Opens a gateway on a data directory. `limits` default to wide ones: most tests are not about them."""
    clock = SimulatedClock()
    wide = RequestLimits(Allowance(100_000, 1000), Allowance(100_000, 1000))
    async with open_parts(
        NodeSettings(data=data), clock, open_streaming, hasher=PasswordHasher(CHEAP), limits=limits or wide
    ) as parts:
        yield Harness(create_app(parts.ports, parts.watch), parts, clock, data)
