"""Brings the recorder what the analyzer sees, and whether it sees at all. Recording never waits for it.

Facts come over the bus (group `recorder`); that the analyzer works on a camera is seen from its own count of
analysed pictures, because a camera in front of which nothing moves makes no facts. Absent, hung or broken: its
cameras count as not watched, and streams that would wait for it are recorded (`vedette.recording.trigger`).
"""

import contextlib
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from pathlib import Path

from vedette.adapters.analyzer_watch import read_analysed
from vedette.core.errors import UnavailableError
from vedette.core.messages import EventObserved, MotionObserved
from vedette.node.recorder_streams import RecorderStream
from vedette.recording.trigger import SILENT_AFTER_NS, STALE_NS
from vedette.runtime.bus import Consumer
from vedette.runtime.clock import Clock
from vedette.runtime.log import get_logger

GROUP = "recorder"
PRODUCER = "analyzer"
"""The gateway tells events too, of gaps and volumes: recording must not trigger itself."""
_TOPICS = (MotionObserved.TOPIC, EventObserved.TOPIC)
_ASK_EVERY_S = 2.0
_RETRY_S = 5.0


class AnalyzerPulse:
    """Which cameras the analyzer works on. Pure: counts and times in, a yes or no out."""

    def __init__(self) -> None:
        self._analysed: dict[str, int] = {}
        self._advanced_ns: dict[str, int] = {}

    def update(self, analysed: dict[str, int], mono_ns: int) -> None:
        """Takes a new count; a camera is worked on when it has advanced. The first one seen proves nothing."""
        for camera_id, count in analysed.items():
            if count > self._analysed.get(camera_id, count):
                self._advanced_ns[camera_id] = mono_ns
        self._analysed = analysed

    def is_alive(self, camera_id: str, mono_ns: int) -> bool:
        advanced_ns = self._advanced_ns.get(camera_id)
        return advanced_ns is not None and mono_ns - advanced_ns <= SILENT_AFTER_NS


class RecorderTriggers:
    """Owned by the recorder: `run_facts` and `run_pulse` are tasks of its TaskGroup."""

    def __init__(
        self,
        open_consumer: Callable[[], AbstractContextManager[Consumer]],
        socket: Path,
        find_streams: Callable[[str], Iterable[RecorderStream]],
        clock: Clock,
    ) -> None:
        self.pulse = AnalyzerPulse()
        self._open_consumer = open_consumer
        self._socket = socket
        self._find_streams = find_streams
        self._clock = clock
        self._log = get_logger("recorder")

    async def run_facts(self) -> None:
        """Reads the bus until cancelled. A bus that fails is opened again; recording goes on meanwhile."""
        while True:
            try:
                with self._open_consumer() as consumer:
                    await self._read(consumer)
            except Exception:  # noqa: BLE001 -- supervises the bus: whatever it is, footage matters more
                self._log.exception("the bus cannot be read; triggers of the analyzer are missing")
            await self._clock.sleep(_RETRY_S)

    async def run_pulse(self) -> None:
        """Asks the analyzer until cancelled."""
        while True:
            # That it is away is told by the supervisor, and seen in each stream's trigger.
            with contextlib.suppress(UnavailableError):
                self.pulse.update(await read_analysed(self._socket), self._clock.mono_ns())
            await self._clock.sleep(_ASK_EVERY_S)

    async def _read(self, consumer: Consumer) -> None:
        # What was said before is history: only what still can be recorded matters, so no position is kept.
        await consumer.rewind(self._clock.utc_ns() - STALE_NS)
        async for delivery in consumer.deliveries(_TOPICS):
            message = delivery.message
            if delivery.producer != PRODUCER:
                continue
            if isinstance(message, MotionObserved):
                for stream in self._find_streams(message.camera_id):
                    stream.on_motion(message)
            elif isinstance(message, EventObserved):
                for stream in self._find_streams(message.camera_id):
                    stream.on_event(message)
