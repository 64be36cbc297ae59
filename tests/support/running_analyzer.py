"""The analyzer role with real jailed workers, in this process, and a recorder's feed that plays scripts."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import msgspec

from tests.support.feed_server import Script, serve_feed
from tests.support.warm_networks import warm_networks
from vedette.adapters.http_clients import open_unix_client
from vedette.adapters.sqlite_bus import SqlitePublisher
from vedette.node.analyzer import Analyzer
from vedette.runtime.clock import SystemClock
from vedette.runtime.paths import NodePaths
from vedette.runtime.settings import NodeSettings
from vedette.vision.budget import CAPACITY_MS


class Running:
    def __init__(self, analyzer: Analyzer, paths: NodePaths, connections: dict[str, int]) -> None:
        self.analyzer = analyzer
        self.paths = paths
        self.connections = connections

    def camera(self, name: str) -> dict[str, object]:
        return next((c for c in self.analyzer.status()["cameras"] if c["camera_id"] == name), {})

    def messages(self, kind: type) -> list:
        connection = sqlite3.connect(f"file:{self.paths.bus / 'analyzer.db'}?mode=ro", uri=True)
        try:
            rows = connection.execute("SELECT payload FROM messages WHERE topic = ?", (kind.TOPIC,)).fetchall()
        finally:
            connection.close()
        return [msgspec.json.decode(payload, type=kind) for (payload,) in rows]

    async def until(self, is_so: Callable[[], object], limit_s: float = 60) -> None:
        async with asyncio.timeout(limit_s):
            while not is_so():
                await asyncio.sleep(0.02)

    def http(self) -> httpx.AsyncClient:
        return open_unix_client(self.paths.socket("analyzer"), "analyzer", 30)


@asynccontextmanager
async def running(
    folder: Path,
    scripts: dict[str, Script],
    capacity_ms: float = CAPACITY_MS,
    held: tuple[int, asyncio.Event] | None = None,
    models: Path | None = None,
) -> AsyncIterator[Running]:
    settings = NodeSettings(data=folder, models=models)
    settings.paths.prepare()
    clock = SystemClock()
    stop = asyncio.Event()
    async with serve_feed(settings.paths.socket("recorder"), scripts, held=held) as connections:
        with warm_networks(folder), SqlitePublisher(settings.paths.bus, "analyzer", clock) as publisher:
            analyzer = Analyzer(settings, publisher, clock, capacity_ms)
            task = asyncio.create_task(analyzer.run(stop))
            try:
                await asyncio.sleep(0)
                box = Running(analyzer, settings.paths, connections)
                await box.until(lambda: settings.paths.socket("analyzer").exists() or task.done())
                yield box
            finally:
                stop.set()
                await asyncio.wait_for(task, 20)
