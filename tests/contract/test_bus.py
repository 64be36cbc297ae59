"""The bus port's contract. Every implementation runs through this suite."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing
from pathlib import Path

import pytest

from vedette.adapters import sqlite_bus
from vedette.adapters.sqlite_bus import SqliteConsumer, SqlitePublisher
from vedette.core.messages import EventObserved, Measure, MotionObserved
from vedette.runtime.bus import Delivery
from vedette.runtime.clock import SystemClock


class Bus:
    """Makes publishers and consumers of one implementation in one place."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.opened: list[SqliteConsumer] = []

    def publisher(self, producer: str) -> SqlitePublisher:
        return SqlitePublisher(self.directory, producer, SystemClock())

    def consumer(self, group: str, poll_s: float = sqlite_bus.POLL_S) -> SqliteConsumer:
        consumer = SqliteConsumer(self.directory, group, SystemClock(), poll_s)
        self.opened.append(consumer)
        return consumer


@pytest.fixture
async def bus(tmp_path: Path) -> AsyncIterator[Bus]:
    bus = Bus(tmp_path / "bus")
    yield bus
    for consumer in bus.opened:
        consumer.close()


def motion(number: int) -> MotionObserved:
    return MotionObserved(camera_id=f"cam{number}", from_ns=number, to_ns=number + 1, level=0.5)


async def take(consumer: SqliteConsumer, count: int, topics: Sequence[str] = ("motion.observed",)) -> list[Delivery]:
    """Returns the next `count` deliveries, or what came until nothing more did."""
    got: list[Delivery] = []
    async with aclosing(consumer.deliveries(topics)) as deliveries, asyncio.timeout(20):
        async for delivery in deliveries:
            got.append(delivery)
            if len(got) == count:
                break
    return got


async def test_message_reaches_a_consumer_that_starts_later_in_order(bus: Bus) -> None:
    with bus.publisher("recorder") as publisher:
        for number in range(1200):
            publisher.publish_nowait(motion(number))
        await publisher.flush()
    got = await take(bus.consumer("history"), 1200)
    assert [d.message for d in got] == [motion(n) for n in range(1200)]


async def test_uncommitted_message_comes_again_after_a_crash(bus: Bus) -> None:
    with bus.publisher("recorder") as publisher:
        for number in range(3):
            publisher.publish_nowait(motion(number))
    first = bus.consumer("history")
    got = await take(first, 3)
    await first.commit(got[0])
    again = await take(bus.consumer("history"), 2)
    assert [d.message for d in again] == [motion(1), motion(2)]


async def test_groups_do_not_take_each_others_messages(bus: Bus) -> None:
    with bus.publisher("recorder") as publisher:
        publisher.publish_nowait(motion(7))
    one = await take(bus.consumer("one"), 1)
    two = await take(bus.consumer("two"), 1)
    assert one[0].message == two[0].message == motion(7)


async def test_producers_log_apart_and_both_arrive(bus: Bus) -> None:
    consumer = bus.consumer("history")
    with bus.publisher("recorder") as recorder, bus.publisher("analyzer") as analyzer:
        recorder.publish_nowait(motion(1))
        analyzer.publish_nowait(motion(2))
    got = await take(consumer, 2)
    assert {(d.producer, d.message.camera_id) for d in got} == {("recorder", "cam1"), ("analyzer", "cam2")}


async def test_quiet_logs_are_looked_at_and_not_read(bus: Bus, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite_bus, "FULL_LOOK_NS", 1 << 62)
    consumer, reads = bus.consumer("gateway", poll_s=0.001), []
    read = consumer._read
    monkeypatch.setattr(consumer, "_read", lambda wanted: reads.append(wanted) or read(wanted))
    with bus.publisher("recorder") as publisher:
        publisher.publish_nowait(motion(0))
        await publisher.flush()
        async with aclosing(consumer.deliveries(("motion.observed",))) as deliveries, asyncio.timeout(20):
            await anext(deliveries)
            for number in range(1, 4):
                following = asyncio.ensure_future(anext(deliveries))
                await asyncio.sleep(0.1)
                reads_before = len(reads)
                await asyncio.sleep(0.1)
                assert len(reads) == reads_before
                publisher.publish_nowait(motion(number))
                assert (await following).message == motion(number)


async def test_log_is_read_though_its_files_look_unchanged(bus: Bus, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite_bus, "_stamp", lambda _: (0, 0))
    monkeypatch.setattr(sqlite_bus, "FULL_LOOK_NS", 50_000_000)
    consumer = bus.consumer("gateway")
    with bus.publisher("recorder") as publisher:
        waiting = asyncio.ensure_future(take(consumer, 1))
        await asyncio.sleep(0.5)
        publisher.publish_nowait(motion(1))
        assert [delivery.message for delivery in await waiting] == [motion(1)]


async def test_rewind_replays_what_was_committed(bus: Bus) -> None:
    with bus.publisher("recorder") as publisher:
        for number in range(4):
            publisher.publish_nowait(motion(number))
    consumer = bus.consumer("history")
    got = await take(consumer, 4)
    await consumer.commit(got[-1])
    await consumer.rewind(0)
    assert [d.message for d in await take(consumer, 4)] == [motion(n) for n in range(4)]


async def test_only_wanted_topics_are_delivered(bus: Bus) -> None:
    event = EventObserved(
        event_id="e", camera_id="c", kind="zone_entered", from_ns=1, to_ns=None, object_class="person",
        confidence=0.9, track_ids=(3,), box_norm_xyxy=(0.1, 0.2, 0.3, 0.4),
        explanation=(Measure("overlap", 0.7, 0.5, 1, 2),),
    )  # fmt: skip
    with bus.publisher("analyzer") as publisher:
        publisher.publish_nowait(motion(1))
        publisher.publish_nowait(event)
    got = await take(bus.consumer("history"), 1, ("event.observed",))
    assert got[0].message == event


async def test_a_full_queue_drops_the_oldest_and_counts_it(bus: Bus, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite_bus, "QUEUE_LIMIT", 5)
    with bus.publisher("recorder") as publisher:
        blocker = sqlite3.connect(bus.directory / "recorder.db", isolation_level=None)
        blocker.execute("BEGIN IMMEDIATE")  # the writer thread is held up, as by a dying disk
        for number in range(20):
            publisher.publish_nowait(motion(number))
        assert publisher.dropped >= 10
        blocker.execute("ROLLBACK")
        blocker.close()
        await publisher.flush()
        kept = 20 - publisher.dropped
    got = await take(bus.consumer("history"), kept)
    assert got[-1].message == motion(19)
