"""The gateway role as a real process on a free port."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from tests.support.waiting import wait_until
from vedette.adapters.http_clients import open_unix_client


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass(frozen=True, slots=True)
class GatewayProcess:
    process: subprocess.Popen[bytes]
    data: Path
    port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def socket(self) -> Path:
        return self.data / "run" / "gateway.sock"

    @property
    def output(self) -> str:
        return (self.data / "stdout").read_text() + (self.data / "stderr").read_text()

    def local(self) -> httpx.AsyncClient:
        return open_unix_client(self.socket, "vedette", 20)

    async def is_up(self) -> bool:
        try:
            async with self.local() as client:
                return (await client.get("/healthz")).status_code == 200
        except httpx.HTTPError:
            return False

    async def stop(self, number: signal.Signals = signal.SIGTERM) -> tuple[int, float]:
        """Returns the exit code and how long it took."""
        loop = asyncio.get_running_loop()
        began_s = loop.time()
        self.process.send_signal(number)
        code = await asyncio.to_thread(self.process.wait, 20)
        return code, loop.time() - began_s


def start_gateway(data: Path, port: int, *options: str) -> GatewayProcess:
    data.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "vedette", "serve", "--role", "gateway", "--data", str(data)]
    command += ["--port", str(port), *options]
    with (data / "stdout").open("wb") as out, (data / "stderr").open("wb") as err:
        process = subprocess.Popen(command, stdout=out, stderr=err, env={**os.environ, "PYTHONUNBUFFERED": "1"})
    return GatewayProcess(process, data, port)


@asynccontextmanager
async def running_gateway(data: Path, *options: str) -> AsyncIterator[GatewayProcess]:
    """Starts the gateway and waits until it answers; kills it in the end."""
    gateway = start_gateway(data, free_port(), *options)
    try:

        async def is_up_or_ended() -> bool:
            return gateway.process.poll() is not None or await gateway.is_up()

        await wait_until(is_up_or_ended, limit_s=40)
        assert gateway.process.poll() is None, gateway.output
        yield gateway
    finally:
        if gateway.process.poll() is None:
            gateway.process.kill()
        gateway.process.wait(10)
