"""The supervisor: one process that keeps the roles of one box alive. Design: docs/design/processes.md."""

import asyncio
import contextlib
import os
import sys
from dataclasses import asdict, replace

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from vedette.adapters.model_ledger import SignedModelLedger
from vedette.adapters.role_probe import is_role_answering, post_to_role
from vedette.adapters.role_server import serve_role_app
from vedette.adapters.sqlite_bus import SqlitePublisher
from vedette.core.errors import InvalidInputError, UnavailableError, VedetteError
from vedette.core.time import format_utc
from vedette.node import simulation
from vedette.node.archive_keys import prepare_archive_keys
from vedette.node.model_releases import accept_new_releases
from vedette.node.simulation import SimulationPlan
from vedette.runtime.clock import SystemClock
from vedette.runtime.log import configure_logging, get_logger
from vedette.runtime.process import check_port_free, ensure_node_key, lock_data_directory, stop_on_signals
from vedette.runtime.settings import NodeSettings
from vedette.runtime.supervisor import RoleSpec, RoleSupervisor
from vedette.vision.models.registry import ModelRegistry

ROLES = ("recorder", "gateway", "analyzer", "notary", "validator")
_NICE = {"analyzer": 5, "notary": 5, "sim": 5, "validator": 10}
"""Recording and the console come before analysis when the processor is short."""


class Node:
    """All processes of one box. Owns its TaskGroup: `run` returns when everything has ended."""

    def __init__(self, settings: NodeSettings, publisher: SqlitePublisher) -> None:
        self._settings = settings
        self._paths = settings.paths
        self._clock = SystemClock()
        self._publisher = publisher
        self._started_ns = self._clock.utc_ns()
        self._roles: dict[str, RoleSupervisor] = {}
        self._lives: dict[str, asyncio.Task[None]] = {}
        self._tasks = asyncio.TaskGroup()
        self._sim_lock = asyncio.Lock()
        self._stop = asyncio.Event()
        self._log = get_logger("node")

    async def run(self) -> None:
        """Runs until SIGINT or SIGTERM."""
        stop_on_signals(self._stop)
        async with serve_role_app(self._app(), self._paths.socket("supervisor")), self._tasks:
            for role in ROLES:
                self._start(role)
            plan = simulation.load_plan(self._paths)
            if plan.count or plan.clips:
                self._start_sim(plan)
            welcome = self._tasks.create_task(self._welcome())
            await self._stop.wait()
            welcome.cancel()
            for supervisor in self._roles.values():
                supervisor.stop()

    def _start(self, role: str, extra: tuple[str, ...] = ()) -> None:
        spec = RoleSpec(role, (*self._command(role), *extra), _NICE.get(role, 0))
        supervisor = RoleSupervisor(spec, self._clock, self._publisher, self._is_answering)
        self._roles[role] = supervisor
        self._lives[role] = self._tasks.create_task(supervisor.run())

    def _command(self, role: str) -> tuple[str, ...]:
        settings = self._settings
        command = [sys.executable, "-m", "vedette", "serve", "--role", role, "--supervised"]
        command += ["--data", str(settings.data), "--host", settings.host, "--port", str(settings.port)]
        if settings.first_password_file:
            command += ["--first-password-file", str(settings.first_password_file)]
        if settings.config:
            command += ["--config", str(settings.config)]
        if settings.volume_max_bytes:
            command += ["--volume-max-bytes", str(settings.volume_max_bytes)]
        return tuple(command)

    async def _is_answering(self, role: str) -> bool:
        if role == "sim":  # serves RTSP, not HTTP; its end is what matters
            return False
        return await is_role_answering(self._paths.socket(role))

    async def _welcome(self) -> None:
        """Prints the address once the gateway answers, then adds the cameras of a demonstration."""
        gateway = self._paths.socket("gateway")
        while not await is_role_answering(gateway):
            await asyncio.sleep(0.2)
        sys.stdout.write(f"Vedette is running: {_url(self._settings)}\n")
        sys.stdout.flush()
        count = self._settings.simulated_cameras
        if count:
            try:
                await post_to_role(gateway, "/api/v1/cameras/simulated", {"count": count}, timeout_s=180.0)
            except UnavailableError as error:
                self._log.error("simulated cameras could not be added", reason=str(error))

    def _start_sim(self, plan: SimulationPlan) -> None:
        extra = ("--simulate", str(plan.count), *(("--clips", plan.clips) if plan.clips else ()))
        self._start("sim", extra)

    async def _set_sim(self, count: int) -> list[dict[str, str]]:
        """Serves `count` simulated cameras from now on and returns them."""
        async with self._sim_lock:
            plan = replace(simulation.load_plan(self._paths), count=count)
            if self._settings.clips is not None:
                plan = replace(plan, clips=str(self._settings.clips))
            running = "sim" in self._lives and not self._lives["sim"].done()
            if not (running and plan == simulation.load_plan(self._paths)):
                simulation.save_plan(self._paths, plan)
                if running:
                    self._roles["sim"].stop()
                    await self._lives["sim"]
                simulation.forget_cameras(self._paths)
                if count:
                    self._start_sim(plan)
            return await simulation.wait_cameras(self._paths, count, self._clock)

    def _app(self) -> Starlette:
        async def status(_: Request) -> Response:
            roles = [asdict(role.status) for role in self._roles.values()]
            return JSONResponse({"started_at": format_utc(self._started_ns), "roles": roles})

        async def set_sim(request: Request) -> Response:
            try:
                body = await request.json()
                if not isinstance(body, dict) or not isinstance(body.get("count"), int):
                    raise InvalidInputError('send {"count": N}')
                return JSONResponse({"cameras": await self._set_sim(body["count"])})
            except VedetteError as error:
                problem = {"code": error.code, "message": error.message, "hint": error.hint}
                return JSONResponse(problem, status_code=400 if isinstance(error, InvalidInputError) else 503)

        async def healthz(_: Request) -> Response:
            return PlainTextResponse("ok\n")

        async def metrics(_: Request) -> Response:
            lines = [
                f'vedette_role_restarts_total{{role="{role.status.role}"}} {role.status.restarts}\n'
                for role in self._roles.values()
            ]
            return PlainTextResponse("# TYPE vedette_role_restarts_total counter\n" + "".join(lines))

        return Starlette(
            routes=[
                Route("/status", status),
                Route("/sim", set_sim, methods=["PUT"]),
                Route("/healthz", healthz),
                Route("/metrics", metrics),
            ]
        )


def _url(settings: NodeSettings) -> str:
    host = "localhost" if settings.host in {"127.0.0.1", "0.0.0.0", "::", "::1"} else settings.host  # noqa: S104 -- compared, not bound
    return f"http://{host}:{settings.port}"


def run(settings: NodeSettings) -> int:
    """Runs the whole system on this box until it is asked to stop. Returns the exit code."""
    configure_logging("supervisor")
    settings.paths.prepare()
    lock = lock_data_directory(settings.paths.run)
    try:
        check_port_free(settings.host, settings.port)
        ensure_node_key(settings.paths.node_key)
        problem = prepare_archive_keys(settings, SystemClock().utc_ns())
        if problem:
            get_logger("node").error("archive keys cannot be made", reason=problem)
        registry, ledger = ModelRegistry(settings.models_folder), SignedModelLedger(settings.paths.model_keys)
        for refusal in accept_new_releases(registry, ledger, SystemClock()):
            get_logger("node").error("a model is refused", reason=refusal)
        with SqlitePublisher(settings.paths.bus, "supervisor", SystemClock()) as publisher:
            asyncio.run(Node(settings, publisher).run())
    finally:
        with contextlib.suppress(OSError):
            os.close(lock)
    return 0
