"""The gateway role: HTTP API, console, events and live pictures for browsers, and the desired state for the roles.

It may end at any moment without costing a recorded frame. Design: docs/design/api.md.
"""

import asyncio
import contextlib
import os
import socket
import sys
from collections.abc import AsyncIterator, Generator
from pathlib import Path

import uvicorn
import uvloop
from starlette.types import ASGIApp

from vedette.adapters.role_server import serve_role_app
from vedette.api.app import create_app
from vedette.api.management import ManagementApp
from vedette.core.errors import UnavailableError
from vedette.core.time import format_utc
from vedette.identity.accounts import FIRST_NAME
from vedette.node.archive_keys import run_archive_keys
from vedette.node.gateway_parts import GatewayParts, open_parts
from vedette.node.streaming import open_streaming
from vedette.runtime.clock import Clock, SystemClock
from vedette.runtime.log import configure_logging, get_logger
from vedette.runtime.process import stop_on_signals
from vedette.runtime.settings import NodeSettings

BACKLOG = 256
MAX_SOCKET_MESSAGE_BYTES = 64 * 1024
STOP_S = 2.0


class PortInUseError(UnavailableError):
    """Something else listens where the gateway should."""

    code = "port_in_use"


class _SignalFreeServer(uvicorn.Server):
    """Leaves signals to the role: sockets are told goodbye before the server closes."""

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        yield


def bind_gateway(host: str, port: int) -> socket.socket:
    """Binds the gateway's address.

    Raises:
        PortInUseError: it is taken, or not an address of this machine; says what to do.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as exc:
        listener.close()
        raise PortInUseError(
            f"port {port} on {host} cannot be used: {exc.strerror}",
            f"Stop the program that uses it (see `ss -ltnp | grep {port}`) or choose another with --port.",
        ) from exc
    return listener


@contextlib.asynccontextmanager
async def serve_public(app: ASGIApp, listener: socket.socket) -> AsyncIterator[asyncio.Task[None]]:
    """Serves the API on a bound socket while the context is open."""
    config = uvicorn.Config(
        app,
        log_level="critical",  # what goes wrong inside is logged once, by vedette.api.problems
        access_log=False,
        lifespan="off",
        ws="websockets-sansio",
        ws_per_message_deflate=False,
        ws_max_size=MAX_SOCKET_MESSAGE_BYTES,
        proxy_headers=False,  # anybody can send X-Forwarded-For; limits and audit count on the address
        server_header=False,
        backlog=BACKLOG,
        timeout_graceful_shutdown=1,
    )
    server = _SignalFreeServer(config)
    serving = asyncio.create_task(server.serve([listener]), name="http")
    try:
        while not server.started and not serving.done():
            await asyncio.sleep(0.01)
        yield serving
    finally:
        server.should_exit = True
        await asyncio.wait({serving}, timeout=STOP_S)
        serving.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await serving
        listener.close()


class Gateway:
    """The running role. Owns its TaskGroup."""

    def __init__(self, settings: NodeSettings, parts: GatewayParts, clock: Clock) -> None:
        self._settings = settings
        self._parts = parts
        self._clock = clock
        self._started_ns = clock.utc_ns()

    async def run(self, stop: asyncio.Event) -> None:
        """Serves until `stop` is set."""
        parts = self._parts
        listener = bind_gateway(self._settings.host, self._settings.port)
        app = create_app(parts.ports, parts.watch)
        management = ManagementApp(
            app, find_unready=self._find_unready, describe=self._describe, format_metrics=self._format_metrics
        )
        await self._show_first_password()
        await parts.exports.restore()
        async with asyncio.TaskGroup() as group:
            working = [
                group.create_task(parts.history.run(), name="history"),
                group.create_task(parts.dispatcher.run(), name="dispatcher"),
                group.create_task(parts.exports.run(), name="exports"),
                group.create_task(parts.erasures.run(), name="erasures"),
                group.create_task(parts.watchlists.run(), name="watchlists"),
                group.create_task(parts.objects.run(), name="seen-objects"),
                group.create_task(run_archive_keys(self._settings, self._clock), name="archive-keys"),
            ]
            async with (
                serve_public(app, listener),
                serve_role_app(management, self._settings.paths.socket("gateway")),
            ):
                await stop.wait()
                parts.watch.sockets.close_all()
                for task in working:
                    task.cancel()

    async def _show_first_password(self) -> None:
        password = await self._parts.ports.accounts.ensure_administrator()
        if password is None:
            return
        if self._settings.first_password_file is not None:
            write_private(self._settings.first_password_file, password)
        else:
            sys.stdout.write(format_first_password(password))
            sys.stdout.flush()

    async def _find_unready(self) -> str:
        untold = self._parts.dispatcher.untold
        return "; ".join(f"{role}: {reason}" for role, reason in sorted(untold.items()))

    def _describe(self) -> dict[str, object]:
        return {
            "role": "gateway",
            "pid": os.getpid(),
            "started_at": format_utc(self._started_ns),
            "sockets": len(self._parts.watch.sockets),
            "event_subscribers": len(self._parts.hub),
            "untold": self._parts.dispatcher.untold,
        }

    def _format_metrics(self) -> str:
        figures = {
            "vedette_gateway_sockets": len(self._parts.watch.sockets),
            "vedette_gateway_event_subscribers": len(self._parts.hub),
            "vedette_gateway_untold_roles": len(self._parts.dispatcher.untold),
        }
        return "".join(f"# TYPE {name} gauge\n{name} {value}\n" for name, value in figures.items())


def format_first_password(password: str) -> str:
    """The block that is printed once, at the first start."""
    line = "=" * 64
    return (
        f"{line}\n  First start. Log in as\n\n      user      {FIRST_NAME}\n      password  {password}\n\n"
        f"  This password is shown only now. Change it under Settings.\n{line}\n"
    )


def write_private(path: Path, text: str) -> None:
    """Writes a file that only the owner can read, also when it was there before with other rights."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
    with os.fdopen(handle, "w") as file:
        os.fchmod(file.fileno(), 0o600)
        file.write(f"{text}\n")


async def _run(settings: NodeSettings) -> None:
    stop = asyncio.Event()
    stop_on_signals(stop)
    clock = SystemClock()
    async with open_parts(settings, clock, open_streaming) as parts:
        get_logger("gateway").info("gateway starts", host=settings.host, port=settings.port)
        await Gateway(settings, parts, clock).run(stop)


def run(settings: NodeSettings) -> int:
    """Runs the gateway until SIGINT or SIGTERM. Returns the exit code."""
    configure_logging("gateway")
    os.umask(0o027)
    uvloop.run(_run(settings))
    return 0
