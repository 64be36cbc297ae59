"""Turns facts from the bus into rows, and rows into news.

Promise: a fact is committed on the bus only after its row is written, so nothing that was observed is lost by a
crash in between, and because every write is idempotent nothing is there twice. While the database cannot be
written the bus keeps the facts (a week of them), and history says so once. Design: docs/design/events.md.
"""

import asyncio

from vedette.core.errors import StorageError
from vedette.core.messages import (
    BusMessage,
    ControlStateChanged,
    EventObserved,
    MotionObserved,
    ProcessStateChanged,
    RecordingGapObserved,
    RecordingStateChanged,
    StorageWarned,
    StreamAnomalyObserved,
    StreamStateChanged,
    VolumeStateChanged,
)
from vedette.events.hub import EventHub
from vedette.events.ports import EventStore, HistoryStore
from vedette.events.signal import KIND, SignalWatch
from vedette.events.system_events import KINDS as SYSTEM_KINDS
from vedette.events.system_events import SystemWatch
from vedette.runtime.bus import Consumer
from vedette.runtime.clock import Clock
from vedette.runtime.log import get_logger

TOPICS = (
    EventObserved.TOPIC,
    MotionObserved.TOPIC,
    StreamStateChanged.TOPIC,
    ProcessStateChanged.TOPIC,
    ControlStateChanged.TOPIC,
    RecordingGapObserved.TOPIC,
    VolumeStateChanged.TOPIC,
    StorageWarned.TOPIC,
    StreamAnomalyObserved.TOPIC,
)
TICK_S = 1.0
RETRY_S = 5.0


class History:
    """Consumes the bus group `history`. Owned by a TaskGroup; stop it by cancelling."""

    def __init__(
        self,
        *,
        consumer: Consumer,
        events: EventStore,
        history: HistoryStore,
        hub: EventHub,
        clock: Clock,
        watch: SignalWatch | None = None,
        system: SystemWatch | None = None,
    ) -> None:
        self._consumer = consumer
        self._events = events
        self._history = history
        self._hub = hub
        self._clock = clock
        self._watch = watch or SignalWatch()
        self._system = system or SystemWatch()
        self._failing = False
        self._log = get_logger("events")

    async def run(self) -> None:
        """Runs until cancelled."""
        open_events = [record.fact for record in await self._events.find_open(KIND)]
        self._watch.restore(await self._history.list_stream_states(), open_events)
        for kind in SYSTEM_KINDS:
            self._system.restore(record.fact for record in await self._events.find_open(kind))
        for state in await self._history.list_process_states():
            for fact in self._system.observe(state, self._watch.covers):
                await self._keep_surely(fact)
        async with asyncio.TaskGroup() as group:
            group.create_task(self._consume())
            group.create_task(self._tick())

    async def _consume(self) -> None:
        async for delivery in self._consumer.deliveries(TOPICS):
            # Derived once, written until it is kept: a retry must not count a fact twice.
            derived = self._system.observe(delivery.message, self._watch.covers)
            for fact in (delivery.message, *derived):
                await self._keep_surely(fact)
            await self._consumer.commit(delivery)

    async def _tick(self) -> None:
        while True:
            await self._clock.sleep(TICK_S)
            try:
                camera_ids = await self._history.list_camera_ids()
            except StorageError as exc:
                self._say_failing(exc)
                continue
            now_ns = self._clock.utc_ns()
            for fact in (*self._watch.decide(now_ns, camera_ids), *self._system.decide(now_ns, camera_ids)):
                await self._keep_surely(fact)

    async def _keep_surely(self, fact: BusMessage) -> None:
        while not await self._is_kept(fact):
            await self._clock.sleep(RETRY_S)

    async def _is_kept(self, message: BusMessage) -> bool:
        """Writes one fact. Only a store that fails is retried; a mistake of ours propagates."""
        try:
            await self._keep(message)
        except StorageError as exc:
            self._say_failing(exc)
            return False
        if self._failing:
            self._failing = False
            self._log.info("history is kept again")
        return True

    def _say_failing(self, error: StorageError) -> None:
        if not self._failing:
            self._failing = True
            self._log.error("history cannot be kept", code=error.code, reason=error.message)

    async def _keep(self, message: BusMessage) -> None:
        match message:
            case EventObserved():
                self._hub.publish_nowait(await self._events.put(message))
            case MotionObserved():
                await self._history.put_motion(message)
            case StreamStateChanged():
                await self._history.put_stream_state(message)
                self._watch.observe(message)
            case ProcessStateChanged():
                await self._history.put_process_state(message)
            case ControlStateChanged():
                await self._history.put_control_state(message)
            case RecordingGapObserved():
                await self._history.put_gap(message)
            case VolumeStateChanged() | StorageWarned() | StreamAnomalyObserved() | RecordingStateChanged():
                pass  # no row of their own: the recorder's status is fresher; events come from `SystemWatch`
