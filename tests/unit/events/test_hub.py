"""Delivery of events to watchers."""

import asyncio

from vedette.core.messages import EventObserved
from vedette.events.hub import EventHub, EventNews
from vedette.events.records import EventRecord


def record(number: int) -> EventRecord:
    return EventRecord(EventObserved(f"e{number}", "c", "motion", number, None, "object", 1.0))


async def test_slow_reader_is_told_how_much_it_missed_and_holds_up_nobody() -> None:
    hub = EventHub(queue_limit=2)
    async with hub.subscribe() as slow, hub.subscribe() as quick:
        got: list[EventNews] = []
        for number in range(5):
            hub.publish_nowait(record(number))
            got.append(await anext(quick))
        assert [news.event.fact.event_id for news in got if news.event] == ["e0", "e1", "e2", "e3", "e4"]
        seen = [await anext(slow) for _ in range(3)]
        assert [news.event.fact.event_id if news.event else news.dropped for news in seen] == ["e0", "e1", 3]
        hub.publish_nowait(record(9))
        assert (await anext(slow)).event == record(9)


async def test_reader_waits_for_news_and_leaves_no_trace() -> None:
    hub = EventHub()
    async with hub.subscribe() as news:
        waiting = asyncio.ensure_future(anext(news))
        await asyncio.sleep(0)
        assert not waiting.done()
        hub.publish_nowait(record(1))
        assert (await waiting).event == record(1)
        assert len(hub) == 1
    assert len(hub) == 0
    hub.publish_nowait(record(2))
