"""What the notary logs besides footage: who did what, what was seen, and when the clock was moved."""

import asyncio
import os
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path

import pytest

from tests.support.gateway import API, open_gateway
from tests.support.waiting import wait_until
from vedette.adapters.sqlite_bus import SqliteConsumer, SqlitePublisher
from vedette.adapters.sqlite_evidence_index import SqliteEvidenceIndex
from vedette.core.footage_facts import SegmentClosed
from vedette.core.ids import make_id
from vedette.core.messages import EventObserved
from vedette.evidence.keys import open_key_ring
from vedette.evidence.leaves import draft_footage
from vedette.evidence.log import open_log
from vedette.evidence.log_index import parse_leaf
from vedette.identity.permissions import Role
from vedette.node.notary import Notary
from vedette.node.notary_events import EventQueue
from vedette.node.notary_sources import read_sources
from vedette.recording.volume import create_volume
from vedette.runtime.paths import NodePaths
from vedette.runtime.settings import NodeSettings
from vedette.testing.clock import SimulatedClock

CAMERA = make_id(1_000_000, bytes(10))
EVENT = make_id(2_000_000, bytes(10))
S = 1_000_000_000


@asynccontextmanager
async def running_notary(data: Path, clock: SimulatedClock) -> AsyncIterator[Notary]:
    """A notary in this process, on a driven clock."""
    paths = NodePaths(data)
    paths.prepare()
    consumer, stop = SqliteConsumer(paths.bus, "notary", clock), asyncio.Event()
    with SqlitePublisher(paths.bus, "notary", clock) as publisher:
        notary = Notary(NodeSettings(data=paths.data), publisher, EventQueue(consumer, clock), clock)
        running = asyncio.create_task(notary.run(stop))
        try:
            yield notary
        finally:
            stop.set()
            await running
            consumer.close()


def leaves(data: Path, chain: str) -> list[dict]:
    """All leaves of a chain, read from its trees."""
    evidence = data / "evidence"
    log = open_log(evidence, open_key_ring(data / "keys" / "log", 0), SqliteEvidenceIndex(evidence / "lookup.db"))
    found = [
        parse_leaf(log.reader(row.tree).entry(place))
        for row in log.index.find_trees("", 100)
        if row.tree.startswith(f"{chain}/")
        for place in range(row.size)
    ]
    log.close()
    return found


async def test_who_did_what_is_logged_row_by_row_and_never_twice(tmp_path) -> None:
    async with open_gateway(tmp_path) as gateway:
        await gateway.login_as(Role.AUDITOR)
        async with gateway.local() as local:
            rows = (await local.get(f"{API}/audit")).json()["items"]
    clock = SimulatedClock()
    for _ in range(2):
        async with running_notary(tmp_path, clock) as notary:
            await notary.advance()
    logged = leaves(tmp_path, "audit")
    assert [leaf["row"] for leaf in logged] == list(range(1, len(logged) + 1))
    assert len(logged) >= len(rows) > 0
    assert {row["action"] for row in rows} <= {leaf["action"] for leaf in logged}


@pytest.mark.parametrize("is_begun", [False, True])
def test_index_of_a_new_volume_is_waited_for_and_one_that_stays_away_is_told(tmp_path, *, is_begun: bool) -> None:
    paths, clock = NodePaths(tmp_path), SimulatedClock()
    paths.prepare()
    volume = create_volume(paths.volumes / "main")
    if is_begun:
        with closing(sqlite3.connect(volume.index)) as index:
            index.execute("PRAGMA user_version = 1")  # a file that has no table yet
    os.utime(volume.root / "volume.json", ns=(clock.utc_ns(), clock.utc_ns()))
    evidence = tmp_path / "evidence"
    evidence.mkdir()
    log = open_log(evidence, open_key_ring(tmp_path / "keys" / "log", 0), SqliteEvidenceIndex(evidence / "lookup.db"))
    later = (SimulatedClock(clock.utc_ns() + waited * S) for waited in (1, 60))
    problems = [read_sources(log, paths, at.utc_ns).problems for at in later]
    log.close()
    assert ["volume main" in " ".join(told) for told in problems] == [False, True]


async def test_event_is_logged_with_the_footage_that_shows_it(tmp_path) -> None:
    clock = SimulatedClock()
    paths = NodePaths(tmp_path)
    paths.prepare()
    now_ns = clock.utc_ns()
    seen = EventObserved(EVENT, CAMERA, "line_crossed", now_ns, None, "person", 0.9, release="r1", configuration="c1")
    with SqlitePublisher(paths.bus, "analyzer", clock) as publisher:
        publisher.publish_nowait(seen)
    async with running_notary(tmp_path, clock) as notary:
        queue = notary._events._waiting

        async def has_read() -> bool:
            return bool(queue)

        await wait_until(has_read)
        await notary.advance()
        assert len(queue) == 1  # waits for its footage

        segment = make_id(3_000_000, bytes(10))
        closed = SegmentClosed(
            segment, CAMERA, "main", "continuous", "run", now_ns - S, now_ns + S, 50, 9, 1, "0" * 64, "0" * 64
        )
        await notary._in_thread(lambda: notary._open().append([draft_footage(closed)], now_ns))
        await notary.advance()
        await notary.advance()
        assert not queue
    (_, event) = leaves(tmp_path, CAMERA)
    assert (event["kind"], event["event"], event["segments"]) == ("event", EVENT, [segment])
    assert (event["release"], event["cfg"], event["t1"]) == ("r1", "c1", None)


async def test_event_of_a_camera_that_is_not_recorded_is_logged_after_a_while(tmp_path) -> None:
    clock = SimulatedClock()
    paths = NodePaths(tmp_path)
    paths.prepare()
    with SqlitePublisher(paths.bus, "analyzer", clock) as publisher:
        publisher.publish_nowait(EventObserved(EVENT, CAMERA, "loitering", clock.utc_ns(), None, "person", 0.9))
    async with running_notary(tmp_path, clock) as notary:
        queue = notary._events._waiting

        async def has_read() -> bool:
            return bool(queue)

        await wait_until(has_read)
        clock._move(200 * S)
        await notary.advance()
        assert not queue
    (event,) = leaves(tmp_path, CAMERA)
    assert event["segments"] == []


async def test_step_of_the_clock_is_logged(tmp_path) -> None:
    clock = SimulatedClock()
    async with running_notary(tmp_path, clock) as notary:
        await notary.advance()

        async def is_ticking() -> bool:
            return 1.0 in clock.sleeps

        await wait_until(is_ticking)
        clock.step_utc(-3600)
        await clock.advance(1)

        async def has_logged() -> bool:
            return notary._log is not None and notary._log.waiting > 0

        await wait_until(has_logged)
    (leaf,) = leaves(tmp_path, "audit")
    assert (leaf["kind"], leaf["step_ns"]) == ("time", -3600 * S)


async def test_volume_that_cannot_be_read_is_told_and_the_others_are_logged(tmp_path) -> None:
    broken = tmp_path / "volumes" / "broken"
    broken.mkdir(parents=True)
    (broken / "volume.json").write_text('{"uuid":"x","format_version":1}')
    (broken / "index.db").write_bytes(b"no database at all" * 100)
    async with running_notary(tmp_path, SimulatedClock()) as notary:
        await notary.advance()
        status = notary.status()
    assert status["state"] == "weakened"
    assert "volume broken" in str(status["detail"])
