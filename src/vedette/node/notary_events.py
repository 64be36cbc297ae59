"""Events on their way into the log: each waits until the footage that shows its beginning is logged."""

import platform
from collections import deque
from collections.abc import Callable
from importlib.metadata import version

from vedette.core.messages import EventObserved
from vedette.evidence.leaves import draft_event
from vedette.evidence.log import EvidenceLog
from vedette.runtime.bus import Consumer, Delivery
from vedette.runtime.clock import Clock

MOST_WAITING = 10_000
WAIT_NS = 180 * 1_000_000_000
"""An event without footage (a camera that is not recorded) is logged after this, naming no segment."""
_STREAMS = ("main", "sub")


class EventQueue:
    """Reads `event.observed`. A delivery is committed when its leaf is signed, so none is lost by a crash."""

    def __init__(self, consumer: Consumer, clock: Clock) -> None:
        self._consumer = consumer
        self._clock = clock
        self._waiting: deque[Delivery] = deque()
        self._logged: set[tuple[str, int]] = set()
        self._platform = f"vedette {version('vedette')} {platform.machine()} python {platform.python_version()}"

    async def run(self) -> None:
        """Reads until cancelled. When too many wait it reads no further: the bus keeps them."""
        async for delivery in self._consumer.deliveries([EventObserved.TOPIC]):
            while len(self._waiting) >= MOST_WAITING:
                await self._clock.sleep(1.0)
            self._waiting.append(delivery)

    def append_to(self, log: EvidenceLog, now_ns: int, is_camera: Callable[[str], bool]) -> None:
        """Logs those whose footage is there, or that have waited long enough."""
        for delivery in list(self._waiting):
            event, place = delivery.message, (delivery.producer, delivery.position)
            if place in self._logged or not isinstance(event, EventObserved):
                continue
            if is_camera(event.camera_id):
                at_ns = event.from_ns
                rows = log.index.find_overlapping(event.camera_id, _STREAMS, at_ns, at_ns + 1, log.size)
                segments = tuple(row.segment_id for row in rows if row.kind == "segment")
                if not segments and now_ns - delivery.published_at_ns < WAIT_NS:
                    continue
                log.append([draft_event(event, self._platform, segments)], now_ns)
            self._logged.add(place)

    async def commit_logged(self) -> None:
        """After a checkpoint: moves the group past everything up to the first that still waits."""
        while self._waiting and (self._waiting[0].producer, self._waiting[0].position) in self._logged:
            delivery = self._waiting.popleft()
            self._logged.discard((delivery.producer, delivery.position))
            await self._consumer.commit(delivery)
