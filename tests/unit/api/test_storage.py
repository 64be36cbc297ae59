"""Recording plans, volumes and holds over the API: wrong input, the audit trail, and who is told."""

from dataclasses import replace

import msgspec
import pytest

from tests.support.gateway import API, Harness
from vedette.adapters.xlsx_inventory import write_sheet
from vedette.api.storage_desk import LiveVolume, show_volume
from vedette.camera.inventory import RecordMode
from vedette.camera.volumes import Volume
from vedette.core.errors import NotFoundError
from vedette.identity.permissions import Role

PLAN = {
    "mode": "continuous",
    "calendar": [{"days": [0, 1, 2, 3, 4], "from": "08:00", "to": "24:00", "mode": "motion"}],
    "timezone": "Asia/Ho_Chi_Minh",
    "pre_s": 5.0,
    "post_s": 10.0,
    "motion": {"use_packet_sizes": True},
    "retention": [{"mode": "continuous", "min_days": 7.0, "max_days": 30.0}],
    "volumes": ["main"],
}
RANGE = {"from": "2026-01-01T00:00:00Z", "to": "2026-01-02T00:00:00Z"}


async def add_camera(gateway: Harness, name: str = "Gate") -> str:
    async with gateway.local() as client:
        body = {"name": name, "main": {"url": "rtsp://127.0.0.1:9/1"}}
        answer = await client.post(f"{API}/cameras", json=body)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def find_audit(gateway: Harness, action: str) -> list[dict[str, str]]:
    async with gateway.local() as client:
        items: list[dict[str, str]] = (await client.get(f"{API}/audit", params={"action": action})).json()["items"]
    return items


async def find_events(gateway: Harness) -> list[dict[str, str]]:
    async with gateway.local() as client:
        found = await client.get(f"{API}/events", params={"kind": "protection_reduced"})
    items: list[dict[str, str]] = found.json()["items"]
    return items


async def test_new_camera_is_recorded_continuously_and_a_plan_comes_back_as_it_was_sent(gateway: Harness) -> None:
    camera = await add_camera(gateway)
    path = f"{API}/cameras/{camera}/recording-plan"
    async with gateway.local() as client:
        assert (await client.get(path)).json()["mode"] == "continuous"
        answer = await client.put(path, json=PLAN)
        assert answer.status_code == 200, answer.text
        assert answer.json() == (await client.get(path)).json() == PLAN
    (row,) = await find_audit(gateway, "camera.recording_plan")
    assert "calendar: none -> Mon+Tue+Wed+Thu+Fri 08:00-24:00 motion" in row["detail"]
    assert "timezone: UTC -> Asia/Ho_Chi_Minh" in row["detail"]
    assert "continuous kept until the space is needed -> at least 7 and at most 30 days" in row["detail"]


async def test_every_fault_of_a_plan_is_told_at_once_and_nothing_is_changed(gateway: Harness) -> None:
    camera = await add_camera(gateway)
    path = f"{API}/cameras/{camera}/recording-plan"
    broken = {
        "mode": "sometimes",
        "calendar": [
            {"days": [7], "from": "22:00", "to": "06:00", "mode": "motion"},
            {"days": [], "from": "8am", "to": "24:01", "mode": "x"},
        ],
        "timezone": "Mars/Olympus",
        "pre_s": -1,
        "post_s": 1e9,
        "retention": [
            {"mode": "motion", "min_days": 9, "max_days": 3},
            {"mode": "motion"},
            {"mode": "off", "max_days": 1},
        ],
        "volumes": ["attic"],
    }
    async with gateway.local() as client:
        answer = await client.put(path, json=broken)
        assert (await client.get(path)).json()["mode"] == "continuous"
    assert answer.status_code == 422
    assert {error["field"] for error in answer.json()["errors"]} == {
        "mode",
        "calendar.0.days",
        "calendar.0.to",
        "calendar.1.days",
        "calendar.1.from",
        "calendar.1.to",
        "calendar.1.mode",
        "timezone",
        "pre_s",
        "post_s",
        "retention.0.max_days",
        "retention.1.mode",
        "retention.2.mode",
        "volumes.0",
    }


@pytest.mark.parametrize("zone", ["", "..", "/etc/passwd", "../../etc/passwd", "Europe", "utc\0"])
async def test_zone_that_is_no_zone_is_refused_whatever_file_it_names(gateway: Harness, zone: str) -> None:
    camera = await add_camera(gateway)
    async with gateway.local() as client:
        answer = await client.put(f"{API}/cameras/{camera}/recording-plan", json={"mode": "motion", "timezone": zone})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "timezone"


async def test_typo_in_a_plan_is_refused_and_not_taken_for_the_default(gateway: Harness) -> None:
    camera = await add_camera(gateway)
    async with gateway.local() as client:
        wrong = {"mode": "continuous", "retentions": []}
        assert (await client.put(f"{API}/cameras/{camera}/recording-plan", json=wrong)).status_code == 422


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"mode": "off"}, "not recorded in 88 more hours of the week"),
        ({"mode": "event"}, "recorded only on motion or events in 88 more hours"),
        ({"retention": []}, "continuous footage is kept until the space is needed"),
        ({"retention": [{"mode": "continuous", "min_days": 7, "max_days": 29}]}, "at least 7 and at most 29 days"),
    ],
)
async def test_whoever_weakens_a_recording_is_seen_by_others(
    gateway: Harness, change: dict[str, object], told: str
) -> None:
    camera = await add_camera(gateway)
    login = await gateway.login_as(Role.ADMINISTRATOR)
    path = f"{API}/cameras/{camera}/recording-plan"
    assert (await login.client.put(path, json=PLAN, headers=login.headers)).status_code == 200
    before = {event["id"] for event in await find_events(gateway)}
    await login.client.put(path, json=PLAN | change, headers=login.headers)
    (event,) = [event for event in await find_events(gateway) if event["id"] not in before]
    assert event["camera_id"] == camera
    assert event["detail"].startswith("administrator: ")
    assert told in event["detail"]
    own = await login.client.post(f"{API}/events/{event['id']}/acknowledge", json={}, headers=login.headers)
    assert (own.status_code, own.json()["code"]) == (403, "own_change")
    guard = await gateway.login_as(Role.GUARD)
    seen = await guard.client.post(f"{API}/events/{event['id']}/acknowledge", json={}, headers=guard.headers)
    assert seen.status_code == 200


async def test_stronger_plan_is_no_event(gateway: Harness) -> None:
    camera = await add_camera(gateway)
    async with gateway.local() as client:
        longer = {"mode": "continuous", "retention": [{"mode": "continuous", "min_days": 30}]}
        assert (await client.put(f"{API}/cameras/{camera}/recording-plan", json=longer)).status_code == 200
    assert await find_events(gateway) == []


async def test_switching_off_and_removing_a_camera_are_told_too(gateway: Harness) -> None:
    camera = await add_camera(gateway)
    async with gateway.local() as client:
        await client.patch(f"{API}/cameras/{camera}", json={"enabled": False})
        await client.patch(f"{API}/cameras/{camera}", json={"record": "none"})
        await client.delete(f"{API}/cameras/{camera}")
    details = " | ".join(event["detail"] for event in await find_events(gateway))
    assert "switched off" in details
    assert "the main stream is recorded no longer" in details
    assert "removed" in details


async def test_sheet_that_shortens_retention_is_told_like_a_form(gateway: Harness) -> None:
    camera = await add_camera(gateway)
    async with gateway.local() as client:
        await client.put(f"{API}/cameras/{camera}/recording-plan", json=PLAN)
        before = {event["id"] for event in await find_events(gateway)}
        (stored,) = await gateway.parts.ports.cameras.list_all()
        terms = replace(stored.settings.recording, retention=())
        weaker = replace(stored, settings=replace(stored.settings, recording=terms, record=RecordMode.NONE))
        sheet = write_sheet([weaker])
        report = await client.post(f"{API}/cameras/import", content=sheet)
        assert report.json()["changed"] == 1, report.text
    told = {event["detail"] for event in await find_events(gateway) if event["id"] not in before}
    assert told == {"local: the main stream is recorded no longer"}  # an empty cell keeps the retention there is


async def test_volumes_are_listed_as_set_up_while_the_recorder_is_silent(gateway: Harness) -> None:
    async with gateway.local() as client:
        (main,) = (await client.get(f"{API}/volumes")).json()["items"]
        system = (await client.get(f"{API}/system")).json()
    assert (main["name"], main["path"]) == ("main", str(gateway.data / "volumes" / "main"))
    assert main["state"] == "unknown"
    assert "does not answer" in main["reason"]
    assert system["volumes"] == [main]


async def test_volume_is_added_changed_and_taken_out_of_use(gateway: Harness) -> None:
    async with gateway.local() as client:
        body = {"name": "archive", "path": "/mnt/archive/", "max_bytes": 10**12}
        added = await client.post(f"{API}/volumes", json=body)
        assert added.status_code == 201, added.text
        assert (added.json()["path"], added.json()["reserve_bytes"]) == ("/mnt/archive", 1 << 30)
        changed = await client.patch(f"{API}/volumes/archive", json={"max_bytes": 10**11})
        assert changed.json()["max_bytes"] == 10**11
        told = await gateway.parts.ports.volumes.list_assignments()
        assert [(one.name, one.max_bytes) for one in told] == [("main", 0), ("archive", 10**11)]
        assert (await client.delete(f"{API}/volumes/archive")).status_code == 204
        assert [one["name"] for one in (await client.get(f"{API}/volumes")).json()["items"]] == ["main"]
        last = await client.delete(f"{API}/volumes/main")
        assert (last.status_code, last.json()["code"]) == (409, "volume_in_use")
        assert (await client.post(f"{API}/volumes", json=body)).status_code == 201
    actions = [row["action"] for row in await find_audit(gateway, "volume.")]
    assert actions == ["volume.add", "volume.remove", "volume.change", "volume.add"]
    assert "/mnt/archive" in gateway.parts.ports.volumes.known_paths
    assert len(await find_events(gateway)) == 2  # made smaller, removed


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("mnt/a", 422),
        ("/", 422),
        ("/mnt/../etc", 422),
        ("/mnt/a\nb", 422),
        ("DATA", 422),
        ("DATA/keys", 422),
        ("DATA/volumes", 422),
        ("DATA/volumes/main", 409),
        ("DATA/volumes/main/inner", 409),
        ("DATA/volumes/second", 201),
        ("/mnt/archive", 409),
        ("/mnt/archive/inner", 409),
        ("/mnt", 409),
        ("/mnt/archive2", 201),
    ],
)
async def test_place_of_a_volume_is_its_own(gateway: Harness, path: str, status: int) -> None:
    async with gateway.local() as client:
        await client.post(f"{API}/volumes", json={"name": "archive", "path": "/mnt/archive"})
        body = {"name": "new", "path": path.replace("DATA", str(gateway.data))}
        answer = await client.post(f"{API}/volumes", json=body)
        assert answer.status_code == status, answer.text
        twin = await client.post(f"{API}/volumes", json={"name": "ARCHIVE", "path": "/srv/x"})
        assert twin.json()["code"] == "volume_taken"


async def test_volume_that_a_plan_names_is_not_removed(gateway: Harness) -> None:
    camera = await add_camera(gateway)
    async with gateway.local() as client:
        await client.post(f"{API}/volumes", json={"name": "archive", "path": "/mnt/archive"})
        plan = {"mode": "continuous", "volumes": ["archive"]}
        await client.put(f"{API}/cameras/{camera}/recording-plan", json=plan)
        refused = await client.delete(f"{API}/volumes/archive")
    assert refused.status_code == 409
    assert "Gate" in refused.json()["detail"]


def test_live_figures_are_laid_over_what_is_set_up() -> None:
    volume = Volume("main", "/v", 10, 20)
    said = b'{"path":"/v","id":"u","state":"full","free_bytes":7,"held_bytes":3,"spilled_cameras":2,"max_bytes":99}'
    live = msgspec.json.decode(said, type=LiveVolume)
    shown = show_volume(volume, {"/v": live})
    assert (shown.name, shown.state, shown.held_bytes, shown.spilled_cameras, shown.max_bytes) == (
        "main",
        "full",
        3,
        2,
        10,
    )
    assert show_volume(volume, {}).state == "unknown"


async def test_holds_overlap_and_a_released_one_stays_with_who_when_and_why(gateway: Harness) -> None:
    camera = await add_camera(gateway)
    login = await gateway.login_as(Role.MONITOR)
    body = {"camera_id": camera, "reason": "theft at the gate", **RANGE}
    first = await login.client.post(f"{API}/holds", json=body, headers=login.headers)
    assert first.status_code == 201, first.text
    hold = first.json()
    assert (hold["camera_name"], hold["created_by"], hold["bytes"], hold["released_by"]) == ("Gate", "monitor", 0, None)
    assert (await login.client.post(f"{API}/holds", json=body, headers=login.headers)).status_code == 201
    assert len(await gateway.parts.ports.holds.list_active()) == 2

    path = f"{API}/holds/{hold['id']}"
    silent = await login.client.delete(path, headers=login.headers, params={"reason": " "})
    assert (silent.status_code, silent.json()["code"]) == (422, "invalid_hold")
    assert (await login.client.delete(path, headers=login.headers)).status_code == 422
    done = await login.client.delete(path, headers=login.headers, params={"reason": "case closed"})
    assert done.status_code == 204
    again = await login.client.delete(path, headers=login.headers, params={"reason": "case closed"})
    assert again.status_code == 404

    listed = (await login.client.get(f"{API}/holds", params={"camera": camera})).json()["items"]
    assert len(listed) == 1
    everything = (await login.client.get(f"{API}/holds", params={"released": True})).json()["items"]
    released = next(one for one in everything if one["id"] == hold["id"])
    assert (released["released_by"], released["release_reason"]) == ("monitor", "case closed")
    assert released["released_at"] is not None
    rows = await find_audit(gateway, "hold.")
    assert [row["action"] for row in rows] == ["hold.release", "hold.add", "hold.add"]
    assert "theft at the gate" in rows[0]["detail"]
    assert "case closed" in (await find_events(gateway))[0]["detail"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"reason": ""},
        {"from": "2026-01-03T00:00:00Z"},
        {"to": "2076-01-01T00:00:00Z"},
        {"from": "2026-01-01T00:00:00"},
        {"camera_id": "x"},
    ],
)
async def test_impossible_hold_is_refused(gateway: Harness, wrong: dict[str, str]) -> None:
    camera = await add_camera(gateway)
    async with gateway.local() as client:
        body = {"camera_id": camera, "reason": "theft", **RANGE} | wrong
        assert (await client.post(f"{API}/holds", json=body)).status_code == 422


async def test_hold_on_a_camera_that_never_was_is_refused(gateway: Harness) -> None:
    with pytest.raises(NotFoundError):
        await gateway.parts.ports.storage.find_name("01JD5Q8Z3M6V1T9W4X7Y2B0C8D", 0, 1)


async def test_unknown_kind_of_event_is_an_error_and_no_empty_list(gateway: Harness) -> None:
    async with gateway.local() as client:
        answer = await client.get(f"{API}/events", params={"kind": ["motion", "nonsense"]})
        assert (await client.get(f"{API}/events", params={"kind": "volume_full"})).status_code == 200
    assert (answer.status_code, answer.json()["code"]) == (422, "unknown_event_kind")
    assert "'nonsense'" in answer.json()["detail"]
    assert "volume_full" in answer.json()["hint"]
