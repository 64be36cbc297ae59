"""Lists over the API: what comes back, who may, the audit trail, who is told, expiry, and what the analyzer gets."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from tests.support.gateway import API, Harness
from tests.unit.api.test_storage import add_camera, find_audit, find_events
from vedette.core.errors import UnavailableError
from vedette.core.time import format_utc
from vedette.core.watchlists import WatchlistOrder
from vedette.identity.permissions import Role
from vedette.watchlists import administration
from vedette.watchlists.dispatch import WatchlistDispatcher

DAY_NS = 86_400 * 1_000_000_000
STOLEN = {"name": "Stolen", "kind": "wanted", "purpose": "police order 12"}
CAR = {"plate": "51F-123.45", "colour": "red", "reason": "stolen on Monday"}
MISSING = "01JD5Q8Z3M6V1T9W4X7Y2B0C8D"


async def add_list(gateway: Harness, **change: object) -> str:
    async with gateway.local() as client:
        answer = await client.post(f"{API}/watchlists", json=STOLEN | change)
    assert answer.status_code == 201, answer.text
    return f"{API}/watchlists/{answer.json()['id']}"


async def test_list_and_entry_come_back_as_sent_with_owner_and_maker(gateway: Harness) -> None:
    camera = await add_camera(gateway)
    path = await add_list(gateway, cameras=[camera], retention_days=7)
    async with gateway.local() as client:
        entry = (await client.post(f"{path}/entries", json=CAR | {"to": "2030-01-01T00:00:00+07:00"})).json()
        [listed] = (await client.get(f"{API}/watchlists")).json()["items"]
        assert listed == (await client.get(path)).json()
        found = (await client.get(f"{path}/entries", params={"search": "f-123.4"})).json()
        assert (await client.get(f"{path}/entries", params={"search": "%"})).json()["total"] == 0
    assert found == {"items": [entry], "total": 1}
    assert (listed["cameras"], listed["owner"], listed["entries"]) == ([camera], "local", 1)
    assert (entry["plate"], entry["owner"], entry["to"]) == ("51F12345", "local", "2029-12-31T17:00:00.000000Z")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": " "}, "name"),
        ({"purpose": ""}, "purpose"),
        ({"retention_days": -1}, "retention_days"),
        ({"cameras": [MISSING]}, "cameras"),
        ({"alarm_unlisted": True}, "alarm_unlisted"),
        ({"subject": "faces", "kind": "permitted", "alarm_unlisted": True}, "alarm_unlisted"),
    ],
)
async def test_list_that_breaks_a_rule_is_refused_by_name(
    gateway: Harness, change: dict[str, object], field: str
) -> None:
    async with gateway.local() as client:
        answer = await client.post(f"{API}/watchlists", json=STOLEN | change)
    assert answer.status_code == 422
    assert (answer.json()["code"], answer.json()["errors"][0]["field"]) == ("invalid_watchlist", field)


async def test_names_and_entries_are_there_once(gateway: Harness) -> None:
    path = await add_list(gateway)
    async with gateway.local() as client:
        answer = await client.post(f"{API}/watchlists", json=STOLEN | {"name": "STOLEN"})
        assert (answer.status_code, answer.json()["code"]) == (409, "watchlist_name_taken")
        await client.post(f"{path}/entries", json=CAR)
        again = await client.post(f"{path}/entries", json=CAR | {"plate": "51f12345"})
        assert (again.status_code, again.json()["code"]) == (409, "watchlist_entry_exists")
        other = await client.post(f"{path}/entries", json=CAR | {"plate": "51F12346"})
        moved = await client.put(f"{path}/entries/{other.json()['id']}", json=CAR)
        assert (moved.status_code, moved.json()["code"]) == (409, "watchlist_entry_exists")


async def test_unknown_lists_and_entries_are_told_as_such(gateway: Harness) -> None:
    path = await add_list(gateway)
    async with gateway.local() as client:
        for method, url in (("GET", f"{API}/watchlists/{MISSING}"), ("DELETE", f"{path}/entries/{MISSING}")):
            assert (await client.request(method, url)).status_code == 404


async def test_limits_hold_over_all_lists(gateway: Harness, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(administration, "MAX_ENTRIES", 3)
    monkeypatch.setattr(administration, "MAX_PATTERNS", 1)
    first, second = await add_list(gateway), await add_list(gateway, name="Guests", kind="permitted")
    async with gateway.local() as client:
        assert (await client.post(f"{first}/entries", json=CAR | {"plate": "51*"})).status_code == 201
        full = await client.post(f"{second}/entries", json=CAR | {"plate": ""})
        assert (full.status_code, full.json()["code"]) == (409, "watchlists_full")
        sheet = "plate,reason\n" + "".join(f"51F0000{n},x\n" for n in range(3))
        assert (await client.post(f"{second}/entries.csv", content=sheet)).status_code == 409
        assert (await client.get(f"{second}/entries")).json()["total"] == 0, "all or nothing"


async def test_sheet_goes_out_and_comes_back_and_replaces_only_when_told(gateway: Harness) -> None:
    path = await add_list(gateway)
    async with gateway.local() as client:
        await client.post(f"{path}/entries", json=CAR | {"note": "=1+1"})
        sheet = (await client.get(f"{path}/entries.csv")).text
        assert "'=1+1" in sheet
        assert (await client.post(f"{path}/entries.csv", content=sheet.encode())).json() == {
            "added": 0,
            "changed": 0,
            "removed": 0,
            "unchanged": 1,
        }
        more = "plate,reason,colour\n51F12345,found,red\n30A*,guest,\n"
        done = (await client.post(f"{path}/entries.csv", content=more)).json()
        assert (done["added"], done["changed"], done["removed"]) == (1, 1, 0)
        less = "plate,reason\n30A*,guest\n"
        done = (await client.post(f"{path}/entries.csv", content=less, params={"replace": "1"})).json()
        assert (done["unchanged"], done["removed"]) == (1, 1)
        bad = await client.post(f"{path}/entries.csv", content="plate,reason\n30B1,ok\n##,\n")
        assert bad.json()["code"] == "invalid_watchlist_sheet"
        assert [fault["field"] for fault in bad.json()["errors"]] == ["rows.3.plate", "rows.3.reason"]
        assert (await client.get(f"{path}/entries")).json()["total"] == 1
    assert len(await find_audit(gateway, "watchlist.export")) == 1


async def test_every_change_is_a_row_of_the_audit_trail_with_old_and_new(gateway: Harness) -> None:
    path = await add_list(gateway)
    async with gateway.local() as client:
        entry = (await client.post(f"{path}/entries", json=CAR)).json()["id"]
        await client.put(f"{path}/entries/{entry}", json=CAR | {"plate": "30A11111"})
        await client.put(path, json=STOLEN | {"purpose": "other", "enabled": False})
        await client.delete(f"{path}/entries/{entry}")
        await client.delete(path)
    rows = [row for action in ("add", "change", "remove") for row in await find_audit(gateway, f"watchlist.{action}")]
    assert sorted(row["detail"] for row in rows) == [
        "Stolen, enabled: on -> off",
        "Stolen, purpose: police order 12 -> other",
        "Stolen: wanted, all cameras, for: other; 0 entries",
        "Stolen: wanted, all cameras, for: police order 12",
    ]
    rows = [row for what in ("add", "change", "remove") for row in await find_audit(gateway, f"watchlist.entry_{what}")]
    assert sorted(row["detail"] for row in rows) == [
        "Stolen: 30A11111, red; local: stolen on Monday",
        "Stolen: 51F12345, red; local: stolen on Monday",
        "is Stolen: 30A11111, red; local: stolen on Monday",
        "was Stolen: 51F12345, red; local: stolen on Monday",
    ]


async def test_who_takes_a_wanted_plate_off_is_seen_by_others(gateway: Harness) -> None:
    path = await add_list(gateway)
    login = await gateway.login_as(Role.MONITOR)
    async with gateway.local() as client:
        entry = (await client.post(f"{path}/entries", json=CAR)).json()["id"]
    assert (await login.client.delete(f"{path}/entries/{entry}", headers=login.headers)).status_code == 204
    [told] = [event for event in await find_events(gateway) if event["kind"] == "protection_reduced"]
    assert told["detail"] == "monitor: 51F12345, red of watchlist Stolen removed"


async def test_guard_sees_matches_and_not_the_lists(gateway: Harness) -> None:
    path = await add_list(gateway)
    guard, auditor = await gateway.login_as(Role.GUARD), await gateway.login_as(Role.AUDITOR)
    assert (await guard.client.get(path)).status_code == 403
    assert (await auditor.client.get(path)).status_code == 200
    assert (await auditor.client.post(f"{path}/entries", json=CAR, headers=auditor.headers)).status_code == 403


async def test_ended_entries_are_kept_as_long_as_the_list_says_and_then_gone(gateway: Harness) -> None:
    path = await add_list(gateway, retention_days=2)
    now_ns = gateway.clock.utc_ns()
    async with gateway.local() as client:
        for plate, age_days in (("51F00001", 3), ("51F00002", 1), ("51F00003", -1)):
            body = {"plate": plate, "reason": "x", "to": format_utc(now_ns - age_days * DAY_NS)}
            assert (await client.post(f"{path}/entries", json=body)).status_code == 201
        await client.post(f"{path}/entries", json={"plate": "51F00004", "reason": "x"})
        await gateway.parts.watchlists.expire_once()
        left = [entry["plate"] for entry in (await client.get(f"{path}/entries")).json()["items"]]
    assert left == ["51F00002", "51F00003", "51F00004"]
    [row] = await find_audit(gateway, "watchlist.expire")
    assert (row["user"], row["detail"].split(" ")[0]) == ("system", "1")


class ScriptedTaker:
    """An analyzer that holds what it was told, forgets when it is started anew, and may be away."""

    def __init__(self) -> None:
        self.held = WatchlistOrder()
        self.is_away = False
        self.puts = 0
        self.asked = asyncio.Event()

    async def find_version(self) -> str:
        self.asked.set()
        if self.is_away:
            raise UnavailableError("away")
        return self.held.version

    async def put_order(self, order: WatchlistOrder) -> None:
        self.held, self.puts = order, self.puts + 1


@asynccontextmanager
async def dispatching(gateway: Harness, taker: ScriptedTaker) -> AsyncIterator[WatchlistDispatcher]:
    dispatcher = WatchlistDispatcher(taker, gateway.clock)
    lists = gateway.parts.watchlists.lists
    lists._on_change = dispatcher.announce
    task = asyncio.create_task(dispatcher.run(lists))
    try:
        yield dispatcher
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def until(is_so: object) -> None:
    async with asyncio.timeout(20):
        while not is_so():  # type: ignore[operator]
            await asyncio.sleep(0.005)


async def tick_until(gateway: Harness, is_so: object) -> None:
    """Lets seconds pass until it is so."""
    async with asyncio.timeout(20):
        while not is_so():  # type: ignore[operator]
            await gateway.clock.advance(1.0)
            await asyncio.sleep(0.005)


def plates(taker: ScriptedTaker) -> list[str]:
    return [entry.vehicle.plate for order in taker.held.lists for entry in order.entries if entry.vehicle]


async def test_change_reaches_the_analyzer_without_the_clock_moving_and_a_new_one_within_a_second(
    gateway: Harness,
) -> None:
    taker = ScriptedTaker()
    async with dispatching(gateway, taker):
        path = await add_list(gateway)
        async with gateway.local() as client:
            await client.post(f"{path}/entries", json=CAR)
            await until(lambda: plates(taker) == ["51F12345"])
            taker.held = WatchlistOrder()
            await tick_until(gateway, lambda: plates(taker) == ["51F12345"])
            puts = taker.puts
            for _ in range(3):
                taker.asked.clear()
                await tick_until(gateway, taker.asked.is_set)
            assert taker.puts == puts, "what it has is not sent again"
            await client.put(path, json=STOLEN | {"enabled": False})
            await until(lambda: plates(taker) == [])


async def test_entry_that_is_removed_for_its_age_leaves_the_analyzer_too(gateway: Harness) -> None:
    taker = ScriptedTaker()
    async with dispatching(gateway, taker):
        path = await add_list(gateway, retention_days=0)
        async with gateway.local() as client:
            ended = format_utc(gateway.clock.utc_ns() - DAY_NS)
            await client.post(f"{path}/entries", json=CAR | {"to": ended})
            await until(lambda: plates(taker) == ["51F12345"])
            await gateway.parts.watchlists.expire_once()
            await until(lambda: plates(taker) == [])


async def test_analyzer_that_was_away_gets_the_lists_when_it_is_back(gateway: Harness) -> None:
    taker = ScriptedTaker()
    taker.is_away = True
    async with dispatching(gateway, taker):
        path = await add_list(gateway)
        async with gateway.local() as client:
            await client.post(f"{path}/entries", json=CAR)
        await asyncio.wait_for(taker.asked.wait(), 20)
        taker.is_away = False
        await tick_until(gateway, lambda: plates(taker) == ["51F12345"])
