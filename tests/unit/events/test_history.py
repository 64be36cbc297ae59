"""History keeps every fact, once, whatever fails in between."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from tests.support.waiting import wait_until
from vedette.adapters.database import Database
from vedette.adapters.database_cameras import SqlCameraStore
from vedette.adapters.database_events import SqlEventStore
from vedette.adapters.database_history import SqlHistoryStore
from vedette.adapters.sqlite_bus import SqliteConsumer, SqlitePublisher
from vedette.camera.inventory import Camera, CameraSettings, StreamSettings
from vedette.core.errors import StorageError
from vedette.core.messages import (
    BusMessage,
    ControlStateChanged,
    EventObserved,
    MotionObserved,
    ProcessStateChanged,
    RecordingGapObserved,
    StreamStateChanged,
    VolumeStateChanged,
)
from vedette.core.time import NS_PER_S
from vedette.events.history import History
from vedette.events.hub import EventHub
from vedette.events.records import EventFilter, EventRecord, EventState
from vedette.runtime.clock import SystemClock
from vedette.testing.clock import JumpingClock

CAMERA = "01JD5Q8Z3M6V1T9W4X7Y2B0C8D"
OTHER = "01JD5Q8Z3M6V1T9W4X7Y2B0C8E"
T0 = 1_767_225_600 * NS_PER_S


def event(number: int, camera: str = CAMERA, kind: str = "motion", to_s: int | None = None) -> EventObserved:
    from_ns = T0 + number * NS_PER_S
    to_ns = None if to_s is None else T0 + to_s * NS_PER_S
    return EventObserved(f"01JD5Q8Z3M6V1T9W4X7Y2B0{number:03d}", camera, kind, from_ns, to_ns, "object", 0.5)


@asynccontextmanager
async def open_database(tmp_path: Path) -> AsyncIterator[Database]:
    async with Database(tmp_path / "v.db") as database:
        yield database


class StumblingEvents(SqlEventStore):
    """Fails the first `stumbles` writes, as a full disk does."""

    def __init__(self, database: Database, stumbles: int) -> None:
        super().__init__(database)
        self.stumbles = stumbles

    async def put(self, fact: EventObserved) -> EventRecord:
        if self.stumbles > 0:
            self.stumbles -= 1
            raise StorageError("no space left")
        return await super().put(fact)


async def _run_history(
    tmp_path: Path, database: Database, events: SqlEventStore, facts: list[BusMessage], rows: int = 0
) -> int:
    """Runs history until all facts are rows. Returns how many news a subscriber got."""
    with SqlitePublisher(tmp_path / "bus", "analyzer", SystemClock()) as publisher:
        for fact in facts:
            publisher.publish_nowait(fact)
        await publisher.flush()
    consumer = SqliteConsumer(tmp_path / "bus", "history", SystemClock())
    hub = EventHub()
    history = History(
        consumer=consumer, events=events, history=SqlHistoryStore(database), hub=hub, clock=JumpingClock()
    )
    expected = rows or len({fact.event_id for fact in facts if isinstance(fact, EventObserved)})
    async with hub.subscribe() as news:
        task = asyncio.create_task(history.run())

        async def is_kept() -> bool:
            return (await events.find_page(EventFilter()))[1] >= expected

        try:
            await wait_until(is_kept)
            count = 0
            while count < len([fact for fact in facts if isinstance(fact, EventObserved)]):
                async with asyncio.timeout(10):
                    count += (await anext(news)).event is not None
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            consumer.close()
    return count


async def test_full_disk_delays_facts_and_loses_none(tmp_path: Path) -> None:
    async with open_database(tmp_path) as database:
        events = StumblingEvents(database, stumbles=3)
        count = await _run_history(tmp_path, database, events, [event(1), event(2)])
        assert count == 2
        found, total = await events.find_page(EventFilter())
    assert total == 2
    assert [record.fact.event_id[-1] for record in found] == ["2", "1"]


async def test_fact_delivered_twice_is_one_row_and_keeps_what_people_did(tmp_path: Path) -> None:
    async with open_database(tmp_path) as database:
        events = SqlEventStore(database)
        await events.put(event(1))
        assert await events.acknowledge(event(1).event_id, "anna", T0, "a fox")
        ended = await events.put(event(1, to_s=9))
        again = await events.put(event(1, to_s=9))
        assert ended == again
        assert (again.state, again.acknowledged_by, again.note) == (EventState.ACKNOWLEDGED, "anna", "a fox")
        assert again.fact.to_ns == T0 + 9 * NS_PER_S


async def test_two_people_acknowledge_and_only_the_first_counts(tmp_path: Path) -> None:
    async with open_database(tmp_path) as database:
        events = SqlEventStore(database)
        await events.put(event(1))
        tries = [events.acknowledge(event(1).event_id, name, T0, name) for name in ("anna", "bert", "carl")]
        assert sorted(await asyncio.gather(*tries)) == [False, False, True]


async def test_pages_by_cursor_give_every_event_once(tmp_path: Path) -> None:
    async with open_database(tmp_path) as database:
        events = SqlEventStore(database)
        for number in range(7):
            await events.put(event(number))
        twin = replace(event(7), from_ns=event(3).from_ns)
        await events.put(twin)
        seen: list[str] = []
        before = None
        while True:
            page, total = await events.find_page(EventFilter(limit=3, before=before))
            assert total == 8
            if not page:
                break
            seen += [record.fact.event_id for record in page]
            before = (page[-1].fact.from_ns, page[-1].fact.event_id)
        assert len(seen) == len(set(seen)) == 8


@pytest.mark.parametrize(
    ("wanted", "numbers"),
    [
        (EventFilter(cameras=(OTHER,)), {3}),
        (EventFilter(kinds=("line_crossed",)), {2}),
        (EventFilter(state=EventState.ACKNOWLEDGED), {1}),
        (EventFilter(from_ns=T0 + 2 * NS_PER_S, to_ns=T0 + 3 * NS_PER_S), {1, 2}),  # 1 still lasts
        (EventFilter(from_ns=T0 + 6 * NS_PER_S), {1}),
        (EventFilter(to_ns=T0 + NS_PER_S), set()),
    ],
)
async def test_filters(tmp_path: Path, wanted: EventFilter, numbers: set[int]) -> None:
    async with open_database(tmp_path) as database:
        events = SqlEventStore(database)
        await events.put(event(1))
        await events.put(event(2, kind="line_crossed", to_s=5))
        await events.put(event(3, camera=OTHER, to_s=5))
        await events.acknowledge(event(1).event_id, "anna", T0, "")
        found, total = await events.find_page(wanted)
    assert {int(record.fact.event_id[-3:]) for record in found} == numbers
    assert total == len(numbers)


async def test_event_keeps_the_name_of_a_camera_that_is_gone(tmp_path: Path) -> None:
    async with open_database(tmp_path) as database:
        cameras, events = SqlCameraStore(database), SqlEventStore(database)
        camera = Camera(CAMERA, CameraSettings("Door", StreamSettings("rtsp://a/")), T0)
        await cameras.write([camera])
        await events.put(event(1))
        await cameras.write([replace(camera, settings=replace(camera.settings, name="Gate"))])
        assert (await events.find_page(EventFilter()))[0][0].camera_name == "Gate"
        await cameras.write([], [CAMERA])
        assert (await events.find_page(EventFilter()))[0][0].camera_name == "Door"


async def test_every_kind_of_fact_becomes_a_row(tmp_path: Path) -> None:
    facts: list[BusMessage] = [
        MotionObserved(CAMERA, T0, T0 + NS_PER_S, 0.5),
        StreamStateChanged(CAMERA, "main", "offline", "unreachable", "why", "do", T0),
        ProcessStateChanged("recorder", "running", "started", 1, T0),
        ControlStateChanged("vision_jail", "weakened", "no landlock", T0, {"landlock": False}),
        RecordingGapObserved(CAMERA, "main", T0, T0 + NS_PER_S, "network", 25),
        event(1),
    ]
    async with open_database(tmp_path) as database:
        await _run_history(tmp_path, database, SqlEventStore(database), facts)
        history = SqlHistoryStore(database)
        assert await history.list_stream_states() == [facts[1]]
        assert await history.list_process_states() == [facts[2]]
        assert await history.list_control_states() == [facts[3]]
        assert (await history.find_motion([CAMERA], T0, T0 + 10 * NS_PER_S, 1))[CAMERA] == [0.5]


async def test_full_volume_and_long_gap_are_rows_although_the_disk_stumbles(tmp_path: Path) -> None:
    facts: list[BusMessage] = [
        VolumeStateChanged("v1", "full", "no space left", T0, "main"),
        RecordingGapObserved(CAMERA, "main", T0, T0 + 20 * NS_PER_S, "disk", 500),
        VolumeStateChanged("v1", "writable", "", T0 + 30 * NS_PER_S, "main"),
        event(40),
    ]
    async with open_database(tmp_path) as database:
        events = StumblingEvents(database, stumbles=2)
        await _run_history(tmp_path, database, events, facts, rows=3)
        full = (await events.find_page(EventFilter(kinds=("volume_full",))))[0][0].fact
        gap = (await events.find_page(EventFilter(kinds=("recording_gap",))))[0][0].fact
    assert (full.camera_id, full.to_ns, full.subject) == ("", T0 + 30 * NS_PER_S, "main")
    assert (gap.camera_id, gap.from_ns) == (CAMERA, T0)


async def test_motion_is_cut_to_the_zoom_level(tmp_path: Path) -> None:
    async with open_database(tmp_path) as database:
        history = SqlHistoryStore(database)
        await history.put_motion(MotionObserved(CAMERA, T0 + 12 * NS_PER_S, T0 + 14 * NS_PER_S, 0.25))
        await history.put_motion(MotionObserved(CAMERA, T0 + 15 * NS_PER_S, T0 + 16 * NS_PER_S, 0.75))
        await history.put_motion(MotionObserved(CAMERA, T0 + 15 * NS_PER_S, T0 + 16 * NS_PER_S, 0.75))
        minute = await history.find_motion([CAMERA, OTHER], T0, T0 + 60 * NS_PER_S, 6)
        assert minute == {CAMERA: [0.0, 0.75, 0.0, 0.0, 0.0, 0.0], OTHER: [0.0] * 6}
        year = await history.find_motion([CAMERA], T0, T0 + 365 * 86_400 * NS_PER_S, 365)
        assert year[CAMERA] == [0.75, *[0.0] * 364]
        close = await history.find_motion([CAMERA], T0 + 10 * NS_PER_S, T0 + 20 * NS_PER_S, 100)
        assert min(close[CAMERA]) == 0.75


async def test_absurdly_long_motion_fact_is_cut(tmp_path: Path) -> None:
    async with open_database(tmp_path) as database:
        history = SqlHistoryStore(database)
        await history.put_motion(MotionObserved(CAMERA, T0, T0 + 10**18, 1.0))
        levels = (await history.find_motion([CAMERA], T0, T0 + 7200 * NS_PER_S, 2))[CAMERA]
    assert levels == [1.0, 0.0]
