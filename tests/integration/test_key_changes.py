"""The notary changes the log's key by itself, on driven clocks: when it is due, once, and never by a wrong clock."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from itertools import pairwise
from pathlib import Path

import pytest

from tests.support.waiting import wait_until
from vedette.adapters.sqlite_bus import SqliteConsumer, SqlitePublisher
from vedette.core.messages import EventObserved
from vedette.events.kinds import EVENT_KINDS
from vedette.evidence.keys import LogKey
from vedette.evidence.offline_verify import open_published
from vedette.node.notary import KEY_CHANGED, Notary
from vedette.node.notary_events import EventQueue
from vedette.node.notary_keys import DAY_NS, HOUR_NS, KeyChanges
from vedette.runtime.paths import NodePaths
from vedette.runtime.settings import NodeSettings
from vedette.testing.clock import DEFAULT_UTC_NS, SimulatedClock
from vedette.testing.small_bundles import leave_old_key

S = 1_000_000_000
NOW_NS = DEFAULT_UTC_NS
PAIR = bytes(1344)


def key_of(age_days: float, public: bytes = PAIR) -> LogKey:
    return LogKey(public, NOW_NS - round(age_days * DAY_NS))


def is_due(key: LogKey, days: int = 90, newest_ns: int = NOW_NS, *, after_ns: int = HOUR_NS) -> bool:
    """After an even run of the clock that ends at `NOW_NS`."""
    changes = KeyChanges(days, newest_ns)
    for mono_ns in (0, after_ns):
        changes.push(NOW_NS - after_ns + mono_ns, mono_ns)
    return changes.take_due(key, NOW_NS, after_ns)


@pytest.mark.parametrize(
    ("days", "age_days", "is_old"),
    [(90, 0, False), (90, 89.99, False), (90, 90, True), (90, 4000, True), (7, 7, True), (0, 4000, False)],
)
def test_key_is_due_at_its_age(days, age_days, is_old) -> None:
    assert is_due(key_of(age_days), days) is is_old


def test_key_of_ed25519_alone_is_left_to_people() -> None:
    assert not is_due(key_of(400, bytes(32)))


def test_key_of_the_future_is_old_and_one_of_a_moment_ahead_is_not() -> None:
    """It was made by a wrong clock: without this it would be due years too late."""
    assert not is_due(key_of(-0.5), after_ns=DAY_NS)
    assert is_due(key_of(-300), after_ns=DAY_NS)
    assert not is_due(key_of(-300), after_ns=DAY_NS - 1)


def test_start_on_another_day_than_the_log_was_signed_last_waits_a_day() -> None:
    """Nobody can tell a long holiday from a wrong clock. On the same day an hour is enough."""
    long_ago_ns = NOW_NS - 100 * DAY_NS
    assert not is_due(key_of(100), newest_ns=long_ago_ns, after_ns=DAY_NS - 1)
    assert is_due(key_of(100), newest_ns=long_ago_ns, after_ns=DAY_NS)
    assert not is_due(key_of(100), after_ns=HOUR_NS - 1)
    assert is_due(key_of(100), after_ns=HOUR_NS)


def test_clock_that_leaps_to_and_fro_changes_at_most_one_key_a_day() -> None:
    """For three days: years ahead, back, in small steps, evenly for a while; the key follows each change."""
    changes, key, changed_at = KeyChanges(7, NOW_NS), key_of(0), []
    step_s = 30
    for mono_s in range(0, 3 * 86_400, step_s):
        hour, mono_ns = mono_s // 3600, mono_s * S
        off_days = (0, 400, -200, 800, 0.9 * hour, 5000)[hour % 6] if hour % 30 < 20 else 3000
        utc_ns = NOW_NS + mono_ns + round(off_days * DAY_NS)
        changes.push(utc_ns, mono_ns)
        if changes.take_due(key, utc_ns, mono_ns):
            changed_at.append(mono_ns)
            key = LogKey(PAIR, utc_ns)
    assert all(later - sooner >= DAY_NS for sooner, later in pairwise(changed_at))
    assert len(changed_at) <= 3


def test_small_steps_alone_make_no_storm_either() -> None:
    """Steps of less than a day need an hour each: without the day between, eight of them would age a key by a week."""
    changes, key, changed_at = KeyChanges(7, NOW_NS), key_of(8), []
    for mono_s in range(0, 2 * 86_400, 60):
        mono_ns = mono_s * S
        utc_ns = NOW_NS + mono_ns + (mono_s // 4000) * 23 * 3600 * S
        changes.push(utc_ns, mono_ns)
        if changes.take_due(key, utc_ns, mono_ns):
            changed_at.append(mono_ns)
            key = LogKey(PAIR, utc_ns)
    assert len(changed_at) == 2
    assert changed_at[1] - changed_at[0] >= DAY_NS


# The notary itself. ----------------------------------------------------------------------------------------------


class Running:
    """A notary in this process, on a driven clock."""

    def __init__(self, notary: Notary, clock: SimulatedClock) -> None:
        self.notary = notary
        self.clock = clock

    async def wait(self, delay_s: float = 0) -> None:
        """Lets time pass, and some seconds more, in which whatever was begun comes to its end."""
        self.clock._move(round(delay_s * S))
        for _ in range(4):
            await self.clock.advance(1)
            async with self.notary._lock:  # its threads do not wait for this clock
                await asyncio.sleep(0.02)

    def list_keys(self) -> list[dict]:
        return self.notary.status()["keys"]  # type: ignore[return-value]


@asynccontextmanager
async def running(data: Path, clock: SimulatedClock, days: int = 90) -> AsyncIterator[Running]:
    paths, stop = NodePaths(data), asyncio.Event()
    paths.prepare()
    consumer = SqliteConsumer(paths.bus, "notary", clock)
    with SqlitePublisher(paths.bus, "notary", clock) as publisher:
        settings = NodeSettings(data=paths.data, key_change_days=days)
        notary = Notary(settings, publisher, EventQueue(consumer, clock), clock)
        task = asyncio.create_task(notary.run(stop))
        try:

            async def is_told() -> bool:
                return notary._told[0] != ""

            await wait_until(is_told)
            yield Running(notary, clock)
        finally:
            stop.set()
            await task
            consumer.close()


def write_audit(data: Path, number: int) -> None:
    """One row of the audit trail, as the gateway writes it."""
    with closing(sqlite3.connect(data / "vedette.db")) as database, database:
        columns = "user, action, resource, address, outcome, detail"
        database.execute(f"CREATE TABLE IF NOT EXISTS audit (id INTEGER, at_ns INTEGER, {columns})")
        database.execute("INSERT INTO audit VALUES (?, ?, '', 'login', '', '', 'ok', '')", (number, NOW_NS))


async def read_events(data: Path, clock: SimulatedClock) -> list[EventObserved]:
    consumer, found = SqliteConsumer(NodePaths(data).bus, "test", clock), []

    async def read() -> None:
        async for delivery in consumer.deliveries([EventObserved.TOPIC]):
            found.append(delivery.message)
            await consumer.commit(delivery)

    task = asyncio.create_task(read())
    for _ in range(20):
        await asyncio.sleep(0.02)
        await clock.advance(1)
    task.cancel()
    consumer.close()
    return [one for one in found if isinstance(one, EventObserved)]


async def test_due_key_is_changed_by_itself_and_told(tmp_path) -> None:
    clock = SimulatedClock()
    write_audit(tmp_path, 1)
    async with running(tmp_path, clock) as first:
        assert first.notary.status()["key_due"] == "2026-04-01T00:00:00.000000Z"
    clock._move(91 * DAY_NS)
    write_audit(tmp_path, 2)  # so its first round signs, by a clock that nobody believes yet
    async with running(tmp_path, clock) as site:
        await site.wait()
        await site.wait(20 * 3600)
        assert len(site.list_keys()) == 1  # three months away: a day of an even clock is asked for first
        await site.wait(4 * 3600)
        old, new = site.list_keys()
        assert old["to"] == new["from"]
        assert (old["to"][:10], old["beside_until"]) == ("2026-04-03", old["to"].replace("04-03", "04-04"))
        assert (new["to"], new["beside_until"]) == (None, None)
        assert "the key before the present one signs too until" in str(site.notary.status()["detail"])
        ring = site.notary._log.ring  # type: ignore[union-attr]
        note = (tmp_path / "evidence" / "checkpoint").read_text(encoding="utf-8")
        assert open_published(note, ring.keys[1].public, ring.keys[0].public)[1]
        await site.wait(20 * 3600)
        assert len(site.list_keys()) == len(list((tmp_path / "keys" / "log").glob("*.key"))) == 2
        await site.wait(4 * 3600 + 60)
        assert site.list_keys()[0]["beside_until"] is None
        assert [path.name[:16] for path in (tmp_path / "keys" / "log").glob("*.key")] == [new["fingerprint"][:16]]
        assert "signs too" not in str(site.notary.status()["detail"])
    (event,) = await read_events(tmp_path, clock)
    assert event.kind == KEY_CHANGED
    assert KEY_CHANGED in EVENT_KINDS
    assert new["fingerprint"] in event.detail
    assert "due: keys are changed every 90 days" in event.detail


async def test_private_key_of_before_is_destroyed_after_a_restart_too(tmp_path) -> None:
    clock = SimulatedClock()
    async with running(tmp_path, clock) as site:
        await site.notary.rotate_key("by hand")
        assert len(list((tmp_path / "keys" / "log").glob("*.key"))) == 2
    clock._move(DAY_NS)
    async with running(tmp_path, clock) as site:
        assert len(list((tmp_path / "keys" / "log").glob("*.key"))) == 1


async def test_clock_that_leaps_while_it_runs_changes_nothing_before_a_day_is_over(tmp_path) -> None:
    clock = SimulatedClock()
    async with running(tmp_path, clock) as site:
        await site.wait(2 * 3600)
        clock.step_utc(200 * 86_400)
        await site.wait(20 * 3600)
        assert len(site.list_keys()) == 1
        clock.step_utc(-200 * 86_400)
        await site.wait(30 * 3600)
        assert len(site.list_keys()) == 1


@pytest.mark.parametrize("is_old", [False, True])
async def test_keys_are_changed_by_hand_alone_where_that_is_set_or_the_log_is_old(tmp_path, is_old) -> None:
    if is_old:
        leave_old_key(tmp_path)
    clock = SimulatedClock(1_796_000_000 * S + 400 * DAY_NS)
    async with running(tmp_path, clock, days=90 if is_old else 0) as site:
        await site.wait(30 * 3600)
        assert len(site.list_keys()) == 1
        assert site.notary.status()["key_due"] is None
        await site.notary.rotate_key("by hand", 0)
        assert [key["beside_until"] for key in site.list_keys()] == [None, None]
        assert (site.notary.status()["key_due"] is None) is not is_old
