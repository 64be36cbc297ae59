"""The validator role: checks, behind the recorder's back, what cameras have signed of their own video.

It reads closed segments from disk at the lowest priority. Recording does not know that it exists; it may be away,
late, or killed by a stream that was made to kill it. It holds no key but those that footage is read with.
Design: docs/design/media-signing.md.
"""

import asyncio
from contextlib import closing
from dataclasses import dataclass, field

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from vedette.adapters.role_server import serve_role_app
from vedette.adapters.sqlite_bus import SqlitePublisher
from vedette.adapters.sqlite_signing_results import SqliteSigningResults
from vedette.core.errors import StorageError
from vedette.core.messages import ControlStateChanged
from vedette.core.time import format_utc
from vedette.evidence.media_signing.segments import SigningResult
from vedette.evidence.media_signing.stretches import SigningStretch
from vedette.node.camera_roots import CameraRoots
from vedette.node.notary_sources import find_roots
from vedette.node.signing_watch import SigningWatch
from vedette.recording.archive_keys import ArchiveKeyRing
from vedette.runtime.bus import Publisher
from vedette.runtime.clock import Clock, SystemClock
from vedette.runtime.log import configure_logging, get_logger
from vedette.runtime.paths import NodePaths
from vedette.runtime.process import stop_on_signals
from vedette.runtime.settings import NodeSettings

CONTROL = "media_signing"
TICK_S = 5.0
FORGET_EVERY = 720
"""Ticks between two looks for results that are too old to keep: an hour."""


@dataclass(slots=True)
class _Counts:
    segments: dict[str, int] = field(default_factory=lambda: {result.value: 0 for result in SigningResult})

    def add(self, told: tuple[SigningStretch, ...]) -> None:
        for one in told:
            self.segments[one.result.value] += one.segments


class Validator:
    """The running role."""

    def __init__(self, paths: NodePaths, results: SqliteSigningResults, publisher: Publisher, clock: Clock) -> None:
        self._paths = paths
        self._publisher = publisher
        self._clock = clock
        self._roots = CameraRoots(paths.camera_roots)
        self._watch = SigningWatch(
            results, lambda: find_roots(paths), ArchiveKeyRing(paths.archive_keys), self._roots.find
        )
        self._counts = _Counts()
        self._told: tuple[str, str] = ("", "")
        self._problems: tuple[str, ...] = ()
        self._log = get_logger("validator")

    async def run(self, stop: asyncio.Event) -> None:
        """Serves until `stop` is set."""
        async with asyncio.TaskGroup() as tasks, serve_role_app(self._app(), self._paths.socket("validator")):
            working = tasks.create_task(self._keep_validating(), name="validate")
            await stop.wait()
            working.cancel()

    async def advance(self) -> bool:
        """One round; returns whether all that is due is done. What fails is told, and tried again."""
        now_ns = self._clock.utc_ns()
        try:
            report = await asyncio.to_thread(self._watch.advance, now_ns)
            states = (
                await asyncio.to_thread(self._watch.find_states, now_ns) if report.told or not self._told[0] else None
            )
        except StorageError as error:
            self._tell("weakened", error.message)
            return True
        self._counts.add(report.told)
        for anomaly in report.anomalies:
            self._log.warning(
                "camera signature", camera=anomaly.camera_id, stream=anomaly.stream, reason=anomaly.detail
            )
            self._publisher.publish_nowait(anomaly)
        self._problems = report.problems
        if states:
            self._tell(*judge_states(states, (*self._problems, *filter(None, [self._roots.problem]))))
        return report.is_done

    async def _keep_validating(self) -> None:
        ticks = 0
        while True:
            if await self.advance():
                await self._clock.sleep(TICK_S)
                ticks += 1
            if ticks >= FORGET_EVERY:
                ticks = 0
                await asyncio.to_thread(self._watch.forget_old, self._clock.utc_ns())

    def _tell(self, state: str, detail: str) -> None:
        """Says a change once."""
        if (state, detail) != self._told:
            self._told = (state, detail)
            (self._log.info if state == "holds" else self._log.error)("media signing", state=state, detail=detail)
            self._publisher.publish_nowait(ControlStateChanged(CONTROL, state, detail, self._clock.utc_ns()))

    def _app(self) -> Starlette:
        async def status(_: Request) -> Response:
            state, detail = self._told
            problems = list(self._problems)
            counts = dict(self._counts.segments)
            return JSONResponse({"state": state, "detail": detail, "segments": counts, "problems": problems})

        async def healthz(_: Request) -> Response:
            return PlainTextResponse("ok\n")

        async def metrics(_: Request) -> Response:
            name = "vedette_signing_segments_total"
            lines = [f'{name}{{result="{result}"}} {count}\n' for result, count in self._counts.segments.items()]
            return PlainTextResponse(f"# TYPE {name} counter\n" + "".join(lines))

        return Starlette(routes=[Route("/status", status), Route("/healthz", healthz), Route("/metrics", metrics)])


def judge_states(states: list[SigningStretch], problems: tuple[str, ...]) -> tuple[str, str]:
    """State and words for the health page, of the newest result of each stream that is or was signed."""
    bad = [one for one in states if one.result is SigningResult.INVALID]
    silent = [one for one in states if one.result is SigningResult.UNSIGNED]
    words = [
        *(f"{one.camera_id} {one.stream}: wrong since {format_utc(one.first_fault_ns)}" for one in bad),
        *(f"{one.camera_id} {one.stream}: not signed any more since {format_utc(one.from_ns)}" for one in silent),
        *problems,
    ]
    good = len(states) - len(bad) - len(silent)
    if words:
        return "weakened", "; ".join(words)[:1000]
    return "holds", f"{good} streams are signed by their cameras, and the signatures are right"


async def _run(settings: NodeSettings) -> None:
    stop = asyncio.Event()
    stop_on_signals(stop)
    clock, paths = SystemClock(), settings.paths
    with (
        closing(SqliteSigningResults(paths.signing_results)) as results,
        SqlitePublisher(paths.bus, "validator", clock) as publisher,
    ):
        await Validator(paths, results, publisher, clock).run(stop)


def run(settings: NodeSettings) -> int:
    """Runs the validator until SIGINT or SIGTERM. Returns the exit code."""
    configure_logging("validator")
    settings.paths.prepare()
    asyncio.run(_run(settings))
    return 0
