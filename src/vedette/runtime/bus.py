"""The message bus port: a durable log with consumer groups and replay.

Promise: a published message is delivered at least once to every group that subscribes to its topic, in the
order of its producer, also when the consumer starts later or crashes before `commit`. Consumers are
idempotent. Implementations: `vedette.adapters.sqlite_bus` (one machine); Kafka comes with the cluster.
Every implementation passes `tests/contract/test_bus.py`.
"""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from vedette.core.messages import BusMessage


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message as a consumer gets it. `position` is opaque; give the delivery back to `commit`."""

    message: BusMessage
    producer: str
    position: int
    published_at_ns: int


class Publisher(Protocol):
    """The producer's end. One publisher per role; never blocks the caller on a disk."""

    def publish_nowait(self, message: BusMessage) -> None:
        """Queues a message for the log.

        The queue is bounded; when it is full the oldest queued message is dropped, counted and reported as
        a metric: a bus that cannot write must never hold up a recorder.
        """
        ...

    async def flush(self) -> None:
        """Waits until everything queued is durable."""
        ...


class Consumer(Protocol):
    """The reader's end of one consumer group."""

    def deliveries(self, topics: Sequence[str]) -> AsyncIterator[Delivery]:
        """Yields messages after the group's committed positions, then waits for new ones, until cancelled."""
        ...

    async def commit(self, delivery: Delivery) -> None:
        """Records that this delivery and all before it of the same producer are done."""
        ...

    async def rewind(self, published_after_ns: int) -> None:
        """Moves the group back (or forward) so that messages published after this time come (again)."""
        ...
